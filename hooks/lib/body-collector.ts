import { Buffer } from 'node:buffer';

/** Bytes of a block for large bodies. Blocks are used again: new ones would keep the garbage collector busy. */
const BLOCK = 64 * 1024;
/** Blocks kept for the next bodies. */
const MAX_FREE = 64;
/** Bytes up to which a body takes no more memory than it needs. */
const SMALL = 16 * 1024;

const free: Buffer[] = [];

/** A body on its way: its true size, and a copy of its beginning. */
export class BodyCollector {
  size = 0;
  /** Nothing more will come. */
  complete = false;
  private kept = 0;
  private released = false;
  private parts: Buffer[] = [];
  /** Filled one after another; if there are any, all of the body is in them. */
  private blocks: Buffer[] = [];

  /** @param max bytes to keep */
  constructor(private readonly max: number) {}

  /** Bytes of memory in use. */
  get held(): number {
    return this.blocks.length === 0 ? this.kept : this.blocks.length * BLOCK;
  }

  /** Takes a chunk as streams do; what is neither text nor bytes counts for nothing. */
  add(chunk: unknown, encoding?: unknown): void {
    const room = this.released ? 0 : this.max - this.kept;
    if (typeof chunk === 'string') {
      const from = (typeof encoding === 'string' ? encoding : 'utf8') as BufferEncoding;
      this.size += Buffer.byteLength(chunk, from);
      // A character takes at least half a byte (hex).
      if (room > 0 && chunk !== '') this.keep(Buffer.from(chunk.slice(0, room * 2), from), room);
    } else if (ArrayBuffer.isView(chunk)) {
      this.size += chunk.byteLength;
      if (room > 0) this.keep(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), room);
    } else if (chunk instanceof ArrayBuffer) this.add(new Uint8Array(chunk));
  }

  /** Copies them: the program may write into what it has given. */
  private keep(bytes: Uint8Array, room: number): void {
    const wanted = bytes.length > room ? bytes.subarray(0, room) : bytes;
    if (this.blocks.length === 0 && this.kept + wanted.length <= SMALL) {
      this.parts.push(Buffer.from(wanted));
      this.kept += wanted.length;
      return;
    }
    const { parts } = this;
    if (parts.length > 0) {
      this.kept = 0;
      this.parts = [];
      for (const part of parts) this.fill(part);
    }
    this.fill(wanted);
  }

  private fill(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const used = this.kept % BLOCK;
      if (this.kept === this.blocks.length * BLOCK) this.blocks.push(free.pop() ?? Buffer.allocUnsafeSlow(BLOCK));
      const block = this.blocks[this.blocks.length - 1];
      const count = Math.min(BLOCK - used, bytes.length - from);
      block.set(count === bytes.length ? bytes : bytes.subarray(from, from + count), used);
      this.kept += count;
      from += count;
    }
  }

  /** What was kept; valid until it is released. */
  bytes(): Buffer {
    const { parts, blocks, kept } = this;
    if (blocks.length === 1) return blocks[0].subarray(0, kept);
    if (blocks.length > 1) return Buffer.concat(blocks, kept);
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** Forgets what was kept; from now on only the size is counted. */
  release(): void {
    this.released = true;
    this.kept = 0;
    for (const block of this.blocks) if (free.length < MAX_FREE) free.push(block);
    this.blocks = [];
    this.parts = [];
  }
}
