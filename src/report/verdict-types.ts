import type { Preview } from '../trace-format.js';

/** What a report says before anything is clicked: also with scripts off. */
export interface Verdict {
  /** `3 of 1,260 tests failed`. */
  readonly headline: string;
  readonly failed: boolean;
  /** When, which commit, which command. */
  readonly facts: readonly string[];
  /** One a cause, most tests first. */
  readonly cards: readonly Card[];
  /** Causes beyond those that have a card. */
  readonly more: number;
  /** A sentence for all that is not in the report. */
  readonly missing: readonly string[];
}

export interface Card {
  readonly tests: readonly TestName[];
  readonly error: { readonly name: string; readonly message: string };
  readonly expected?: Preview;
  readonly actual?: Preview;
  readonly suspect?: SuspectOf;
  /** From the test to the suspect. */
  readonly path: readonly Step[];
  /** The last exchange before the failure that was answered with another status than 2xx, or not at all. */
  readonly exchange?: Step;
}

export interface TestName {
  readonly name: string;
  /** The first call of it, as `proc:id`. */
  readonly node?: string;
}

export interface Step {
  readonly text: string;
  readonly node: string;
}

export interface SuspectOf {
  readonly func: string;
  readonly file: string;
  readonly line: number;
  readonly found: string;
  /** The call, as `proc:id`. */
  readonly node?: string;
  /** Argument, receiver, result or error, by name. */
  readonly values: readonly (readonly [string, string])[];
  readonly differences: readonly { readonly path: string; readonly base?: string; readonly new?: string }[];
  readonly source?: SourceLines;
  /** The next in the list of suspects. */
  readonly others: readonly { readonly func: string; readonly place: string; readonly node?: string }[];
}

export interface SourceLines {
  /** The number of the first line. */
  readonly first: number;
  readonly lines: readonly SourceLine[];
  /** Whether the file is the one that ran; undefined where the trace does not say. */
  readonly same: boolean | undefined;
}

export interface SourceLine {
  readonly text: string;
  /** Recorded values that belong beside it. */
  readonly values: string;
  readonly marked: boolean;
}
