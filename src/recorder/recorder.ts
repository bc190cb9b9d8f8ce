import { createAssertions } from './assertions.js';
import { bigint, epoch, now } from './clock.js';
import { constant, createEncoder } from './encoder.js';
import {
  functionText,
  knownFunction,
  NAME_ARGUMENT,
  VALUE_ARGUMENT,
  type FunctionEntry,
  type FunctionText,
  type KnownFunction,
  type RegisteredFile,
} from './function-table.js';
import type { Probes } from '../probes.js';
import { COUNTED, guardProbes } from './guard.js';
import type { Previewer } from './preview.js';
import { ThrownValue } from './thrown-value.js';
import { isSoftSecret, mayBeSecret, type Softness } from './is-secret.js';
import { quote } from './quote.js';
import { REDACTED } from './replacement.js';
import { isPlainPromise } from './realms.js';
import { createKeeper, type Keep } from './keep.js';
import type { Line, Sink } from './sink.js';
import { batchOf, createSeams, type SegmentSink } from './segments.js';
import { createLimits, DETAIL, ENDS, NOTES, TOTALS, type LimitReason, type Part } from './limits.js';
import {
  createScopes,
  newBudget,
  NO_LABELS,
  type Budget,
  type Labels,
  type LibraryCall,
  type Scope,
  type TraceContext,
} from './scope.js';
import {
  arrayFilter,
  arrayForEach,
  arrayFill,
  arrayMap,
  arrayOf,
  arrayPop,
  arrayPush,
  apply,
  BigUint64Array,
  byteLength,
  ceil,
  each,
  Float64Array,
  fromEntries,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  Int32Array,
  isArray,
  isGeneratorObject,
  isPromise,
  isProxy,
  max,
  min,
  objectEntries,
  objectKeys,
  promiseThen,
  random,
  RangeError,
  SafeMap,
  SafeSet,
  SafeWeakMap,
  setBytes,
  stringStartsWith,
  Uint32Array,
  Uint8Array,
  utf8Bytes,
  utf8Text,
} from '../intrinsics.js';

export interface RecorderOptions {
  proc: string;
  sink: Sink;
  preview: Previewer;
  /** Characters of a string kept as they are. */
  maxString: number;
  /** Calls of one function recorded in full in each root context; Infinity: no limit. */
  maxCalls: number;
  /** Share of the root contexts (the process, requests, sessions, tests) of which calls are recorded, 0 to 1. */
  sampleRate: number;
  maxFileBytes: number;
  /** Which root contexts are recorded in detail; null: as many as there is room for, the oldest. */
  keep: Keep | null;
  /** The sink, where the newest lines are kept; else null. */
  segments: SegmentSink | null;
  /** Told when an event comes into the empty buffer. */
  waiting: () => void;
  /** Told of an error in the recording itself. */
  broken: (error: unknown) => void;
  /** Registers files of which another thread did the rewriting; called when an unknown id turns up. */
  registerPending: () => void;
}

/** A call of an async function or a generator: it can be suspended, so it is more than a number. */
export class SuspendableCall {
  /** On the stack of running calls. */
  running = true;
  ended = false;
  /** The recorded call whose promise this one is waiting for. */
  waitsFor: PendingCall | null = null;
  /** It has gone on after an `await`: no code of a caller's runs behind it. */
  alone = false;
  /** It is in a loop over an iterable, or in `yield*`. */
  delegates = false;

  constructor(
    /** 0 when the call is not recorded. */
    readonly id: number,
    readonly fn: number,
    readonly t0: Bits,
    /** The scope it is in now. */
    public scope: Scope | null,
    /** The scope it began in, and its caller is in. */
    readonly entered: Scope | null = scope,
    /** That scope is its own: see `follow`. */
    public own = false,
  ) {}
}

interface PendingCall {
  id: number;
  fn: number;
  t0: Bits;
}

/** A time as the 64 bits of an integer in the place of a double: it can be moved, not calculated with. */
type Bits = number;

/** What a call's own variable holds: an id, a negative number for one beyond the cap, or an object. */
type CallHandle = number | SuspendableCall;

/** Some of the probes, for functions that were not rewritten. */
export interface RecorderCalls {
  en(fn: number, lexical: 0, args: unknown[]): number;
  x(call: number, value: unknown): unknown;
  t(call: number, error: unknown): unknown;
  fa(fn: number, lexical: 0, args: unknown[]): SuspendableCall;
  fg(fn: number, lexical: 0, args: unknown[]): SuspendableCall;
  s(call: SuspendableCall): void;
  r(call: SuspendableCall): void;
}

export type { Brief, Line } from './sink.js';

/** What a line says of what: decides what becomes of it where there is no room for all. */
export interface LineKind {
  /** `begin` and `end`: of the exchange with that `id`; the second is written only where the first was. */
  readonly is: 'detail' | 'note' | 'outcome' | 'ending' | 'begin' | 'end' | 'closed';
  readonly id?: number;
  /** Whose share of the file it takes. */
  readonly scope?: Scope | null;
  readonly how?: HowItWent;
}

/** What decides whether a root context is kept, see HANDIT_KEEP. */
export interface HowItWent {
  failed: boolean;
  durationNs: number;
}

/** The names that rewritten code uses: see src/transform. */

export interface Recorder {
  probes: Probes;
  /** Gives a file's functions their ids: `base + index * stride`. */
  register(file: RegisteredFile, base: number, stride: number): void;
  /** A line made elsewhere, or what makes it at the drain; order is kept. `bytes`: about how much memory it holds. */
  raw(line: string | Line, bytes?: number, kind?: LineKind): void;
  /** Runs work of handit's own: rewritten code that it should reach records nothing. */
  ownWork(work: () => void): void;
  /** The next id of the sequence that calls and exchanges share. */
  nextId(): number;
  /** What runs right now, as what begins now would see it. */
  current(): Current;
  /** A scope below the current one. */
  scope(change: ScopeChange): Scope;
  /** The same for code that must not run in one frame more; `before` is for `popScope`. */
  pushScope(scope: Scope): PushedScope;
  popScope(before: PushedScope): void;
  /**
   * Puts the running call, and all that this execution starts, into that scope.
   *
   * @param isCaller whether code of that function is what is being executed right now
   * @returns takes it back
   */
  stayInScope(scope: Scope, isCaller: (running: FunctionEntry) => boolean): () => void;
  /** The root context of that scope is over: what was written in it belongs to whoever calls it. */
  closeRoot(scope: Scope, how: HowItWent): void;
  /** From now on async calls are scopes of their own: code that is not recorded may do things behind an `await`. */
  follow(): void;
  /** Puts this execution and all that it starts into that scope; answers the one before. */
  enterScope(scope: Scope | null): Scope | null;
  /**
   * Runs what follows in that scope, also below a call that is running, up to the call of what this answers.
   */
  switchScope(scope: Scope): () => void;
  /** The call that begins next is in that scope, and no child of the running call; null: that call has not come. */
  scopeNext(scope: Scope | null): void;
  /**
   * Encodes and writes all events so far. The exception that was seen last may still be on its way, and goes without its
   * stack: reading that changes what Node prints if nobody catches it.
   */
  drain(): void;
  /** Exact totals of functions of which not every call was recorded in detail, as far as the file has room. */
  summaries(): string;
  /** Nanoseconds of the monotonic clock to `_ns` text. */
  epoch(reading: number): string;
  /** The same when no code of the program is running: nothing is on its way. */
  rest(): void;
  /** The same at the end of the process, which no root context outlives. */
  finish(): void;
  /**
   * Writes what can be written without being noticed: not an exception that the program may still be handling, nor what
   * came behind it. Answers in how many milliseconds that can be written; 0: all is.
   *
   * @param rejected whether Node has dealt with the rejections so far; before, any exception may turn out to be fatal
   */
  idle(rejected: boolean): number;
  lastThrow(): LastThrow;
  /** Has an error of `assert` say that Node made its message, see `Assertions`. */
  restoreAssertion(error: unknown): void;
  /** An exception that is on its way to the program's own code, as text. */
  thrown(error: unknown): ThrownValue;
  /** What is known of a function that was given an id. */
  functionOf(fn: number): (FunctionEntry & { path: string }) | undefined;
  /** The next call of function `fn` is reported as one of `as`; null: that call has not come. */
  reportNextAs(change: { fn: number; as: number } | null): void;
  /** A suspended call of a function that was not rewritten has ended. */
  settled(call: SuspendableCall, time: number, outcome: { value: unknown } | { error: unknown } | 'unknown'): void;
  /** What has no line of its own, by reason. */
  dropped(): Record<string, number>;
  readonly counts: { events: number };
}

