import { checkTestEnds, testEnds } from '../helpers/test-ends.js';
import { matrix, type MatrixRun, type MatrixTrace } from './matrix.js';

const group = 'Test runners';

/** Durations and process ids. */
function normalise(text: string): string {
  return (
    text
      .replace(/ \(\d+(\.\d+)? m?s\)/g, '')
      .replace(/^Time: .*$/gm, '')
      .replace(/\(node:\d+\)/g, '')
      .replace(/ \(use `node --trace-warnings .*$/gim, '')
      // Said of workers that take more than half a second to end.
      .replace(/^A worker process has failed to exit gracefully .*$/gm, '')
  );
}

/** Files in workers end in any order, and the empty lines between them come as they like. */
function unordered(text: string): string {
  const lines = normalise(text).split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .sort()
    .join('\n');
}

function outcomes({ tests }: MatrixTrace, file: string): string[] {
  return tests
    .filter((test) => test.file === file)
    .map(({ titles, outcome }) => `${titles.join(' > ')}: ${outcome}`)
    .sort();
}

const cartOutcomes = [
  'adds up: passed',
  'saving > answers an id: passed',
  'saving > comes later: todo',
  'saving > fails as it should: passed',
  'saving > fails: failed',
  'saving > is skipped: skipped',
  'saving > is the first of two: passed',
  'saving > is the second of two: passed',
  'saving > twice(1) is 2: passed',
  'saving > twice(2) is 5: failed',
];

function expectTests(trace: MatrixTrace): void {
  expect(outcomes(trace, 'test/cart.test.js')).toEqual(cartOutcomes);
  expect(outcomes(trace, 'test/mocks.test.js')).toHaveLength(6);
  const { test, line, column } = trace.calls('src/cart.js').find(({ func }) => func === 'Cart.save')!;
  expect({ test, line, column }).toEqual({
    test: 'test/cart.test.js > saving > answers an id',
    line: 14,
    column: 9,
  });
  // What beforeEach and the tests that run at the same time call.
  const perTest = trace.calls('src/cart.js').filter(({ func }) => func === 'twice');
  expect(perTest.filter((call) => call.test?.endsWith('> is the first of two'))).not.toHaveLength(0);
  expect(perTest.filter((call) => call.test?.endsWith('> adds up'))).toHaveLength(1);
  expect(trace.calls('test/page.test.js').map(({ func }) => func)).toContain('show');
  const clients = trace.records.flatMap((record) =>
    record.type === 'http_request' && record.side === 'client' ? [`${record.client} ${record.test}`] : [],
  );
  expect(clients).toEqual(['fetch test/http.test.js > asks with fetch', 'axios test/http.test.js > asks with axios']);
  expect(trace.records.filter(({ type }) => type === 'session_start')).toHaveLength(1);
  expect(trace.records.filter(({ type }) => type === 'skipped')).toEqual([]);
  // No function of a compiler, of istanbul or of jest.
  expect([...new Set(trace.calls('src/cart.js').map(({ func }) => func))].sort()).toEqual([
    ...['Cart.add', 'Cart.save', 'Cart.total', 'later', 'this.#items.reduce callback', 'twice'],
  ]);
}

const snapshots = 'test/__snapshots__/mocks.test.js.snap';

/** jest 29 blames the file. */
const outsideLines = {
  30: ['failed phases/outside.test.js > leaves a timer (outside): Error: too late'],
  29: ['failed phases/outside.test.js (outside): Error: too late'],
};

for (const version of ['30', '29'] as const) {
  const app = `jest-${version}`;
  const row = (title: string, run: Omit<MatrixRun, 'app' | 'title' | 'group'>): void =>
    matrix({ app, group, title: `Jest ${version}, ${title}`, exitCode: 1, normalise, ...run });
  const config = (own: object): { APP_JEST: string } => ({ APP_JEST: JSON.stringify(own) });

  row('one process', {
    command: ['jest', '--runInBand', '--ci=false', '--no-cache', '--detectOpenHandles'],
    compare: [snapshots],
    expect: expectTests,
  });
  row('workers, coverage by Babel', {
    command: ['jest', '--maxWorkers=2', '--ci=false', '--coverage', '--collectCoverageFrom=src/**'],
    compare: [snapshots, 'coverage/coverage-final.json', 'coverage/lcov.info'],
    normalise: unordered,
    preload: 'require',
    expect: (trace) => {
      expect(outcomes(trace, 'test/cart.test.js')).toEqual(cartOutcomes);
      expect(trace.calls('src/cart.js').map(({ func }) => func)).not.toContainEqual(expect.stringContaining('cov_'));
      expect(trace.call('Cart.save')).toMatchObject({ file: 'src/cart.js', line: 14, column: 9 });
    },
  });
  row('worker threads, coverage by V8', {
    command: ['jest', '--maxWorkers=2', '--workerThreads', '--coverage', '--coverageProvider=v8', '--ci=false'],
    compare: [snapshots, 'coverage/coverage-final.json', 'coverage/lcov.info'],
    env: config({ testPathIgnorePatterns: ['page.test'] }),
    normalise: unordered,
    expect: (trace) => expect(outcomes(trace, 'test/cart.test.js')).toEqual(cartOutcomes),
  });
  row('ES modules', {
    command: ['jest', '--runInBand'],
    env: {
      NODE_OPTIONS: '--experimental-vm-modules',
      ...config({ testMatch: ['<rootDir>/esm/*.test.mjs'], transform: {} }),
    },
    expect: (trace) => {
      expect(outcomes(trace, 'esm/numbers.test.mjs')).toEqual([
        'fails: failed',
        'modules that need each other: passed',
      ]);
      expect(trace.call('isOdd')).toMatchObject({ file: 'esm/odd.mjs', line: 3 });
      expect(trace.call('isOdd')).not.toHaveProperty('test');
      expect(trace.call('Numbers.static make').test).toBe('esm/numbers.test.mjs > modules that need each other');
    },
  });
  row('what fails', {
    command: ['jest', '--runInBand', '--ci', '--no-cache'],
    env: config({ testMatch: ['<rootDir>/phases/*.test.js'] }),
    normalise: unordered,
    expect({ records }) {
      checkTestEnds(records);
      const told = testEnds(records).filter((line) => !line.includes('/tries.') && !line.includes('/syntax.'));
      expect(told.sort()).toEqual([
        'failed phases/describe.test.js (load): Error: in describe',
        'failed phases/hooks.test.js > after all (after_all): TypeError: no close',
        'failed phases/hooks.test.js > after each > d (after_each): TypeError: no clean',
        'failed phases/hooks.test.js > all > a (before_all): TypeError: no database',
        'failed phases/hooks.test.js > all > b (before_all): TypeError: no database',
        'failed phases/hooks.test.js > each > c (before_each): TypeError: no user',
        'failed phases/load.test.js (load): RangeError: cannot boot',
        ...outsideLines[version],
        'passed phases/hooks.test.js > after all > e',
        'passed phases/outside.test.js > leaves a timer',
      ]);
      expect(testEnds(records)).toContain('passed phases/tries.test.js > third time #3');
    },
  });
  for (const transformer of ['ts-jest', '@swc/jest']) {
    row(transformer, {
      command: ['jest', '--runInBand', '--coverage'],
      compare: ['coverage/coverage-final.json'],
      env: config({ testMatch: ['<rootDir>/ts/*.test.ts'], transform: { '\\.ts$': transformer } }),
      expect: (trace) => {
        expect(outcomes(trace, 'ts/money.test.ts')).toEqual([
          ...['Purse > adds up: passed', 'Purse > fails: failed', 'Purse > refuses: failed'],
        ]);
        expect([...new Set(trace.calls('ts/money.ts').map((call) => `${call.func} ${call.line}`))].sort()).toEqual([
          ...[
            'Purse.constructor 12',
            'Purse.total 14',
            'mine.reduce callback 17',
            'parse 21',
            'this.content.filter callback 15',
          ],
        ]);
      },
    });
  }
}
