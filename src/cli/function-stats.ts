import { FAILED, OUTCOME_MASK, REJECTED } from '../reader/columns.js';
import { timesOf } from '../reader/times.js';
import type { Trace } from '../reader/trace.js';

/** What one function did; times in nanoseconds. */
export interface FunctionStats {
  func: string;
  file: string;
  line: number;
  column: number;
  /** All of them, also those beyond the cap. */
  calls: number;
  /** Those with a line of their own: the times are of these. */
  recorded: number;
  errors: number;
  /** Of the outermost calls, so that a recursion counts once. */
  total_ns: number;
  /** Without what calls and exchanges below took. */
  own_ns: number;
  p50_ns: number;
  p99_ns: number;
  /** Its calls wait at an `await` or `yield`: what they waited for, and is not recorded, is in their own time. */
  waits: boolean;
}

/** Durations of one function that are kept: of more calls, evenly chosen ones. */
const MAX_SAMPLES = 10_000;

interface Collected extends FunctionStats {
  samples: number[];
  /** Of the recorded calls, one in this many is a sample. */
  every: number;
}

/**
 * By function. Open calls count as calls without time.
 *
 * @param counts which nodes to count
 * @param whole the functions' totals are added, for the nodes are all there are
 */
export function functionStats(
  trace: Trace,
  chosen: ReadonlySet<number>,
  counts: (node: number) => boolean,
  whole: boolean,
): FunctionStats[] {
  const rows = new Map<number, Collected>();
  const { nodes } = trace;
  const { own, outermost } = timesOf(trace);
  for (let node = 0; node < nodes.count; node++) {
    if (trace.isExchange(node) || !chosen.has(trace.processOf(node)) || !counts(node)) continue;
    const stats = rowOf(trace, rows, nodes.func[node]);
    stats.calls++;
    if (nodes.dt[node] !== -1 && nodes.beginAt[node] !== -1) {
      if (outermost[node] === 1) stats.total_ns += nodes.dt[node];
      stats.own_ns += own[node];
      sample(stats, nodes.dt[node]);
    }
    if (nodes.beginAt[node] !== -1) stats.recorded++;
    const flags = nodes.flags[node];
    if ((flags & OUTCOME_MASK) === FAILED || (flags & REJECTED) !== 0) stats.errors++;
  }
  if (whole) addTotals(trace, chosen, rows);
  return [...rows.values()].map(finish);
}

function rowOf(trace: Trace, rows: Map<number, Collected>, index: number): Collected {
  const known = rows.get(index);
  if (known) return known;
  const { func, file, line, column, async: isAsync, generator } = trace.functions[index];
  const none = { calls: 0, recorded: 0, errors: 0, total_ns: 0, own_ns: 0, p50_ns: 0, p99_ns: 0 };
  const stats = { func, file, line, column, ...none, waits: isAsync || generator, samples: [], every: 1 };
  rows.set(index, stats);
  return stats;
}

function sample(stats: Collected, duration: number): void {
  if (stats.recorded % stats.every === 0) stats.samples.push(duration);
  if (stats.samples.length < MAX_SAMPLES) return;
  stats.samples = stats.samples.filter((_, index) => index % 2 === 0);
  stats.every *= 2;
}

/** Calls beyond the cap have no line; the totals of a process know how many there were. */
function addTotals(trace: Trace, chosen: ReadonlySet<number>, rows: Map<number, Collected>): void {
  for (const {
    process,
    func,
    file,
    line,
    calls,
    recorded,
    column,
  } of trace.summaries as (Trace['summaries'][number] & {
    column?: number;
  })[]) {
    if (!chosen.has(process)) continue;
    const folder = trace.processes[process].folder;
    const index = trace.functions.findIndex(
      (one) =>
        one.func === func &&
        one.file === file &&
        one.line === line &&
        one.folder === folder &&
        (column === undefined || one.column === column),
    );
    // Without a line of its own it is a row of its own: beyond the rows of the table.
    const row = index === -1 ? unseen(rows, { func, file, line }) : rowOf(trace, rows, index);
    row.calls += calls - recorded;
  }
}

function unseen(
  rows: Map<number, Collected>,
  { func, file, line }: { func: string; file: string; line: number },
): Collected {
  for (const [index, row] of rows)
    if (index < 0 && row.func === func && row.file === file && row.line === line) return row;
  const none = { calls: 0, recorded: 0, errors: 0, total_ns: 0, own_ns: 0, p50_ns: 0, p99_ns: 0 };
  const row = { func, file, line, column: 0, ...none, waits: false, samples: [], every: 1 };
  rows.set(-1 - rows.size, row);
  return row;
}

function finish({ samples, every: _, ...stats }: Collected): FunctionStats {
  return { ...stats, p50_ns: quantile(samples, 0.5), p99_ns: quantile(samples, 0.99) };
}

export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
