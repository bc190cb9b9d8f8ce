import { isPromise } from '../intrinsics.js';
import type { Admission } from './admission.js';
import { bigint, now } from './clock.js';
import type { Drain } from './drain.js';
import {
  CALL,
  CAPPED_EXCEPTION,
  DRAIN_EVERY_NS,
  EXCEPTION,
  HIGH_HALF,
  isErrorEvent,
  KINDS,
  LOW_HALF,
  MADE,
  RETURN,
  RETURN_PROMISE,
  SLOTS,
  YOUNG_NS,
  type EventBuffer,
} from './event-buffer.js';
import { COUNTED } from './guard.js';
import { mayBeSecret } from './is-secret.js';
import type { KnownFunctions } from './known-functions.js';
import type { LastError } from './last-error.js';
import { REDACTED } from './replacement.js';
import type { RunningCalls } from './running-calls.js';
import { lexicalParent, type RunningScope } from './running-scope.js';
import type { Scope } from './scope.js';
import type { Bits } from './suspendable-call.js';
import { ThrownValue } from './thrown-value.js';
import type { CallHandle, RecorderOptions } from './types.js';

/** The result of a call that ended by an exception. */
export const DONE = Symbol('handit.done');
/** The result of a call that ended with the process. */
export const UNAVAILABLE = new ThrownValue('{"$type":"unavailable"', undefined, '}');
const UNSEEN = new ThrownValue('{"name":"Unknown","message":"left by an exception that was not seen"}', undefined, '');

export interface CallsParts {
  options: RecorderOptions;
  buffer: EventBuffer;
  functions: KnownFunctions;
  running: RunningCalls;
  admission: Admission;
  scope: RunningScope;
  lastError: LastError;
  drain: Drain;
}

export type Calls = ReturnType<typeof createCalls>;

/**
 * What each call of rewritten code runs: one function, so that the compiler sees all of it as constants. Everything that
 * is asked of fewer calls is elsewhere.
 */
