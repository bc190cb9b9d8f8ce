import { formatPreview } from '../../src/cli/format-preview.js';
import type { Preview } from '../../src/trace-format.js';

const cases: [Preview, string][] = [
  [null, 'null'],
  [true, 'true'],
  [1.5, '1.5'],
  ['a"b\n', '"a\\"b\\n"'],
  [[], '[]'],
  [[1, [2]], '[1, [2]]'],
  [{}, '{}'],
  [{ a: 1, b: { c: 'x' } }, '{ a: 1, b: { c: "x" } }'],
  [{ $type: 'undefined' }, 'undefined'],
  [{ $type: 'circular' }, '[circular]'],
  [{ $type: 'number', value: 'NaN' }, 'NaN'],
  [{ $type: 'bigint', value: '12' }, '12n'],
  [{ $type: 'bigint' }, 'bigint'],
  [{ $type: 'symbol', name: 's' }, 'Symbol(s)'],
  [{ $type: 'string', length: 9000, value: 'abc' }, '"abc" (9000 characters)'],
  [{ $type: 'string', length: 9000 }, '"…" (9000 characters)'],
  [{ $type: 'function', name: 'f' }, '[function f]'],
  [{ $type: 'function', name: '' }, '[function]'],
  [{ $type: 'Date', value: '2026-01-01T00:00:00.000Z' }, 'Date 2026-01-01T00:00:00.000Z'],
  [{ $type: 'Array', length: 9, items: [1, 2] }, '[1, 2, …] (9)'],
  [{ $type: 'Array', length: 9 }, '[…] (9)'],
  [{ $type: 'Promise' }, 'Promise'],
  [{ $type: 'User', id: 1 }, 'User { id: 1 }'],
  [{ $type: 'User', truncated: true }, 'User {…}'],
  [{ $type: 'Map', size: 1, entries: [['a', 1]] }, 'Map { size: 1, entries: [["a", 1]] }'],
];

test.each(cases)('formats %j as %s', (preview, text) => {
  expect(formatPreview(preview, 80)).toBe(text);
});

test('cuts at the width, the ellipsis included', () => {
  expect(formatPreview('abc', 5)).toBe('"abc"');
  expect(formatPreview('abcd', 5)).toBe('"abc…');
});
