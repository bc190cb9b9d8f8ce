import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, TestEnd } from '../../src/trace-format.js';
import { cleanEnv, installHandit, repository, runNode, tempProject } from '../helpers/run.js';
import { checkTestEnds, testEnds } from '../helpers/test-ends.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

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
    'prices.reduce callback 5:24 cart.test.js > adds up',
    'prices.reduce callback 5:24 cart.test.js > adds up',
    'twice 1:22 cart.test.js > twice > is wrong',
  ]);
  const ends = records.filter((record): record is TestEnd => record.type === 'test_end');
  expect(ends.map(({ titles, outcome }) => [...titles, outcome])).toEqual([
    ['adds up', 'passed'],
    ['twice', 'is wrong', 'failed'],
  ]);
});

test('each try of each test has its line, with what was compared and where it failed', async () => {
  const folder = tempProject({ 'package.json': '{}' });
  installHandit(folder);
  cpSync(join(repository, 'fixtures/apps/jest-30/phases'), folder, { recursive: true });
  symlinkSync(join(repository, 'node_modules/jest'), join(folder, 'node_modules/jest'), 'dir');
  const jest = join(repository, 'node_modules/jest/bin/jest.js');
  const run = async (options: string) => {
    const result = await runNode(process.execPath, [jest, '--ci', '--runInBand', '--no-cache'], {
      cwd: folder,
      env: { ...cleanEnv(), NO_COLOR: '1', NODE_OPTIONS: options },
    });
    // Files run in the order of their sizes and of how long they took.
    const files = result.stderr.split(/^(?=(?:PASS|FAIL) )/m);
    const printed = files.map((text) => text.replace(/ \(\d+(\.\d+)? m?s\)/g, '').replace(/^Time: .*$/m, ''));
    return { ...result, stderr: printed.sort().join('') };
  };
  const without = await run('');
  expect(await run('--import handit/register')).toEqual(without);

  const trace = join(folder, 'handit_events.jsonl');
  validateTrace(trace);
  const records = readTrace(trace);
  checkTestEnds(records);
  const told = (file: string) => testEnds(records).filter((line) => line.includes(` ${file}.test.js`));
  const equal = 'JestAssertionError: expect(received).toEqual(expected) // deep equality; wanted {"a":3}';
  const deep = 'AssertionError: Expected values to be strictly deep-equal:; wanted [5], got [4]';
  const be = 'JestAssertionError: expect(received).toBe(expected) // Object.is equality; wanted 3';
  const same = (tried: string) => [
    `failed tries.test.js > same > title${tried}: ${equal}, got {"a":2,"password":"<redacted>"}`,
    `failed tries.test.js > same > title${tried}: ${deep}`,
  ];
  const rest = (tried: string) => [
    `failed tries.test.js > late${tried}: Thrown: Exceeded timeout of 50 ms for a test.`,
    `failed tries.test.js > thrown text${tried}: Thrown: just text`,
  ];
  expect(told('tries').sort()).toEqual(
    [
      ...[...same(''), ...same(' #2'), ...same(' #3'), ...rest(''), ...rest(' #2'), ...rest(' #3')],
      `failed tries.test.js > third time: ${be}, got 1`,
      `failed tries.test.js > third time #2: ${be}, got 2`,
      'passed tries.test.js > third time #3',
    ].sort(),
  );
  expect(told('hooks')).toEqual([
    'failed hooks.test.js > all > a (before_all): TypeError: no database',
    'failed hooks.test.js > all > b (before_all): TypeError: no database',
    'failed hooks.test.js > each > c (before_each): TypeError: no user',
    'failed hooks.test.js > after each > d (after_each): TypeError: no clean',
    'passed hooks.test.js > after all > e',
    'failed hooks.test.js > after all (after_all): TypeError: no close',
  ]);
  expect(told('load')).toEqual(['failed load.test.js (load): RangeError: cannot boot']);
  expect(told('describe')).toEqual(['failed describe.test.js (load): Error: in describe']);
  expect(told('syntax')).toEqual([expect.stringContaining('failed syntax.test.js (load): SyntaxError: ')]);
  expect(told('outside')).toEqual([
    'passed outside.test.js > leaves a timer',
    'failed outside.test.js > leaves a timer (outside): Error: too late',
  ]);
  // Tests of one title are told apart by what they called, too.
  const ends = records.filter((record): record is TestEnd => record.type === 'test_end');
  const calls = records.filter((record): record is Call => record.type === 'call' && record.func === 'add');
  const [first, second] = ends.filter((end) => end.test.endsWith('same > title') && end.try === 1);
  const callsOf = (id: number) => calls.filter((call) => call.test_id === id).map((call) => call.args_preview);
  expect([callsOf(first.test_id), callsOf(second.test_id)]).toEqual([[{ a: 1, b: 1 }], [{ a: 2, b: 2 }]]);
});
