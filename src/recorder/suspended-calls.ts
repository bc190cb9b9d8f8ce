import { apply, isPromise, promiseThen } from '../intrinsics.js';
import type { Admission } from './admission.js';
import { DONE, type Calls } from './calls.js';
import { now } from './clock.js';
import { RETURN, SETTLE, SETTLE_ERROR, SLOTS, type EventBuffer } from './event-buffer.js';
import type { LastError } from './last-error.js';
import { isPlainPromise } from './realms.js';
import type { RunningCalls } from './running-calls.js';
import type { RunningScope } from './running-scope.js';
import { SuspendableCall, UNSEEN_CALL, unrecorded } from './suspendable-call.js';
import { ReturnedPromise } from './returned-promise.js';
import { isAsyncIterable, thenOf, type Then } from './thenable.js';
import type { CallHandle } from './types.js';

export interface SuspendedCallsParts {
  buffer: EventBuffer;
  running: RunningCalls;
  admission: Admission;
  scope: RunningScope;
  lastError: LastError;
  calls: Calls;
  isAsync: (fn: number) => boolean;
  /** The program may see which promises are made. */
  observed: () => boolean;
}

/** Calls of async functions and generators. Rewritten code calls the functions here without this object. */
export class SuspendedCalls {
  /** Async calls have scopes of their own. */
  private following = false;
  private readonly notRecorded: SuspendableCall[] = [];
  /** When `buffer.delegating` was set. */
  private delegatingAfter = -1;
  private delegatingAt = -1;

  private readonly buffer: EventBuffer;
  private readonly running: RunningCalls;
  private readonly admission: Admission;
  private readonly scope: RunningScope;
  private readonly lastError: LastError;
  private readonly calls: Calls;
  private readonly isAsync: (fn: number) => boolean;
  private readonly observed: () => boolean;

  constructor(parts: SuspendedCallsParts) {
    this.buffer = parts.buffer;
    this.running = parts.running;
    this.admission = parts.admission;
    this.scope = parts.scope;
    this.lastError = parts.lastError;
    this.calls = parts.calls;
    this.isAsync = parts.isAsync;
    this.observed = parts.observed;
  }

  follow(): void {
    this.following = true;
  }

  readonly enterAsync = (fn: number, lexical: CallHandle, args: unknown[]): SuspendableCall => {
    const { running, scope: scoped } = this;
    const id = this.calls.enterMany(fn, lexical, args);
    if (id < 0) return this.admission.inside ? UNSEEN_CALL : (this.notRecorded[fn] ??= unrecorded(0, fn));
    const { depth } = running;
    const scope = scoped.scopes.used ? (running.scopes[depth] ?? null) : null;
    const strayed = scoped.strayLevel === depth;
    const strayedFrom = strayed ? scoped.takeStray() : null;
    if (!this.following) {
      const entered = strayed ? strayedFrom : scope;
      return new SuspendableCall(id, running.functions[depth], running.starts[depth], scope, entered);
    }
    const own = scoped.ownOf(id, scope);
    running.scopes[depth] = own;
    // Its caller's scope, where that has one: another call may have left its own in place, see `suspendForAwait`.
    const before = scoped.enter(own);
    const entered = strayed ? strayedFrom : depth > 1 ? scope : before;
    return new SuspendableCall(id, running.functions[depth], running.starts[depth], own, entered, true);
  };

  readonly enterGenerator = (fn: number, lexical: CallHandle, args: unknown[]): SuspendableCall => {
    const { buffer, following } = this;
    const follows = this.delegatingAfter === this.running.lastId && this.delegatingAt === buffer.at;
    const parent = follows ? buffer.delegating : 0;
    // A generator is entered and left too often.
    this.following = false;
    const call = this.enterAsync(fn, lexical, args);
    this.following = following;
    // Its event is the last one, also when the buffer was drained on the way.
    if (parent > 0 && call.id > 0) buffer.numbers[buffer.at - SLOTS + 2] = parent;
    return call;
  };

  /** The engine is about to call the program on behalf of that call, which will not be running then. */
  private followFrom(call: SuspendableCall): void {
    const { running, scope: scoped } = this;
    this.following = true;
    if (call.own || !call.running || running.ids[running.depth] !== call.id) return;
    call.own = true;
    const own = scoped.ownOf(call.id, running.scopes[running.depth] ?? null);
    call.scope = own;
    running.scopes[running.depth] = own;
    scoped.enter(own);
  }

  /** Takes a call off the stack before it is suspended. */
  private leave(call: SuspendableCall, ends = false): void {
    const { running, scope: scoped } = this;
    if (running.ids[running.depth] === call.id || this.calls.unwind(call.id, undefined, false, now())) {
      // It may have entered a session meanwhile, which is not its caller's.
      if (scoped.scopes.used) {
        call.scope = running.scopes[running.depth] ?? null;
        // The code of who asked a generator for its last value comes next, whatever the generator did before.
        if (call.scope !== call.entered && (ends || !(call.own && call.alone))) scoped.scopes.enter(call.entered);
      }
      running.depth--;
    }
    call.running = false;
  }

  readonly suspend = <T>(call: SuspendableCall, value?: T): T | undefined => {
    if (call.running) this.leave(call);
    return value;
  };

  /**
   * A lazy query starts when its `then` is called, in a microtask and in the context in which it was awaited. To the
   * engine this is the same: an object whose `then` it calls once, just then.
   */
  private lazyIn({ scope }: SuspendableCall, query: unknown, then: Then): { then: Then } {
    const scoped = this.scope;
    return {
      then(onFulfilled, onRejected) {
        const before = scoped.enter(scope);
        try {
          return apply(then, query, [onFulfilled, onRejected]);
        } finally {
          scoped.scopes.enter(before);
        }
      },
    };
  }

