import { ById } from './by-id.js';
import type { Encoder } from './encoder.js';
import type { Block, Budget, Waiting, WaitingState } from './scope.js';
import {
  arrayForEach,
  arrayPop,
  arrayPush,
  arrayShift,
  arraySlice,
  bytesView,
  max,
  min,
  setBytes,
  Uint8Array,
  viewOf,
} from '../intrinsics.js';

/** Which root contexts are kept in detail: HANDIT_KEEP. */
export interface Keep {
  /** Those that failed. */
  failed: boolean;
  /** Those that took as long; null: how long they took does not matter. */
  slowNs: number | null;
}

/** Bytes of lines that may wait in one root context, and in all. */
const MOST_OF_ONE = 4 * 1024 * 1024;
const MOST = 64 * 1024 * 1024;
/**
 * Lines go in blocks, the oldest first: the first one is small, for most contexts need no more, the next one larger; a longer
 * line has a block of its own. Blocks are used again: to make one costs more than to fill it, and a request should leave
 * nothing to the garbage collector.
 */
const BLOCKS = [
  { size: 4 * 1024, spare: 256 },
  { size: 16 * 1024, spare: 128 },
  { size: 64 * 1024, spare: 16 },
];
/** Calls of which a settled promise still finds the root context: this many of the latest. */
const RECENT = 1 << 16;

export interface Keeper {
  /** The lines that are being made replace those of a drain that was cut off. */
  begin(): void;
  /** They are in the file. */
  commit(): void;
  /**
   * Takes the line since `start` out of the encoder, unless that root context is kept.
   *
   * @param fn of a call that begins, else -1
   */
  takes(root: Budget, out: Encoder, start: number, fn: number): boolean;
  /** That root context is over. */
  close(root: Budget, failed: boolean, durationNs: number): void;
  /** The process ends: what is open is kept. */
  closeAll(): void;
  /** What becomes of the lines of that root context: of another one, where it is part of that. */
  stateOf(root: Budget): WaitingState;
  /** Calls, to know whose their ends are. */
  called(id: number, root: Budget): void;
  /** The root context of a call that ends; undefined: its beginning is nowhere. */
  ended(id: number, settlesLater: boolean): Budget | undefined;
}

export interface KeeperHost {
  /** Puts lines of a root context into the file; false where there is no room. */
  write(root: Budget, lines: Uint8Array, count: number): boolean;
  /** Calls of these functions are in no file. */
  leftOut(functions: readonly number[], calls: number, why: 'kept' | 'room' | 'waiting', lines: number): void;
  /** Lines of that root context went, because too many waited. */
  overflowed(root: Budget): void;
}

/** Lines of root contexts wait in bounded memory until it is known whether the context is kept. */
export function createKeeper(keep: Keep, process: Budget, host: KeeperHost): Keeper {
  return new WaitingLines(keep, process, host);
}

class WaitingLines implements Keeper {
  /** In no order. Not a set: see `ById`. */
  private readonly open: Budget[] = [];
  /** The root contexts of calls that have not ended. */
  private readonly calls = new ById<Budget>(RECENT);
  private readonly spare: Block[][] = [[], [], []];
  private bytes = 0;
  /** Decided since the last commit. */
  private decided: { root: Budget; blocks: Block[] }[] = [];

  constructor(
    private readonly keep: Keep,
    private readonly process: Budget,
    private readonly host: KeeperHost,
  ) {}

  begin(): void {
    for (let i = 0; i < this.decided.length; i++) {
      const { root, blocks } = this.decided[i];
      root.waiting!.state = 'waiting';
      root.waiting!.blocks = blocks;
      this.opened(root, root.waiting!);
    }
    this.decided = [];
  }

  commit(): void {
    if (this.decided.length > 0) this.decided = [];
  }

  close(root: Budget, failed: boolean, durationNs: number): void {
    const { slowNs } = this.keep;
    const isSlow = slowNs !== null && durationNs >= slowNs;
    this.decide(root, isSlow || (this.keep.failed && failed));
  }

  closeAll(): void {
    arrayForEach(arraySlice(this.open, 0), (root) => this.decide(root, true));
  }

  called(id: number, root: Budget): void {
    this.calls.set(id, root);
  }

  ended(id: number, settlesLater: boolean): Budget | undefined {
    const root = this.calls.get(id);
    // A promise may never settle.
    if (settlesLater) this.calls.mayForget(id);
    else this.calls.delete(id);
    return root;
  }

  private waitingOf(root: Budget): Waiting {
    if (root.waiting === null) {
      root.waiting = { state: 'waiting', movedTo: null, blocks: [], bytes: 0, overflowed: false, place: 0 };
      this.opened(root, root.waiting);
    }
    return root.waiting;
  }

  private opened(root: Budget, waiting: Waiting): void {
    waiting.place = arrayPush(this.open, root) - 1;
  }

  private closed({ place }: Waiting): void {
    const last = arrayPop(this.open)!;
    if (place === this.open.length) return;
    this.open[place] = last;
    last.waiting!.place = place;
  }

  private ownerOf(root: Budget): Budget {
    let owner = root;
    while (owner !== this.process && this.waitingOf(owner).movedTo !== null) owner = owner.waiting!.movedTo!;
    return owner;
  }

  stateOf(root: Budget): WaitingState {
    const owner = this.ownerOf(root);
    return owner === this.process ? 'kept' : this.waitingOf(owner).state;
  }

