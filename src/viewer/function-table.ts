import { STEP, type Steps } from '../reader/steps.js';
import { outermostCalls, ownTime } from '../reader/times.js';
import type { Trace } from '../reader/trace.js';

export interface FunctionRow {
  /** The row in `functions`. */
  readonly fn: number;
  /** With those that were counted only. */
  calls: number;
  recorded: number;
  errors: number;
  total: number;
  own: number;
  p50: number;
  p99: number;
}

const tables = new WeakMap<Trace, readonly FunctionRow[]>();

/** Undefined until it has been worked out. */
export function knownTable(trace: Trace): readonly FunctionRow[] | undefined {
  return tables.get(trace);
}

/** What each function cost; worked out once. */
export function* functionTable(trace: Trace): Steps<readonly FunctionRow[]> {
  const known = tables.get(trace);
  if (known) return known;
  const rows: FunctionRow[] = trace.functions.map((_, fn) => ({
    ...{ fn, calls: 0, recorded: 0, errors: 0, total: 0, own: 0, p50: 0, p99: 0 },
  }));
  yield* addCalls(trace, rows);
  yield* addQuantiles(trace, rows);
  addSummaries(trace, rows);
  const found = rows.filter(({ calls }) => calls > 0);
  tables.set(trace, found);
  return found;
}

/** All calls of one function, in the order of their lines. */
export function callsOf(trace: Trace, fn: number): Int32Array {
  const { func, count } = trace.nodes;
  const found: number[] = [];
  for (let node = 0; node < count; node++) if (func[node] === fn && !trace.isExchange(node)) found.push(node);
  return Int32Array.from(found);
}

/** By function, how often it was called and how often that failed. */
export interface Counts {
  readonly calls: Int32Array;
  readonly errors: Int32Array;
}

const counted = new WeakMap<Trace, Counts>();

/** Of what was recorded; one pass over all calls, once. */
export function countsOf(trace: Trace): Counts {
  const known = counted.get(trace);
  if (known) return known;
  const { func, count } = trace.nodes;
  const { length } = trace.functions;
  const found = { calls: new Int32Array(length), errors: new Int32Array(length) };
  for (let node = 0; node < count; node++) {
    if (trace.isExchange(node)) continue;
    found.calls[func[node]]++;
    if (trace.hasFailed(node)) found.errors[func[node]]++;
  }
  counted.set(trace, found);
  return found;
}

/** A function at the other end of calls, and how many these are; -1: none that was recorded. */
export type Relative = readonly [fn: number, calls: number];

/** Who called these calls of a function, and what they called; most first. */
export function relativesOf(trace: Trace, nodes: Int32Array): { callers: Relative[]; callees: Relative[] } {
  const { func, parent } = trace.nodes;
  const callers = new Map<number, number>();
  const callees = new Map<number, number>();
  const add = (to: Map<number, number>, fn: number): void => void to.set(fn, (to.get(fn) ?? 0) + 1);
  for (const node of nodes) {
    const above = parent[node];
    add(callers, above === -1 || trace.isExchange(above) ? -1 : func[above]);
    for (const child of trace.childrenOf(node)) if (!trace.isExchange(child)) add(callees, func[child]);
  }
  const sorted = (of: Map<number, number>): Relative[] => [...of].sort(([, a], [, b]) => b - a);
  return { callers: sorted(callers), callees: sorted(callees) };
}

function* addCalls(trace: Trace, rows: readonly FunctionRow[]): Steps<void> {
  const { nodes } = trace;
  const { func, count, dt } = nodes;
  const outermost = yield* outermostCalls(trace);
  for (let node = 0; node < count; node++) {
    if (node % STEP === 0) yield;
    if (trace.isExchange(node)) continue;
    const row = rows[func[node]];
    const own = ownTime(trace, nodes, node);
    row.recorded++;
    row.calls++;
    if (trace.hasFailed(node)) row.errors++;
    if (dt[node] > 0 && outermost[node]) row.total += dt[node];
    if (own > 0) row.own += own;
  }
}

/** The durations of each function lie side by side in one array. */
function* addQuantiles(trace: Trace, rows: readonly FunctionRow[]): Steps<void> {
  const { func, count, dt } = trace.nodes;
  const ends = new Int32Array(rows.length + 1);
  for (const { fn, recorded } of rows) ends[fn + 1] = ends[fn] + recorded;
  const times = new Float64Array(ends[rows.length]);
  const starts = ends.slice();
  for (let node = 0; node < count; node++) {
    if (node % STEP === 0) yield;
    if (dt[node] >= 0 && !trace.isExchange(node)) times[ends[func[node]]++] = dt[node];
  }
  for (const row of rows) {
    const sorted = times.subarray(starts[row.fn], ends[row.fn]).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    row.p50 = at(0.5);
    row.p99 = at(0.99);
    yield;
  }
}

/** Beyond the cap calls are only counted. */
function addSummaries(trace: Trace, rows: readonly FunctionRow[]): void {
  const byPlace = new Map<string, FunctionRow>();
  for (const row of rows) {
    const { func, file, line } = trace.functions[row.fn];
    byPlace.set(`${func}\0${file}\0${line}`, row);
  }
  for (const { func, file, line, calls, recorded } of trace.summaries) {
    const row = byPlace.get(`${func}\0${file}\0${line}`);
    if (row) row.calls += Math.max(0, calls - recorded);
  }
}
