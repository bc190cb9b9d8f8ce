/** 12,000 ids. */
const FIRST_BITS = 14;

/** Finds the node of an id of a process: open addressing over 32-bit numbers, for there are millions. */
export class IdTable {
  /** A node and 1; 0 where there is none, so that what is never written costs no memory and no time. */
  #slots: Int32Array;
  #shift: number;
  #count = 0;

  /** @param bits of the size to grow to at once: the first lines of a long file touch few pages of memory */
  constructor(
    private readonly nodes: { readonly id: Uint32Array },
    private readonly processOf: (node: number) => number,
    private readonly bits = FIRST_BITS,
  ) {
    this.#slots = new Int32Array(1 << Math.min(bits, FIRST_BITS));
    this.#shift = 32 - Math.min(bits, FIRST_BITS);
  }

  /** The node, or -1. */
  find(process: number, id: number): number {
    const { nodes } = this;
    const mask = this.#slots.length - 1;
    let slot = this.#home(process, id);
    for (let node; (node = this.#slots[slot] - 1) !== -1; slot = (slot + 1) & mask) {
      if (nodes.id[node] === id && this.processOf(node) === process) return node;
    }
    return -1;
  }

  /** @returns the node that had this id before, or -1: it is found no more */
  add(process: number, id: number, node: number): number {
    const { nodes } = this;
    const mask = this.#slots.length - 1;
    let slot = this.#home(process, id);
    for (let known; (known = this.#slots[slot] - 1) !== -1; slot = (slot + 1) & mask) {
      if (nodes.id[known] === id && this.processOf(known) === process) {
        this.#slots[slot] = node + 1;
        return known;
      }
    }
    this.#slots[slot] = node + 1;
    // Not more than three quarters full.
    if (++this.#count > this.#slots.length * 0.75) this.#spread();
    return -1;
  }

  #home(process: number, id: number): number {
    return Math.imul(id ^ Math.imul(process, 0x85ebca6b), 0x9e3779b1) >>> this.#shift;
  }

  #spread(): void {
    const { nodes } = this;
    const old = this.#slots;
    const bits = Math.max(this.bits, 33 - this.#shift);
    this.#slots = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    const mask = this.#slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = this.#home(this.processOf(entry - 1), nodes.id[entry - 1]);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}
