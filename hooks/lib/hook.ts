import type { Recorder } from '../../src/recorder/recorder.js';
import type { LibraryFile } from '../../src/transform/library.js';
import type { Tests } from './tests.js';

export type { LibraryFile } from '../../src/transform/library.js';

/** Watches one HTTP client or server, or one test runner. */
export interface Hook {
  /** The name of the module or package it watches. */
  readonly name: string;
  /** Where the loader puts calls of this hook's probes. */
  readonly libraryFiles?: readonly LibraryFile[];
  /** Starts watching; never throws. Answers what takes it back. */
  install(host: HookHost): () => void;
}

/** What a hook is given: where exchanges and tests go, and the settings that concern them. */
export interface HookHost {
  readonly proc: string;
  readonly recorder: Pick<Recorder, 'nextId' | 'current' | 'scope' | 'enterScope' | 'switchScope' | 'raw' | 'epoch'>;
  /** Nanoseconds of a monotonic clock. */
  now(): number;
  isSecret(key: string): boolean;
  /**
   * JSON text of the `error` of a record.
   *
   * @param withStack false: for an error that may still be on its way to where nobody catches it; see ThrownValue
   */
  errorJson(error: unknown, withStack?: boolean): string;
  /** Bytes kept of a body. */
  readonly maxBody: number;
  /** Requests that the program makes get the header `traceparent`. */
  readonly propagate: boolean;
  /** There is something to record, so the process leaves a trace. */
  seen(): void;
  /** An error of our own; the program goes on. */
  broken(error: unknown): void;
  /** Lets `Function.prototype.toString` answer for the second what it answers for the first. */
  looksLike(original: object, replacement: object): void;
  /** For hooks of test runners. */
  readonly tests: Tests;
  /** Makes a function known to what `libraryFiles` puts into libraries. It must never throw. */
  probe(name: string, step: (...args: never[]) => unknown): void;
}
