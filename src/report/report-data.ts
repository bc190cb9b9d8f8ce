import type { Verdict } from './verdict-types.js';

/** What the page knows besides the lines of the trace. */
export interface ReportData {
  /** The version of handit that wrote it. */
  readonly handit: string;
  /** ISO 8601. */
  readonly written: string;
  /** `failures`: only what failing tests did. */
  readonly content: 'failures' | 'all';
  readonly leftOut: readonly ('values' | 'bodies')[];
  /** Calls and exchanges of the run, also where they are not in the report. */
  readonly calls: number;
  readonly exchanges: number;
  readonly verdict: Verdict;
  readonly compare?: CompareData;
}

/** Of two runs, what differs. */
export interface CompareData {
  readonly base: string;
  readonly new: string;
  readonly compared: number;
  readonly notes: readonly string[];
  readonly units: readonly ComparedUnit[];
}

export interface ComparedUnit {
  readonly name: string;
  readonly base: string;
  readonly new: string;
  readonly differing: number;
  readonly suspects: readonly ComparedSuspect[];
}

export interface ComparedSuspect {
  readonly func: string;
  readonly place: string;
  readonly found: string;
  readonly node?: string;
  readonly differences: readonly { readonly path: string; readonly base?: string; readonly new?: string }[];
  readonly follows: readonly string[];
}

/** A file as it was on disk when the report was written. */
export interface EmbeddedSource {
  readonly file: string;
  readonly text: string;
  /** Whether it is the text that ran; absent where the trace does not say. */
  readonly same?: boolean;
}
