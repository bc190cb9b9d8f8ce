import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { handit } from '../helpers/red-and-green.js';
import type { Preview } from '../../src/trace-format.js';
import { call, jsonl, processEnd, processStart, returned, testEnd } from '../helpers/records.js';
import { tempProject } from '../helpers/run.js';

/** A run of tests, each of which calls one function of its own, that returns what is given for it. */
function run(proc: string, tests: number, outcome: 'passed' | 'failed', result: (test: number) => Preview): string {
  const records = Array.from({ length: tests }, (_, i) => {
    const [id, us] = [i + 1, i * 100];
    const scope = { proc, test: `counts ${i}`, test_id: id };
    const error = outcome === 'failed' ? { error: { name: 'AssertionError', message: `not ${i}` } } : {};
    return jsonl(
      call(id, null, us, { ...scope, func: `count${i}`, file: 'count.js', args_preview: { of: i } }),
      returned(id, us + 1, { proc, func: `count${i}`, return_preview: result(i) }),
      testEnd(`counts ${i}`, us + 2, { proc, test_id: id, try: 1, titles: [`counts ${i}`], outcome, ...error }),
    );
  });
  return jsonl(processStart({ proc })) + records.join('') + jsonl(processEnd({ proc }));
}

function compared(tests: number, result: (test: number) => Preview): string {
  const folder = tempProject({});
  writeFileSync(
    join(folder, 'green.jsonl'),
    run('aaaaaaaa', tests, 'passed', () => 1),
  );
  writeFileSync(join(folder, 'red.jsonl'), run('bbbbbbbb', tests, 'failed', result));
  return folder;
}

test('a line of JSON is a unit, then a cause, and at last the summary', async () => {
  const folder = compared(2, (test) => test + 2);
  const { stdout } = await handit(folder, 'diff', 'green.jsonl', 'red.jsonl', '--json');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  expect(lines.map(({ type }) => type)).toEqual(['unit', 'unit', 'cause', 'cause', 'summary']);
  expect(lines[1]).toMatchObject({
    ...{ type: 'unit', test: 'counts 1', base: 'passed', new: 'failed' },
    suspects: [
      {
        ...{ func: 'count1', file: 'count.js', line: 2, column: 1, reason: 'other_result' },
        ...{ base: 'aaaaaaaa:2', new: 'bbbbbbbb:2', differences: [{ path: 'result', base: 1, new: 3 }], calls: 1 },
      },
    ],
  });
  expect(lines[3]).toMatchObject({ func: 'count1', file: 'count.js', line: 2, reason: 'other_result', units: 1 });
});

test('a comment on a pull request has at most 60 kB, and says what is left out', async () => {
  const folder = compared(700, (test) => `${test} `.repeat(60));
  const { stdout } = await handit(folder, 'diff', 'green.jsonl', 'red.jsonl', '--md');
  expect(Buffer.byteLength(stdout)).toBeLessThanOrEqual(60_000);
  expect(stdout).toMatch(/\n\d+ more; .* has all\.\n$/);
});
