import { statSync } from 'node:fs';
import { causesOf, compareSides, type Cause } from '../compare/compare.js';
import { lastGreen, runText } from '../compare/find-base.js';
import { counted } from '../compare/report-lines.js';
import { lastRun, type Side } from '../compare/side.js';
import { outcomeOf, triesOf } from '../compare/units.js';
import { compareWithin } from '../compare/within.js';
import { filesOf, openTrace } from '../reader/node/open-trace.js';
import type { Trace } from '../reader/trace.js';

/** Reading more would keep a person waiting for more than two seconds. */
const MAX_BYTES = 256 * 1024 * 1024;
/** What is not found by then is left to `handit diff`. */
const MAX_MS = 1700;
const MAX_LINES = 10;

/**
 * Why tests of the run that was just recorded failed, a line a cause; nothing where none failed.
 *
 * @param file the trace, with the runs before it
 */
export async function verdict(file: string): Promise<string[]> {
  const until = performance.now() + MAX_MS;
  const bytes = filesOf(file).reduce((sum, each) => sum + statSync(each).size, 0);
  if (bytes > MAX_BYTES) {
    const size = `${Math.round(bytes / 1024 / 1024)} MB of trace take longer to read`;
    return [`${size}; why tests failed, if any did, says: handit diff, or handit diff --within without an earlier run`];
  }
  const trace = await openTrace(file);
  try {
    return verdictOf(trace, until);
  } finally {
    trace.close();
  }
}

function verdictOf(trace: Trace, until: number): string[] {
  const green = lastGreen(trace);
  if (green) {
    const { causes, failed, compared } = compareSides(green.base, green.new, { until });
    if (failed === 0) return [];
    return [
      `${counted(failed, 'failed test')}${inTime(compared, failed)}, compared with the run of ${runText(green.base)}:`,
      ...causeLines(causes),
      'values and calls: handit diff',
    ];
  }
  const side = lastRun(trace);
  const units = compareWithin(side, undefined, until);
  if (units.length === 0) return [];
  const failed = failedIn(side);
  const causes = causesOf(units);
  return [
    `${counted(failed, 'failed test')}${inTime(units.length, failed)}, and no earlier run in the file in which they passed:`,
    ...causeLines(causes),
    'more of this run alone: handit diff --within',
  ];
}

function failedIn(side: Side): number {
  return [...triesOf(side).values()].filter((tries) => outcomeOf(tries.at(-1)!) === 'failed').length;
}

function inTime(seen: number, all: number): string {
  return seen < all ? ` (in two seconds: ${seen} of them)` : '';
}

function causeLines(causes: readonly Cause[]): string[] {
  if (causes.length === 0) return ['  no recorded call is a suspect'];
  const lines = causes.map(({ suspect: { func, file, line, found }, units }) => {
    return `  ${func}  ${file}:${line}  ${found}${units.length > 1 ? ` (${counted(units.length, 'test')})` : ''}`;
  });
  if (lines.length <= MAX_LINES - 2) return lines;
  return [...lines.slice(0, MAX_LINES - 3), `  ${counted(lines.length - MAX_LINES + 3, 'more cause')}`];
}
