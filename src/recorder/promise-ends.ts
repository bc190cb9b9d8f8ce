import * as util from 'node:util';
import type * as V8 from 'node:v8';
import { isPromise, promiseThen, regExpExec, SafeMap, SafeWeakMap } from '../intrinsics.js';
import { isPlainPromise } from './realms.js';

/** How a promise ended; `value` is what it was fulfilled or rejected with. */
export type PromiseEnd =
  | { state: 'fulfilled' | 'rejected'; value: unknown }
  /** Nothing waits for it, or the process is about to end: what it was settled with cannot be had. */
  | { state: 'fulfilled' | 'rejected'; unknown: true };

export interface PromiseEnds {
  /**
   * Tells once how a promise ends, and when it did. The program notices nothing: a rejection that nobody handles stays
   * one, no tick is added between its own, and the frames of `await` stay in the stacks of errors.
   *
   * @returns false when it is no native promise; then nothing is reported
   */
  watch(promise: unknown, ended: (end: PromiseEnd, time: number) => void): boolean;
  /**
   * Looks at those that nothing waits for.
   *
   * @param last the process is about to end: tells of all that are settled
   */
  sweep(last: boolean): void;
}

type CreateHook = typeof V8.promiseHooks.createHook;

interface Watched {
  ended(end: PromiseEnd, time: number): void;
  /** When it was settled; until that is known, when the watch began: it may have been settled before. */
  time: number;
  /** Something in the program waits for it. */
  awaited: boolean;
  /** Asked what it was settled with; the answer comes with the next microtasks. */
  asked: boolean;
}

/** Promises that are neither settled nor forgotten by the program; with more of them the oldest is given up. */
const MOST = 10_000;

// Taken when the agent starts: programs put their own in their place.
const { inspect } = util;
const { getBuiltinModule } = process;

/**
 * A handler may be attached only when that changes nothing. One on a pending promise would make its rejection count as
 * handled, and V8 leaves the `at async` frames out of stacks after a promise with two. So V8 is asked to tell when the
 * program waits for the promise (another one is made from it) and when it goes on: by then the promise is settled and
 * handled, and one more handler changes nothing.
 *
 * The hooks cost the program's promises about 50 ns each; they are there only while a promise is watched.
 *
 * @param now nanoseconds of the monotonic clock
 * @param beforeUse calls back before the program can replace anything in a built-in module
 */
export function createPromiseEnds(
  now: () => number,
  beforeUse: (builtin: string, step: () => void) => void,
): PromiseEnds {
  let createHook: CreateHook | undefined;
  // To load `node:v8` takes 2 ms of each start, and few programs have a session.
  const taken = (): CreateHook => (createHook ??= getBuiltinModule('node:v8').promiseHooks.createHook);
  beforeUse('v8', taken);
  return new WatchedPromises(now, (hooks) => taken()(hooks));
}

class WatchedPromises implements PromiseEnds {
  private readonly watched = new SafeMap<object, Watched>();
  /** Promises that were made from watched ones. */
  private made = new SafeWeakMap<object, object>();
  private stop: (() => void) | null = null;

  constructor(
    private readonly now: () => number,
    private readonly createHook: CreateHook,
  ) {}

  watch(promise: unknown, ended: Watched['ended']): boolean {
    if (!isPromise(promise)) return false;
    const before = this.watched.get(promise);
    if (before) {
      // A session around a traced function returns its promise unchanged.
      const first = before.ended;
      before.ended = (end, time) => {
        first(end, time);
        ended(end, time);
      };
      return true;
    }
    if (this.watched.size >= MOST) this.forget(this.oldest()!);
    this.watched.set(promise, { ended, time: this.now(), awaited: false, asked: false });
    this.start();
    return true;
  }

  sweep(last: boolean): void {
    this.watched.forEach((entry, promise) => {
      if (entry.awaited && !last) return;
      const state = stateOf(promise);
      if (state === 'pending') return;
      if (state === 'rejected' || last) this.tell(promise, entry, { state, unknown: true });
      // A fulfilled promise has nothing to handle.
      else this.ask(promise, entry);
    });
  }

  private start(): void {
    if (this.stop !== null) return;
    const hooks = {
      init: (child: object, parent: object | undefined) => {
        if (parent === undefined) return;
        const entry = this.watched.get(parent);
        if (entry === undefined || entry.awaited) return;
        entry.awaited = true;
        this.made.set(child, parent);
      },
      before: (child: object) => {
        const parent = this.made.get(child);
        if (parent === undefined) return;
        this.made.delete(child);
        const entry = this.watched.get(parent);
        if (entry !== undefined) this.ask(parent, entry);
      },
      settled: (promise: object) => {
        const entry = this.watched.get(promise);
        // Reported a second time, after the promise that it was resolved with.
        if (entry !== undefined && !entry.asked) entry.time = this.now();
      },
    };
    this.stop = this.createHook(hooks) as unknown as () => void;
  }

  private forget(promise: object): void {
    const { watched, stop } = this;
    watched.delete(promise);
    if (watched.size > 0 || stop === null) return;
    stop();
    this.stop = null;
    this.made = new SafeWeakMap();
  }

  private oldest(): object | undefined {
    let first: object | undefined;
    this.watched.forEach((_, promise) => (first ??= promise));
    return first;
  }

  /** It is settled, and a rejection is handled. */
  private ask(promise: object, entry: Watched): void {
    if (entry.asked) return;
    entry.asked = true;
    // Code of the program would run.
    if (!isPlainPromise(promise))
      return this.tell(promise, entry, { state: stateOf(promise), unknown: true } as PromiseEnd);
    const { time } = entry;
    entry.time = time;
    void promiseThen(
      promise,
      (value) => this.tell(promise, entry, { state: 'fulfilled', value }),
      (error) => this.tell(promise, entry, { state: 'rejected', value: error }),
    );
  }

  private tell(promise: object, entry: Watched, end: PromiseEnd): void {
    if (this.watched.get(promise) !== entry) return;
    this.forget(promise);
    entry.ended(end, entry.time);
  }
}

/** The one way to learn this without a handler. */
function stateOf(promise: object): 'pending' | 'fulfilled' | 'rejected' {
  const text = inspect(promise, {
    depth: 0,
    customInspect: false,
    showProxy: true,
    compact: true,
    maxStringLength: 10,
  });
  return (regExpExec(STATE, text)?.[1] ?? 'fulfilled') as 'pending';
}

const STATE = /^[^{]*\{\s*<(pending|rejected)>/;
