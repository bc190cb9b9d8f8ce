import type { FunctionKind, ProcessEnd, ProcessStart, Skipped, Summary, TestEnd, TraceIds } from '../trace-format.js';

/** Where a line is: all inputs lie one after the other in one space of addresses. */
export interface Place {
  readonly at: number;
  readonly length: number;
}

export interface FunctionInfo {
  readonly func: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly kind: FunctionKind | '';
  readonly async: boolean;
  readonly generator: boolean;
  /** The folder that `file` is relative to: a row in `folders`. */
  readonly folder: number;
}

/** One process or worker thread. */
export interface Process {
  readonly index: number;
  readonly proc: string;
  /** Undefined when the first line is missing. */
  start: ProcessStart | undefined;
  /** Undefined when it was killed, or runs still. */
  end: ProcessEnd | undefined;
  /** Where the line of `end` is. */
  endAt?: number;
  /** A row in `folders`; its `cwd`. */
  folder: number;
  /** Nanoseconds from the base of the trace; of the first and the last line that has a time. */
  firstNs: number;
  lastNs: number;
  calls: number;
  exchanges: number;
  /** The row in `runs`. */
  run: number;
}

/** What was started at one time: a process with those it started. Runs append to one file. */
export interface Run {
  readonly index: number;
  readonly processes: readonly number[];
  readonly firstNs: number;
  readonly lastNs: number;
}

/** One try of one test. */
export interface Test {
  readonly index: number;
  readonly process: number;
  /** The file and the titles, with ` > ` between them. */
  readonly name: string;
  file: string;
  titles: readonly string[];
  /** Undefined in traces of earlier versions. */
  id: number | undefined;
  /** Counts from 1; undefined where the trace does not say. */
  try: number | undefined;
  /** Undefined when the process ended in the middle of it. */
  outcome: TestEnd['outcome'] | undefined;
  firstNs: number;
  /** -1 while open. */
  dt: number;
  /** The line of its end: the error is there. */
  place: Place | undefined;
  /** No try at all: calls that came after the end of the one before. Its calls are with that one. */
  late: boolean;
}

export interface Session {
  readonly index: number;
  readonly id: string;
  process: number;
  tag: string;
  /** The node it was started in; -1 at the top. */
  parent: number;
  /** A row in `sessions`; -1: none. */
  outer: number;
  firstNs: number;
  /** -1 while open. */
  dt: number;
  failed: boolean;
  begin: Place | undefined;
  end: Place | undefined;
}

export interface Socket {
  local_address?: string;
  local_port: number;
  remote_address?: string;
  remote_port: number;
}

export interface Exchange {
  readonly index: number;
  readonly node: number;
  readonly side: 'client' | 'server';
  readonly client: string;
  readonly method: string;
  /** At most 2,048 characters of it. */
  readonly url: string;
  /** 0 where there is none. */
  status: number;
  /** The first exchange (id) of the same call of a library, and which one of these it is. */
  call: number | undefined;
  attempt: number | undefined;
  /** Nanoseconds to the first byte of the response; -1 where it is not known. */
  ttfb: number;
  /** The same to the first content of a language model's stream. */
  firstToken: number;
  socket: Socket | undefined;
  trace: TraceIds | undefined;
  /** The node of the other end; -1: not found. */
  other: number;
}

/** A cap was reached here. */
export interface Limit {
  readonly process: number;
  readonly ns: number;
  readonly reason: string;
  readonly func?: string;
  readonly file?: string;
  readonly line?: number;
  readonly test?: string;
  readonly test_id?: number;
  readonly session_id?: string;
  readonly request?: number;
}

/** A file that was rewritten. */
export interface Module {
  readonly process: number;
  readonly file: string;
  readonly hash: string;
  /** The built file that led to it. */
  readonly origin?: string;
  /** Hashes of the texts of its functions, as the line has them; not checked. */
  readonly functions?: readonly unknown[];
}

export interface Annotated {
  /** -1: outside of any call. */
  node: number;
  readonly scope: number;
  readonly place: Place;
}

export interface BadLine {
  /** The input's name. */
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly reason: string;
}

/** What was found wrong with the lines themselves. */
export interface Damage {
  /** Lines left out. */
  bad: number;
  /** The first three of these. */
  first: BadLine[];
  /** Lines of a type that this version does not know. */
  unknown: number;
  /** Ends of calls of which the beginning is not in the file. */
  lostBegins: number;
  /** Second ends. */
  secondEnds: number;
  doubledIds: number;
  orphans: number;
  rings: number;
}

export type SummaryOf = Summary & { readonly process: number };
export type SkippedOf = Skipped & { readonly process: number };

/** A call whose exception has its line after lines of what happened later: its row, and when it ended in ns from the base. */
export type LateEnd = readonly [node: number, ns: number];