/** What a line takes from its scope. */
type LineScope = Pick<Scope, 'json' | 'budget'>;

/** Where something that begins now belongs. */
export interface Current {
  /** The running call, else the parent that the scope names; 0: none. */
  parent: number;
  scope: Scope | null;
}

export interface PushedScope {
  /** Of this execution. */
  context: Scope | null;
  /** Of the call at that level of the stack. */
  level: number;
  call: Scope | null | undefined;
}

export interface ScopeChange {
  /** Default: the parent of what begins now. */
  parent?: number;
  labels?: Labels;
  libraryCall?: LibraryCall;
  trace?: TraceContext;
  /** It is a root context: it has a count of calls and a share of the file of its own, and is sampled by itself. */
  root?: boolean;
  /** The id of the request that it is. */
  request?: number;
}

/** What is known of the exception that was seen last. */
export interface LastThrow {
  /** The throw statement passed last: the value thrown, the function's id, the offset in the original text. */
  statement: { value: unknown; fn: number; at: number } | null;
  /** Whether a value was the last exception by which a recorded call ended. */
  passedOn(value: unknown): boolean;
}

const SLOTS = 4;
const EVENTS = 16_384;
const CAPACITY = EVENTS * SLOTS;
/** A drain that fails near the end of the stack may be tried again this many events later. */
const HIGH = CAPACITY - 1024 * SLOTS;
/** While the program is busy. The file is opened and written in about 20 us. */
const DRAIN_EVERY_NS = 10e6;
/**
 * Reading an error's stack makes its text, message included. A program that adds to the message does so soon, so the
 * stack of a younger one is read only when the buffer is full.
 */
const YOUNG_NS = 80e6;
/** Bytes of JSON made while recording. */
const MADE_BYTES = 3 * 1024 * 1024;
/** Stands before the place and the length of a preview made while recording. */
const MADE = Symbol('handit.made');
/** Places that one value takes at most. */
const SPARE = 3;

const CALL = 0;
const RETURN = 1;
const EXCEPTION = 2;
const RETURN_PROMISE = 3;
const SETTLE = 4;
const SETTLE_ERROR = 5;
const CAPPED_EXCEPTION = 6;
const KINDS = 8;
const LOW_HALF = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH_HALF = 1 - LOW_HALF;
const RAW = -1;
/** The calls that follow carry the labels of another scope. */
const LABELS = -2;

/** Calls of which the scope is remembered, for the closures written in them: the last so many. */
const OWNERS = 1 << 16;
/** Bytes that lines to be made at the drain may hold until it is due. */
const HELD = 16 * 1024 * 1024;
const NOTE: LineKind = { is: 'note' };
const OUTCOME: LineKind = { is: 'outcome', scope: null };
/** What an end says for which there is little room. */
const OMITTED = '{"$type":"unavailable"}';
const OMITTED_ERROR = '{"name":"Unknown","message":"omitted: the file has its size"}';
const OPEN_CALL = ',"again":true,"args_preview":{}}\n';
/** Bytes of the end of a call, at least. */
const END_BYTES = 200;
/** Bytes of a `process_end`, about. */
const END_OF_PROCESS = 600;

