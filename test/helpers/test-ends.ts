import type { TestEnd, TraceRecord } from '../../src/trace-format.js';

/**
 * How tests ended, one a line: `failed cart > adds #2 (before_each): Error: no more; wanted 3, got 4`. `#` counts tries.
 */
export function testEnds(records: readonly TraceRecord[]): string[] {
  return records.flatMap((record) => (record.type === 'test_end' ? [text(record)] : []));
}

function text({ outcome, titles, file, try: attempt, phase, error }: TestEnd): string {
  const [name, tried] = [[file, ...titles].join(' > '), attempt > 1 ? ` #${attempt}` : ''];
  const where = phase === undefined ? '' : ` (${phase})`;
  if (!error) return `${outcome} ${name}${tried}${where}`;
  const { expected, actual } = error;
  const [wanted, got] = [expected, actual].map((side) => JSON.stringify(side));
  const compared = expected === undefined && actual === undefined ? '' : `; wanted ${wanted}, got ${got}`;
  const [message] = error.message.split('\n');
  return `${outcome} ${name}${tried}${where}: ${error.name}: ${message}${compared}`;
}

/** Throws unless each line has its own `test_id`, and each failure that is an error the stack that led to it. */
export function checkTestEnds(records: readonly TraceRecord[]): void {
  const ends = records.flatMap((record) => (record.type === 'test_end' ? [record] : []));
  const ids = ends.map(({ proc, test_id }) => `${proc} ${test_id}`);
  expect(new Set(ids).size).toBe(ends.length);
  const bare = ends.filter(({ error }) => error && error.name !== 'Thrown' && !/\n +at .*:\d+/.test(error.stack ?? ''));
  // Node makes its error of a time-out without a stack.
  expect(bare.filter(({ error }) => !error?.message.startsWith('test timed out'))).toEqual([]);
}
