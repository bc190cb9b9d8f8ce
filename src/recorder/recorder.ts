import type { Probes } from '../probes.js';
import { Admission, isSampled } from './admission.js';
import { createCalls, DONE, UNAVAILABLE, type Calls } from './calls.js';
import { epoch } from './clock.js';
import { Drain } from './drain.js';
import { createEncoder } from './encoder.js';
import { EventBuffer, RETURN } from './event-buffer.js';
import { EventLines } from './event-lines.js';
import { byMeaning, guardProbes } from './guard.js';
import { KnownFunctions } from './known-functions.js';
import { LastError } from './last-error.js';
import { createLimits } from './limits.js';
import { LineRoom } from './line-room.js';
import { REDACTED } from './replacement.js';
import { RunningCalls } from './running-calls.js';
import { RunningScope } from './running-scope.js';
import { createScopes, newBudget, NO_LABELS } from './scope.js';
import { batchOf } from './segments.js';
import { SuspendedCalls } from './suspended-calls.js';
import { Totals } from './totals.js';
import type { LineKind, Recorder, RecorderCalls, RecorderOptions } from './types.js';

export type { Brief, Line } from './sink.js';
export type { SuspendableCall } from './suspendable-call.js';
export type { Current, HowItWent, LastThrow, LineKind, PushedScope, Recorder, RecorderCalls } from './types.js';

const OUTCOME: LineKind = { is: 'outcome', scope: null };

/** What is known, what runs, what was recorded: each part has its own state, and says what it needs of others. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { sink, preview, segments, sampleRate } = options;
  const budget = newBudget(0, isSampled(sampleRate));
  budget.open = false;
  // Scopes cost nothing until the first one is entered.
  const scopes = createScopes(options.hasObservers);
  const maxBytes = segments === null ? options.maxFileBytes : Infinity;
  const limits = createLimits(maxBytes, budget, () => scopes.used);
  const functions = new KnownFunctions(options.registerPending);
  const running = new RunningCalls();
  const totals = new Totals(options, functions, limits);
  const lastError = new LastError(preview, functions);
  const buffer = new EventBuffer(preview.out, { json: NO_LABELS, budget });
  const out = createEncoder((lines) => sink.write(lines), undefined, segments === null ? undefined : batchOf(segments));

  const tell = (line: string): void => drain.raw(line, 0, OUTCOME);
  const admission = new Admission({ options, budget, scopes, functions, running, totals, tell });
  const room = new LineRoom({ options, out, budget, limits, functions, admission, totals });
  const lines = new EventLines({ options, out, budget, buffer, functions, lastError, room, totals });
  const drain = new Drain({ options, buffer, admission, lastError, totals, lines });
  const scope = new RunningScope({ sampleRate, budget, scopes, buffer, running, functions, admission });
  const calls = createCalls({ options, buffer, functions, running, admission, scope, lastError, drain });
  const suspended = new SuspendedCalls({
    buffer,
    running,
    admission,
    scope,
    lastError,
    calls,
    isAsync: (fn) => functions.isAsync(fn),
    observed: options.hasObservers,
  });
  const parts: Parts = { options, functions, running, totals, lastError, admission, drain, scope, calls, suspended };
  return { ...ofCalls(parts), ...ofScopes(parts), ...ofLines(parts) };
}

interface Parts {
  options: RecorderOptions;
  functions: KnownFunctions;
  running: RunningCalls;
  totals: Totals;
  lastError: LastError;
  admission: Admission;
  drain: Drain;
  scope: RunningScope;
  calls: Calls;
  suspended: SuspendedCalls;
}

function probesOf({ options, admission, lastError, calls, suspended }: Parts): Probes {
  return guardProbes(
    {
      ...calls,
      done: DONE,
      redacted: REDACTED,
      thrown<T>(fn: number, offset: number, value: T): T {
        if (!admission.inside) lastError.thrown(fn, offset, value);
        return value;
      },
      enterAsync: suspended.enterAsync,
      enterGenerator: suspended.enterGenerator,
      suspend: suspended.suspend,
      suspendForAwait: suspended.suspendForAwait,
      delegate: suspended.delegate,
      resume: suspended.resume,
      resumeInCatch: suspended.resumeInCatch,
      leaveAsync: suspended.leaveAsync,
      leaveAsyncByError: suspended.leaveAsyncByError,
      leaveAsyncUnlessDone: suspended.leaveAsyncUnlessDone,
      returnAsync: suspended.returnAsync,
      assertMessage: lastError.assertions.messageOf,
      assertMessageUnless: lastError.assertions.messageUnless,
    },
    options.broken,
  );
}

function ofCalls(parts: Parts) {
  const { functions, running, lastError, calls, suspended } = parts;
  const probes = probesOf(parts);
  return {
    probes,
    calls: byMeaning(probes) as unknown as RecorderCalls,
    register: (file, base, stride) => functions.register(file, base, stride),
    nextId: () => ++running.lastId,
    functionOf: (fn) => functions.table[fn] && { ...functions.table[fn].entry, path: functions.table[fn].path },
    reportNextAs: (change) => void (running.reportNext = change),
    settled(call, time, outcome) {
      if (call.ended) return;
      call.ended = true;
      if (outcome === 'unknown') calls.end(RETURN, call.id, call.fn, call.t0, time, UNAVAILABLE);
      else if ('error' in outcome) calls.exception(call.id, call.fn, call.t0, time, outcome.error);
      else calls.end(RETURN, call.id, call.fn, call.t0, time, outcome.value);
    },
    follow: () => suspended.follow(),
    thrown: (error) => lastError.thrownBy(-1, error),
    lastThrow: () => lastError.last(),
    restoreAssertion: lastError.assertions.restore,
  } satisfies Partial<Recorder>;
}

function ofScopes({ options, admission, drain, scope }: Parts) {
  return {
    current: () => scope.current(),
    scope: (change) => scope.make(change),
    pushScope: (entered) => scope.push(entered),
    popScope: (before) => scope.pop(before),
    stayInScope: (entered, isCaller) => scope.stay(entered, isCaller),
    enterScope: (entered) => scope.enter(entered),
    switchScope(entered) {
      const before = scope.push(entered);
      return () => scope.pop(before);
    },
    scopeNext: (next) => void (scope.next = next),
    closeRoot(closed, how) {
      const { budget } = closed;
      if (!budget.open) return;
      if (options.keep !== null) drain.raw('', 0, { is: 'closed', scope: closed, how });
      budget.open = false;
      scope.ended(budget);
      // Its scope may be remembered for long: see `CallScopes`.
      budget.calls = null;
      if (budget.spent) admission.spentContexts--;
      admission.setLimit();
    },
  } satisfies Partial<Recorder>;
}

function ofLines({ admission, totals, drain }: Parts) {
  return {
    raw: (line, bytes, kind) => drain.raw(line, bytes, kind),
    isFull: () => admission.full,
    ownWork: (work) => admission.ownWork(work),
    drain: () => drain.run(),
    rest: () => drain.rest(),
    finish: () => drain.finish(),
    idle: (rejected) => drain.idle(rejected),
    waitingEvents: () => drain.waitingEvents(),
    summaries: () => totals.summaries(),
    dropped: () => totals.dropped(),
    epoch: (reading) => epoch.text(reading),
    counts: totals.counts,
  } satisfies Partial<Recorder>;
}
