/** Finds the node of an id of a process: open addressing over 32-bit numbers, for there are millions. */
export class IdTable {
  #slots: Int32Array;
  #shift: number;
  #count = 0;

  constructor(
    private readonly nodes: { readonly id: Uint32Array },
    private readonly processOf: (node: number) => number,
    bits = 12,
  ) {
    this.#slots = new Int32Array(1 << bits).fill(-1);
    this.#shift = 32 - bits;
  }

  /** The node, or -1. */
  find(process: number, id: number): number {
    const { nodes } = this;
    const mask = this.#slots.length - 1;
    let slot = this.#home(process, id);
    for (let node; (node = this.#slots[slot]) !== -1; slot = (slot + 1) & mask) {
      if (nodes.id[node] === id && this.processOf(node) === process) return node;
    }
    return -1;
  }

  /** @returns the node that had this id before, or -1: it is found no more */
  add(process: number, id: number, node: number): number {
    const { nodes } = this;
    const mask = this.#slots.length - 1;
    let slot = this.#home(process, id);
    for (let known; (known = this.#slots[slot]) !== -1; slot = (slot + 1) & mask) {
      if (nodes.id[known] === id && this.processOf(known) === process) {
        this.#slots[slot] = node;
        return known;
      }
    }
    this.#slots[slot] = node;
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
    this.#slots = new Int32Array(old.length * 2).fill(-1);
    this.#shift--;
    const mask = this.#slots.length - 1;
    for (const node of old) {
      if (node === -1) continue;
      let slot = this.#home(this.processOf(node), nodes.id[node]);
      while (this.#slots[slot] !== -1) slot = (slot + 1) & mask;
      this.#slots[slot] = node;
    }
  }
}
