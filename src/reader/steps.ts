/** Work over many nodes that can give way to something else: it yields again and again, and returns what it made. */
export type Steps<Value> = Generator<undefined, Value, undefined>;

/** Nodes between two yields: well below a millisecond. */
export const STEP = 4096;

/** All of it at once. */
export function finished<Value>(steps: Steps<Value>): Value {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
