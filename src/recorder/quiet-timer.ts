import { clearTimeout, defineProperty, setTimeout, uncurry } from '../intrinsics.js';

export interface QuietTimer {
  /** Calls back once, after that many milliseconds; 0: as soon as the event loop is at its timers. Replaces what was started before. */
  start(ms: number): void;
  stop(): void;
}

/** What Node keeps on its timers, in all versions that handit runs on. */
interface Internals {
  _idleTimeout: number;
  _destroyed: boolean;
}

/**
 * A timer that the program's async hooks and `process.getActiveResourcesInfo()` do not see. One timer serves for ever, so
 * no resource is made. When it is due, Node looks whether it has a callback before it tells the hooks: that look is the
 * call, and there is none. To Node it is destroyed then, and not while it is being started, so nobody is notified of that either.
 *
 * @param due must not throw
 */
export function createQuietTimer(due: () => void): QuietTimer {
  const timer = setTimeout(() => undefined, 1);
  const internals = timer as unknown as Internals;
  const restart = uncurry(timer.refresh);
  let started = false;
  uncurry(timer.unref)(timer);
  clearTimeout(timer);
  defineProperty(timer, '_onTimeout', {
    get() {
      if (started) {
        started = false;
        due();
      }
      internals._destroyed = true;
      return undefined;
    },
  });

  return {
    start(ms) {
      started = true;
      internals._idleTimeout = ms;
      internals._destroyed = false;
      restart(timer);
    },
    stop: () => void (started = false),
  };
}
