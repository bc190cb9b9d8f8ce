import * as asyncHooks from 'node:async_hooks';
import { direct, type Enter, type Storage } from './contexts.js';
import type { StackCounts } from './stack-counts.js';
import { safe, type SafeDataView, type SafeMap, type SafeSet, utf8Bytes, utf8Text } from '../intrinsics.js';

/** What the calls and exchanges made inside of it carry. */
export interface Labels {
  session_id?: string;
  agent?: string;
  test?: string;
  test_id?: number;
}

/** A W3C trace that the program is a part of, in lower-case hex digits. */
export interface TraceContext {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits: what caused this, in the process that the request came from. */
  readonly parentId?: string;
  /** Two digits. */
  readonly flags: string;
}

/** A call of an HTTP library, of which the exchanges on the wire are the attempts. */
export interface LibraryCall {
  /** The `id` of the first exchange; retries and redirects name it. 0 until there is one. */
  id: number;
  /** The recorded call that called the library, 0 for none: what the program's own code requests itself is no part of it. */
  readonly parent: number;
  readonly client: string;
  /** The package that made it, where no code of the program ran. */
  readonly from?: string | null;
  attempts: number;
  /** Requests that began in its scope: the attempts, and what the program's own code requested meanwhile. */
  exchanges: number;
}

/**
 * What follows the program through awaits, timers and callbacks: an incoming request, a session, a test, a call of an
 * HTTP library. Functions need none; see `parentOf` in running-scope.ts.
 */
export interface Scope {
  /** The parent of a call that begins in it while nothing recorded runs; 0: none. */
  readonly parent: number;
  readonly labels: Labels;
  /** `,"session_id":"..."`, or empty. */
  readonly json: Uint8Array;
  readonly libraryCall: LibraryCall | null;
  readonly trace: TraceContext | null;
  /** Of the request, session or test: how often each function was called beyond the count of the process. */
  readonly budget: Budget;
  /** See `CallScopes`; 0: no call has begun in it. */
  number: number;
  /** The one of its root context that was numbered before. */
  before: Scope | null;
}

/** One for each root context; see HANDIT_MAX_CALLS, HANDIT_MAX_FILE_MB and HANDIT_SAMPLE_RATE. */
export interface Budget {
  /** See `CallScopes`. */
  readonly number: number;
  readonly sampled: boolean;
  /** The request, session or test has not ended. */
  open: boolean;
  /** The root context that this one began in. */
  readonly outer: Budget | null;
  calls: SafeMap<number, number> | null;
  /** What it has in the file. */
  bytes: number;
  /** That is its share: no more calls of it are recorded. */
  spent: boolean;
  /** The exceptions written of calls that are counted only. */
  errors: SafeSet<string> | null;
  /** Of exceptions whose stacks are written. */
  stacks: StackCounts | null;
  /** Its lines, where they wait: see keep.ts. */
  waiting: Waiting | null;
  /** The line with which it began, where that may be written by itself. */
  begin: object | null;
  /** The id of the request that it is. */
  readonly request: number | undefined;
  /** Of its scope. */
  readonly json: Uint8Array;
  /** Its scopes that have numbers: the last one, and how many. */
  scope: Scope | null;
  numbered: number;
}

/** Whole lines that wait. */
export interface Block {
  bytes: Uint8Array;
  view: SafeDataView;
  used: number;
  lines: number;
  /** Of the calls that begin in it, and how many: the list may be longer. */
  functions: number[];
  calls: number;
}

export type WaitingState = 'waiting' | 'kept' | 'left out';

/** The lines of a root context of which nobody knows yet whether it is kept. */
export interface Waiting {
  state: WaitingState;
  /** The root context that has its lines now. */
  movedTo: Budget | null;
  blocks: Block[];
  bytes: number;
  /** Lines went because there were too many. */
  overflowed: boolean;
  /** Among those that are open. */
  place: number;
}

export function newBudget(
  number: number,
  sampled: boolean,
  outer: Budget | null = null,
  request: number | undefined = undefined,
  json: Uint8Array = NO_LABELS,
): Budget {
  return {
    number,
    sampled,
    open: true,
    outer,
    calls: null,
    bytes: 0,
    spent: false,
    errors: null,
    stacks: null,
    waiting: null,
    begin: null,
    request,
    json,
    scope: null,
    numbered: 0,
  };
}

/** What a line says of its root context. */
export function nameOf({ request }: Budget, labels: Uint8Array): string {
  return (request === undefined ? '' : `,"request":${request}`) + utf8Text(labels);
}

export const NO_LABELS = utf8Bytes('');

export interface Scopes {
  /** Whether a scope was ever entered: until then nobody needs to ask for one. */
  readonly used: boolean;
  current(): Scope | null;
  /** From here on, for this execution and all that it starts. Returns the scope before. */
  enter(scope: Scope | null): Scope | null;
}

const SafeStorage = safe(asyncHooks.AsyncLocalStorage) as new () => Storage;

/** @param observed the program may see which resources are made */
export function createScopes(observed: () => boolean): Scopes {
  let storage: Storage | null = null;
  let enter: Enter | null = null;
  const scopes = {
    used: false,
    current: () => (storage === null ? null : ((storage.getStore() ?? null) as Scope | null)),
    enter(scope: Scope | null): Scope | null {
      if (enter !== null) return enter(scope) as Scope | null;
      if (storage === null) {
        if (scope === null) return null;
        storage = new SafeStorage();
        scopes.used = true;
        storage.enterWith(scope);
        if (!observed()) enter = direct(storage);
        return null;
      }
      const before = storage.getStore() ?? null;
      // No `run`: it would put frames into the stacks of the program's errors.
      if (before !== scope) storage.enterWith(scope);
      return before as Scope | null;
    },
  };
  return scopes;
}
