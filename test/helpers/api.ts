import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, Exception, Return, SessionEnd, SessionStart, TraceRecord } from '../../src/trace-format.js';
import type { ProgramOptions, Programs, TracedResult } from './programs.js';
import { readTrace, validateTrace } from './trace.js';

/** The records of one type. */
export function ofType<T extends TraceRecord['type']>(
  records: readonly TraceRecord[],
  type: T,
): Extract<TraceRecord, { type: T }>[] {
  return records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];
}

export interface SessionPair {
  start: SessionStart;
  end: SessionEnd | undefined;
}

/** Sessions by tag. */
export function sessionsOf(records: readonly TraceRecord[]): Record<string, SessionPair> {
  const ends = ofType(records, 'session_end');
  return Object.fromEntries(
    ofType(records, 'session_start').map((start) => [
      start.tag,
      { start, end: ends.find(({ session_id }) => session_id === start.session_id) },
    ]),
  );
}

/** The call of that name with its end; throws unless there is one call with one end. */
export function callOf(records: readonly TraceRecord[], func: string): { call: Call; end: Return | Exception } {
  const calls = ofType(records, 'call').filter((call) => call.func === func);
  if (calls.length !== 1) throw new Error(`${calls.length} calls of ${func}`);
  const ends = records.filter(
    (record) => (record.type === 'return' || record.type === 'exception') && record.id === calls[0].id,
  );
  if (ends.length !== 1) throw new Error(`${ends.length} ends of ${func}`);
  return { call: calls[0], end: ends[0] as Return | Exception };
}

let runs = 0;

/** Runs a program that imports handit, with nothing preloaded. */
export async function importedOnly(
  project: Programs,
  nodePath: string,
  args: string[],
  options: ProgramOptions = {},
): Promise<TracedResult> {
  const output = join(project.folder, 'node_modules', `imported-${++runs}.jsonl`);
  const env = { HANDIT_OUTPUT_FILE: output, ...options.env };
  const result = await project.bare(nodePath, args, { ...options, env });
  if (!existsSync(output)) return { ...result, records: [] };
  validateTrace(output);
  return { ...result, records: readTrace(output) };
}
