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
  readonly repository?: RepositoryData;
}

/** Where the sources are on the web. */
export interface RepositoryData {
  /** Without credentials: `https://github.com/owner/name`. */
  readonly url: string;
  readonly sha: string;
  /** The folder of the repository on the machine that recorded. */
  readonly folder: string;
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
  /** Calls that differ, as a tree. */
  readonly rows: readonly DifferenceRow[];
  /** Rows beyond those. */
  readonly more: number;
}

/** A call of both runs, or of one. */
export interface DifferenceRow {
  readonly depth: number;
  readonly func: string;
  readonly place: string;
  /** The call in the new run, as `proc:id`. */
  readonly node?: string;
  /** What differs first; `below`: only what it called. */
  readonly change: 'input' | 'outcome' | 'below' | 'new' | 'gone';
  /** Nothing below it, and not what it was called with, explains it. */
  readonly cause?: boolean;
  /** Absent where values are left out, or do not differ. */
  readonly args?: { readonly base?: string; readonly new?: string };
  readonly outcome?: { readonly base?: string; readonly new?: string };
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
