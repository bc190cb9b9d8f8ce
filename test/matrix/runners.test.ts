import { isFrom } from '../helpers/node-versions.js';
import { checkTestEnds, testEnds } from '../helpers/test-ends.js';
import { matrix, type MatrixTrace } from './matrix.js';

const runners = 'Test runners';
const coverage = 'Coverage';

/** Durations; columns in stacks, which count inserted text; and frames of Node's own that depend on timing. */
function normalise(text: string): string {
  return text
    .replace(/ ?\(\d+(\.\d+)? ?m?s\)/g, '')
    .replace(/\b(duration_ms|duration|start|end|time)(["':= ]+)[\d.:TZ-]+/g, '$1$2T')
    .replace(/^.*(ExperimentalWarning|--trace-warnings).*\n/gm, '')
    .replace(/^.*\b(runNextTicks|processTimers|listOnTimeout|callbackTrampoline|async (Test|Suite)\.\w+)\b.*\n/gm, '')
    .replace(/^(.*(?:\/|\(node:)\S*:\d+):\d+(?=\)?$)/gm, (line, start: string) =>
      /location|test at/.test(line) ? line : start,
    );
}

/** `passed a > b`, one a line, in alphabetical order, for files may run side by side. */
function outcomes({ tests }: MatrixTrace): string[] {
  return tests.map(({ outcome, titles }) => `${outcome} ${titles.join(' > ')}`).sort();
}

const mochaTests = [
  'failed stock > refuses',
  'failed stock > tried again > works the second time',
  'failed stock > with a hook that fails > never runs',
  'passed cart > pays',
  'passed cart > with a debt > is refused',
  'passed stock > calls back',
  'passed stock > takes',
  'passed stock > tried again > works the second time',
  'passed stock > waits',
  'skipped stock > is pending',
  'skipped stock > is skipped',
  'skipped stock > skips itself',
];

function mocha(trace: MatrixTrace): void {
  expect(outcomes(trace)).toEqual(mochaTests);
  const test = 'test/cart.test.mjs > cart > pays';
  expect(trace.call('checkout')).toMatchObject({ file: 'src/cart.mjs', line: 17, column: 8, test });
  const resets = trace.calls('test/stock.test.cjs').filter(({ func }) => func === 'reset');
  expect(resets[0]).toMatchObject({ line: 4, test: 'test/stock.test.cjs > stock > takes' });
  // The hook before all tests is for none of them.
  expect(trace.call('put')).not.toHaveProperty('test');
  const refused = trace.tests.find(({ titles }) => titles.at(-1) === 'refuses');
  expect(refused).toMatchObject({ file: 'test/stock.test.cjs', error: { message: 'only 2 of cup' } });
}

const tests = ['test/cart.test.mjs', 'test/stock.test.cjs'];

for (const [name, version] of [
  ['mocha10', 10],
  ['mocha', 11],
  ['mocha12', 12],
] as const) {
  matrix({
    ...{ app: 'mocha', title: `Mocha ${version}`, group: runners, exitCode: 2, normalise },
    ...(version === 12 && { partial: 'on Node 20 and 22.12 calls do not name their test' }),
    expect(trace) {
      // There `require` of an ES module, as mocha 12 is, passes by every loader hook.
      if (version === 12 && !isFrom(trace.node, '22.13')) expect(trace.call('take')).not.toHaveProperty('test');
      else mocha(trace);
    },
    command: ['node', `node_modules/${name}/bin/mocha.js`, ...tests],
  });
}

const mochaFailures = [
  'failed failing/tries.cjs > late: Error: Timeout of 30ms exceeded. For async tests and hooks, ensure "done()" is called; if returning a Promise, ensure it resolves.',
  'failed failing/tries.cjs > thrown text: Thrown: just text',
  'failed failing/tries.cjs > uncaught: Error: from a timer',
  'failed failing/tries.cjs > same > title: AssertionError: 2 == 3; wanted 3, got 2',
  'failed failing/tries.cjs > same > title: AssertionError: Expected values to be strictly deep-equal:; wanted [5], got [4]',
  'failed failing/tries.cjs > tried > third time: AssertionError: Expected values to be strictly equal:; wanted 3, got 1',
  'failed failing/tries.cjs > tried > third time #2: AssertionError: Expected values to be strictly equal:; wanted 3, got 2',
  'passed failing/tries.cjs > tried > third time #3',
  'failed failing/hooks.cjs > all (before_all): TypeError: no database',
  'failed failing/hooks.cjs > each > c (before_each): TypeError: no user',
  'passed failing/hooks.cjs > after each > d',
  'failed failing/hooks.cjs > after each > d (after_each): TypeError: no clean',
  'passed failing/hooks.cjs > after all > e',
  'failed failing/hooks.cjs > after all (after_all): TypeError: no close',
  'skipped failing/hooks.cjs > skips > f',
];

for (const [name, version] of [
  ['mocha10', 10],
  ['mocha', 11],
  ['mocha12', 12],
] as const) {
  const bin = ['node', `node_modules/${name}/bin/mocha.js`];
  matrix({
    ...{ app: 'mocha', title: `Mocha ${version}, what fails`, group: runners, exitCode: 9, normalise },
    ...(version === 12 && { since: '22.13', because: 'on Node 20 and 22.12 its tests are not seen' }),
    command: [...bin, 'failing/tries.cjs', 'failing/hooks.cjs'],
    expect({ records }) {
      checkTestEnds(records);
      const told = testEnds(records).map((line) => line.replace(/ \(\/.*\/failing\/tries\.cjs\)$/, ''));
      expect(told.sort()).toEqual([...mochaFailures].sort());
    },
  });
  matrix({
    ...{ app: 'mocha', title: `Mocha ${version}, a file that fails`, group: runners, exitCode: 1, normalise },
    command: [...bin, 'failing/load.mjs'],
    expect: ({ records }) => expect(testEnds(records)).toEqual(['failed failing/load.mjs (load): Error: in describe']),
  });
}

matrix({
  ...{ app: 'mocha', title: 'Mocha 11, --parallel', group: runners, exitCode: 2 },
  command: ['node', 'node_modules/mocha/bin/mocha.js', '--parallel', '--jobs', '2', '--reporter', 'dot', ...tests],
  // Which of the two files ends first is chance.
  normalise: (text) => normalise(text.replace(/^ *[.,!]+$/gm, (dots) => [...dots].sort().join(''))),
  expect(trace) {
    mocha(trace);
    const starts = trace.records.filter(({ type }) => type === 'process_start');
    expect(starts).toHaveLength(2);
  },
});

matrix({
  ...{ app: 'mocha', title: 'Mocha 11, tdd, exports, root hooks', group: runners, normalise, preload: 'require' },
  command: [
    ...['node', '-e'],
    `const { spawnSync } = require('node:child_process');
     const run = (...args) => spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', ...args], { stdio: 'inherit' });
     run('--ui', 'tdd', '--delay', '--require', './test/root-hooks.cjs', 'test/delayed.cjs');
     run('--ui', 'exports', '--forbid-only', 'test/exports.cjs');`,
  ],
  expect(trace) {
    expect(outcomes(trace)).toEqual(['passed as exports > counts pens', 'passed as tdd > counts nothing']);
    const test = 'test/delayed.cjs > as tdd > counts nothing';
    expect(trace.calls('test/root-hooks.cjs').map((call) => call.test)).toEqual([undefined, test]);
  },
});

matrix({
  ...{ app: 'mocha', title: 'c8, Mocha 11', group: coverage, exitCode: 2, normalise, expect: mocha },
  command: ['c8', '-r', 'text', '-r', 'json', '-r', 'lcovonly', 'mocha', ...tests],
  compare: ['coverage/coverage-final.json', 'coverage/lcov.info'],
});

matrix({
  ...{ app: 'mocha', title: 'nyc, Mocha 11', group: coverage, exitCode: 2, normalise },
  command: ['nyc', '--cache=false', '-r', 'text', '-r', 'json', 'mocha', ...tests],
  compare: ['coverage/coverage-final.json'],
  expect(trace) {
    expect(outcomes(trace)).toEqual(mochaTests);
    expect(trace.calls().filter(({ func }) => func.startsWith('cov_'))).toEqual([]);
  },
});

function nodeTest(trace: MatrixTrace): void {
  expect(outcomes(trace)).toEqual([
    'failed Cart > fails',
    'failed shapes > names what is wrong',
    'failed subtests',
    'failed subtests > fails inside',
    'passed Cart > adds up',
    'passed Cart > calls back',
    'passed Cart > nested > runs a beside others',
    'passed Cart > nested > runs b beside others',
    'passed Cart > pays later',
    'passed Cart > refuses a negative price',
    'passed mocks time',
    'passed shapes > of a list',
    'passed subtests > first',
    'skipped Cart > is skipped',
    'todo Cart > is to do',
    'todo subtests > named',
  ]);
  const test = 'test/cart.test.mjs > Cart > adds up';
  expect(trace.call('prepare')).toMatchObject({ file: 'test/cart.test.mjs', line: 6, column: 17, test });
  expect(trace.call('Cart.add')).toMatchObject({ file: 'src/cart.js', line: 3, column: 3, test });
  expect(trace.call('shape')).toMatchObject({ test: 'test/plain.test.cjs > shapes > of a list' });
  expect(trace.call('started')).not.toHaveProperty('test');
  const subtest = trace.calls('src/cart.js').filter((call) => call.test?.endsWith('subtests > fails inside'));
  expect(subtest.map(({ func }) => func)).toEqual(['checkout', 'Cart.total']);
  expect(trace.tests.find(({ titles }) => titles.at(-1) === 'fails inside')?.error?.message).toBe('no money');
}

const isolated = { app: 'node-test', group: runners, exitCode: 1, normalise, expect: nodeTest } as const;

matrix({ ...isolated, title: 'node:test', command: ['node', '--test', '--test-reporter', 'spec'] });

matrix({
  ...{ ...isolated, title: 'node:test, in one process' },
  ...{ nodes: [22, 24, 26], because: 'Node 20 has no such option' },
  command: ['node', '--test', '--experimental-test-isolation=none', '--test-reporter', 'tap'],
});

matrix({
  ...{ ...isolated, title: 'node:test, a file by itself' },
  command: ['node', 'test/plain.test.cjs'],
  expect: (trace) =>
    expect(outcomes(trace)).toEqual(['failed shapes > names what is wrong', 'passed shapes > of a list']),
});

for (const reporter of ['spec', 'lcov']) {
  matrix({
    ...{ ...isolated, title: `node:test, coverage (${reporter})`, group: coverage },
    command: ['node', '--test', '--experimental-test-coverage', `--test-reporter=${reporter}`],
  });
}

matrix({
  ...{ ...isolated, title: 'node:test, coverage in one process', group: coverage },
  ...{ nodes: [22, 24, 26], because: 'Node 20 has no such option' },
  command: [
    ...['node', '--test', '--experimental-test-isolation=none', '--experimental-test-coverage'],
    ...['--test-reporter=lcov'],
  ],
});

function ava(trace: MatrixTrace): void {
  expect(outcomes(trace)).toEqual([
    'passed adds up',
    'passed first of all',
    'passed has a snapshot',
    'passed pays later',
    'passed refuses a negative price',
  ]);
  const test = 'test/cart.test.js > pays later';
  expect(trace.call('checkout')).toMatchObject({ file: 'src/cart.js', line: 17, column: 8, test });
  // Once before each test.
  expect(new Set(trace.calls().flatMap(({ func, test }) => (func === 'prepare' ? [test] : []))).size).toBe(5);
}

// Tests that run side by side are told as they end.
const sorted = (text: string): string => normalise(text).split('\n').sort().join('\n');
const skips = 'skipped tests have no record';

matrix({
  ...{ app: 'ava', title: 'AVA 6, worker threads', group: runners, normalise: sorted, expect: ava, partial: skips },
  command: ['ava'],
  compare: ['test/snapshots'],
});
matrix({
  ...{ app: 'ava', title: 'AVA 6, processes', group: runners, normalise: sorted, expect: ava, partial: skips },
  command: ['ava', '--no-worker-threads'],
  compare: ['test/snapshots'],
});
matrix({
  ...{ app: 'ava', title: 'AVA 6, what fails', group: runners, exitCode: 1 },
  // AVA switches source maps on.
  partial: 'stacks name ES modules by path, not by URL',
  normalise: (text) => sorted(text.replaceAll('file://', '').replace(/<anonymous> \((.*)\)$/gm, '$1')),
  command: ['ava', ...['before', 'hooks', 'load', 'outside', 'tries'].map((name) => `failing/${name}.test.js`)],
  expect({ records }) {
    checkTestEnds(records);
    expect(testEnds(records).sort()).toEqual([
      'failed failing/before.test.js (before_all): Error: no database',
      'failed failing/hooks.test.js > three (after_each): TypeError: no clean',
      'failed failing/hooks.test.js > two (before_each): TypeError: no user',
      'failed failing/load.test.js (load): RangeError: cannot boot',
      'failed failing/outside.test.js (outside): Error: too late',
      'failed failing/tries.test.js > is: AssertionError: t.is()',
      'failed failing/tries.test.js > late: Error: Test timeout exceeded',
      'failed failing/tries.test.js > node assert: AssertionError: 2 == 3; wanted 3, got 2',
      'failed failing/tries.test.js > text: Thrown: just text',
      'passed failing/hooks.test.js > one',
      'passed failing/hooks.test.js > three',
      'passed failing/outside.test.js > leaves',
    ]);
    const difference = /^t\.is\(\)\nDifference \(- actual, \+ expected\):\n- 2\n\+ 3/;
    expect(records).toContainEqual(
      expect.objectContaining({
        error: expect.objectContaining({ message: expect.stringMatching(difference) as string }) as object,
      }),
    );
  },
});
for (const args of [[], ['--no-worker-threads']]) {
  matrix({
    ...{ app: 'ava', title: `c8, AVA 6 ${args.join()}`.trim(), group: coverage, normalise: sorted, expect: ava },
    command: ['c8', '-r', 'text', '-r', 'json', '-r', 'lcovonly', 'ava', ...args],
    compare: ['test/snapshots', 'coverage/coverage-final.json', 'coverage/lcov.info'],
  });
}

matrix({
  ...{ app: 'tap', title: 'tap 21', group: runners, partial: 'calls do not name their test' },
  command: ['tap', '--disable-coverage'],
  normalise: (text) => normalise(text).replace(/# time=.*/g, ''),
  expect(trace) {
    expect(trace.call('checkout')).toMatchObject({ file: 'src/cart.js', line: 17, column: 8 });
    expect(trace.tests).toEqual([]);
  },
});
