import { now } from './clock.js';

// Taken when the agent starts: test runners put fake ones in their place later.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/** The least time between two drains: at about 20 us each they cost at most one percent. */
const GAP_NS = 2e6;
const GAP_MS = 2;

export interface IdleDrain {
  /** There is an event in the buffer that was empty. */
  waiting(): void;
  stop(): void;
}

/**
 * Has the buffer drained as soon as the program has done what it is doing, so that a process which waits for something
 * has everything in its file: it may end by a signal. Listening to that signal would be no help, for a signal with a
 * listener no longer ends a program that is busy.
 *
 * @param drain  writes what there is and answers in how many milliseconds what it had to leave can be written, or 0;
 *               told whether a turn of the event loop has begun since, so that Node has dealt with rejections
 * @param broken told of an error in here
 */
export function drainWhenIdle(drain: (newTurn: boolean) => number, broken: (error: unknown) => void): IdleDrain {
  let armed = false;
  let timer: NodeJS.Timeout | undefined;
  let last = -Infinity;

  function waiting(): void {
    if (armed) return;
    void soon();
    // Behind it: at the end of the stack it throws.
    armed = true;
  }

  /** A microtask: the program's own keep their order among themselves, and the event loop does not see it. */
  async function soon(): Promise<void> {
    // eslint-disable-next-line @typescript-eslint/await-thenable -- nothing of the program's can come in between
    await undefined;
    guarded(atEndOfTurn);
  }

  function atEndOfTurn(): void {
    if (now() - last < GAP_NS) later(GAP_MS);
    else run(false);
  }

  function inNewTurn(): void {
    // It holds on to the async context that it was started in, and with it to what the program keeps there.
    timer = undefined;
    run(true);
  }

  function run(newTurn: boolean): void {
    armed = false;
    const rest = drain(newTurn);
    last = now();
    if (rest > 0) later(rest);
  }

  /** Nobody above would catch it. */
  function guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      armed = false;
      broken(error);
    }
  }

  function later(ms: number): void {
    stopTimer(timer);
    timer = startTimer(guarded, ms, inNewTurn);
    timer.unref();
  }

  return { waiting, stop: () => stopTimer(timer) };
}