  takes(root: Budget, out: Encoder, start: number, fn: number): boolean {
    const owner = this.ownerOf(root);
    if (owner === this.process) return false;
    const waiting = this.waitingOf(owner);
    if (waiting.state === 'kept') return false;
    const length = out.at - start;
    if (length > 0) {
      if (waiting.state === 'waiting') this.add(owner, waiting, out, start, length, fn);
      else this.host.leftOut([fn], fn < 0 ? 0 : 1, 'kept', 0);
    }
    out.cut(start);
    return true;
  }

  private add(root: Budget, waiting: Waiting, out: Encoder, start: number, length: number, fn: number): void {
    const { blocks } = waiting;
    let block = blocks.length === 0 ? undefined : blocks[blocks.length - 1];
    if (block === undefined || block.used + length > block.bytes.length) {
      block = this.blockFor(length, blocks.length);
      arrayPush(blocks, block);
      waiting.bytes += block.bytes.length;
      this.bytes += block.bytes.length;
    }
    copyLine(out, start, length, block);
    block.used += length;
    block.lines++;
    if (fn >= 0) block.functions[block.calls++] = fn;
    while (waiting.bytes > MOST_OF_ONE && blocks.length > 1) this.dropOldest(root);
    while (this.bytes > MOST) this.dropOldest(this.largest());
  }

  private blockFor(length: number, before: number): Block {
    const kind = min(before, BLOCKS.length - 1);
    const { size } = BLOCKS[kind];
    return (length > size ? undefined : arrayPop(this.spare[kind])) ?? newBlock(max(length, size));
  }

  private giveBack(block: Block): void {
    for (let kind = 0; kind < BLOCKS.length; kind++) {
      if (block.bytes.length !== BLOCKS[kind].size) continue;
      block.used = block.lines = block.calls = 0;
      if (this.spare[kind].length < BLOCKS[kind].spare) arrayPush(this.spare[kind], block);
      return;
    }
  }

  private largest(): Budget {
    let found = this.process;
    let most = 0;
    arrayForEach(this.open, (root) => {
      if (root.waiting!.bytes <= most) return;
      most = root.waiting!.bytes;
      found = root;
    });
    return found;
  }

  private dropOldest(root: Budget): void {
    const waiting = root.waiting!;
    const block = arrayShift(waiting.blocks)!;
    waiting.bytes -= block.bytes.length;
    this.bytes -= block.bytes.length;
    this.host.leftOut(block.functions, block.calls, 'waiting', block.lines);
    waiting.overflowed = true;
  }

  private takeBlocks(root: Budget): Block[] {
    const waiting = this.waitingOf(root);
    const { blocks } = waiting;
    this.bytes -= waiting.bytes;
    waiting.blocks = [];
    waiting.bytes = 0;
    return blocks;
  }

  /** In the order in which they were made. */
  private writeOut(root: Budget): void {
    const blocks = this.takeBlocks(root);
    arrayPush(this.decided, { root, blocks });
    const { overflowed } = this.waitingOf(root);
    if (overflowed) this.host.overflowed(root);
    for (let i = 0; i < blocks.length; i++) {
      const { bytes: all, used, lines, functions, calls } = blocks[i];
      if (!this.host.write(root, bytesView(all, 0, used), lines)) this.host.leftOut(functions, calls, 'room', lines);
    }
  }

  private leaveOut(root: Budget): void {
    const blocks = this.takeBlocks(root);
    for (let i = 0; i < blocks.length; i++) {
      this.host.leftOut(blocks[i].functions, blocks[i].calls, 'kept', 0);
      this.giveBack(blocks[i]);
    }
  }

  /** What did not fail is part of the root context that it began in, and is kept with it. */
  private moveTo(outer: Budget, root: Budget): void {
    const target = this.waitingOf(outer);
    const { overflowed } = this.waitingOf(root);
    const blocks = this.takeBlocks(root);
    for (let i = 0; i < blocks.length; i++) {
      arrayPush(target.blocks, blocks[i]);
      target.bytes += blocks[i].bytes.length;
      this.bytes += blocks[i].bytes.length;
    }
    target.overflowed ||= overflowed;
    root.waiting!.movedTo = outer;
    while (target.bytes > MOST_OF_ONE && target.blocks.length > 1) this.dropOldest(outer);
  }

  private decide(root: Budget, isKept: boolean): void {
    const waiting = this.waitingOf(root);
    if (waiting.state !== 'waiting' || waiting.movedTo !== null) return;
    const outer = root.outer === null ? this.process : this.ownerOf(root.outer);
    const outerState = this.stateOf(outer);
    this.closed(waiting);
    if (!isKept && outerState === 'waiting') return this.moveTo(outer, root);
    waiting.state = isKept || (outer !== this.process && outerState === 'kept') ? 'kept' : 'left out';
    if (waiting.state === 'kept') this.writeOut(root);
    else this.leaveOut(root);
  }
}

function newBlock(size: number): Block {
  const bytes = new Uint8Array(size);
  return { bytes, view: viewOf(bytes.buffer), used: 0, lines: 0, functions: [], calls: 0 };
}

/** Bytes up to which eight bytes at a time are as fast as the built-in copy, which needs an object for the part. */
const SHORT = 512;

function copyLine(out: Encoder, start: number, length: number, { bytes, view, used }: Block): void {
  const from = out.room(0);
  if (length > SHORT) return setBytes(bytes, bytesView(from, start, start + length), used);
  const source = out.data;
  const whole = length & ~7;
  for (let i = 0; i < whole; i += 8) view.setFloat64(used + i, source.getFloat64(start + i, true), true);
  for (let i = whole; i < length; i++) bytes[used + i] = from[start + i];
}
