import { queueMicrotask } from '../intrinsics.js';
import { now } from './clock.js';
import { createQuietTimer } from './quiet-timer.js';

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
 * @param broken called with an error in here
 * @param observed whether the program may see a promise that is made
 */
export function drainWhenIdle(
  drain: (newTurn: boolean) => number,
  broken: (error: unknown) => void,
  observed: () => boolean,
): IdleDrain {
  let armed = false;
  const timer = createQuietTimer(() => guarded(inNewTurn));
  let last = -Infinity;

  function waiting(): void {
    if (armed) return;
    if (observed()) timer.start(isRecent() ? GAP_MS : 0);
    else queueMicrotask(soon);
    // Behind it: at the end of the stack it throws.
    armed = true;
  }

  /**
   * A microtask: the program's own keep their order among themselves, and the event loop does not see it. Not one of a
   * promise, which hooks would see settle that the program sets before the end of this turn.
   */
  function soon(): void {
    guarded(atEndOfTurn);
  }

  function atEndOfTurn(): void {
    if (isRecent()) timer.start(GAP_MS);
    else run(false);
  }

  function inNewTurn(): void {
    run(true);
  }

  function run(newTurn: boolean): void {
    armed = false;
    const rest = drain(newTurn);
    last = now();
    if (rest > 0) timer.start(rest);
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

  function isRecent(): boolean {
    return now() - last < GAP_NS;
  }

  return { waiting, stop: timer.stop };
}
