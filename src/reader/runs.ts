import type { Process, Run } from './types.js';

/** Processes of one run follow each other at once; a person who starts the next run takes longer. */
const PAUSE = 2e9;
/** Where the machine is slow, processes live longer, and so does it take longer to start the next one. */
const LONGEST_PAUSE = 15e9;
/** Scripts by which test runners start one process after the other. */
const POOL = /[\\/](jest-worker|tinypool|vitest|piscina|workerpool|ava|mocha)[\\/].*(worker|process|fork|child)/i;

interface Open {
  index: number;
  processes: Process[];
  firstNs: number;
  lastNs: number;
}

/**
 * Tells apart what was started at different times: runs append to one file. A process is of a run when the trace says
 * so (`run`, a job of CI), when it or a worker was started by a process of it, when it started while the run went on,
 * or, as `npm test` may start several commands, at once after it by the same parent, unless it is the same command again.
 */
export function findRuns(processes: readonly Process[]): Run[] {
  const runs: Open[] = [];
  const inOrder = processes.toSorted((a, b) => startOf(a) - startOf(b));
  for (const process of inOrder) {
    const from = startOf(process);
    let run = runs.findLast((known) => belongs(process, from, known));
    if (!run) runs.push((run = { index: runs.length, processes: [], firstNs: from, lastNs: from }));
    run.processes.push(process);
    run.lastNs = Math.max(run.lastNs, process.lastNs);
    process.run = run.index;
  }
  return runs.map(({ processes: members, ...run }) => ({ ...run, processes: members.map(({ index }) => index) }));
}

function startOf({ firstNs }: Process): number {
  return Math.max(0, firstNs);
}

function belongs(process: Process, from: number, run: Open): boolean {
  const named = runOf(process);
  const other = runOf(run.processes[0]);
  if (named !== undefined && other !== undefined) return named === other;
  if (from <= run.lastNs) return true;
  const longest = Math.max(...run.processes.map((member) => member.lastNs - startOf(member)));
  const isSoon = from - run.lastNs <= Math.max(PAUSE, Math.min(LONGEST_PAUSE, longest));
  return run.processes.some((member) => isKin(process, member, isSoon));
}

/** What the trace itself calls the run. */
function runOf({ start }: Process): string | undefined {
  const { run, ci } = (start ?? {}) as { run?: unknown; ci?: { provider?: unknown; run?: unknown; job?: unknown } };
  if (typeof run === 'string') return run;
  return ci?.run === undefined ? undefined : JSON.stringify([ci.provider, ci.run, ci.job]);
}

function isKin({ start }: Process, { start: other }: Process, isSoon: boolean): boolean {
  if (!start || !other) return false;
  if (start.pid === other.pid && (start.tid !== 0 || other.tid !== 0)) return true;
  if (start.ppid === other.pid) return true;
  if (start.ppid !== other.ppid || !isSoon) return false;
  return POOL.test(start.argv[1] ?? '') || start.argv.join('\0') !== other.argv.join('\0');
}
