import { SafeMap } from '../intrinsics.js';

/** Exceptions that are told apart. */
const MOST = 4096;
/** Stacks of equal exceptions of one function in one root context. */
const MOST_OF_EQUAL = 20;
/** The same of all its exceptions: the tree of calls says the same. */
const MOST_OF_FUNCTION = 200;

interface Counts {
  stacks: number;
  /** By name and message. */
  readonly equal: SafeMap<string, number>;
}

/** Stacks that were written in one root context. */
export class StackCounts {
  private readonly functions = new SafeMap<number, Counts>();
  private size = 0;

  /** Whether another stack would say nothing new; else it is counted. */
  isKnown(fn: number, key: string): boolean {
    let counts = this.functions.get(fn);
    if (counts === undefined) this.functions.set(fn, (counts = { stacks: 0, equal: new SafeMap() }));
    const before = counts.equal.get(key) ?? 0;
    if (before >= MOST_OF_EQUAL || counts.stacks >= MOST_OF_FUNCTION) return true;
    if (before > 0 || this.size++ < MOST) counts.equal.set(key, before + 1);
    counts.stacks++;
    return false;
  }
}
