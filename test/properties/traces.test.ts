import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTrace } from '../../src/reader/node/read-trace.js';
import type { TraceRecord } from '../../src/trace-format.js';
import { outline, traceOf } from '../helpers/reading.js';
import { call, returned, threw } from '../helpers/records.js';
import { tempProject } from '../helpers/run.js';

const file = join(tempProject({}), 'trace.jsonl');

/** The records of these bytes, and how many lines were damaged. */
function read(bytes: Uint8Array): { records: TraceRecord[]; damaged: number } {
  writeFileSync(file, bytes);
  let damaged = 0;
  return { records: [...readTrace(file, () => damaged++)], damaged };
}

test('any bytes are read to the end without an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const { records } = read(bytes);
      expect(records).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('whole lines are read among damaged ones, wherever the file is cut', () => {
  const whole = fc.record({ type: fc.string(), proc: fc.string(), text: fc.string({ unit: 'binary' }) });
  const garbage = fc.oneof(
    fc
      .string()
      .filter((text) => text.trim() !== '' && !isRecord(text))
      .map((text) => text.replaceAll('\n', ' ')),
    fc
      .jsonValue()
      .map((value) => JSON.stringify(value))
      .filter((text) => !isRecord(text)),
  );
  const lines = fc.array(
    fc.oneof(
      whole.map((record) => JSON.stringify(record)),
      garbage,
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(lines, fc.nat(), (texts, cutAt) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
      const kept = bytes.subarray(0, bytes.length === 0 ? 0 : cutAt % (bytes.length + 1));
      const { records, damaged } = read(kept);
      const expected = kept
        .toString()
        .split('\n')
        .filter((text) => text.trim() !== '');
      const good = expected.filter(isRecord);
      expect(records).toEqual(good.map((text) => JSON.parse(text) as unknown));
      expect(damaged).toBe(expected.length - good.length);
    }),
    { numRuns: 300 },
  );
});

test('calls in any order, lost, doubled or with parents that make no tree are all in the tree', () => {
  const id = fc.integer({ min: 1, max: 12 });
  const record = fc.oneof(
    fc.tuple(id, fc.option(id)).map(([own, parent]) => call(own, parent, own)),
    id.map((own) => returned(own, own)),
    id.map((own) => threw(own, own)),
  );
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), (records) => {
      const calls = records.filter(({ type }) => type === 'call').length;
      expect(outline(traceOf(...records))).toHaveLength(calls);
    }),
    { numRuns: 500 },
  );
});

function isRecord(text: string): boolean {
  try {
    const value = JSON.parse(text) as { type?: unknown; proc?: unknown } | null;
    return typeof value?.type === 'string' && typeof value.proc === 'string';
  } catch {
    return false;
  }
}
