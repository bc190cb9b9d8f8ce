import { scanBody } from '../../hooks/lib/known-json.js';
import { scanJson } from '../../hooks/lib/scan-json.js';
import { keyTest } from '../../src/recorder/key-kinds.js';

const keyKind = keyTest((key) => key === 'password');
const bodies = [
  '{"name":"tea","count":1}',
  '{"name":"tea","count":2}',
  '{"name":"tea","count":2',
  '{"name":"tea","count":}}',
  '{"password":"Tr0ub4dor"}',
  `{"text":"${'x'.repeat(9000)}"}`,
  ...Array.from({ length: 20 }, (_, i) => `{"name":"tea","price":${i}}`),
];

test('finds in a body that comes again what was found in it first', () => {
  const expected = bodies.map((body) => scanJson(Buffer.from(body), keyKind));
  expect(new Set(expected).size).toBe(3);
  // Not each of them is remembered at once.
  for (let i = 0; i < 40; i++) {
    expect(bodies.map((body) => scanBody(Buffer.from(body), keyKind))).toEqual(expected);
    expect(bodies.flatMap((body) => [body, body]).map((body) => scanBody(Buffer.from(body), keyKind))).toEqual(
      expected.flatMap((each) => [each, each]),
    );
  }
});

test('what is a secret by other names is asked for again', () => {
  const body = Buffer.from('{"nickname":"Tr0ub4dor"}');
  const other = keyTest((key) => key === 'nickname');
  for (let i = 0; i < 20; i++) expect(scanBody(body, keyKind)).toBe(scanJson(body, keyKind));
  expect(scanBody(body, other)).toBe(scanJson(body, other));
  expect(scanBody(body, other)).not.toBe(scanBody(body, keyKind));
});
