import type { Encoder } from './encoder.js';
import type { Block, Budget, Waiting, WaitingState } from './scope.js';
import {
  arrayPop,
  arrayPush,
  arrayShift,
  bytesView,
  Float64Array,
  min,
  SafeMap,
  SafeSet,
  setBytes,
  Uint8Array,
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
 * line has a block of its own. Blocks are used again: to make one costs more than to fill it.
 */
const BLOCKS = [
  { size: 4 * 1024, spare: 256 },
  { size: 16 * 1024, spare: 128 },
  { size: 64 * 1024, spare: 16 },
];
/** Calls of which the root context is found fast: the last so many. */
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
  leftOut(functions: readonly number[], why: 'kept' | 'room' | 'waiting', lines: number): void;
  /** Lines of that root context went, because too many waited. */
  overflowed(root: Budget): void;
}

/** Lines of root contexts wait in bounded memory until it is known whether the context is kept. */
export function createKeeper(keep: Keep, process: Budget, host: KeeperHost): Keeper {
  const open = new SafeSet<Budget>();
  const calls = createCallRoots();
  const spare: Uint8Array[][] = [[], [], []];
  let bytes = 0;
  /** Decided since the last commit. */
  let decided: { root: Budget; blocks: Block[] }[] = [];

  function waitingOf(root: Budget): Waiting {
    if (root.waiting === null) {
      root.waiting = { state: 'waiting', movedTo: null, blocks: [], bytes: 0, overflowed: false };
      open.add(root);
    }
    return root.waiting;
  }

  function ownerOf(root: Budget): Budget {
    let owner = root;
    while (owner !== process && waitingOf(owner).movedTo !== null) owner = owner.waiting!.movedTo!;
    return owner;
  }

  function stateOf(root: Budget): WaitingState {
    const owner = ownerOf(root);
    return owner === process ? 'kept' : waitingOf(owner).state;
  }

  function takes(root: Budget, out: Encoder, start: number, fn: number): boolean {
    const owner = ownerOf(root);
    if (owner === process) return false;
    const waiting = waitingOf(owner);
    if (waiting.state === 'kept') return false;
    const length = out.position() - start;
    if (length > 0) {
      if (waiting.state === 'waiting') add(owner, waiting, out, start, length, fn);
      else host.leftOut(fn < 0 ? [] : [fn], 'kept', 0);
    }
    out.cut(start);
    return true;
  }

  function add(root: Budget, waiting: Waiting, out: Encoder, start: number, length: number, fn: number): void {
    const { blocks } = waiting;
    let block = blocks.length === 0 ? undefined : blocks[blocks.length - 1];
    if (block === undefined || block.used + length > block.bytes.length) {
      block = { bytes: blockFor(length, blocks.length), used: 0, lines: 0, functions: [] };
      arrayPush(blocks, block);
      waiting.bytes += block.bytes.length;
      bytes += block.bytes.length;
    }
    setBytes(block.bytes, bytesView(out.room(0), start, start + length), block.used);
    block.used += length;
    block.lines++;
    if (fn >= 0) arrayPush(block.functions, fn);
    while (waiting.bytes > MOST_OF_ONE && blocks.length > 1) dropOldest(root);
    while (bytes > MOST) dropOldest(largest());
  }

  function blockFor(length: number, before: number): Uint8Array {
    const kind = min(before, BLOCKS.length - 1);
    const { size } = BLOCKS[kind];
    if (length > size) return new Uint8Array(length);
    return arrayPop(spare[kind]) ?? new Uint8Array(size);
  }

  function giveBack(bytes: Uint8Array): void {
    for (let kind = 0; kind < BLOCKS.length; kind++) {
      if (bytes.length !== BLOCKS[kind].size) continue;
      if (spare[kind].length < BLOCKS[kind].spare) arrayPush(spare[kind], bytes);
      return;
    }
  }

  function largest(): Budget {
    let found = process;
    let most = 0;
    open.forEach((root) => {
      if (root.waiting!.bytes <= most) return;
      most = root.waiting!.bytes;
      found = root;
    });
    return found;
  }

  function dropOldest(root: Budget): void {
    const waiting = root.waiting!;
    const block = arrayShift(waiting.blocks)!;
    waiting.bytes -= block.bytes.length;
    bytes -= block.bytes.length;
    host.leftOut(block.functions, 'waiting', block.lines);
    waiting.overflowed = true;
  }

  function takeBlocks(root: Budget): Block[] {
    const waiting = waitingOf(root);
    const { blocks } = waiting;
    bytes -= waiting.bytes;
    waiting.blocks = [];
    waiting.bytes = 0;
    return blocks;
  }

  /** In the order in which they were made. */
  function writeOut(root: Budget): void {
    const blocks = takeBlocks(root);
    arrayPush(decided, { root, blocks });
    const { overflowed } = waitingOf(root);
    if (overflowed) host.overflowed(root);
    for (let i = 0; i < blocks.length; i++) {
      const { bytes: all, used, lines, functions } = blocks[i];
      if (!host.write(root, bytesView(all, 0, used), lines)) host.leftOut(functions, 'room', lines);
    }
  }

  function leaveOut(root: Budget): void {
    const blocks = takeBlocks(root);
    for (let i = 0; i < blocks.length; i++) {
      host.leftOut(blocks[i].functions, 'kept', 0);
      giveBack(blocks[i].bytes);
    }
  }

  /** What did not fail is part of the root context that it began in, and is kept with it. */
  function moveTo(outer: Budget, root: Budget): void {
    const target = waitingOf(outer);
    const { overflowed } = waitingOf(root);
    const blocks = takeBlocks(root);
    for (let i = 0; i < blocks.length; i++) {
      arrayPush(target.blocks, blocks[i]);
      target.bytes += blocks[i].bytes.length;
      bytes += blocks[i].bytes.length;
    }
    target.overflowed ||= overflowed;
    root.waiting!.movedTo = outer;
    while (target.bytes > MOST_OF_ONE && target.blocks.length > 1) dropOldest(outer);
  }

  function decide(root: Budget, isKept: boolean): void {
    const waiting = waitingOf(root);
    if (waiting.state !== 'waiting' || waiting.movedTo !== null) return;
    const outer = root.outer === null ? process : ownerOf(root.outer);
    const outerState = stateOf(outer);
    open.delete(root);
    if (!isKept && outerState === 'waiting') return moveTo(outer, root);
    waiting.state = isKept || (outer !== process && outerState === 'kept') ? 'kept' : 'left out';
    if (waiting.state === 'kept') writeOut(root);
    else leaveOut(root);
  }

  return {
    begin() {
      for (let i = 0; i < decided.length; i++) {
        const { root, blocks } = decided[i];
        root.waiting!.state = 'waiting';
        root.waiting!.blocks = blocks;
        open.add(root);
      }
      decided = [];
    },
    commit() {
      if (decided.length > 0) decided = [];
    },
    takes,
    close(root, failed, durationNs) {
      const isSlow = keep.slowNs !== null && durationNs >= keep.slowNs;
      decide(root, isSlow || (keep.failed && failed));
    },
    closeAll: () => open.forEach((root) => decide(root, true)),
    stateOf,
    called: calls.called,
    ended: calls.ended,
  };
}

/** Which root context calls that have not ended belong to. */
function createCallRoots(): Pick<Keeper, 'called' | 'ended'> {
  const ids = new Float64Array(RECENT);
  const returned = new Uint8Array(RECENT);
  const roots: (Budget | undefined)[] = [];
  /** Those that are open for so long that others have their place. */
  const old = new SafeMap<number, Budget>();

  return {
    called(id, root) {
      const place = id % RECENT;
      // A promise may never settle.
      if (ids[place] !== 0 && returned[place] === 0) old.set(ids[place], roots[place]!);
      ids[place] = id;
      roots[place] = root;
      returned[place] = 0;
    },
    ended(id, settlesLater) {
      const place = id % RECENT;
      if (ids[place] !== id) {
        const root = old.get(id);
        if (root !== undefined) old.delete(id);
        return root;
      }
      const root = roots[place];
      if (settlesLater) returned[place] = 1;
      else {
        ids[place] = 0;
        roots[place] = undefined;
      }
      return root;
    },
  };
}
