import { Buffer } from 'node:buffer';
import {
  allocUnsafeSlow,
  bufferView,
  byteLength,
  copyOfBytes,
  encodedBytes,
  joinBytes,
  ArrayBuffer,
  arrayPop,
  arrayPush,
  bytesView,
  isView,
  min,
  setBytes,
  stringSlice,
  Uint8Array,
} from '../../src/intrinsics.js';

/**
 * Bytes of a block for large bodies, which holds what is shown of most. Blocks are used again: new ones would have V8 collect
 * all garbage again and again.
 */
const BLOCK = 16 * 1024;
/** Blocks kept for the next bodies. */
const MAX_FREE = 256;
/** Bytes up to which a body takes no more memory than it needs. */
const SMALL = 4 * 1024;
/** Characters of which a text is not made bytes as a whole; a limit above half of it is taken for this. */
const LONG_TEXT = 4 * 1024 * 1024;

/** Two numbers for each piece: before that many a model has said something. */
const MAX_MARKS = 1000;

const free: Buffer[] = [];
/** The same for the ends of bodies. */
const freeRings: Buffer[] = [];

/** Of a limit, what is kept of the end of a body that is longer. */
export function tailOf(max: number): number {
  return max >> 2;
}

/** Decides how much is kept of a body that turns out to be larger than most. */
export interface BodyOwner {
  larger(body: BodyCollector): number;
}

/** A body on its way: its true size, and a copy of its beginning and its end. */
export class BodyCollector {
  size = 0;
  /** Pieces it came or went in. */
  chunks = 0;
  /** When each piece came: the bytes until then, and the reading of the clock; null: nobody asks. */
  marks: number[] | null = null;
  /** Nothing more will come. */
  complete = false;
  private now: (() => number) | null = null;
  private kept = 0;
  private released = false;
  private parts: Uint8Array[] = [];
  /** Filled one after another; if there are any, all of the beginning is in them. */
  private blocks: Buffer[] = [];
  /** The end of a body that is too long, going round. */
  private ring: Buffer | null = null;
  private ringAt = 0;

  /** @param max bytes to keep */
  constructor(
    private max: number,
    private owner: BodyOwner | null = null,
  ) {}

  /** From now on it is kept when each piece came, of the first ones. */
  watch(now: () => number): void {
    this.marks ??= [];
    this.now = now;
  }

  /** Bytes of memory in use. */
  get held(): number {
    return (this.blocks.length === 0 ? this.kept : this.blocks.length * BLOCK) + (this.ring?.length ?? 0);
  }

