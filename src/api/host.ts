import type { Previewer } from '../recorder/preview.js';
import type { PromiseEnds } from '../recorder/promise-ends.js';
import type { Recorder } from '../recorder/recorder.js';

/** What the agent lends to the API. */
export interface ApiHost {
  readonly proc: string;
  readonly recorder: Recorder;
  readonly preview: Previewer;
  readonly ends: PromiseEnds;
  /** Nanoseconds of a monotonic clock. */
  now(): number;
  isSecret(key: string): boolean;
  /** Whether the results of a function of that (qualified) name must not be recorded. */
  returnsSecret(name: string): boolean;
  /** There is something to record, so the process leaves a trace. */
  seen(): void;
  /** An error of our own; the program goes on. */
  broken(error: unknown): void;
  /** Something the user asked for that cannot be done; said once. */
  warn(message: string): void;
  /** Lets `Function.prototype.toString` answer for the second what it answers for the first. */
  looksLike(original: object, replacement: object): void;
  /** What the program wrote as the text of a function. */
  textOf(fn: object): string;
  /** The id of a function that the loader has rewritten. */
  rewrittenId(fn: object): number | undefined;
  /** An id for a function that it has not. */
  newFunctionId(): number;
  /** A place of the running program in the words of the trace. */
  sourcePlace(filename: string, line: number, column: number): SourcePlace;
  /** The `otel` field of a record, with a comma before it; else empty. */
  otelJson(): string;
  /** Where the trace is. */
  outputFiles(): readonly string[];
}

export interface SourcePlace {
  path: string;
  line: number;
  column: number;
}

/** Node leaves out the source line above an uncaught error when the line has this text; see loader/uncaught.ts. */
export const HIDE_LINE = 'node-do-not-add-exception-line';

/** Hands on an error to throw, on a line that Node does not show. */
export function passOn<E>(error: E, _hideLine: typeof HIDE_LINE): E {
  return error;
}
