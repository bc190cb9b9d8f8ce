import { SafeMap } from '../intrinsics.js';

/** Exceptions that are told apart. */
const MOST = 4096;

/** Stacks that were written, by function, and by name and message. */
export class StackCounts {
  private readonly counts = new SafeMap<number, SafeMap<string, number>>();
  private size = 0;

  of(fn: number, key: string): number {
    return this.counts.get(fn)?.get(key) ?? 0;
  }

  add(fn: number, key: string): void {
    const before = this.of(fn, key);
    if (before === 0 && this.size++ >= MOST) return;
    let ofFunction = this.counts.get(fn);
    if (ofFunction === undefined) this.counts.set(fn, (ofFunction = new SafeMap()));
    ofFunction.set(key, before + 1);
  }
}
