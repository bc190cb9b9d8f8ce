import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, TestEnd } from '../../src/trace-format.js';
import { cleanEnv, installHandit, repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace } from '../helpers/trace.js';

const files = {
  'package.json': '{}',
  'jest.config.json': JSON.stringify({
    transform: { '\\.js$': [join(repository, 'node_modules/@swc/jest'), { sourceMaps: true }] },
    cacheDirectory: '.jest-cache',
  }),
  'cart.js': `export const twice = (x) => x * 2;

export async function total(prices) {
  await null;
  return prices.reduce((sum, price) => sum + price, 0);
}
`,
  'cart.test.js': `import { total, twice } from './cart';

test('adds up', async () => {
  const check = (value) => expect(value).toMatchInlineSnapshot(); check(await total([1, 2]));
  expect(String(twice)).toContain('x*2'.replace('*', ' * '));
  expect([twice]).toMatchInlineSnapshot();
});

describe('twice', () => {
  test('is wrong', () => {
    const three = 3; expect(twice(three)).toBe(three);
  });
});
`,
};

/** Runs jest in a copy of the project; answers what it printed and how the test file looks then. */
async function run(options: string): Promise<{ folder: string; printed: string; code: number | null; test: string }> {
  const folder = tempProject(files);
  installHandit(folder);
  symlinkSync(join(repository, 'node_modules/jest'), join(folder, 'node_modules/jest'), 'junction');
  const jest = join(repository, 'node_modules/jest/bin/jest.js');
  const { stdout, stderr, code } = await runNode(process.execPath, [jest, '--ci=false', '--runInBand'], {
    cwd: folder,
    env: { ...cleanEnv(), NO_COLOR: '1', NODE_OPTIONS: options },
  });
  const printed = (stdout + stderr)
    .replaceAll(folder, '.')
    .replace(/ \(\d+(\.\d+)? m?s\)/g, '')
    .replace(/^Time: .*$/m, '');
  return { folder, printed, code, test: readFileSync(join(folder, 'cart.test.js'), 'utf8') };
}

test('what jest runs is recorded by test, and its results, code frames and inline snapshots are the same', async () => {
  const { folder: _, ...without } = await run('');
  expect(without.printed).toContain('> 11 |     const three = 3; expect(twice(three)).toBe(three);');
  const { folder, ...traced } = await run('--import handit/register');
  expect(traced).toEqual(without);
  expect(traced).toMatchObject({ code: 1, test: expect.stringContaining('toMatchInlineSnapshot(`3`)') as string });

  const records = readTrace(join(folder, 'handit_events.jsonl'));
  const calls = records.filter((record): record is Call => record.type === 'call' && record.file === 'cart.js');
  expect(calls.map(({ func, line, column, test }) => `${func} ${line}:${column} ${test}`)).toEqual([
    'total 3:8 cart.test.js > adds up',
    '<anonymous> 5:24 cart.test.js > adds up',
    '<anonymous> 5:24 cart.test.js > adds up',
    'twice 1:22 cart.test.js > twice > is wrong',
  ]);
  const ends = records.filter((record): record is TestEnd => record.type === 'test_end');
  expect(ends.map(({ titles, outcome }) => [...titles, outcome])).toEqual([
    ['adds up', 'passed'],
    ['twice', 'is wrong', 'failed'],
  ]);
});
