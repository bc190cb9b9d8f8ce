import { decode, encode, type SourceMapMappings, type SourceMapSegment } from '@jridgewell/sourcemap-codec';
import { shiftMappings } from '../../src/loader/shift-mappings.js';

/** The same numbers each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below;
}

/** A text, a map of it, and edits in their order. */
function example(seed: number) {
  const next = random(seed);
  const lines = Array.from({ length: 1 + next(6) }, () => 'x'.repeat(next(90)));
  const source = lines.join('\n');
  // A map may have more lines than its text, and less.
  const mappings: SourceMapMappings = Array.from({ length: next(8) }, (_, line) => {
    const columns = Array.from({ length: next(7) }, () => next((lines[line]?.length ?? 40) + 1));
    return columns
      .sort((a, b) => a - b)
      .map((column) => (next(4) === 0 ? [column] : [column, next(3), next(50), next(3000)]) as SourceMapSegment);
  });
  const places = Array.from({ length: next(9) }, () => next(source.length + 1)).sort((a, b) => a - b);
  const edits = places.map((at) => {
    const rest = source.indexOf('\n', at);
    return { at, remove: next(Math.min(3, (rest < 0 ? source.length : rest) - at + 1)), insert: 'y'.repeat(next(400)) };
  });
  return { source, mappings, edits };
}

/** What the map has to be: each column further right by what was inserted before it or at it. */
function expected({ source, mappings, edits }: ReturnType<typeof example>): SourceMapMappings {
  const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return mappings.map((segments, line) =>
    segments.map(([column, ...rest]) => {
      const before = edits.filter(({ at }) => at >= starts[line] && at <= starts[line] + column);
      const moved = before.reduce((sum, { insert, remove }) => sum + insert.length - remove, 0);
      return [column + moved, ...rest] as SourceMapSegment;
    }),
  );
}

test('columns move past what was inserted before them, and nothing else changes', () => {
  let changed = 0;
  for (let seed = 1; seed < 3000; seed++) {
    const each = example(seed);
    const before = encode(each.mappings);
    const shifted = shiftMappings(before, each.source, each.edits)!;
    expect(decode(shifted)).toEqual(decode(encode(expected(each))));
    if (shifted !== before) changed++;
  }
  expect(changed).toBeGreaterThan(1000);
});

test.each(['EAAA,DAAA', 'AAAA,,CAAC', 'ä'])(
  'mappings in no order that it understands are left to others: %s',
  (text) => {
    expect(shiftMappings(text, 'a line', [{ at: 0, remove: 0, insert: 'more' }])).toBeUndefined();
  },
);
