import type { CallId, ProcId, TraceRecord } from '../trace-format.js';

/** What one function did over a whole trace; times in nanoseconds. */
export interface FunctionStats {
  func: string;
  file: string;
  line: number;
  /** All of them, also those beyond the cap. */
  calls: number;
  /** Those with a line of their own: the times are of these. */
  recorded: number;
  errors: number;
  total_ns: number;
  /** Without what calls and exchanges below took; what waited at an `await` counts. */
  self_ns: number;
  p50_ns: number;
  p99_ns: number;
}

/** Durations of one function that are kept: of more calls, evenly chosen ones. */
const MAX_SAMPLES = 10_000;

interface Open {
  stats: Collected;
  parent: string;
  below: number;
}

interface Collected extends FunctionStats {
  samples: number[];
  /** Of the recorded calls, every so many is a sample. */
  every: number;
}

/** Functions by total time, the longest first. Open calls count as calls without time. */
export function functionStats(records: Iterable<TraceRecord>): FunctionStats[] {
  const functions = new Map<string, Collected>();
  const open = new Map<string, Open>();
  for (const record of records) {
    switch (record.type) {
      case 'call': {
        const stats = entry(functions, record);
        stats.calls++;
        stats.recorded++;
        open.set(key(record.proc, record.id), { stats, parent: key(record.proc, record.parent), below: 0 });
        break;
      }
      case 'return':
      case 'exception': {
        const own = key(record.proc, record.id);
        const call = open.get(own);
        if (!call || record.dt_ns === undefined) break;
        open.delete(own);
        close(call, record.dt_ns, open.get(call.parent));
        if (record.type === 'exception') call.stats.errors++;
        break;
      }
      case 'summary': {
        const stats = entry(functions, record);
        stats.calls += record.calls - record.recorded;
        break;
      }
    }
  }
  return [...functions.values()].map(finish).sort((a, b) => b.total_ns - a.total_ns || b.calls - a.calls);
}

function key(proc: ProcId, id: CallId | null): string {
  return `${proc} ${id}`;
}

function entry(
  functions: Map<string, Collected>,
  { func, file, line }: { func: string; file: string; line: number },
): Collected {
  const name = `${file}:${line}:${func}`;
  let stats = functions.get(name);
  if (!stats) {
    const none = { calls: 0, recorded: 0, errors: 0, total_ns: 0, self_ns: 0, p50_ns: 0, p99_ns: 0 };
    functions.set(name, (stats = { func, file, line, ...none, samples: [], every: 1 }));
  }
  return stats;
}

function close({ stats, below }: Open, duration: number, parent: Open | undefined): void {
  stats.total_ns += duration;
  // Calls below may overlap, as with Promise.all.
  stats.self_ns += Math.max(0, duration - below);
  if (parent) parent.below += duration;
  if (stats.recorded % stats.every === 0) stats.samples.push(duration);
  if (stats.samples.length < MAX_SAMPLES) return;
  stats.samples = stats.samples.filter((_, index) => index % 2 === 0);
  stats.every *= 2;
}

function finish({ samples, every: _, ...stats }: Collected): FunctionStats {
  const sorted = samples.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { ...stats, p50_ns: at(0.5), p99_ns: at(0.99) };
}
