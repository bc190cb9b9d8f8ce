/** Drains, at least 2 ms apart, until most of what a program needs of the agent has run. */
const DRAINS = 50;

export interface WarmUp {
  /** What was recorded is about to be written, while the program waits. */
  drain(): void;
  /** The process ends. */
  end(): void;
}

/**
 * When to keep the functions of the agent that V8 has compiled: while the process runs, for it may be killed, and V8 forgets
 * functions that have not run for a while.
 *
 * @param done called once, when something was recorded
 */
export function createWarmUp(done: () => void = () => undefined): WarmUp {
  let left = DRAINS;
  return {
    drain() {
      if (left > 0 && --left === 0) done();
    },
    end() {
      if (left > 0) done();
      left = 0;
    },
  };
}