export function createRecorder(options: RecorderOptions): Recorder {
  const { proc, sink, preview, maxString, registerPending, segments, sampleRate } = options;
  // Where the oldest lines go, nothing else has to.
  const maxCalls = segments === null ? options.maxCalls : Infinity;
  const maxFileBytes = segments === null ? options.maxFileBytes : Infinity;
  const longestLine = segments === null ? Infinity : segments.size / 4;
  const sample = (): boolean => sampleRate >= 1 || random() < sampleRate;
  const processBudget = newBudget(sample());
  processBudget.open = false;
  let limit = -1;
  /**
   * Calls that nobody needs to look at: the count of the process decides alone, for no other context was entered, and the
   * first call beyond the cap was told; or the file is full.
   */
  let beyond = -1;
  let full = false;
  /** Root contexts that have their share and have not ended. */
  let spentContexts = 0;
  /** Calls left out because theirs had. */
  let omittedByShare = 0;
  let omittedLines = 0;
  let omittedErrors = 0;
  let omittedTotals = 0;
  /** Functions of which the cap was told. */
  const capsTold = new SafeSet<number>();
  /** Lines of limits that were reached, and not written yet. */
  let limitsReached: string[] = [];
  let limitsSaid = 0;
  let fileTold = false;
  /** Something in the trace is without its beginning. */
  let anyCut = false;
  /** Functions that are reported as others, by these. */
  const reportedAs = new SafeMap<number, number>();
  /** Work of handit's own is being done. */
  let inside = false;

  // Per function, by id.
  let calls = new Float64Array(4096);
  let exceptions = new Float64Array(4096);
  /** Of these, how many in detail. */
  let recorded = new Float64Array(4096);
  /** 1: what the function returns is secret. */
  let secret = new Uint8Array(4096);
  const table: (KnownFunction | undefined)[] = [];

  // The calls that run right now, innermost last, from index 1.
  let stackSize = 1 << 14;
  let stackId = new Float64Array(stackSize);
  let stackFn = new Int32Array(stackSize);
  let stackT0 = new Float64Array(stackSize);
  let depth = 0;
  let lastId = 0;

  // Scopes cost nothing until the first one is entered.
  const scopes = createScopes();
  /** The scope of each call on the stack. */
  const stackScope: (Scope | null | undefined)[] = [];
  /** The scope of the call with that id, at `id % OWNERS`, for the latest calls. */
  const owners: (Scope | null)[] = [];
  /** The first id that was given out with scopes in use. */
  let ownersFrom = Infinity;
  const limits = createLimits(maxFileBytes, processBudget, () => scopes.used);
  /** The scope of the last event, as far as it concerns its line, and the ones there were since the last drain. */
  const noScope: LineScope = { json: NO_LABELS, budget: processBudget };
  let lineScope = noScope;
  let lineScopes: LineScope[] = [];
  let held = 0;
  /** Async calls have scopes of their own. */
  let following = false;
  /** Running calls that are in another scope than their callers, and the level of the last one; 0: none. */
  const strays: { level: number; before: Scope | null }[] = [];
  let strayLevel = 0;

  // Events: four numbers each (what, id, parent or start, time), and their values beside them. Times are integers of
  // 64 bits there and on the stack, moved as if they were doubles: to make numbers of them costs 10 ns.
  const numbers = new Float64Array(CAPACITY);
  const times = new BigUint64Array(numbers.buffer);
  const halves = new Uint32Array(numbers.buffer);
  const values: unknown[] = arrayOf<unknown>(EVENTS * 3, 0);
  const made = preview.out;
  let at = 0;
  let valueAt = 0;
  let drainAt = now() + DRAIN_EVERY_NS;
  let drainedLow = now() >>> 0;
  let draining = false;
  let done = 0;
  let doneValues = 0;
  let doneScope = noScope;
  const counts = { events: 0 };
  let lost = 0;
  /** Calls left out before the file had its full size; -1: it has not. */
  let omittedBefore = -1;
  /** A call that has been counted, and is about to be recorded. */
  let entering = 0;

  const assertions = createAssertions();
  let lastThrow: { value: unknown; fn: number; at: number } | null = null;
  let lastError: unknown;
  let lastErrorValue: ThrownValue | null = null;
  let lastErrorAt = 0;

  // `yield*` and `for await` start the generator they are given at once: it is the call's child.
  let delegating = 0;
  let delegatingAfter = -1;
  let delegatingAt = -1;

  let nextScope: Scope | null = null;
  let reportNext: { fn: number; as: number } | null = null;

  const pending = new SafeWeakMap<object, PendingCall>();
  const notRecorded: SuspendableCall[] = [];
  const out = createEncoder((lines) => sink.write(lines), undefined, segments === null ? undefined : batchOf(segments));

  // ---------------------------------------------------------------- entering

  /** The parent of a call that nothing recorded is running for: the call in whose body the function was written. */
  function lexicalParent(lexical: CallHandle): number {
    if (typeof lexical === 'number') return lexical > 0 ? lexical : 0;
    return lexical.id;
  }

  function growStack(): void {
    stackSize *= 2;
    const ids = new Float64Array(stackSize);
    const fns = new Int32Array(stackSize);
    const starts = new Float64Array(stackSize);
    setBytes(ids, stackId);
    setBytes(fns, stackFn);
    setBytes(starts, stackT0);
    stackId = ids;
    stackFn = fns;
    stackT0 = starts;
  }

  /**
   * The parent of a call that begins now, where scopes are in use; notes whose labels it carries. What was written in a
   * request, session or test that is still open belongs there, whoever calls it: a queue of jobs runs in the context of the
   * first of them. Else the context wins over a lexical parent that belongs to another request, session or test, or to none.
   */
  function scopedParent(id: number, lexical: CallHandle): number {
    while (strayLevel > depth) endStray();
    let parent: number;
    let scope: Scope | null;
    if (nextScope !== null) {
      parent = nextScope.parent;
      scope = nextScope;
      nextScope = null;
    } else {
      scope = depth > 0 ? (stackScope[depth] ?? null) : scopes.current();
      parent = depth > 0 ? stackId[depth] : scope === null ? 0 : scope.parent;
      const written = lexicalParent(lexical);
      if (written > 0) {
        const owner = ownerOf(written, lexical);
        if (belongsTo(owner, scope)) {
          parent = written;
          scope = stray(owner!);
        } else if (depth === 0 && (scope === null || (owner?.budget ?? processBudget) === scope.budget)) {
          parent = written;
          scope ??= owner;
        }
      }
    }
    stackScope[depth + 1] = scope;
    owners[id % OWNERS] = scope;
    noteScope(scope ?? noScope);
    return parent;
  }

  function noteScope(scope: LineScope): void {
    if (scope.json === lineScope.json && scope.budget === lineScope.budget) return;
    lineScope = scope;
    numbers[at] = LABELS;
    numbers[at + 1] = arrayPush(lineScopes, scope) - 1;
    at += SLOTS;
  }

  /** Whether that owner's root context is open, and the scope is not in it. */
  function belongsTo(owner: Scope | null, scope: Scope | null): boolean {
    if (owner === null || owner.budget === scope?.budget || !owner.budget.open) return false;
    for (let budget = scope?.budget ?? null; budget !== null; budget = budget.outer) {
      if (budget === owner.budget) return false;
    }
    return true;
  }

  /** The call that begins now, and what it starts, is in another scope than its caller: up to its end. */
  function stray(scope: Scope): Scope {
    strayLevel = depth + 1;
    arrayPush(strays, { level: strayLevel, before: scopes.enter(scope) });
    return scope;
  }

  function endStray(): void {
    scopes.enter(takeStray());
  }

  /** The scope to go back to. */
  function takeStray(): Scope | null {
    const { before } = arrayPop(strays)!;
    strayLevel = strays.length === 0 ? 0 : strays[strays.length - 1].level;
    return before;
  }

  function ownerOf(id: number, lexical: CallHandle): Scope | null {
    if (typeof lexical === 'object') return lexical.scope;
    return id >= ownersFrom && id > lastId - OWNERS ? (owners[id % OWNERS] ?? null) : null;
  }

  /**
   * Runs work of handit's own. What it should reach of the program's all the same, by a function that it has put in place of
   * a built-in one, records nothing. The count lets no call through meanwhile, so that others need not ask.
   */
  function ownWork(work: () => void): void {
    if (inside) return work();
    inside = true;
    setLimit();
    try {
      work();
    } finally {
      inside = false;
      setLimit();
    }
  }

  /** To be called when one of the things has changed that it depends on. */
  function setLimit(): void {
    // Where not every context is recorded, each call asks.
    limit = inside || full || sampleRate < 1 || spentContexts > 0 ? -1 : maxCalls;
    if (inside) beyond = Infinity;
    else if (full) beyond = -1;
    else beyond = sampleRate >= 1 && !scopes.used ? maxCalls + 1 : Infinity;
  }

  /** Whether a call that did not pass the count is to be recorded after all. */
  function admit(fn: number): boolean {
    if (inside) {
      calls[fn]--;
      return false;
    }
    if (!(calls[fn] >= 0)) {
      // The function is not known yet.
      registerPending();
      if (calls[fn] === undefined) reserve(fn);
      if (++calls[fn] <= limit) return true;
    }
    if (full) return false;
    const scope = scopes.used ? (depth > 0 ? stackScope[depth] : scopes.current()) : null;
    const budget = scope ? scope.budget : processBudget;
    if (!budget.sampled) return false;
    if (budget.spent) {
      omittedByShare++;
      return false;
    }
    if (calls[fn] <= maxCalls && (sampleRate >= 1 || budget === processBudget)) return true;
    if (budget !== processBudget) {
      budget.calls ??= new SafeMap();
      const count = (budget.calls.get(fn) ?? 0) + 1;
      budget.calls.set(fn, count);
      if (count <= maxCalls) return true;
    }
    tellCap(fn, scope ?? null, budget);
    return false;
  }

  /** Calls of that function are counted only: told at the first of them, for the process may be killed. */
  function tellCap(fn: number, scope: Scope | null, budget: Budget): void {
    const known = table[fn];
    if (known === undefined || capsTold.has(fn)) return;
    capsTold.add(fn);
    const { entry, path } = known;
    const place = `,"func":${quote(entry.name)},"file":${quote(path)},"line":${entry.line}`;
    raw(limitLine('max_calls', place + budget.name + (scope ? utf8Text(scope.json) : '')), 0, OUTCOME);
  }

  function limitLine(reason: LimitReason, about: string): string {
    return `{"type":"limit","proc":"${proc}","ts_ns":${epoch.text(now())},"reason":"${reason}"${about}}\n`;
  }

  function reserve(fn: number): void {
    if (fn < calls.length) return;
    const size = max(fn + 1, calls.length * 2);
    const grow = (old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(size);
      setBytes(grown, old);
      return grown;
    };
    calls = grow(calls);
    exceptions = grow(exceptions);
    recorded = grow(recorded);
    const flags = new Uint8Array(size);
    setBytes(flags, secret);
    secret = flags;
  }

  /** A time among the events as a number. */
  function timeAt(place: number): number {
    return halves[place * 2 + HIGH_HALF] * 2 ** 32 + halves[place * 2 + LOW_HALF];
  }

  /** Notes the call itself; its arguments are in `values` already, up to `valuesEnd`. */
  function open(fn: number, lexical: CallHandle, valuesEnd: number): number {
    recorded[fn]++;
    if (reportNext !== null && reportNext.fn === fn) {
      reportedAs.set(reportNext.as, fn);
      fn = reportNext.as;
      reportNext = null;
    }
    if (at === 0) options.waiting();
    const id = ++lastId;
    const parent = scopes.used ? scopedParent(id, lexical) : depth > 0 ? stackId[depth] : lexicalParent(lexical);
    const from = at;
    numbers[from] = fn * KINDS + CALL;
    numbers[from + 1] = id;
    numbers[from + 2] = parent;
    times[from + 3] = bigint();
    valueAt = valuesEnd;
    at = from + SLOTS;
    if (++depth === stackSize) growStack();
    stackId[depth] = id;
    stackFn[depth] = fn;
    stackT0[depth] = numbers[from + 3];
    return id;
  }

  /** Whether an event with `count` values may need room made for it. */
  function tight(count: number): boolean {
    return at >= HIGH || valueAt + count * SPARE > values.length || made.position() > MADE_BYTES;
  }

  /** Room for one event with `count` values; false when there is none left even after a drain. */
  function room(count: number): boolean {
    if (!tight(count)) return true;
    drain();
    while (valueAt + count * SPARE > values.length) arrayPush(values, 0);
    // A change of labels may come before it.
    if (at < CAPACITY - SLOTS) return true;
    lost++;
    return false;
  }

  function roomToEnter(values: number): boolean {
    entering = 1;
    try {
      return room(values);
    } finally {
      entering = 0;
    }
  }

  // What decides whether a call is recorded stands in each of these: a function for it costs a call beyond the cap a
  // nanosecond.

  function e0(fn: number, lexical: CallHandle): number {
    if (!(++calls[fn] <= limit) && (calls[fn] > beyond || !admit(fn))) return COUNTED - fn;
    if (tight(0) && !roomToEnter(0)) return COUNTED - fn;
    return open(fn, lexical, valueAt);
  }

  function e1(fn: number, lexical: CallHandle, a: unknown): number {
    if (!(++calls[fn] <= limit) && (calls[fn] > beyond || !admit(fn))) return COUNTED - fn;
    if (tight(1) && !roomToEnter(1)) return COUNTED - fn;
    return open(fn, lexical, put(a, valueAt));
  }

  function e2(fn: number, lexical: CallHandle, a: unknown, b: unknown): number {
    if (!(++calls[fn] <= limit) && (calls[fn] > beyond || !admit(fn))) return COUNTED - fn;
    if (tight(2) && !roomToEnter(2)) return COUNTED - fn;
    return open(fn, lexical, put(b, put(a, valueAt)));
  }

  function e3(fn: number, lexical: CallHandle, a: unknown, b: unknown, c: unknown): number {
    if (!(++calls[fn] <= limit) && (calls[fn] > beyond || !admit(fn))) return COUNTED - fn;
    if (tight(3) && !roomToEnter(3)) return COUNTED - fn;
    return open(fn, lexical, put(c, put(b, put(a, valueAt))));
  }

  function en(fn: number, lexical: CallHandle, args: unknown[]): number {
    if (!(++calls[fn] <= limit) && (calls[fn] > beyond || !admit(fn))) return COUNTED - fn;
    const { length } = args;
    if (tight(length) && !roomToEnter(length)) return COUNTED - fn;
    let next = valueAt;
    for (let i = 0; i < length; i++) next = put(args[i], next);
    return open(fn, lexical, next);
  }

  /** Keeps a value at `to`: primitives as they are, all else as JSON text made now. Answers the next place. */
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
    const from = made.position();
    preview.write(value);
    values[to] = MADE;
    values[to + 1] = from;
    values[to + 2] = made.position() - from;
    made.close();
    return to + 3;
  }

  // ----------------------------------------------------------------- leaving

  /** @param time a number, unlike `t0` */
  function end(kind: number, id: number, fn: number, t0: Bits, time: number, value: unknown): void {
    if ((time > drainAt || tight(1)) && !room1(time)) return;
    const from = at;
    if (from === 0) options.waiting();
    numbers[from] = fn * KINDS + kind;
    numbers[from + 1] = id;
    numbers[from + 2] = t0;
    halves[(from + 3) * 2 + HIGH_HALF] = time / 2 ** 32;
    halves[(from + 3) * 2 + LOW_HALF] = time >>> 0;
    // Not by `instanceof`: it would ask a Proxy of the program's.
    if (isError(kind) || value === UNAVAILABLE) values[valueAt++] = value;
    else valueAt = put(secret[fn] === 1 && mayBeSecret(value) ? REDACTED : value, valueAt);
    at = from + SLOTS;
  }

  function room1(time: number): boolean {
    if (time > drainAt) drain(time - YOUNG_NS);
    return room(1);
  }

  /** The end of a sync call by a value, which it hands on. */
  function x<T>(call: number, value?: T): T | undefined {
    if (call < 0) return value;
    if (stackId[depth] !== call && !unwind(call, undefined, false, now())) return value;
    const top = depth;
    if (tight(1) && !room(1)) {
      depth = top - 1;
      if (top === strayLevel) endStray();
      return value;
    }
    // As in `end`, for this is how almost all calls end.
    const from = at;
    if (from === 0) options.waiting();
    times[from + 3] = bigint();
    const fn = stackFn[top];
    let kind = RETURN;
    if (typeof value === 'object' && isPromise(value)) {
      pending.set(value, { id: call, fn, t0: stackT0[top] });
      kind = RETURN_PROMISE;
    }
    numbers[from] = fn * KINDS + kind;
    numbers[from + 1] = call;
    numbers[from + 2] = stackT0[top];
    valueAt = put(secret[fn] === 1 && mayBeSecret(value) ? REDACTED : value, valueAt);
    at = from + SLOTS;
    // Behind all that may fail, so that a call whose event did not come about stays on the stack until `unwind` finds it.
    depth = top - 1;
    if (top === strayLevel) endStray();
    if ((halves[(from + 3) * 2 + LOW_HALF] - drainedLow) >>> 0 > DRAIN_EVERY_NS) drain(timeAt(from + 3) - YOUNG_NS);
    return value;
  }

  /** The end of a sync call by an exception, which it hands on. */
  function t<E>(call: number, error: E): E {
    if (call < 0) {
      capped(COUNTED - call, error);
      return error;
    }
    const time = now();
    if (stackId[depth] !== call && !unwind(call, error, true, time)) return error;
    exception(call, stackFn[depth], stackT0[depth], time, error);
    if (depth-- === strayLevel) endStray();
    return error;
  }

  /** The end of a sync call whose return may have been followed by more of its code. */
  function n(call: number, value: unknown): void {
    if (value !== DONE) x(call, value);
  }

  /**
   * Calls above `call` that were left without notice: the end of the stack strikes in the probes too. They ended by the
   * exception at hand, or by one that a `catch` has swallowed since.
   * @returns false when `call` itself has been closed that way before
   */
  function unwind(call: number, error: unknown, known: boolean, time: number): boolean {
    let from = depth;
    while (from > 0 && stackId[from] !== call) from--;
    if (from === 0) return false;
    while (depth > from) {
      end(
        EXCEPTION,
        stackId[depth],
        stackFn[depth],
        stackT0[depth],
        time,
        known ? thrownBy(stackFn[depth], error) : UNSEEN,
      );
      exceptions[stackFn[depth]]++;
      depth--;
    }
    return true;
  }

  function exception(id: number, fn: number, t0: Bits, time: number, error: unknown): void {
    end(EXCEPTION, id, fn, t0, time, thrownBy(fn, error));
    exceptions[fn]++;
  }

  /** An exception of a call that was not recorded: it stands alone. */
  function capped(fn: number, error: unknown): void {
    if (inside) return;
    exceptions[fn]++;
    if (scopes.used && room(1)) noteScope((depth > 0 ? stackScope[depth] : scopes.current()) ?? noScope);
    end(CAPPED_EXCEPTION, ++lastId, fn, depth > 0 ? stackId[depth] : 0, now(), thrownBy(fn, error));
  }

  function thrownValue(error: unknown): ThrownValue {
    return thrownBy(-1, error);
  }

  /** One exception passes through many calls: its text is made once, as for the first of them. */
  function thrownBy(fn: number, error: unknown): ThrownValue {
    if (lastErrorValue === null || lastError !== error) {
      assertions.restore(error);
      lastErrorValue = preview.error(error, undefined, secret[fn] === 1);
      lastError = error;
      lastErrorAt = now();
    }
    return lastErrorValue;
  }

  // -------------------------------------------- async functions and generators

  function fa(fn: number, lexical: CallHandle, args: unknown[]): SuspendableCall {
    const id = en(fn, lexical, args);
    if (id < 0) return inside ? UNSEEN_CALL : (notRecorded[fn] ??= unrecorded(0, fn));
    const scope = scopes.used ? (stackScope[depth] ?? null) : null;
    const strayed = strayLevel === depth;
    const strayedFrom = strayed ? takeStray() : null;
    if (!following) {
      return new SuspendableCall(id, stackFn[depth], stackT0[depth], scope, strayed ? strayedFrom : scope);
    }
    const own = ownScope(id, scope);
    stackScope[depth] = own;
    // Its caller's scope, where that has one: another call may have left its own in place, see `sa`.
    const before = enterScope(own);
    const entered = strayed ? strayedFrom : depth > 1 ? scope : before;
    return new SuspendableCall(id, stackFn[depth], stackT0[depth], own, entered, true);
  }

  /** The engine is about to call the program on behalf of that call, which will not be running then. */
  function followFrom(call: SuspendableCall): void {
    following = true;
    if (call.own || !call.running || stackId[depth] !== call.id) return;
    call.own = true;
    const own = ownScope(call.id, stackScope[depth] ?? null);
    call.scope = own;
    stackScope[depth] = own;
    enterScope(own);
  }

  /** What code that is not recorded does behind an `await` of its own, it does for the call that called it. */
  function ownScope(id: number, outer: Scope | null): Scope {
    if (outer === null) {
      return { parent: id, labels: {}, json: NO_LABELS, libraryCall: null, trace: null, budget: processBudget };
    }
    return { ...outer, parent: id };
  }

  function fg(fn: number, lexical: CallHandle, args: unknown[]): SuspendableCall {
    const parent = delegating > 0 && delegatingAfter === lastId && delegatingAt === at ? delegating : 0;
    const follow = following;
    // A generator is entered and left too often.
    following = false;
    const call = fa(fn, lexical, args);
    following = follow;
    // Its event is the last one, also when the buffer was drained on the way.
    if (parent > 0 && call.id > 0) numbers[at - SLOTS + 2] = parent;
    return call;
  }

  /** Takes a call off the stack before it is suspended. */
  function leave(call: SuspendableCall, ends = false): void {
    if (stackId[depth] === call.id || unwind(call.id, undefined, false, now())) {
      // It may have entered a session meanwhile, which is not its caller's.
      if (scopes.used) {
        call.scope = stackScope[depth] ?? null;
        if (call.scope !== call.entered && (ends || !(call.own && call.alone))) scopes.enter(call.entered);
      }
      depth--;
    }
    call.running = false;
  }

  function s<T>(call: SuspendableCall, value?: T): T | undefined {
    if (call.running) leave(call);
    return value;
  }

  /**
   * A lazy query starts when its `then` is called, in a microtask and in the context in which it was awaited. To the
   * engine this is the same: an object whose `then` it calls once, just then.
   */
  function lazyIn({ scope }: SuspendableCall, query: unknown, then: Then): { then: Then } {
    return {
      then(onFulfilled, onRejected) {
        const before = enterScope(scope);
        try {
          return apply(then, query, [onFulfilled, onRejected]);
        } finally {
          scopes.enter(before);
        }
      },
    };
  }

  /** Before an `await`: the promise of a recorded call is watched on the way. */
  function sa<T>(call: SuspendableCall, value: T): T {
    if (call.running) {
      const then = thenOf(value);
      if (then !== null) {
        followFrom(call);
        leave(call);
        return lazyIn(call, value, then) as T;
      }
      leave(call);
      if (typeof value === 'object' && value !== null) {
        const waitsFor = pending.get(value);
        if (waitsFor !== undefined) {
          pending.delete(value);
          call.waitsFor = waitsFor;
        }
      }
    }
    return value;
  }

  /** Before `yield*` and `for await`. */
  function k<T>(call: SuspendableCall, iterable: T): T {
    if (call.running) {
      if (call.alone && isAsyncIterable(iterable)) followFrom(call);
      leave(call);
      delegating = call.id;
      delegatingAfter = lastId;
      delegatingAt = at;
      call.delegates = true;
    }
    return iterable;
  }

  /** Puts a call back on the stack when it goes on. */
  function r<T>(call: SuspendableCall, value?: T, thrown = false): T | undefined {
    if (!call.running && !call.ended) {
      delegating = 0;
      if (++depth === stackSize) growStack();
      stackId[depth] = call.id;
      stackFn[depth] = call.fn;
      stackT0[depth] = call.t0;
      if (scopes.used) {
        stackScope[depth] = call.scope;
        if (call.scope !== call.entered) scopes.enter(call.scope);
      }
      // What is no iterable throws at once: then its caller's code is still to come.
      call.alone = !(thrown && call.delegates);
      call.delegates = false;
      call.running = true;
      if (call.waitsFor !== null) settle(call, SETTLE, value);
    }
    return value;
  }

  /** The same in a `catch`. */
  function rc(call: SuspendableCall, error?: unknown): void {
    if (call.waitsFor !== null && !call.running) settle(call, SETTLE_ERROR, thrownBy(call.waitsFor.fn, error));
    r(call, undefined, true);
  }

  function settle(call: SuspendableCall, kind: number, value: unknown): void {
    const { id, fn, t0 } = call.waitsFor!;
    call.waitsFor = null;
    end(kind, id, fn, t0, now(), value);
  }

  function ax<T>(call: SuspendableCall, value?: T): T | undefined {
    if (call.ended) return value;
    const time = now();
    const then = thenOf(value);
    if (then !== null) followFrom(call);
    if (call.running) leave(call, true);
    call.ended = true;
    if (typeof value === 'object' && isPromise(value) && isPlainPromise(value)) watch(call, value);
    else end(RETURN, call.id, call.fn, call.t0, time, value);
    return then === null ? value : (lazyIn(call, value, then) as T);
  }

  function at_<E>(call: SuspendableCall, error: E): E {
    if (call.id === 0) {
      capped(call.fn, error);
      return error;
    }
    if (call.ended) return error;
    const time = now();
    if (call.running) {
      if (stackId[depth] !== call.id) unwind(call.id, error, true, time);
      leave(call, true);
    } else if (call.waitsFor !== null) settle(call, SETTLE_ERROR, thrownBy(call.waitsFor.fn, error));
    call.ended = true;
    exception(call.id, call.fn, call.t0, time, error);
    return error;
  }

  function an(call: SuspendableCall, value: unknown): void {
    if (value !== DONE) ax(call, value);
  }

  /**
   * An async function ends when the promise it returns settles. The engine is about to attach its own handlers to that
   * promise, so one more does not make a rejection count as handled that would not have been.
   */
  function watch(call: SuspendableCall, promise: object): void {
    const { id, fn, t0 } = call;
    void promiseThen(
      promise,
      (value) => end(RETURN, id, fn, t0, now(), value),
      (error) => exception(id, fn, t0, now(), error),
    );
  }

  /** A `throw` statement of the program: the value, and where it stands. */
  function w<T>(fn: number, offset: number, value: T): T {
    if (inside) return value;
    lastThrow = { value, fn, at: offset };
    lastErrorAt = now();
    return value;
  }

  function forgetThrow(): void {
    lastThrow = null;
    lastError = undefined;
    lastErrorValue = null;
  }

  // ------------------------------------------------------------------ draining

  function raw(line: string | Line, bytes = 0, kind = NOTE): void {
    held += bytes;
    if (held > HELD) drain();
    if (!room(1)) return;
    if (at === 0) options.waiting();
    numbers[at] = RAW;
    values[valueAt++] = line;
    values[valueAt++] = kind;
    at += SLOTS;
  }

  // -------------------------------------------------------------------- scopes

  function current(): Current {
    if (depth > 0) return { parent: stackId[depth], scope: scopes.used ? (stackScope[depth] ?? null) : null };
    const scope = scopes.current();
    return { parent: scope === null ? 0 : scope.parent, scope };
  }

  function makeScope({ parent, labels, libraryCall, root, trace, request }: ScopeChange): Scope {
    const { parent: here, scope } = current();
    const all = labels ? { ...scope?.labels, ...labels } : (scope?.labels ?? {});
    const json = labels ? utf8Bytes(labelsJson(all)) : (scope?.json ?? NO_LABELS);
    return {
      parent: parent ?? here,
      labels: all,
      json,
      libraryCall: libraryCall ?? null,
      trace: trace ?? scope?.trace ?? null,
      budget: root
        ? newBudget(sample(), openRoot(scope), request === undefined ? '' : `,"request":${request}`, json)
        : (scope?.budget ?? processBudget),
    };
  }

  /** A connection goes on in the scope of the request before, which is over. */
  function openRoot(scope: Scope | null): Budget | null {
    let root = scope === null ? null : scope.budget;
    while (root !== null && !root.open) root = root.outer;
    return root;
  }

  function pushScope(scope: Scope): PushedScope {
    const before = { context: enterScope(scope), level: depth, call: stackScope[depth] };
    stackScope[depth] = scope;
    return before;
  }

  function popScope({ context, level, call }: PushedScope): void {
    stackScope[level] = call;
    scopes.enter(context);
  }

  function stayInScope(scope: Scope, isCaller: (running: FunctionEntry) => boolean): () => void {
    const context = enterScope(scope);
    const outer = depth > 0 ? (stackScope[depth] ?? null) : null;
    // A function that is not recorded may be running on top of one that is.
    if (depth > 0 && table[stackFn[depth]] === undefined) registerPending();
    const running = depth > 0 ? table[stackFn[depth]]?.entry : undefined;
    if (running && isCaller(running)) stackScope[depth] = scope;
    return () => {
      if (scopes.current() === scope) scopes.enter(context);
      for (let level = depth; level > 0 && stackScope[level] === scope; level--) stackScope[level] = outer;
    };
  }

  function enterScope(scope: Scope | null): Scope | null {
    const first = !scopes.used && scope !== null;
    const before = scopes.enter(scope);
    if (first) {
      ownersFrom = lastId + 1;
      setLimit();
    }
    return before;
  }

  function switchScope(scope: Scope): () => void {
    const before = pushScope(scope);
    return () => popScope(before);
  }

  /**
   * @param until  exceptions after it stay, and what came behind them
   * @param atRest the last one stays, too, while it may be on its way
   */
  function drain(until = Infinity, atRest = false): void {
    const time = now();
    drainAt = time + DRAIN_EVERY_NS;
    drainedLow = time >>> 0;
    if (at === 0 || draining) return;
    draining = true;
    const nested = inside;
    inside = true;
    setLimit();
    try {
      if (sink.failed) {
        lost += (at - done) / SLOTS;
        done = at;
      } else encode(until, atRest);
      if (done === at) forget();
    } catch (error) {
      // Where the stack has ended in here, the events are still there, and the next drain starts from a higher frame.
      if (!(error instanceof RangeError)) {
        lost += (at - done) / SLOTS;
        forget();
        options.broken(error);
      }
    } finally {
      draining = false;
      inside = nested;
      setLimit();
    }
  }

  function forget(): void {
    arrayFill(values, 0, 0, valueAt);
    done = 0;
    doneValues = 0;
    doneScope = noScope;
    takenUpTo = 0;
    lineScope = noScope;
    if (lineScopes.length > 0) lineScopes = [];
    held = 0;
    made.reset();
    at = 0;
    valueAt = 0;
    delegating = 0;
  }

  const heads = arrayMap(['call', 'return', 'exception', 'return', 'settle', 'settle', 'exception'], (type) =>
    constant(`{"type":"${type}","proc":"${proc}","id":`),
  );
  const parentKey = constant(',"parent":');
  const noParent = constant(',"parent":null');
  const durationKey = constant(',"dt_ns":');
  const returnKey = constant(',"return_preview":');
  const errorKey = constant(',"error":');
  const cappedErrorKey = constant(',"capped":true,"error":');
  const endOfLine = constant('}\n');
  const endOfPending = constant(',"pending":true}\n');

  /** Those among the lines that are being made. */
  let lines: Line[] = [];
  let lineCount = 0;
  /** Calls in the file that have not ended, for which it must have room, and how many there were at `done`. */
  let openCalls = 0;
  let doneOpenCalls = 0;
  /** Whose lines are being made, up to where they are in its count, and up to where they need not be looked at. */
  let charged = processBudget;
  let chargedTo = 0;
  let ampleTo = 0;
  /** The event of which the line is being made, and those before it that wait. */
  let lineAt = 0;
  let takenUpTo = 0;
  let ordinaryBytes = 0;
  /** Calls, lines and whole contexts that were left out because nothing failed, or because too many waited. */
  let omittedByKeep = 0;
  let omittedByKeepBefore = 0;
  let omittedWhileWaiting = 0;
  let waitingLines = 0;
  let omittedOrdinary = 0;
  let gone = 0;
  const seams =
    segments === null
      ? null
      : createSeams({
          sink: segments,
          writeCall: (id, { fn, parent, t0, json }) => writeOpenCall(id, fn, parent, t0, json),
          writeAgain(line) {
            line.write(out, 'bare');
            // Before the end of the object.
            out.cut(out.position() - 2);
            out.text(',"again":true}\n');
            lineCount++;
          },
          writeKept(line) {
            out.text(line);
            lineCount++;
          },
          gone(fn, calls) {
            recorded[reportedAs.get(fn) ?? fn] -= calls;
            gone += calls;
          },
        });
  const keeper =
    options.keep === null
      ? null
      : createKeeper(options.keep, processBudget, {
          write(root, bytes, count) {
            const start = out.position();
            out.bytes(bytes);
            if (!hasRoom(start, DETAIL, root)) {
              if (isFull()) fill();
              tellNoRoom(isFull(), root);
              out.cut(start);
              return false;
            }
            lineCount += count - 1;
            return true;
          },
          leftOut(functions, why, count) {
            for (let i = 0; i < functions.length; i++) recorded[functions[i]]--;
            if (why === 'kept') omittedByKeep += functions.length;
            else if (why === 'waiting') {
              omittedWhileWaiting += functions.length;
              waitingLines += count;
            } else if (!full) omittedByShare += functions.length;
          },
          overflowed: (root) => arrayPush(limitsReached, limitLine('waiting_lines', root.name + utf8Text(root.json))),
        });
  /** What was left out before and has ended in the lines that are being made. */
  let endedCuts: number[] = [];
  let newErrors: { root: Budget; key: string }[] = [];

  function encode(until: number, atRest: boolean): void {
    out.reset();
    lines = [];
    lineCount = 0;
    limitsSaid = 0;
    openCalls = doneOpenCalls;
    endedCuts = [];
    keeper?.begin();
    seams?.forget();
    seams?.cross(out);
    forgetNewErrors();
    // A drain that was cut off goes on where its last whole batch ended.
    let v = doneValues;
    let scope = doneScope;
    chargedTo = 0;
    charged = scope.budget;
    chargeTo(charged);

    const value = (): void => {
      const kept = values[v++];
      if (kept === MADE) {
        out.copy(made, values[v] as number, values[v + 1] as number);
        v += 2;
      } else if (kept instanceof ThrownValue) out.text(kept.toJson(kept !== lastErrorValue));
      else if (typeof kept === 'string') preview.short(kept, out);
      else out.primitive(kept);
    };
    const skipValue = (): void => {
      v += values[v] === MADE ? 3 : 1;
    };
    /** Arguments of which a name says that some values, or what comes after some, are secret. */
    const namedArguments = ({ args }: FunctionText, named: Uint8Array): void => {
      let hiding = false;
      for (let a = 0; a < args.length - 1; a++) {
        out.constant(args[a]);
        const kept = values[v];
        if ((hiding && named[a] === VALUE_ARGUMENT && mayBeSecret(kept)) || isSoftSecret(named[a] as Softness, kept)) {
          out.string(REDACTED);
          skipValue();
          continue;
        }
        if (named[a] === NAME_ARGUMENT && typeof kept === 'string') hiding = preview.isSecret(kept);
        value();
      }
    };
    const parent = (id: number): void => {
      if (id === 0) return out.constant(noParent);
      out.constant(parentKey);
      out.integer(id);
    };

    for (let i = done; i < at; i += SLOTS) {
      const what = numbers[i];
      if (what < 0) {
        lineAt = i;
        if (what === LABELS) {
          scope = lineScopes[numbers[i + 1]];
          chargeTo(scope.budget);
        } else {
          rawLine(values[v] as string | Line, values[v + 1] as LineKind, scope.budget);
          v += 2;
          if (out.endLine()) {
            written(i + SLOTS, v, scope);
            seams?.cross(out);
          }
          chargeTo(scope.budget);
        }
        continue;
      }
      let kind = what & (KINDS - 1);
      if (isError(kind) && (values[v] as ThrownValue).hasStack) {
        if (timeAt(i + 3) > until || (atRest && values[v] === lastErrorValue)) {
          charge(out.position());
          writeLimits();
          out.flush();
          return written(i, v, scope);
        }
      }
      const fn = (what - kind) / KINDS;
      const known = table[fn] ?? lateEntry(fn);
      const text = known.text ?? (known.text = functionText(known));
      const id = numbers[i + 1];
      let { budget } = scope;
      let caller = numbers[i + 2];
      if (keeper !== null) {
        lineAt = i;
        if (kind === CALL) keeper.called(id, budget);
        else if (kind !== CAPPED_EXCEPTION) {
          const root = keeper.ended(id, kind === RETURN_PROMISE);
          if (root === undefined) {
            skipValue();
            omittedLines++;
            continue;
          }
          budget = root;
        }
      }
      if (anyCut && kind !== CALL && limits.cut.has(id)) {
        if (kind !== RETURN_PROMISE) arrayPush(endedCuts, id);
        if (kind !== EXCEPTION) {
          skipValue();
          continue;
        }
        kind = CAPPED_EXCEPTION;
        caller = limits.cut.get(id)!;
      }
      const start = out.position();
      out.constant(heads[kind]);
      out.integer(id);
      if (kind === CALL) {
        if (keeper === null) openCalls++;
        const { args } = text;
        const last = args.length - 1;
        parent(caller);
        out.constant(text.call);
        out.time(timeAt(i + 3));
        if (scope.json.length > 0) out.bytes(scope.json);
        if (text.named !== null) namedArguments(text, text.named);
        else
          for (let a = 0; a < last; a++) {
            out.constant(args[a]);
            value();
          }
        out.constant(args[last]);
        if (out.position() < ampleTo) lineCount++;
        else if (!hasRoom(start, DETAIL, budget, fn)) cutCall(start, id, caller, fn, budget);
        if (seams !== null && !limits.cut.has(id)) {
          seams.called(id, { fn, parent: caller, t0: timeAt(i + 3), json: scope.json });
        }
      } else if (kind === CAPPED_EXCEPTION) {
        const key = fn + (values[v] as ThrownValue).key;
        if (limits.isKnownError(budget, key)) {
          out.cut(start);
          skipValue();
          omittedErrors++;
          continue;
        }
        parent(caller);
        out.constant(text.end);
        out.time(timeAt(i + 3));
        out.constant(cappedErrorKey);
        value();
        out.constant(endOfLine);
        if (hasRoom(start, NOTES, budget)) {
          limits.knowError(budget, key);
          arrayPush(newErrors, { root: budget, key });
        } else {
          out.cut(start);
          omittedErrors++;
        }
      } else {
        if (keeper === null && kind < SETTLE) openCalls--;
        seams?.ended(id);
        const time = timeAt(i + 3);
        out.constant(text.end);
        out.time(time);
        out.constant(durationKey);
        out.integer(time - timeAt(i + 2));
        out.constant(kind === EXCEPTION || kind === SETTLE_ERROR ? errorKey : returnKey);
        const valueStart = out.position();
        value();
        const close = kind === RETURN_PROMISE ? endOfPending : endOfLine;
        out.constant(close);
        if (out.position() < ampleTo) lineCount++;
        else if (!hasRoom(start, NOTES, budget)) {
          out.cut(valueStart);
          out.text(isError(kind) ? OMITTED_ERROR : OMITTED);
          out.constant(close);
          if (!hasRoom(start, ENDS, budget)) cutLine(start);
        }
      }
      if (out.endLine()) {
        written(i + SLOTS, v, scope);
        seams?.cross(out);
        chargeTo(scope.budget);
      }
    }
    charge(out.position());
    writeLimits();
    out.flush();
    written(at, v, scope);
  }

  /** At the beginning of a segment: a call that is open. */
  function writeOpenCall(id: number, fn: number, caller: number, t0: number, json: Uint8Array): void {
    const known = table[fn] ?? lateEntry(fn);
    const text = known.text ?? (known.text = functionText(known));
    out.constant(heads[CALL]);
    out.integer(id);
    if (caller === 0) out.constant(noParent);
    else {
      out.constant(parentKey);
      out.integer(caller);
    }
    out.constant(text.call);
    out.time(t0);
    if (json.length > 0) out.bytes(json);
    out.text(OPEN_CALL);
    lineCount++;
  }

  /**
   * Whether the line since `start` may be written; counts it then. Also where it is to wait.
   *
   * @param fn of a call that begins
   */
  function hasRoom(start: number, part: Part, root: Budget, fn = -1): boolean {
    charge(start);
    if (keeper !== null) {
      // A drain that was cut off has it already.
      const taken = lineAt < takenUpTo && keeper.stateOf(root) !== 'kept';
      if (taken) out.cut(start);
      if (taken || keeper.takes(root, out, start, fn < 0 ? fn : (reportedAs.get(fn) ?? fn))) {
        takenUpTo = max(takenUpTo, lineAt + SLOTS);
        return true;
      }
    }
    const end = out.position();
    if (end - start > longestLine) return false;
    const size = sink.bytes + end;
    if (!limits.fits(part, part === DETAIL ? size + openCalls * END_BYTES : size)) return false;
    const bytes = root.bytes + end - start;
    if (part < ENDS && limits.isOver(root, bytes, size, part)) return false;
    root.bytes = bytes;
    chargedTo = end;
    lineCount++;
    return true;
  }

  /** Lines before that place which were not looked at one by one. */
  function charge(to: number): void {
    charged.bytes += to - chargedTo;
    chargedTo = to;
  }

  /** Up to where nobody needs to ask whether there is room for the next line. */
  function chargeTo(root: Budget): void {
    charge(out.position());
    charged = root;
    const left = limits.ample(root, sink.bytes) - root.bytes;
    if (keeper !== null || segments !== null) ampleTo = -1;
    else
      ampleTo = min(out.position() + left, limits.ample(null, sink.bytes) - sink.bytes - EVENTS * END_BYTES, out.batch);
  }

  function isFull(): boolean {
    return !limits.fits(DETAIL, sink.bytes + out.position() + openCalls * END_BYTES);
  }

  function cutLine(start: number): void {
    out.cut(start);
    omittedLines++;
  }

  /** There is no room for that call: from now on, calls like it are not even looked at. */
  function cutCall(start: number, id: number, caller: number, fn: number, root: Budget): void {
    const fileIsFull = isFull();
    out.cut(start);
    if (keeper === null) openCalls--;
    if (fileIsFull) fill();
    tellNoRoom(fileIsFull, root);
    // Again where a drain was cut off.
    if (limits.cut.has(id)) return;
    limits.cut.set(id, caller);
    anyCut = true;
    recorded[reportedAs.get(fn) ?? fn]--;
    if (!fileIsFull) omittedByShare++;
  }

  function fill(): void {
    if (full) return;
    full = true;
    omittedBefore = omittedCalls() - entering;
    omittedByKeepBefore = omittedByKeep + omittedWhileWaiting;
  }

  function tellNoRoom(fileIsFull: boolean, root: Budget): void {
    if (fileIsFull) {
      if (!fileTold) arrayPush(limitsReached, limitLine('max_file', ''));
      fileTold = true;
    } else if (!root.spent) {
      root.spent = true;
      if (root.open || root === processBudget) spentContexts++;
      limits.spent(sink.bytes);
      arrayPush(limitsReached, limitLine('context_share', root.name + utf8Text(root.json)));
    }
  }

  function rawLine(line: string | Line, { is, id = 0, scope, how }: LineKind, here: Budget): void {
    const root = scope === undefined ? here : (scope?.budget ?? processBudget);
    if (is === 'closed') {
      if (scope === null) keeper?.closeAll();
      else keeper?.close(root, how!.failed, how!.durationNs);
      return;
    }
    if (typeof line !== 'string') arrayPush(lines, line);
    else if (seams !== null && stringStartsWith(line, '{"type":"module"')) seams.keep(line);
    if (is === 'begin') seams?.began(id, line as Line);
    else if (is === 'end') seams?.ended(id);
    if (is === 'end' && limits.cut.has(id)) {
      arrayPush(endedCuts, id);
      omittedLines++;
      return;
    }
    const start = out.position();
    if (keeper !== null && keeper.stateOf(root) === 'left out' && is !== 'detail' && is !== 'note') {
      return ordinaryLine(line, is, root);
    }
    if (keeper !== null && is === 'begin' && keeper.stateOf(root) === 'waiting' && root.begin === null) {
      root.begin = line as Line;
    }
    if (typeof line === 'string') out.text(line);
    else line.write(out, false);
    // Every test has its line.
    if (keeper !== null && is === 'outcome') {
      if (!hasRoom(start, ENDS, processBudget)) cutLine(start);
      return;
    }
    if (hasRoom(start, is === 'note' ? NOTES : is === 'outcome' || is === 'ending' ? ENDS : DETAIL, root)) return;
    tellNoRoom(isFull(), root);
    out.cut(start);
    if (is === 'begin' || is === 'end') {
      (line as Line).write(out, true);
      if (hasRoom(start, is === 'begin' ? NOTES : ENDS, root)) return;
      out.cut(start);
    }
    if (is === 'begin') {
      limits.cut.set(id, 0);
      anyCut = true;
    }
    omittedLines++;
  }

  /** What did not fail says no more than that. */
  function ordinaryLine(line: string | Line, is: LineKind['is'], root: Budget): void {
    const start = out.position();
    if (typeof line === 'string') out.text(line);
    else {
      (root.begin as Line | null)?.write(out, 'bare');
      line.write(out, 'bare');
    }
    root.begin = null;
    const bytes = ordinaryBytes + out.position() - start;
    if (is === 'outcome' || limits.fitsOrdinary(bytes)) {
      if (hasRoom(start, ENDS, processBudget)) {
        if (is === 'end') lineCount++;
        if (is !== 'outcome') ordinaryBytes = bytes;
        return;
      }
    }
    out.cut(start);
    omittedOrdinary++;
  }

  /** After the lines for which there was no room, or the last for which there was. */
  function writeLimits(): void {
    for (let i = 0; i < limitsReached.length; i++) {
      const start = out.position();
      out.text(limitsReached[i]);
      if (!hasRoom(start, ENDS, processBudget)) out.cut(start);
    }
    limitsSaid = limitsReached.length;
  }

  function written(to: number, toValues: number, scope: LineScope): void {
    counts.events += lineCount;
    lineCount = 0;
    if (limitsSaid > 0) limitsReached = [];
    limitsSaid = 0;
    keeper?.commit();
    seams?.commit();
    for (let i = 0; i < endedCuts.length; i++) limits.cut.delete(endedCuts[i]);
    if (endedCuts.length > 0) endedCuts = [];
    if (newErrors.length > 0) newErrors = [];
    for (let i = 0; i < lines.length; i++) lines[i].written();
    if (lines.length > 0) lines = [];
    chargedTo = 0;
    done = to;
    doneOpenCalls = openCalls;
    doneScope = scope;
    doneValues = toValues;
  }

  function forgetNewErrors(): void {
    for (let i = 0; i < newErrors.length; i++) limits.forgetError(newErrors[i].root, newErrors[i].key);
    newErrors = [];
  }

  function lateEntry(fn: number): KnownFunction {
    registerPending();
    return (table[fn] ??= knownFunction('', {
      name: '<unknown>',
      line: 1,
      column: 1,
      kind: 'function',
      async: false,
      generator: false,
      params: [],
    }));
  }

  // -------------------------------------------------------------------- totals

  function omittedCalls(): number {
    let sum = 0;
    for (let fn = 0; fn < calls.length; fn++) sum += calls[fn] - recorded[fn];
    return sum;
  }

  function dropped(): Record<string, number> {
    const all = omittedCalls();
    const before = omittedBefore < 0 ? all : omittedBefore;
    const notKept = omittedByKeep + omittedWhileWaiting;
    const keptBefore = omittedBefore < 0 ? notKept : omittedByKeepBefore;
    const counted = {
      [sampleRate < 1 ? 'not_sampled' : 'max_calls']: before - omittedByShare - keptBefore - gone,
      older_segments: gone,
      context_share: omittedByShare,
      max_file: all - before - notKept + keptBefore,
      not_kept: omittedByKeep,
      not_kept_contexts: omittedOrdinary,
      waiting_lines: waitingLines,
      max_file_lines: omittedLines,
      equal_exceptions: omittedErrors,
      no_room_for_totals: omittedTotals,
      lost,
      not_written: sink.lost,
    };
    return fromEntries(arrayFilter(objectEntries(counted), (entry) => entry[1] > 0));
  }

  function summaries(): string {
    const ts = epoch.text(now());
    let text = '';
    let size = sink.bytes + END_OF_PROCESS;
    const mostTotals = segments === null ? Infinity : segments.size / 2;
    arrayForEach(table, (known, fn) => {
      if (!known || !(recorded[fn] < calls[fn])) return;
      const { entry, path } = known;
      const line =
        `{"type":"summary","proc":"${proc}","ts_ns":${ts},"func":${quote(entry.name)},"file":${quote(path)},"line":${entry.line},` +
        `"calls":${calls[fn]},"recorded":${recorded[fn]},"exceptions":${exceptions[fn]}}\n`;
      size += byteLength(line);
      if (!limits.fits(TOTALS, size) || size - sink.bytes > mostTotals) return void omittedTotals++;
      counts.events++;
      text += line;
    });
    return text;
  }

  setLimit();
  return {
    probes: guardProbes(
      {
        e0,
        e1,
        e2,
        e3,
        en,
        x,
        t,
        n,
        d: DONE,
        q: REDACTED,
        w,
        fa,
        fg,
        s,
        sa,
        k,
        r,
        rc,
        ax,
        at: at_,
        an,
        m: assertions.messageOf,
      },
      options.broken,
    ),
    register(file, base, stride) {
      reserve(base + file.functions.length * stride);
      arrayForEach(file.functions, (entry, index) => {
        table[base + index * stride] = knownFunction(file.path, entry);
        if (entry.secret) secret[base + index * stride] = 1;
      });
    },
    raw,
    nextId: () => ++lastId,
    current,
    scope: makeScope,
    pushScope,
    popScope,
    stayInScope,
    enterScope,
    closeRoot(scope, how) {
      const { budget } = scope;
      if (!budget.open) return;
      if (keeper !== null) raw('', 0, { is: 'closed', scope, how });
      budget.open = false;
      if (budget.spent) spentContexts--;
      setLimit();
    },
    follow: () => void (following = true),
    switchScope,
    scopeNext: (scope) => void (nextScope = scope),
    thrown: thrownValue,
    functionOf: (fn) => table[fn] && { ...table[fn].entry, path: table[fn].path },
    reportNextAs: (change) => void (reportNext = change),
    settled(call, time, outcome) {
      if (call.ended) return;
      call.ended = true;
      if (outcome === 'unknown') end(RETURN, call.id, call.fn, call.t0, time, UNAVAILABLE);
      else if ('error' in outcome) exception(call.id, call.fn, call.t0, time, outcome.error);
      else end(RETURN, call.id, call.fn, call.t0, time, outcome.value);
    },
    ownWork,
    drain: () => drain(),
    summaries,
    dropped,
    epoch: (reading) => epoch.text(reading),
    rest() {
      forgetThrow();
      drain();
    },
    finish() {
      forgetThrow();
      drain();
      if (keeper !== null) {
        raw('', 0, { is: 'closed', scope: null });
        drain();
      }
    },
    idle(rejected) {
      const until = now() - YOUNG_NS;
      if (rejected && lastErrorAt < until) forgetThrow();
      drain(rejected ? until : -Infinity, true);
      return at === 0 ? 0 : max(1, ceil((timeAt(done + 3) - until) / 1e6));
    },
    restoreAssertion: assertions.restore,
    lastThrow: () => ({
      statement: lastThrow,
      passedOn: (value) => lastErrorValue !== null && lastError === value,
    }),
    counts,
  };
}

