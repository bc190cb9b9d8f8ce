import { endFrom, writeKnown } from '../../hooks/lib/known-json.js';
import { knownFrom } from '../../hooks/lib/body-tail.js';
import { createEncoder } from '../../src/recorder/encoder.js';
import { keyTest } from '../../src/recorder/key-kinds.js';

const keyKind = keyTest((key) => key === 'password');
const out = createEncoder(() => undefined);

/** null: there may be a secret in it. */
function written(text: string, test = keyKind): unknown {
  const from = out.at;
  return writeKnown(Buffer.from(text), out, test) ? JSON.parse(out.slice(from)) : null;
}

const row = '<li class="row">a "quoted" word, and é</li>\n';
const page = row.repeat(100);

test.each([
  ['short', row],
  ['of a page', page],
  ['longer than any that is remembered', row.repeat(2000)],
])('a text that comes again and again is written as the first time: %s', (_, text) => {
  for (let i = 0; i < 5; i++) expect(written(text)).toBe(text);
});

test('a text is not taken for one before that differs in a single character, wherever that is', () => {
  for (let i = 0; i < 3; i++) expect(written(page)).toBe(page);
  for (let at = 0; at < page.length; at++) {
    const other = `${page.slice(0, at)}${page[at] === 'Z' ? 'Y' : 'Z'}${page.slice(at + 1)}`;
    if (written(other) !== other) throw new Error(`taken for another: ${at}`);
    if (written(page) !== page) throw new Error(`taken for the one with another character at ${at}`);
  }
});

test('what may hold a secret is said to, however often it comes and whatever came before it', () => {
  const harmless = `${row.repeat(50)}passwort: 1${row.repeat(50)}`;
  const secret = harmless.replace('passwort', 'password');
  for (let i = 0; i < 40; i++) {
    expect(written(harmless)).toBe(harmless);
    expect(written(secret)).toBeNull();
  }
  expect(
    written(
      harmless,
      keyTest((key) => key === 'passwort'),
    ),
  ).toBeNull();
});

test('where an end is known from does not depend on the ones before', () => {
  const ends = [',{"id":9}]', ',"id":9}}', 'some "words"}]\n{"a":1}'].map((text) =>
    Buffer.from(`{"${page}":1}${text}`),
  );
  const all = ends.flatMap((bytes) => [true, false].map((json) => ({ bytes, json, from: knownFrom(bytes, json) })));
  expect(new Set(all.map(({ from }) => from)).size).toBeGreaterThan(2);
  for (let i = 0; i < 100; i++) for (const { bytes, json, from } of all) expect(endFrom(bytes, json)).toBe(from);
});