  /** Before an `await`: the promise of a recorded call is watched on the way. */
  readonly suspendForAwait = <T>(call: SuspendableCall, value: T): T => {
    if (call.running) {
      const then = thenOf(value);
      if (then !== null) {
        this.followFrom(call);
        this.leave(call);
        return this.lazyIn(call, value, then) as T;
      }
      this.leave(call);
      if (typeof value === 'object' && value !== null) {
        const waitsFor = this.running.promises.take(value);
        if (waitsFor !== undefined) call.waitsFor = waitsFor;
      }
    }
    return value;
  };

  /** Before `yield*` and `for await`. */
  readonly delegate = <T>(call: SuspendableCall, iterable: T): T => {
    if (call.running) {
      // Between the values of a sync generator comes the code of who asks for them.
      if (call.alone && isAsyncIterable(iterable) && this.isAsync(call.fn)) this.followFrom(call);
      this.leave(call);
      this.buffer.delegating = call.id;
      this.delegatingAfter = this.running.lastId;
      this.delegatingAt = this.buffer.at;
      call.delegates = true;
    }
    return iterable;
  };

  /** Puts a call back on the stack when it goes on. */
  readonly resume = <T>(call: SuspendableCall, value?: T): T | undefined => {
    this.goOn(call, value, false);
    return value;
  };

  /** The same in a `catch`. */
  readonly resumeInCatch = (call: SuspendableCall, error?: unknown): void => {
    if (call.waitsFor !== null && !call.running) this.settleByError(call, error);
    this.goOn(call, undefined, true);
  };

  private goOn(call: SuspendableCall, value: unknown, thrown: boolean): void {
    if (call.running || call.ended) return;
    const { running, scope: scoped } = this;
    this.buffer.delegating = 0;
    if (++running.depth === running.size) running.grow();
    const { depth } = running;
    running.ids[depth] = call.id;
    running.functions[depth] = call.fn;
    running.starts[depth] = call.t0;
    if (scoped.scopes.used) {
      running.scopes[depth] = call.scope;
      if (call.scope !== call.entered) scoped.scopes.enter(call.scope);
    }
    // What is no iterable throws at once: then its caller's code is still to come.
    call.alone = !(thrown && call.delegates);
    call.delegates = false;
    call.running = true;
    if (call.waitsFor !== null) this.settle(call, value);
  }

  private settle(call: SuspendableCall, value: unknown): void {
    const { id, fn, t0 } = call.waitsFor!;
    call.waitsFor = null;
    this.calls.endNow(SETTLE, id, fn, t0, value);
  }

  private settleByError(call: SuspendableCall, error: unknown): void {
    const { id, fn, t0 } = call.waitsFor!;
    call.waitsFor = null;
    this.calls.end(SETTLE_ERROR, id, fn, t0, now(), this.lastError.thrownBy(fn, error));
  }

  readonly leaveAsync = <T>(call: SuspendableCall, value?: T): T | undefined => {
    if (call.ended) return value;
    if (this.canFollow(value)) {
      this.finish(call);
      return new ReturnedPromise(value, call, this) as T;
    }
    const then = thenOf(value);
    if (then !== null) this.followFrom(call);
    this.finish(call);
    this.calls.endNow(RETURN, call.id, call.fn, call.t0, value);
    return then === null ? value : (this.lazyIn(call, value, then) as T);
  };

  /** What is returned where a `finally` may still decide otherwise. */
  readonly returnAsync = <T>(call: SuspendableCall, value: T): T =>
    !call.ended && this.canFollow(value) ? (new ReturnedPromise(value, call, this) as T) : value;

  /** The call ends when the promise settles. A program that watches promises would see one more. */
  private canFollow(value: unknown): value is object {
    return typeof value === 'object' && isPromise(value) && isPlainPromise(value) && !this.observed();
  }

  fulfilled({ id, fn, t0 }: SuspendableCall, value: unknown): void {
    this.calls.endNow(RETURN, id, fn, t0, value);
  }

  rejected({ id, fn, t0 }: SuspendableCall, error: unknown): void {
    this.calls.exception(id, fn, t0, now(), error);
  }

  private finish(call: SuspendableCall): void {
    if (call.running) this.leave(call, true);
    call.ended = true;
  }

  readonly leaveAsyncByError = <E>(call: SuspendableCall, error: E): E => {
    const { running, calls } = this;
    if (call.id === 0) {
      calls.capped(call.fn, error);
      return error;
    }
    if (call.ended) return error;
    const time = now();
    if (call.running) {
      if (running.ids[running.depth] !== call.id) calls.unwind(call.id, error, true, time);
      this.leave(call, true);
    } else if (call.waitsFor !== null) this.settleByError(call, error);
    call.ended = true;
    calls.exception(call.id, call.fn, call.t0, time, error);
    return error;
  };

  readonly leaveAsyncUnlessDone = (call: SuspendableCall, value: unknown): void => {
    if (value === DONE || call.ended) return;
    if (ReturnedPromise.is(value)) return this.finish(call);
    if (!this.canFollow(value)) return void this.leaveAsync(call, value);
    // An async generator has awaited what it returns: the promise is fulfilled.
    this.finish(call);
    const settled = (result: unknown): void => this.fulfilled(call, result);
    void promiseThen(value, settled, (error) => this.rejected(call, error));
  };
}
