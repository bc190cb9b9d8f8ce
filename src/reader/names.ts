import { decode, parsed } from './scan-line.js';

/** Bytes seen before get the number they had; the bytes are kept once. */
export class Names {
  #slots = new Int32Array(1024).fill(-1);
  #hashes = new Int32Array(512);
  /** Where the bytes of each begin in the store, and the next one's. */
  #starts = new Int32Array(513);
  #store = new Uint8Array(1 << 14);
  #texts: (string | undefined)[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param seed tells equal bytes of different meaning apart */
  intern(buffer: Uint8Array, start: number, end: number, seed = 0): number {
    let hash = (seed ^ 0x811c9dc5) | 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ buffer[at], 0x01000193);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let known; (known = this.#slots[slot]) !== -1; slot = (slot + 1) & mask) {
      if (this.#hashes[known] === hash && this.#same(known, buffer, start, end)) return known;
    }
    return this.#add(slot, hash, buffer, start, end);
  }

  /** The text of a JSON string, which was interned with its quotes. */
  text(index: number): string {
    const known = this.#texts[index];
    if (known !== undefined) return known;
    const bytes = this.#store.subarray(this.#starts[index], this.#starts[index + 1]);
    const value = parsed(bytes);
    return (this.#texts[index] = typeof value === 'string' ? value : decode(bytes));
  }

  #same(known: number, buffer: Uint8Array, start: number, end: number): boolean {
    let from = this.#starts[known];
    if (this.#starts[known + 1] - from !== end - start) return false;
    for (let at = start; at < end; at++) if (this.#store[from++] !== buffer[at]) return false;
    return true;
  }

  #add(slot: number, hash: number, buffer: Uint8Array, start: number, end: number): number {
    const index = this.#count++;
    const from = this.#starts[index];
    if (from + end - start > this.#store.length) {
      this.#store = grown(this.#store, Uint8Array, Math.max(this.#store.length * 2, from + end - start));
    }
    this.#store.set(buffer.subarray(start, end), from);
    if (index + 2 > this.#starts.length) this.#starts = grown(this.#starts, Int32Array, this.#starts.length * 2);
    this.#starts[index + 1] = from + end - start;
    if (index >= this.#hashes.length) this.#hashes = grown(this.#hashes, Int32Array, this.#hashes.length * 2);
    this.#hashes[index] = hash;
    this.#slots[slot] = index;
    if (this.#count * 2 > this.#slots.length) this.#spread();
    return index;
  }

  #spread(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#count; index++) {
      const hash = this.#hashes[index];
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
    this.#slots = slots;
  }
}

interface Growable {
  readonly length: number;
  set(from: ArrayLike<number>): void;
}

/** A longer array of the same kind, with the same beginning. */
export function grown<A extends Growable & ArrayLike<number>>(
  array: A,
  make: new (length: number) => A,
  length: number,
): A {
  const larger = new make(length);
  larger.set(array);
  return larger;
}
