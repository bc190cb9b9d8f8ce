import { timesOf } from '../reader/times.js';
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
  nodes: Int32Array;
}

const tables = new WeakMap<Trace, readonly FunctionRow[]>();

/** What each function cost; worked out once. */
export function functionTable(trace: Trace): readonly FunctionRow[] {
  const known = tables.get(trace);
  if (known) return known;
  const { func, count, dt } = trace.nodes;
  const { own, outermost } = timesOf(trace);
  const sizes = new Int32Array(trace.functions.length);
  for (let node = 0; node < count; node++) if (!trace.isExchange(node)) sizes[func[node]]++;
  const rows: FunctionRow[] = Array.from(sizes, (size, fn) => ({
    ...{ fn, calls: 0, recorded: 0, errors: 0, total: 0, own: 0, p50: 0, p99: 0, nodes: new Int32Array(size) },
  }));
  for (let node = 0; node < count; node++) {
    if (trace.isExchange(node)) continue;
    const row = rows[func[node]];
    row.nodes[row.recorded++] = node;
    if (trace.hasFailed(node)) row.errors++;
    if (dt[node] > 0 && outermost[node]) row.total += dt[node];
    if (own[node] > 0) row.own += own[node];
  }
  for (const row of rows) finish(trace, row);
  addSummaries(trace, rows);
  const found = rows.filter(({ calls }) => calls > 0);
  tables.set(trace, found);
  return found;
}

function finish({ nodes: { dt } }: Trace, row: FunctionRow): void {
  row.calls = row.recorded;
  const all = new Float64Array(row.nodes.length);
  let known = 0;
  for (let at = 0; at < all.length; at++) if (dt[row.nodes[at]] >= 0) all[known++] = dt[row.nodes[at]];
  const times = all.subarray(0, known).sort();
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  row.p50 = at(0.5);
  row.p99 = at(0.99);
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