export function createCalls(parts: CallsParts) {
  const { options, buffer, functions, running, admission, scope, lastError, drain } = parts;
  const { preview, maxString } = options;
  const { numbers, times, halves, values, made } = buffer;
  const { scopes } = scope;

  /** Notes the call itself; its arguments are in `values` already, up to `valuesEnd`. */
  function open(fn: number, lexical: CallHandle, valuesEnd: number): number {
    functions.recorded[fn]++;
    if (running.reportNext !== null && running.reportNext.fn === fn) {
      functions.reportedAs.set(running.reportNext.as, fn);
      fn = running.reportNext.as;
      running.reportNext = null;
    }
    if (buffer.at === 0) options.waiting();
    const id = ++running.lastId;
    const parent = scopes.used
      ? scope.parentOf(id, lexical)
      : running.depth > 0
        ? running.ids[running.depth]
        : lexicalParent(lexical);
    const from = buffer.at;
    numbers[from] = fn * KINDS + CALL;
    numbers[from + 1] = id;
    numbers[from + 2] = parent;
    times[from + 3] = bigint();
    buffer.valueAt = valuesEnd;
    buffer.at = from + SLOTS;
    if (++running.depth === running.size) running.grow();
    running.ids[running.depth] = id;
    running.functions[running.depth] = fn;
    running.starts[running.depth] = numbers[from + 3];
    return id;
  }

  // What decides whether a call is recorded is written out in each of these: a function for it costs a call beyond the cap a
  // nanosecond.

  function enter0(fn: number, lexical: CallHandle): number {
    if (!(++functions.calls[fn] <= admission.limit) && (functions.calls[fn] > admission.beyond || !admission.admit(fn)))
      return COUNTED - fn;
    if (buffer.isTight(0) && !drain.roomToEnter(0)) return COUNTED - fn;
    return open(fn, lexical, buffer.valueAt);
  }

  function enter1(fn: number, lexical: CallHandle, a: unknown): number {
    if (!(++functions.calls[fn] <= admission.limit) && (functions.calls[fn] > admission.beyond || !admission.admit(fn)))
      return COUNTED - fn;
    if (buffer.isTight(1) && !drain.roomToEnter(1)) return COUNTED - fn;
    return open(fn, lexical, put(a, buffer.valueAt));
  }

  function enter2(fn: number, lexical: CallHandle, a: unknown, b: unknown): number {
    if (!(++functions.calls[fn] <= admission.limit) && (functions.calls[fn] > admission.beyond || !admission.admit(fn)))
      return COUNTED - fn;
    if (buffer.isTight(2) && !drain.roomToEnter(2)) return COUNTED - fn;
    return open(fn, lexical, put(b, put(a, buffer.valueAt)));
  }

  function enter3(fn: number, lexical: CallHandle, a: unknown, b: unknown, c: unknown): number {
    if (!(++functions.calls[fn] <= admission.limit) && (functions.calls[fn] > admission.beyond || !admission.admit(fn)))
      return COUNTED - fn;
    if (buffer.isTight(3) && !drain.roomToEnter(3)) return COUNTED - fn;
    return open(fn, lexical, put(c, put(b, put(a, buffer.valueAt))));
  }

  function enterMany(fn: number, lexical: CallHandle, args: unknown[]): number {
    if (!(++functions.calls[fn] <= admission.limit) && (functions.calls[fn] > admission.beyond || !admission.admit(fn)))
      return COUNTED - fn;
    const { length } = args;
    if (buffer.isTight(length) && !drain.roomToEnter(length)) return COUNTED - fn;
    let next = buffer.valueAt;
    for (let i = 0; i < length; i++) next = put(args[i], next);
    return open(fn, lexical, next);
  }

  /** Keeps a value at `to`: primitives as they are, all else as JSON text made now. Returns the next place. */
  function put(value: unknown, to: number): number {
    switch (typeof value) {
      case 'number':
      case 'boolean':
      case 'undefined':
        values[to] = value;
        return to + 1;
      case 'string':
        if (value.length > maxString) return putMade(value, to);
        values[to] = value;
        return to + 1;
      case 'object':
        if (value === null) {
          values[to] = value;
          return to + 1;
        }
    }
    return putMade(value, to);
  }

  /** As bytes it is out of the garbage collector's sight. */
  function putMade(value: unknown, to: number): number {
    const from = made.at;
    preview.write(value);
    values[to] = MADE;
    values[to + 1] = from;
    values[to + 2] = made.at - from;
    made.close();
    return to + 3;
  }

  /** @param time a number, unlike `t0` */
  function end(kind: number, id: number, fn: number, t0: Bits, time: number, value: unknown): void {
    if ((time > buffer.drainAt || buffer.isTight(1)) && !room1(time)) return;
    const from = buffer.at;
    if (from === 0) options.waiting();
    numbers[from] = fn * KINDS + kind;
    numbers[from + 1] = id;
    numbers[from + 2] = t0;
    halves[(from + 3) * 2 + HIGH_HALF] = time / 2 ** 32;
    halves[(from + 3) * 2 + LOW_HALF] = time >>> 0;
    // Not by `instanceof`: it would ask a Proxy of the program.
    if (isErrorEvent(kind) || value === UNAVAILABLE) values[buffer.valueAt++] = value;
    else buffer.valueAt = put(functions.secret[fn] === 1 && mayBeSecret(value) ? REDACTED : value, buffer.valueAt);
    buffer.at = from + SLOTS;
  }

  /** The same by a value, and now: a time that does not become a number takes 15 ns less. */
  function endNow(kind: number, id: number, fn: number, t0: Bits, value: unknown): void {
    if (buffer.isTight(1) && !drain.room(1)) return;
    const from = buffer.at;
    if (from === 0) options.waiting();
    numbers[from] = fn * KINDS + kind;
    numbers[from + 1] = id;
    numbers[from + 2] = t0;
    times[from + 3] = bigint();
    buffer.valueAt = put(functions.secret[fn] === 1 && mayBeSecret(value) ? REDACTED : value, buffer.valueAt);
    buffer.at = from + SLOTS;
    if ((halves[(from + 3) * 2 + LOW_HALF] - buffer.drainedLow) >>> 0 > DRAIN_EVERY_NS)
      drain.run(buffer.timeAt(from + 3) - YOUNG_NS);
  }

  function room1(time: number): boolean {
    if (time > buffer.drainAt) drain.run(time - YOUNG_NS);
    return drain.room(1);
  }

  /** The end of a sync call by a value, which it passes on. */
  function leave<T>(call: number, value?: T): T | undefined {
    if (call < 0) return value;
    if (running.ids[running.depth] !== call && !unwind(call, undefined, false, now())) return value;
    const top = running.depth;
    if (buffer.isTight(1) && !drain.room(1)) {
      running.depth = top - 1;
      if (top === scope.strayLevel) scope.endStray();
      return value;
    }
    // As in `end`, for this is how almost all calls end.
    const from = buffer.at;
    if (from === 0) options.waiting();
    times[from + 3] = bigint();
    const fn = running.functions[top];
    let kind = RETURN;
    if (typeof value === 'object' && isPromise(value)) {
      running.promises.set(value, { id: call, fn, t0: running.starts[top] });
      kind = RETURN_PROMISE;
    }
    numbers[from] = fn * KINDS + kind;
    numbers[from + 1] = call;
    numbers[from + 2] = running.starts[top];
    buffer.valueAt = put(functions.secret[fn] === 1 && mayBeSecret(value) ? REDACTED : value, buffer.valueAt);
    buffer.at = from + SLOTS;
    // After all that may fail, so that a call whose event did not come about stays on the stack until `unwind` finds it.
    running.depth = top - 1;
    if (top === scope.strayLevel) scope.endStray();
    if ((halves[(from + 3) * 2 + LOW_HALF] - buffer.drainedLow) >>> 0 > DRAIN_EVERY_NS)
      drain.run(buffer.timeAt(from + 3) - YOUNG_NS);
    return value;
  }

  /** The end of a sync call by an exception, which it passes on. */
  function leaveByError<E>(call: number, error: E): E {
    if (call < 0) {
      capped(COUNTED - call, error);
      return error;
    }
    const time = now();
    if (running.ids[running.depth] !== call && !unwind(call, error, true, time)) return error;
    exception(call, running.functions[running.depth], running.starts[running.depth], time, error);
    if (running.depth-- === scope.strayLevel) scope.endStray();
    return error;
  }

  /** The end of a sync call whose return may have been followed by more of its code. */
  function leaveUnlessDone(call: number, value: unknown): void {
    if (value !== DONE) leave(call, value);
  }

  /**
   * Calls above `call` that were left without notice: the end of the stack strikes in the probes too. They ended by the
   * current exception, or by one that a `catch` has swallowed since.
   * @returns false when `call` itself has been closed that way before
   */
  function unwind(call: number, error: unknown, known: boolean, time: number): boolean {
    let from = running.depth;
    while (from > 0 && running.ids[from] !== call) from--;
    if (from === 0) return false;
    while (running.depth > from) {
      end(
        EXCEPTION,
        running.ids[running.depth],
        running.functions[running.depth],
        running.starts[running.depth],
        time,
        known ? lastError.thrownBy(running.functions[running.depth], error) : UNSEEN,
      );
      functions.exceptions[running.functions[running.depth]]++;
      running.depth--;
    }
    return true;
  }

  function exception(id: number, fn: number, t0: Bits, time: number, error: unknown): void {
    // Equal ones are counted by root context. The room is made before, so that the note stays beside its event.
    if (scopes.used && ((time <= buffer.drainAt && !buffer.isTight(1)) || room1(time))) note(scope.scopeOf(id));
    end(EXCEPTION, id, fn, t0, time, lastError.thrownBy(fn, error));
    functions.exceptions[fn]++;
  }

  /** What the next event belongs to; it may be the first one in the buffer. */
  function note(of: Scope | null | undefined): void {
    if (buffer.at === 0) options.waiting();
    buffer.noteScope(of ?? buffer.noScope);
  }

  /** An exception of a call that was not recorded: it has a line of its own. */
  function capped(fn: number, error: unknown): void {
    if (admission.inside) return;
    functions.exceptions[fn]++;
    if (scopes.used && drain.room(1)) note(running.depth > 0 ? running.scopes[running.depth] : scopes.current());
    end(
      CAPPED_EXCEPTION,
      ++running.lastId,
      fn,
      running.depth > 0 ? running.ids[running.depth] : 0,
      now(),
      lastError.thrownBy(fn, error),
    );
  }

  return {
    enter0,
    enter1,
    enter2,
    enter3,
    enterMany,
    leave,
    leaveByError,
    leaveUnlessDone,
    end,
    endNow,
    unwind,
    exception,
    capped,
  };
}
