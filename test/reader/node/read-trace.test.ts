import { join } from 'node:path';
import { type DamagedLine, readTrace } from '../../../src/reader/node/read-trace.js';
import { tempProject } from '../../helpers/run.js';

const record = (id: number, extra: object = {}) => ({
  ...{ type: 'return', proc: '5f0c9a1e', id, func: 'f', t1_ns: 1_767_600_000_000_000_000, dt_ns: 1 },
  ...{ return_preview: null, ...extra },
});
const line = (id: number, extra?: object) => JSON.stringify(record(id, extra));

function read(...texts: string[]) {
  const folder = tempProject(Object.fromEntries(texts.map((text, index) => [`${index}.jsonl`, text])));
  const files = texts.map((_, index) => join(folder, `${index}.jsonl`));
  const damaged: DamagedLine[] = [];
  return { records: [...readTrace(files, (found) => damaged.push(found))], damaged, files };
}

test('yields the records in the order of the lines', () => {
  const { records, damaged } = read(`${line(1)}\n${line(2)}\n${line(3)}\n`);
  expect(records).toEqual([record(1), record(2), record(3)]);
  expect(damaged).toEqual([]);
});

test('reads several files one after the other', () => {
  expect(read(`${line(1)}\n`, `${line(2)}\n`).records).toEqual([record(1), record(2)]);
});

test('takes a single file by its name', () => {
  const { files } = read(`${line(1)}\n`);
  expect([...readTrace(files[0])]).toEqual([record(1)]);
});

test('leaves out a last line that was cut, and says where', () => {
  const { records, damaged, files } = read(`${line(1)}\n${line(2).slice(0, -7)}`);
  expect(records).toEqual([record(1)]);
  expect(damaged).toEqual([{ file: files[0], line: 2, reason: 'is cut off at the end of the file' }]);
});

test('reads a last line that only lacks its line end', () => {
  const { records, damaged } = read(`${line(1)}\n${line(2)}`);
  expect(records).toEqual([record(1), record(2)]);
  expect(damaged).toEqual([]);
});

test.each(['{"type":"call","pro', 'null', '3', '{"proc":"5f0c9a1e"}', '{"type":"call"}'])(
  'reads on past the damaged line %s',
  (bad) => {
    const { records, damaged, files } = read(`${line(1)}\n${bad}\n${line(2)}\n`);
    expect(records).toEqual([record(1), record(2)]);
    expect(damaged).toEqual([{ file: files[0], line: 2, reason: 'is not a trace record' }]);
  },
);

test('passes over empty lines and takes CRLF', () => {
  const { records, damaged } = read(`\r\n${line(1)}\r\n\n`);
  expect(records).toEqual([record(1)]);
  expect(damaged).toEqual([]);
});

test('keeps characters and lines whole that straddle chunks of 256 KiB', () => {
  // Four bytes each; one byte before them, so that some chunk ends inside of one.
  const long = '\u{1f375}'.repeat(200_000);
  const { records } = read(`${line(1, { func: `a${long}` })}\n${line(2)}\n`);
  expect(records).toHaveLength(2);
  expect((records[0] as { func: string }).func === `a${long}`).toBe(true);
  expect(records[1]).toEqual(record(2));
});

test('reads times to within 0.3 us', () => {
  const text = line(1).replace('1767600000000000000', '1767600000123456789');
  expect(text).toContain('1767600000123456789');
  const [{ t1_ns }] = read(`${text}\n`).records as { t1_ns: number }[];
  expect(Math.abs(Number(BigInt(t1_ns) - 1767600000123456789n))).toBeLessThan(300);
});

test('yields nothing for an empty file', () => {
  expect(read('')).toMatchObject({ records: [], damaged: [] });
});

test('throws the error of the file system for a file that is not there', () => {
  expect(() => [...readTrace('/no/such/trace.jsonl')]).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
