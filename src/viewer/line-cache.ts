import { unpacked } from './packed.js';

/** Lines in base64 of gzip, as an element of the page has them. A Blob goes to another thread without being copied. */
export interface PackedLines {
  readonly text: Blob;
  readonly size: number;
  readonly lines: number;
}

/** Gives the bytes of lines; what is in memory without waiting. */
export interface Lines {
  read(at: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** Raw bytes that are kept: all of a small report, what was used last of a large one. */
const KEPT_BYTES = 12 << 20;

/** Keeps what was used last. */
class Kept<Value extends { readonly size: number }> {
  readonly #values = new Map<number, Value>();
  #size = 0;

  get(key: number): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  put(key: number, value: Value): Value {
    if (this.#values.has(key)) return this.get(key)!;
    this.#values.set(key, value);
    this.#size += value.size;
    for (const [old, { size }] of this.#values) {
      if (this.#size <= KEPT_BYTES || old === key) break;
      this.#values.delete(old);
      this.#size -= size;
    }
    return value;
  }
}

interface UnpackedLines {
  readonly bytes: Uint8Array;
  readonly ends: Int32Array;
  readonly size: number;
}

/** Lines in blocks. Their places are their numbers, from 0. */
export class BlockLines implements Lines {
  readonly #kept = new Kept<UnpackedLines>();
  /** All rows of a view ask at the same time. */
  readonly #coming = new Map<number, Promise<UnpackedLines>>();
  readonly #firsts: readonly number[];

  constructor(private readonly blocks: readonly PackedLines[]) {
    let first = 0;
    this.#firsts = blocks.map(({ lines }) => (first += lines) - lines);
  }

  read(at: number): Uint8Array | Promise<Uint8Array> {
    const block = this.#blockOf(at);
    const known = this.#kept.get(block);
    const line = at - this.#firsts[block];
    if (known) return lineOf(known, line);
    const coming = this.#coming.get(block) ?? this.#unpack(block).finally(() => this.#coming.delete(block));
    this.#coming.set(block, coming);
    return coming.then((lines) => lineOf(lines, line));
  }

  async #unpack(block: number): Promise<UnpackedLines> {
    const bytes = await unpacked(await this.blocks[block].text.text());
    const ends = new Int32Array(this.blocks[block].lines);
    for (let line = 0, from = 0; line < ends.length; line++, from++) ends[line] = from = bytes.indexOf(0x0a, from);
    return this.#kept.put(block, { bytes, ends, size: bytes.length + ends.byteLength });
  }

  #blockOf(at: number): number {
    let [low, high] = [0, this.#firsts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#firsts[middle] <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function lineOf({ bytes, ends }: UnpackedLines, line: number): Uint8Array {
  return bytes.subarray(line === 0 ? 0 : ends[line - 1] + 1, ends[line]);
}

const PIECE = 1 << 20;

/** Lines of a file, read in pieces. */
export class FileLines implements Lines {
  readonly #kept = new Kept<{ readonly bytes: Uint8Array; readonly size: number }>();
  readonly #coming = new Map<number, Promise<Uint8Array>>();

  constructor(private readonly file: Blob) {}

  read(at: number, length: number): Uint8Array | Promise<Uint8Array> {
    const piece = Math.floor(at / PIECE);
    const from = at - piece * PIECE;
    if (from + length > PIECE) return this.#bytes(at, length);
    const known = this.#kept.get(piece);
    if (known) return known.bytes.subarray(from, from + length);
    const coming = this.#coming.get(piece) ?? this.#piece(piece).finally(() => this.#coming.delete(piece));
    this.#coming.set(piece, coming);
    return coming.then((bytes) => bytes.subarray(from, from + length));
  }

  async #piece(piece: number): Promise<Uint8Array> {
    const bytes = await this.#bytes(piece * PIECE, PIECE);
    return this.#kept.put(piece, { bytes, size: bytes.length }).bytes;
  }

  async #bytes(at: number, length: number): Promise<Uint8Array> {
    return new Uint8Array(await this.file.slice(at, at + length).arrayBuffer());
  }
}
