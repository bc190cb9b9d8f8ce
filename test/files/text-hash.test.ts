import { textHash } from '../../src/files/text-hash.js';

test('answers 32 hex digits, the same for the same text', () => {
  expect(textHash('const a = 1;')).toMatch(/^[\da-f]{32}$/);
  expect(textHash('const a = 1;')).toBe(textHash(['const', 'a = 1;'].join(' ')));
});

test('tells apart texts that differ in one character, in order or in length', () => {
  const base = 'function add(a, b) {\n  return a + b;\n}\n'.repeat(20);
  const texts = new Set<string>();
  for (let i = 0; i < base.length; i++) {
    texts.add(`${base.slice(0, i)}~${base.slice(i + 1)}`);
    texts.add(base.slice(0, i) + base.slice(i + 1));
    texts.add(`${base.slice(0, i)}\0${base.slice(i)}`);
    texts.add(base.slice(i) + base.slice(0, i));
  }
  for (let i = 0; i < 100_000; i++) texts.add(`${i}`).add(String.fromCharCode(i >> 8, i & 255));
  for (let i = 0; i < 200; i++) texts.add('\0'.repeat(i));
  const hashes = [...texts].map(textHash);
  expect(new Set(hashes).size).toBe(texts.size);
  // Each quarter decides by itself, as well as 32 bits can.
  for (const from of [0, 8, 16, 24]) {
    const parts = new Set(hashes.map((hash) => hash.slice(from, from + 8)));
    expect(texts.size - parts.size).toBeLessThan(30);
  }
});