/** Whether an event of that kind keeps an exception. */
function isError(kind: number): boolean {
  return kind === EXCEPTION || kind === SETTLE_ERROR || kind === CAPPED_EXCEPTION;
}

/** Stands for the result of a call that ended by an exception. */
const DONE = Symbol('handit.done');
/** The result of a call that ended with the process. */
const UNAVAILABLE = new ThrownValue('{"$type":"unavailable"', undefined, '}');
const UNSEEN = new ThrownValue('{"name":"Unknown","message":"left by an exception that was not seen"}', undefined, '');

/** A call of which there is only the count. */
function unrecorded(id: number, fn: number): SuspendableCall {
  const call = new SuspendableCall(id, fn, 0, null);
  call.running = false;
  call.ended = true;
  return call;
}

/** One that is not even counted: it belongs to work of handit's own. */
const UNSEEN_CALL = unrecorded(-1, 0);

type Then = (this: unknown, onFulfilled: unknown, onRejected: unknown) => unknown;

/** Whether the engine may call functions of the program to iterate over it; a generator is a call by itself. */
function isAsyncIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isArray(value) && !isGeneratorObject(value);
}

/** The `then` of a value that is no promise, which the engine is about to call; none of the program's code runs here. */
function thenOf(value: unknown): Then | null {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return null;
  if (isPromise(value)) return null;
  let holder: object | null = value;
  for (let level = 0; holder !== null && level < MAX_PROTOTYPES && !isProxy(holder); level++) {
    const then = getOwnPropertyDescriptor(holder, 'then');
    if (then) return typeof then.value === 'function' ? (then.value as Then) : null;
    holder = getPrototypeOf(holder) as object | null;
  }
  return null;
}

const MAX_PROTOTYPES = 16;

function labelsJson(labels: Labels): string {
  let text = '';
  for (const name of each(objectKeys(labels))) {
    const value = labels[name as keyof Labels];
    if (value !== undefined) text += `,"${name}":${typeof value === 'number' ? value : quote(value)}`;
  }
  return text;
}