  /** Takes a chunk as streams do; what is neither text nor bytes counts for nothing. */
  add(chunk: unknown, encoding?: unknown): void {
    if (typeof chunk === 'string') {
      if (chunk === '') return;
      const from = (typeof encoding === 'string' ? encoding : 'utf8') as BufferEncoding;
      if (this.released || this.max === 0) this.count(byteLength(chunk, from));
      else if (chunk.length > 2 * LONG_TEXT) {
        this.count(byteLength(chunk, from));
        // No limit is so large that more than both ends are needed.
        this.keep(encodedBytes(stringSlice(chunk, 0, LONG_TEXT), from), true);
        this.keep(encodedBytes(stringSlice(chunk, -LONG_TEXT), from), true);
      } else {
        const bytes = encodedBytes(chunk, from);
        this.count(bytes.length);
        this.keep(bytes, true);
      }
    } else if (isView(chunk)) {
      this.count(chunk.byteLength);
      if (!this.released && this.max > 0) {
        this.keep(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), false);
      }
    } else if (chunk instanceof ArrayBuffer) this.add(new Uint8Array(chunk));
  }

  private count(bytes: number): void {
    this.size += bytes;
    if (bytes > 0) this.chunks++;
    const { marks, now } = this;
    if (marks === null || now === null || bytes === 0 || marks.length >= MAX_MARKS) return;
    arrayPush(marks, this.size);
    arrayPush(marks, now());
  }

  /** @param ours else they are copied: the program may write into what it has given */
  private keep(bytes: Uint8Array, ours: boolean): void {
    if (this.ring !== null) return this.turn(this.ring, bytes);
    let room = this.max - this.kept;
    if (bytes.length > room && this.owner !== null) {
      this.store(bytesView(bytes, 0, room), ours);
      bytes = bytesView(bytes, room, bytes.length);
      this.max = this.owner.larger(this);
      this.owner = null;
      room = this.max - this.kept;
    }
    if (bytes.length <= room) return this.store(bytes, ours);
    this.store(bytesView(bytes, 0, room), ours);
    const tail = tailOf(this.max);
    const ring = ringOf(tail);
    setBytes(ring, bytesView(this.bytes(), this.max - tail, this.kept));
    this.kept -= tail;
    this.ring = ring;
    this.turn(ring, bytesView(bytes, room, bytes.length));
  }

  private turn(ring: Buffer, bytes: Uint8Array): void {
    const { length } = ring;
    if (bytes.length >= length) {
      setBytes(ring, bytesView(bytes, bytes.length - length, bytes.length));
      this.ringAt = 0;
      return;
    }
    const first = min(bytes.length, length - this.ringAt);
    setBytes(ring, first === bytes.length ? bytes : bytesView(bytes, 0, first), this.ringAt);
    if (first < bytes.length) setBytes(ring, bytesView(bytes, first, bytes.length));
    this.ringAt = (this.ringAt + bytes.length) % length;
  }

  private store(bytes: Uint8Array, ours: boolean): void {
    if (this.blocks.length === 0 && this.kept + bytes.length <= SMALL) {
      const kept = ours ? bytes : copyOfBytes(bytes);
      // Most have one: to put it into an empty list makes room for sixteen.
      if (this.parts.length === 0) this.parts = [kept];
      else arrayPush(this.parts, kept);
      this.kept += bytes.length;
      return;
    }
    const { parts } = this;
    if (parts.length > 0) {
      this.kept = 0;
      this.parts = [];
      for (let i = 0; i < parts.length; i++) this.fill(parts[i]);
    }
    this.fill(bytes);
  }

  private fill(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const used = this.kept % BLOCK;
      if (this.kept === this.blocks.length * BLOCK) arrayPush(this.blocks, arrayPop(free) ?? allocUnsafeSlow(BLOCK));
      const block = this.blocks[this.blocks.length - 1];
      const count = min(BLOCK - used, bytes.length - from);
      setBytes(block, count === bytes.length ? bytes : bytesView(bytes, from, from + count), used);
      this.kept += count;
      from += count;
    }
  }

  /** What was kept of its beginning: all of it, where there is no `tail`. Valid until it is released. */
  bytes(): Buffer {
    const { parts, blocks, kept } = this;
    if (blocks.length === 1) return bufferView(blocks[0], 0, kept);
    if (blocks.length > 1) return bufferView(joinBytes(blocks), 0, kept);
    if (parts.length > 1) this.parts = [joinBytes(parts)];
    if (this.parts.length === 0) return EMPTY;
    const part = this.parts[0];
    return part.length === kept ? (part as Buffer) : bufferView(part, 0, kept);
  }

  /** What was kept of its end, where it was too long; else null. Valid until another one is asked for. */
  tail(): Buffer | null {
    const { ring, ringAt } = this;
    if (ring === null || ringAt === 0) return ring;
    if (straight.length !== ring.length) straight = allocUnsafeSlow(ring.length);
    setBytes(straight, bytesView(ring, ringAt, ring.length));
    setBytes(straight, bytesView(ring, 0, ringAt), ring.length - ringAt);
    return straight;
  }

  /** Forgets what was kept; from now on only the size is counted. */
  release(): void {
    this.released = true;
    this.kept = 0;
    const { blocks, ring } = this;
    this.ring = null;
    if (ring !== null && ring.length <= BLOCK && freeRings.length < MAX_FREE) arrayPush(freeRings, ring);
    for (let i = 0; i < blocks.length && free.length < MAX_FREE; i++) arrayPush(free, blocks[i]);
    this.blocks = [];
    this.parts = [];
  }
}

const EMPTY = Buffer.alloc(0);
/** The last end of a body that was asked for, from its first byte to its last. */
let straight = EMPTY;

function ringOf(length: number): Buffer {
  const ring = arrayPop(freeRings);
  return ring?.length === length ? ring : allocUnsafeSlow(length);
}
