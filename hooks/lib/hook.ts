import type { Recorder } from '../../src/recorder/recorder.js';
import type { Scope } from '../../src/recorder/scope.js';
import type { LibraryFile } from '../../src/transform/library.js';
import type { TestEnd, TestPhase } from '../../src/trace-format.js';
import type { CompiledBody, LinkedBody, RunnerCode, RunnerSource } from '../../src/transform/types.js';

export type { RunnerCode, RunnerSource } from '../../src/transform/types.js';
export type { TestPhase } from '../../src/trace-format.js';
export type { LibraryFile } from '../../src/transform/library.js';

/** Watches one HTTP client or server, or one test runner. */
export interface Hook {
  /** The name of the module or package it watches. */
  readonly name: string;
  /** Where the loader puts calls of this hook's probes. */
  readonly libraryFiles?: readonly LibraryFile[];
  /** Starts watching; never throws. Returns a function that undoes it. */
  install(host: HookHost): () => void;
}

/** What a hook is given: where exchanges and tests go, and the settings that concern them. */
export interface HookHost {
  readonly proc: string;
  readonly recorder: Pick<
    Recorder,
    | 'nextId'
    | 'current'
    | 'scope'
    | 'closeRoot'
    | 'enterScope'
    | 'switchScope'
    | 'scopeNext'
    | 'raw'
    | 'isFull'
    | 'epoch'
  >;
  /** Nanoseconds of a monotonic clock. */
  now(): number;
  isSecret(key: string): boolean;
  /**
   * JSON text of the `error` of a record.
   *
   * @param withStack false: for an error that may still be on its way to where nobody catches it; see ThrownValue
   */
  errorJson(error: unknown, withStack?: boolean): string;
  /** The same for an error that was caught, with its stack where there is one. */
  failureJson(error: unknown, stack: string | undefined): string;
  /** JSON text of a preview. */
  previewJson(value: unknown): string;
  /** Bytes kept of a body. */
  readonly maxBody: number;
  /** Requests that the program makes get the header `traceparent`. */
  readonly propagate: boolean;
  /** Writes all events so far. For when none of the program's code is running, and the process may be ended any moment. */
  flush(): void;
  /** Writes what there is while an exception may be on its way to where nobody catches it. */
  save(): void;
  /** There is something to record, so the process leaves a trace. */
  seen(): void;
  /** An error of our own; the program goes on. */
  broken(error: unknown): void;
  /** Lets `Function.prototype.toString` answer for the second what it answers for the first. */
  looksLike(original: object, replacement: object): void;
  /** For hooks of test runners. */
  readonly tests: Tests;
  readonly runners: Runners;
  /** Calls back before the first module runs whose text imports this built-in module, as far as the loader sees it. */
  whenImported(builtin: string, seen: () => void): void;
  /** Where a place that V8 names is in the text that was loaded. */
  originalPlace(file: string, line: number, column: number): { line: number; column: number };
  /** Makes a function known to what `libraryFiles` puts into libraries. It must never throw. */
  probe(name: string, step: (...args: never[]) => unknown): void;
}

/** For hooks of test runners that compile modules by themselves, past Node's loaders. */
export interface Runners {
  /** What is to be compiled instead; null: the same. Never throws. */
  rewrite(source: RunnerSource): RunnerCode | null;
  /** The same for what was compiled to the body of a strict async function. */
  rewriteBody(body: CompiledBody): LinkedBody | null;
  /**
   * Makes what rewritten modules need known in another realm, given by its global object.
   *
   * @param probes of this realm only; none of them may throw
   */
  enterRealm(realm: typeof globalThis, probes: Record<string, (...args: never[]) => unknown>): void;
}

/** The tests of the program, each a root context of its own: what it calls carries its name. For hooks of test runners. */
export interface Tests {
  /** A test begins; also one that is not going to run. Never throws. */
  begin(test: TestName): RunningTest;
  /** A suite (by its titles) or a file (without any) has failed, and the runner blames none of its tests. Never throws. */
  failed(suite: TestName, phase: TestPhase, error: unknown): void;
  /** What an assertion compared, as JSON fields of an error. For a runner that makes text of it soon. Never throws. */
  compared(error: unknown): string;
}

export interface TestName {
  /** Absolute path or `file:` address of the file that the user wrote. */
  file: string;
  /** From the outermost suite to the test itself. */
  titles: readonly string[];
  /** Counts the tries of one test; default: 1. */
  attempt?: number;
}

/** Why a test has failed. */
export interface Failure {
  error?: unknown;
  /** Absent: in the test's own function. */
  phase?: TestPhase;
  /** `Tests.compared` of it, from when it was thrown; default: as it is now. */
  compared?: string;
}

/** One attempt of a test. None of this throws. */
export interface RunningTest {
  /**
   * Puts what this execution does from here on, and all that it starts, into the test's scope. Adds no frame to stacks.
   *
   * @returns takes it back, as soon as the program's function has returned: its promise goes on inside by itself
   */
  enter(): () => void;
  /** The same permanently: for an async function of the runner that has awaited something, up to its end. */
  stay(): void;
  /** The test's scope, for a runner between which and the program's functions there is no room for `enter`. */
  readonly scope: Scope | null;
  /** The runner knows the outcome; only the first call counts. */
  end(outcome: TestEnd['outcome'], failure?: Failure): void;
}
