import { OwnTexts, type Hashed } from '../../src/transform/own-texts.js';

/** Hashes of the functions of a text, each in `{}` here. */
function textsOf(source: string): (string | undefined)[] {
  const texts = new OwnTexts();
  const open: number[] = [];
  const targets: Hashed[] = [];
  const ranges: [number, number][] = [];
  [...source].forEach((char, at) => {
    if (char === '{') open.push(at);
    if (char === '}') ranges.push([open.pop()!, at + 1]);
  });
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const target: Hashed = {};
    targets.push(target);
    texts.add(start, end, target);
  }
  texts.finish(source);
  return targets.map(({ text }) => text);
}

test('a change is a change of the innermost function alone', () => {
  const before = textsOf('a {b {c} d} e {f}');
  expect(before).toEqual(Array(3).fill(expect.stringMatching(/^[0-9a-f]{8}$/)));
  expect(textsOf('a {b {C} d} e {f}')).toEqual([before[0], expect.not.stringMatching(before[1]!), before[2]]);
  expect(textsOf('a {b {c} D} e {f}')).toEqual([expect.not.stringMatching(before[0]!), before[1], before[2]]);
  expect(textsOf('other text around {b {c} d} e {f}')).toEqual(before);
});

test('a function more inside of another is a change of the other', () => {
  expect(textsOf('{ab}')[0]).not.toBe(textsOf('{a{}b}')[0]);
});
