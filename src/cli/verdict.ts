import { statSync } from 'node:fs';
import { causesOf, compareSides, type Cause } from '../compare/compare.js';
import { lastGreen, runText } from '../compare/find-base.js';
import { counted } from '../compare/report-lines.js';
import { lastRun } from '../compare/side.js';
import { compareWithin } from '../compare/within.js';
import { openTrace } from '../reader/node/open-trace.js';
import type { Trace } from '../reader/trace.js';

/** Reading more would keep a person waiting for more than two seconds. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_LINES = 10;

/**
 * Why tests of the run that was just recorded failed, a line a cause; nothing where none failed.
 *
 * @param file the trace, with the runs before it
 */
export async function verdict(file: string): Promise<string[]> {
  if (statSync(file).size > MAX_BYTES) return ['why tests failed, if any did, says: handit diff --within'];
  const trace = await openTrace(file);
  try {
    return verdictOf(trace);
  } finally {
    trace.close();
  }
}

function verdictOf(trace: Trace): string[] {
  const green = lastGreen(trace);
  if (green) {
    const { causes, failed } = compareSides(green.base, green.new);
    if (failed === 0) return [];
    return [
      `${counted(failed, 'failed test')}, compared with the run of ${runText(green.base)}:`,
      ...causeLines(causes),
      'values and calls: handit diff',
    ];
  }
  const units = compareWithin(lastRun(trace));
  if (units.length === 0) return [];
  const causes = causesOf(units);
  const title = `${counted(units.length, 'failed test')}, and no earlier run in the file in which they passed:`;
  return [title, ...causeLines(causes), 'more of this run alone: handit diff --within'];
}

function causeLines(causes: readonly Cause[]): string[] {
  if (causes.length === 0) return ['  no recorded call is a suspect'];
  const lines = causes.map(({ suspect: { func, file, line, found }, units }) => {
    return `  ${func}  ${file}:${line}  ${found}${units.length > 1 ? ` (${counted(units.length, 'test')})` : ''}`;
  });
  if (lines.length <= MAX_LINES - 2) return lines;
  return [...lines.slice(0, MAX_LINES - 3), `  ${counted(lines.length - MAX_LINES + 3, 'more cause')}`];
}
