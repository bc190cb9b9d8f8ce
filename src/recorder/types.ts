import type { Probes } from '../probes.js';
import type { FunctionEntry, RegisteredFile } from './function-table.js';
import type { Keep } from './keep.js';
import type { Previewer } from './preview.js';
import type { Labels, LibraryCall, Scope, TraceContext } from './scope.js';
import type { SegmentSink } from './segments.js';
import type { Line, Sink } from './sink.js';
import type { SuspendableCall } from './suspendable-call.js';
import type { ThrownValue } from './thrown-value.js';

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
  /** Called with an error in the recording itself. */
  broken: (error: unknown) => void;
  /** Registers files of which another thread did the rewriting; called when an unknown id turns up. */
  registerPending: () => void;
  /** Whether the program may see which promises and timers are made. */
  hasObservers: () => boolean;
}

/** What a call's own variable holds: an id, a negative number for one beyond the cap, or an object. */
export type CallHandle = number | SuspendableCall;

/** Some of the probes, for functions that were not rewritten. */
export interface RecorderCalls {
  enterMany(fn: number, lexical: 0, args: unknown[]): number;
  leave(call: number, value: unknown): unknown;
  leaveByError(call: number, error: unknown): unknown;
  enterAsync(fn: number, lexical: 0, args: unknown[]): SuspendableCall;
  enterGenerator(fn: number, lexical: 0, args: unknown[]): SuspendableCall;
  suspend(call: SuspendableCall): void;
  resume(call: SuspendableCall): void;
}

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

export interface Recorder {
  probes: Probes;
  calls: RecorderCalls;
  /** Gives a file's functions their ids: `base + index * stride`. */
  register(file: RegisteredFile, base: number, stride: number): void;
  /** A line made elsewhere, or what makes it at the drain; order is kept. `bytes`: about how much memory it holds. */
  raw(line: string | Line, bytes?: number, kind?: LineKind): void;
  /** Runs work of handit's own: rewritten code that it should reach records nothing. */
  ownWork(work: () => void): void;
  /** The file has its size: from now on no detail is written. */
  isFull(): boolean;
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
  /** From now on async calls are scopes of their own: code that is not recorded may do things after an `await`. */
  follow(): void;
  /** Puts this execution and all that it starts into that scope; returns the one before. */
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
   * came after it. Returns in how many milliseconds that can be written; 0: all is.
   *
   * @param rejected whether Node has dealt with the rejections so far; before, any exception may turn out to be fatal
   */
  idle(rejected: boolean): number;
  /** Events in the buffer. */
  waitingEvents(): number;
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
export type LineScope = Pick<Scope, 'json' | 'budget'>;

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
