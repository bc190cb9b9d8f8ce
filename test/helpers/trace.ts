import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { readTrace as readRecords } from '../../src/reader/node/read-trace.js';
import type { TraceRecord } from '../../src/trace-format.js';
import { repository } from './run.js';

/** All records of a trace; a damaged line throws, for only a killed process may leave one. */
export function readTrace(file: string): TraceRecord[] {
  const records: TraceRecord[] = [];
  for (const record of readRecords(file, ({ line, reason }) => {
    throw new Error(`${file}:${line} ${reason}`);
  })) {
    records.splice(placeOf(record, records), 0, record);
  }
  return records;
}

/**
 * Lines of exceptions may come after those of what was recorded later, as on a slow machine: their place is before the
 * first record after their call that is later.
 */
function placeOf(record: TraceRecord, before: readonly TraceRecord[]): number {
  let place = before.length;
  if (record.type !== 'exception' && record.type !== 'settle') return place;
  const { proc, id } = record;
  for (let i = place - 1; i >= 0; i--) {
    const other = before[i];
    if (other.type === 'call' && other.id === id && other.proc === proc) return place;
    if (timeOf(other) > record.t1_ns) place = i;
  }
  // Of a call that is not in the trace.
  return before.length;
}

/** When a call began, or ended; of other records 0. */
function timeOf(record: TraceRecord): number {
  if ('t1_ns' in record) return record.t1_ns;
  return 't0_ns' in record ? record.t0_ns : 0;
}

/** Checks every line against the schema and answers how many there were. An empty file throws. */
export function validateTrace(file: string): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  if (lines.pop() !== '') throw new Error(`${file}: the last line has no end`);
  if (lines.length === 0) throw new Error(`${file}: no line to validate`);
  for (const [index, line] of lines.entries()) {
    const problem = problemOf(line);
    if (problem) throw new Error(`${file}:${index + 1} ${problem}\n${line}`);
  }
  return lines.length;
}

/** Why this is no line of a trace, or undefined. */
export function problemOf(line: string): string | undefined {
  let record: { type?: unknown } | null;
  try {
    record = JSON.parse(line) as { type?: unknown };
  } catch {
    return 'is not JSON';
  }
  const valid: boolean = validators.line(record);
  if (valid) return undefined;
  // "oneOf" complains about all the types that it is not; the schema of its own type says what is wrong.
  const own = typeof record?.type === 'string' ? validators.byType.get(record.type) : undefined;
  if (!own) return `has an unknown type ${JSON.stringify(record?.type)}`;
  own(record);
  return (own.errors ?? []).map(describe).join('; ');
}

/** The types of record that the schema knows. */
export function recordTypes(): string[] {
  return [...validators.byType.keys()];
}

const validators = compile();

function compile(): { line: ValidateFunction; byType: Map<string, ValidateFunction> } {
  const schema = JSON.parse(readFileSync(join(repository, 'docs/trace-format.schema.json'), 'utf8'));
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema(schema, 'trace');
  const types = (schema.oneOf as { $ref: string }[]).map(({ $ref }) => $ref.replace('#/$defs/', ''));
  return {
    line: ajv.getSchema('trace')!,
    byType: new Map(types.map((type) => [type, ajv.getSchema(`trace#/$defs/${type}`)!])),
  };
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const detail = 'additionalProperty' in params ? ` "${params.additionalProperty}"` : '';
  return `${instancePath || 'the record'} ${message}${detail}`;
}
