import fc from 'fast-check';
import { constant } from '../../src/recorder/constant.js';
import { createEncoder } from '../../src/recorder/encoder.js';

const odd = [
  ...[0, -0, 1, -1, 999_999_999, 1e9, -1e9, 1e9 + 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53)],
  ...[2 ** 53 + 2, 1e20, 1e21, 1e22, 0.1, -0.1, 0.1 + 0.2, 1 / 3, 1e-6, 1e-7, 5e-324, Number.MAX_VALUE, Math.PI],
  ...[-(1 / 3e300), 123_456_789.123, 1e9 + 0.5, 1_700_000_000_123, -(1 / 700_000)],
];

describe('numbers', () => {
  test('are written as JavaScript writes them, also when they come again and in whatever order', () => {
    const out = createEncoder(() => undefined);
    const numbers = fc.oneof(
      fc.constantFrom(...odd),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
    );
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 50 }), fc.nat(3), (some, times) => {
        const all = Array.from({ length: times + 1 }, () => some).flat();
        out.cut(0);
        for (const each of all) {
          out.primitive(each);
          out.byte(0x20);
        }
        expect(out.slice(0)).toBe(all.map((each) => `${Object.is(each, -0) ? '-0' : each} `).join(''));
      }),
      { numRuns: 2000 },
    );
  });

  test('are right when far more of them come than are remembered, and where the buffer grows', () => {
    const out = createEncoder(() => undefined, 64);
    let expected = '';
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5000; i++) {
        const each = i * 1.1 + 0.05;
        out.primitive(each);
        out.byte(0x20);
        expected += `${each} `;
      }
    }
    expect(out.slice(0)).toBe(expected);
  });
});

describe('constants', () => {
  test.each([
    ['ASCII', (length: number) => 'x'.repeat(length)],
    ['three bytes a character', (length: number) => '\u20ac'.repeat(length)],
    ['four bytes a character', (length: number) => '\u{1f600}'.repeat(length)],
    ['half a character', (length: number) => `${'y'.repeat(length)}\ud83d`],
  ])('of %s are written whole, of any length and after others', (_, text) => {
    const out = createEncoder(() => undefined);
    const texts = [3, 340, 0, 9, 5000, 8, 338, 339, 1].map(text);
    const made = texts.map((each) => constant(each));
    for (const each of made) out.constant(each);
    expect(out.slice(0)).toBe(Buffer.from(texts.join('|')).toString().replaceAll('|', ''));
    // The bytes after the end would come along, and might be a number that is none.
    const ends = made.flatMap(({ length, chunks }) => [...new Uint8Array(chunks.buffer).subarray(length)]);
    expect(ends.every((byte) => byte === 0)).toBe(true);
  });
});
