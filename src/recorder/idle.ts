import { queueMicrotask } from '../intrinsics.js';
import { now } from './clock.js';
import { createQuietTimer } from './quiet-timer.js';

/** While the program goes on, it is drained this often: opening and writing the file takes 20 to 60 us. */
const BUSY_NS = 10e6;
/** A program that has recorded nothing for this long has done what it was doing. */
const QUIET_MS = 1;

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
 * @param waitingEvents how many there are in the buffer
 */
export function drainWhenIdle(
  drain: (newTurn: boolean) => number,
  broken: (error: unknown) => void,
  observed: () => boolean,
  waitingEvents: () => number,
): IdleDrain {
  let armed = false;
  /** How many there were when it was looked last. */
  let seen = 0;
  const timer = createQuietTimer(() => look(true));
  let last = -Infinity;

  function waiting(): void {
    if (armed) return;
    if (observed()) timer.start(now() - last < BUSY_NS ? QUIET_MS : 0);
    else queueMicrotask(soon);
    // Behind it: at the end of the stack it throws.
    armed = true;
  }

  /**
   * A microtask: the program's own keep their order among themselves, and the event loop does not see it. Not one of a
   * promise, which hooks would see settle that the program sets before the end of this turn.
   */
  function soon(): void {
    look(false);
  }

  /** Nobody above would catch what is thrown. */
  function look(newTurn: boolean): void {
    try {
      // At the end of a turn nobody knows whether more comes.
      const goesOn = !newTurn || (armed && waitingEvents() !== seen);
      if (!goesOn || now() - last > BUSY_NS) return run(newTurn);
      seen = waitingEvents();
      timer.start(QUIET_MS);
    } catch (error) {
      armed = false;
      broken(error);
    }
  }

  function run(newTurn: boolean): void {
    armed = false;
    const rest = drain(newTurn);
    last = now();
    if (rest > 0) timer.start(rest);
  }

  return { waiting, stop: timer.stop };
}
