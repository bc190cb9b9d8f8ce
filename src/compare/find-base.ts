import type { Trace } from '../reader/trace.js';
import { Side } from './side.js';
import { outcomeOf, triesOf } from './units.js';

/** Two runs of one file. */
export interface FoundBase {
  readonly base: Side;
  readonly new: Side;
}

/**
 * The last run of a file and, to compare it with, the latest earlier one in which the tests that fail now passed, else
 * the latest in which one of them did. Undefined where there is none.
 */
export function lastGreen(trace: Trace): FoundBase | undefined {
  const runs = trace.runs.map((run) => new Side(trace, run));
  const next = runs.at(-1);
  if (!next) return undefined;
  const failed = namesBy(next, (outcome) => outcome === 'failed' || outcome === 'not_ended');
  const earlier = runs.slice(0, -1).map((side) => ({ side, passed: namesBy(side, (outcome) => outcome === 'passed') }));
  const all = earlier.findLast(({ passed }) => failed.size > 0 && [...failed].every((name) => passed.has(name)));
  const some = earlier.findLast(({ passed }) => [...failed].some((name) => passed.has(name)));
  const found = all ?? some ?? (failed.size === 0 ? earlier.at(-1) : undefined);
  return found && { base: found.side, new: next };
}

/** Tests, with their order among those of one name, of which the last try ended like that. */
function namesBy(side: Side, wanted: (outcome: string) => boolean): Set<string> {
  return new Set([...triesOf(side)].filter(([, tries]) => wanted(outcomeOf(tries.at(-1)!))).map(([name]) => name));
}

/** When a run began and which commit it ran, as far as the trace says: `2026-11-27 18:47:38, 5f0c9a1 (main)`. */
export function runText({ trace, run }: Side): string {
  const process = trace.processes[run?.processes[0] ?? 0] as Trace['processes'][number] | undefined;
  if (!process) return 'an empty trace';
  const ms = Number(trace.baseNs / 1_000_000n) + Math.max(0, process.firstNs) / 1e6;
  const time = new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  const { git } = (process.start ?? {}) as { git?: { sha?: unknown; branch?: unknown; dirty?: unknown } };
  if (typeof git?.sha !== 'string') return time;
  const branch = typeof git.branch === 'string' ? ` (${git.branch})` : '';
  return `${time}, ${git.sha.slice(0, 7)}${branch}${git.dirty === true ? ' with changes' : ''}`;
}
