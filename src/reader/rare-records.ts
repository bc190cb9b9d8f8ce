import type { ProcessEnd, ProcessStart, Skipped, Summary, TestEnd } from '../trace-format.js';
import { T } from './fields.js';
import type { LineScanner } from './scan-line.js';
import type { ScopeTable } from './scope-table.js';
import type { Limit, Module, Place, Process, SkippedOf, SummaryOf } from './types.js';

/** A record that was parsed as a whole; of its fields only `type` and `proc` are known to be right. */
export interface RareRecord {
  readonly type: number;
  readonly line: LineScanner;
  readonly record: Record<string, unknown>;
  readonly process: Process;
  /** Nanoseconds from the base; NaN where it has no time. */
  readonly ns: number;
  readonly place: Place;
}

/** Where records of rare kinds are kept. */
export interface Tables {
  readonly scopes: ScopeTable;
  readonly folders: string[];
  readonly limits: Limit[];
  readonly modules: Module[];
  readonly summaries: SummaryOf[];
  readonly skipped: SkippedOf[];
  /** The row of a call of that process, or -1. */
  nodeOf(process: Process, id: number): number;
}

/** Puts it where it belongs; false where it lacks what its type needs. */
export function takeRecord(tables: Tables, rare: RareRecord): boolean {
  const { type, record, process, ns } = rare;
  switch (type) {
    case T.process_start:
      return processStart(tables, process, record);
    case T.process_end:
      process.end ??= processEnd(record);
      process.endAt ??= rare.place.at;
      return true;
    case T.test_end:
      return testEnd(tables, rare);
    case T.session_start:
      return sessionStart(tables, rare);
    case T.session_end:
      return sessionEnd(tables, rare);
    case T.summary:
      if (!isText(record.func) || !isCount(record.calls)) return false;
      tables.summaries.push({ ...summaryOf(record), process: process.index });
      return true;
    case T.skipped:
      if (!isText(record.file)) return false;
      tables.skipped.push({ ...(record as unknown as Skipped), reason: text(record.reason), process: process.index });
      return true;
    case T.module:
      if (!isText(record.file)) return false;
      addModule(tables, process, moduleOf(record, process.index));
      return true;
    case T.limit:
      tables.limits.push(limitOf(record, process.index, ns));
      return true;
  }
  return false;
}

/** Each segment of a process has the lines of its files. */
function addModule({ modules }: Tables, process: Process, module: Module): void {
  const isAgain = ({ process: other, file, hash }: Module): boolean =>
    other === module.process && file === module.file && hash === module.hash;
  if (process.start?.segment !== undefined && modules.some(isAgain)) return;
  modules.push(module);
}

function processStart(tables: Tables, process: Process, record: Record<string, unknown>): boolean {
  // Each segment begins with it.
  if (process.start !== undefined) return true;
  const start = { ...record } as unknown as ProcessStart;
  start.cwd = text(record.cwd);
  start.node = text(record.node);
  start.argv = Array.isArray(record.argv) ? record.argv.map(text) : [];
  for (const field of ['pid', 'ppid', 'tid'] as const) start[field] = isCount(record[field]) ? record[field] : 0;
  process.start = start;
  const folder = tables.folders.indexOf(start.cwd);
  process.folder = folder === -1 ? tables.folders.push(start.cwd) - 1 : folder;
  return true;
}

function processEnd(record: Record<string, unknown>): ProcessEnd {
  const dropped: Record<string, number> = {};
  for (const [why, count] of Object.entries(objectOf(record.dropped))) if (isCount(count)) dropped[why] = count;
  return {
    ...(record as unknown as ProcessEnd),
    exit_code: typeof record.exit_code === 'number' ? record.exit_code : null,
    signal: isText(record.signal) ? record.signal : undefined,
    events: isCount(record.events) ? record.events : 0,
    files: isCount(record.files) ? record.files : 0,
    dropped,
  };
}

const OUTCOMES = new Set(['passed', 'failed', 'skipped', 'todo']);

function testEnd(tables: Tables, { line, record, process, ns, place }: RareRecord): boolean {
  if (!(ns === ns) || !OUTCOMES.has(record.outcome as string)) return false;
  const dt = isCount(record.dt_ns) ? record.dt_ns : 0;
  const test = tables.scopes.endOfTest(line, process, ns - dt);
  if (!test) return false;
  test.outcome = record.outcome as TestEnd['outcome'];
  test.file = text(record.file);
  test.titles = Array.isArray(record.titles) ? record.titles.map(text) : [];
  test.try = isCount(record.try) ? record.try : undefined;
  test.firstNs = Math.min(test.firstNs, ns - dt);
  test.dt = dt;
  test.place = place;
  return true;
}

function sessionStart(tables: Tables, { line, record, process, ns, place }: RareRecord): boolean {
  const session = tables.scopes.sessionOf(line, process);
  if (!session || !(ns === ns)) return false;
  session.process = process.index;
  session.tag = text(record.tag);
  session.parent = isCount(record.parent) ? tables.nodeOf(process, record.parent) : -1;
  session.outer = isText(record.outer_session_id) ? tables.scopes.sessionNamed(record.outer_session_id) : -1;
  session.firstNs = ns;
  session.begin = place;
  return true;
}

function sessionEnd(tables: Tables, { line, record, process, ns, place }: RareRecord): boolean {
  const session = tables.scopes.sessionOf(line, process);
  if (!session || !(ns === ns)) return false;
  session.dt = isCount(record.dt_ns) ? record.dt_ns : 0;
  session.failed = record.error !== undefined;
  session.end = place;
  if (session.tag === '') session.tag = text(record.tag);
  if (!session.begin) session.firstNs = ns - session.dt;
  return true;
}

function summaryOf(record: Record<string, unknown>): Summary {
  const count = (value: unknown): number => (isCount(value) ? value : 0);
  return {
    ...(record as unknown as Summary),
    file: text(record.file),
    line: count(record.line),
    recorded: count(record.recorded),
    exceptions: count(record.exceptions),
  };
}

function moduleOf(record: Record<string, unknown>, process: number): Module {
  const origin = isText(record.origin) ? { origin: record.origin } : {};
  const functions = Array.isArray(record.functions) ? { functions: record.functions as unknown[] } : {};
  return { process, file: text(record.file), hash: text(record.hash), ...origin, ...functions };
}

function limitOf(record: Record<string, unknown>, process: number, ns: number): Limit {
  const kept: Record<string, unknown> = { process, ns: ns === ns ? ns : -1, reason: text(record.reason) || '?' };
  for (const field of ['func', 'file', 'test', 'session_id']) if (isText(record[field])) kept[field] = record[field];
  for (const field of ['line', 'test_id', 'request']) if (isCount(record[field])) kept[field] = record[field];
  return kept as unknown as Limit;
}

const MAX_TEXT = 65_536;

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
