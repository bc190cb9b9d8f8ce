import type { Damage, Limit, Process, SkippedOf, SummaryOf } from './types.js';

interface Known {
  readonly processes: readonly Process[];
  readonly summaries: readonly SummaryOf[];
  readonly skipped: readonly SkippedOf[];
  readonly limits: readonly Limit[];
  readonly damage: Damage;
}

/** A count with its noun: `1 call`, `2 calls`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** What lifts the limit that a reason in `dropped` or of a `limit` record names. */
export const REMEDIES: Record<string, string> = {
  max_calls: 'HANDIT_MAX_CALLS=0 lifts that limit',
  max_file: 'HANDIT_MAX_FILE_MB=0 lifts that limit',
  max_file_lines: 'HANDIT_MAX_FILE_MB=0 lifts that limit',
  context_share: 'a request, session or test has its share of the file; a higher HANDIT_MAX_FILE_MB raises it',
  older_segments: 'they were in segments that are deleted; a higher HANDIT_MAX_FILE_MB keeps more',
  not_kept: 'HANDIT_KEEP=oldest keeps the detail of what did not fail, too',
  not_kept_contexts: 'HANDIT_KEEP=oldest keeps the detail of what did not fail, too',
  waiting_lines: 'too many lines waited for the outcome of a request, session or test; the last ones are there',
  equal_exceptions: 'of calls that are counted only, one of equal exceptions is kept',
  not_sampled: 'HANDIT_SAMPLE_RATE=1 records all',
  not_written: 'the file could not be written for a while; stderr of that process says why',
};

/** Reasons of calls that are left out on purpose. */
const COUNTED_CALLS = new Set(['max_calls', 'context_share', 'max_file', 'not_sampled', 'not_kept', 'older_segments']);

/** What a reason in `dropped` means: `7 calls are counted only (max_calls)`. */
export function droppedText(why: string, count: number): string {
  if (COUNTED_CALLS.has(why)) return `${counted(count, 'call')} ${count === 1 ? 'is' : 'are'} counted only (${why})`;
  const lost = isAsked(why) ? 'not in the file' : 'lost';
  return `${counted(count, 'event')} ${count === 1 ? 'is' : 'are'} ${lost} (${why})`;
}

/** Whether limits that were set are the reason, not a fault. */
export function isAsked(why: string): boolean {
  return why !== 'not_written' && Object.hasOwn(REMEDIES, why);
}

/** What is not in a trace, or in some of its processes, a sentence each. */
export function missingOf(known: Known, processes: readonly Process[] = known.processes): string[] {
  const of = new Set(processes.map(({ index }) => index));
  const { damage } = known;
  const texts: string[] = [];
  const capped = new Set<string>();
  for (const { process, file, func, calls, recorded } of known.summaries) {
    if (of.has(process) && recorded < calls) capped.add(`${file} ${func}`);
  }
  for (const { process, reason, file, func } of known.limits) {
    if (of.has(process) && reason === 'max_calls' && func !== undefined) capped.add(`${file} ${func}`);
  }
  if (capped.size > 0) texts.push(`${counted(capped.size, 'function')} recorded in part`);
  const dropped = new Map<string, number>();
  for (const { end } of processes) {
    for (const [why, count] of Object.entries(end?.dropped ?? {})) dropped.set(why, (dropped.get(why) ?? 0) + count);
  }
  for (const [why, count] of dropped) texts.push(`${counted(count, 'event')} not in the file (${why})${remedy(why)}`);
  for (const reason of new Set(known.limits.filter(({ process }) => of.has(process)).map((limit) => limit.reason))) {
    if (!dropped.has(reason)) texts.push(limitText(reason));
  }
  const skipped = new Set(known.skipped.filter(({ process }) => of.has(process)).map(({ file }) => file));
  if (skipped.size > 0) texts.push(`${counted(skipped.size, 'file')} not recorded`);
  const cut = processes.filter(({ start }) => (start?.segment ?? 1) > 1).length;
  if (cut > 0) texts.push(`${counted(cut, 'process', 'processes')} of which only the newest segments are there`);
  const open = processes.filter(({ end }) => !end).length;
  if (open > 0) texts.push(`${counted(open, 'process', 'processes')} killed or still running`);
  if (damage.bad > 0) texts.push(`${counted(damage.bad, 'line')} left out as damaged`);
  if (damage.lostBegins > 0)
    texts.push(`${counted(damage.lostBegins, 'end')} of calls whose beginning is not in the file`);
  if (damage.doubledIds > 0) texts.push(`${counted(damage.doubledIds, 'id')} used twice`);
  if (damage.secondEnds > 0) texts.push(`${counted(damage.secondEnds, 'call')} with a second end, which is left out`);
  if (damage.rings > 0) texts.push(`${counted(damage.rings, 'call')} named as its own caller`);
  if (damage.unknown > 0) texts.push(`${counted(damage.unknown, 'line')} of a kind that this version does not know`);
  return texts;
}

/** Of a limit that a process reached without telling how much it left out: it was killed. */
export function limitText(reason: string): string {
  return `a limit was reached (${reason})${remedy(reason)}`;
}

export function remedy(why: string): string {
  return Object.hasOwn(REMEDIES, why) ? `; ${REMEDIES[why]}` : '';
}
