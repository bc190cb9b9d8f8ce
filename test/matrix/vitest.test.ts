import { checkTestEnds, testEnds } from '../helpers/test-ends.js';
import { matrix, type MatrixRun, type MatrixTrace } from './matrix.js';

const group = 'Test runners';

/** Times, and what is told in shares of them; files that run side by side are told in the order in which they end. */
function normalise(text: string): string {
  return (
    text
      .replace(/\b\d+(\.\d+)? ?m?s\b/g, 'N ms')
      // Test files that run at the same time end in any order.
      .replace(/^ [✓❯] [\s\S]*?(?=^ *Test Files |^⎯|(?![\s\S]))/m, (files) =>
        files
          .split(/^(?= [✓❯])/m)
          .map((file) => file.trimEnd())
          .sort()
          .join('\n')
          .concat('\n\n'),
      )
      .replace(/^ *(Start at|Duration) .*$/gm, '$1')
      .replace(/"(startTime|endTime|duration)": ?[\d.]+/g, '"$1":0')
      .replace(/\(node:\d+\)/g, '(node)')
      // Advice that depends on how long things took.
      .replace(/^.*at least ~.* faster with.*$\n?/gm, '')
      .replace(/^ *(Isolate|Environment|Import|Transform) .*\n( *\n)?/gm, '')
      .replace(/ +$/gm, '')
  );
}

function recordsTheCart(trace: MatrixTrace): void {
  const test = 'test/cart.test.ts > a cart > adds up';
  expect(trace.call('Cart.total')).toMatchObject({ file: 'src/cart.ts', line: 21, column: 3, test });
  expect(trace.call('tax')).toMatchObject({ file: 'src/tax.ts', line: 5, column: 20 });
  expect(trace.call('debounce')).toMatchObject({ line: 1, test: 'test/cart.test.ts > uses a fake clock' });
  expect(trace.calls('test/cart.test.ts')[1]).toMatchObject({
    func: 'beforeEach callback',
    line: 10,
    column: 14,
    test,
  });
  expect(trace.calls('src/shop.json')).toEqual([]);
  expect(trace.calls('vitest.config.ts')).toEqual([]);
  expect(new Set(trace.calls().map(({ file }) => file.split('/')[0]))).toEqual(new Set(['src', 'test']));
  // In vitest 4's contexts the order of files decides whether it finds tests in sources.
  expect(outcomes(trace).filter((line) => !line.includes('src/tax.ts'))).toEqual([
    'failed test/cart.test.ts > is tried again',
    'passed test/cart.test.ts > a cart > adds up',
    'passed test/cart.test.ts > a cart > beside another',
    'passed test/cart.test.ts > a cart > costs 1',
    'passed test/cart.test.ts > a cart > costs 2',
    'passed test/cart.test.ts > a cart > is paid',
    'passed test/cart.test.ts > fails as it should',
    'passed test/cart.test.ts > has functions that are the text they were',
    'passed test/cart.test.ts > is tried again',
    'passed test/cart.test.ts > uses a fake clock',
    'skipped test/cart.test.ts > is left out',
    'todo test/cart.test.ts > comes later',
  ]);
}

/** By file. */
function outcomes({ tests }: MatrixTrace): string[] {
  const lines = tests.map(({ file, outcome, test }) => ({ file, line: `${outcome} ${test}` }));
  return lines.sort((a, b) => (`${a.file} ${a.line}` < `${b.file} ${b.line}` ? -1 : 1)).map(({ line }) => line);
}

function recordsFailures(trace: MatrixTrace): void {
  const failed = trace.tests.map(({ titles, outcome, error }) => [
    titles.join(),
    outcome,
    error?.message.split('\n')[0],
  ]);
  expect(failed).toEqual([
    ['fails on a value', 'failed', 'expected 11 to be 12 // Object.is equality'],
    ['fails in the source', 'failed', 'the cart is empty'],
    ['fails later', 'failed', 'Test timed out in 50ms.'],
    ['leaves a rejection', 'passed', undefined],
    ['', 'failed', 'nobody waits for this'],
  ]);
  const { id } = trace.call('Cart.checkout');
  expect(trace.records).toContainEqual(expect.objectContaining({ type: 'exception', id }));
}

function recordsPhases({ records }: MatrixTrace): void {
  checkTestEnds(records);
  const told = testEnds(records).map((line) => line.replace('TestTimeoutError', 'Error'));
  const deep = 'AssertionError: Expected values to be strictly deep-equal:; wanted [5], got [4]';
  expect(told.sort()).toEqual([
    'failed phases/describe.test.ts (load): Error: in describe',
    'failed phases/hooks.test.ts > after all (after_all): TypeError: no close',
    'failed phases/hooks.test.ts > after each > d (after_each): TypeError: no clean',
    'failed phases/hooks.test.ts > all (before_all): TypeError: no database',
    'failed phases/hooks.test.ts > each > c (before_each): TypeError: no user',
    'failed phases/load.test.ts (load): RangeError: cannot boot',
    'failed phases/outside.test.ts (outside): Error: too late',
    'failed phases/tries.test.ts > late: Error: Test timed out in 30ms.',
    `failed phases/tries.test.ts > same > title: ${deep}`,
    'failed phases/tries.test.ts > same > title: AssertionError: expected { a: 2 } to deeply equal { a: 3 }; wanted {"a":3}, got {"a":2}',
    'failed phases/tries.test.ts > should fail: Error: Expect test to fail',
    'failed phases/tries.test.ts > third time #2: AssertionError: expected 2 to equal 3; wanted 3, got 2',
    'failed phases/tries.test.ts > third time: AssertionError: expected 1 to equal 3; wanted 3, got 1',
    'failed phases/tries.test.ts > thrown text: Thrown: just text',
    'passed phases/hooks.test.ts > after all > e',
    'passed phases/outside.test.ts > leaves',
    'passed phases/outside.test.ts > waits',
    'passed phases/tries.test.ts > repeated',
    'passed phases/tries.test.ts > repeated #2',
    'passed phases/tries.test.ts > third time #3',
    'skipped phases/hooks.test.ts > all > a',
    'skipped phases/hooks.test.ts > all > b',
  ]);
}

function recordsMocks(trace: MatrixTrace): void {
  expect(outcomes(trace)).toEqual([
    'passed mocks/mock.test.ts > mocks by itself',
    'passed mocks/mock.test.ts > spies',
    'passed mocks/mock.test.ts > uses a mock',
  ]);
  expect(trace.call('Cart.total')).toMatchObject({ line: 21, test: 'mocks/mock.test.ts > uses a mock' });
  expect(trace.call('tax')).toMatchObject({ line: 5, test: 'mocks/mock.test.ts > mocks by itself' });
}

interface Version {
  major: number;
  nodes: Pick<MatrixRun, 'nodes' | 'because'>;
}

const versions: Version[] = [
  { major: 3, nodes: {} },
  { major: 4, nodes: {} },
  { major: 5, nodes: { nodes: [22, 24, 26], because: 'Vitest 5 needs Node 22.12' } },
];

for (const { major, nodes } of versions) {
  const app = `vitest-${major}`;
  const run = (title: string, args: string[], more: Partial<MatrixRun> & Pick<MatrixRun, 'expect'>): void =>
    matrix({
      app,
      group,
      normalise,
      title: `Vitest ${major}, ${title}`,
      command: ['vitest', 'run', ...args],
      ...nodes,
      ...more,
    });
  const snapshots = ['test/__snapshots__/cart.test.ts.snap'];

  run('forks', [], { expect: recordsTheCart, compare: snapshots });
  run('threads', ['--pool=threads'], { expect: recordsTheCart, compare: snapshots, preload: 'require' });
  run('vmThreads, jsdom', ['--pool=vmThreads', '--environment=jsdom'], {
    env: { IN_SOURCE: 'no' },
    expect: recordsTheCart,
    compare: snapshots,
  });
  run('vmForks', ['--pool=vmForks'], { env: { IN_SOURCE: 'no' }, expect: recordsTheCart, compare: snapshots });
  run('without isolation, happy-dom', ['--no-isolate', '--environment=happy-dom'], {
    env: { IN_SOURCE: 'no' },
    expect: recordsTheCart,
    compare: snapshots,
  });
  run('mocks', [], { env: { FOLDER: 'mocks' }, expect: recordsMocks });
  run('failing tests', [], { env: { FOLDER: 'failing' }, exitCode: 1, expect: recordsFailures });
  run('what fails', [], { env: { FOLDER: 'phases' }, exitCode: 1, expect: recordsPhases });
  const report = ['coverage/coverage-final.json', ...snapshots];
  const env = { IN_SOURCE: 'no' };
  const coverage = { group: 'Coverage', compare: report } as const;
  run('v8', ['--coverage'], { ...coverage, expect: recordsTheCart });
  run('v8, vmThreads', ['--coverage', '--pool=vmThreads'], { ...coverage, env, expect: recordsTheCart });
  run('istanbul', ['--coverage', '--coverage.provider=istanbul'], {
    ...coverage,
    ...(major === 3 && {
      partial: 'The maps that Vitest 3 hands over with istanbul lead to wrong places: functions may be missing there.',
    }),
    expect: (trace) => (major === 3 ? expect(trace.tests.length).toBeGreaterThan(11) : recordsTheCart(trace)),
  });
  if (major < 4) continue;
  run("modules loaded by Node's own loader", ['--config', 'native.config.ts'], {
    since: '22.18',
    because: 'older Node does not run TypeScript',
    expect(trace) {
      expect(trace.call('sum')).toMatchObject({ file: 'native/sum.ts', line: 1, test: 'native/sum.test.ts > adds' });
      expect(outcomes(trace)).toEqual(['passed native/sum.test.ts > adds']);
    },
  });
}

matrix({
  app: 'vite-ssr',
  title: 'Vite 8, SSR',
  group: 'Frameworks',
  command: ['node', 'server.js'],
  // `ssrFixStacktrace` has no map of rewritten modules.
  normalise: (text) => text.replace(/(\s+at (?:load|render) \(.*:\d+):\d+\)/g, '$1)'),
  partial: 'Columns count inserted text in stacks that `ssrFixStacktrace` has mapped.',
  expect(trace) {
    expect(trace.call('render')).toMatchObject({ file: 'src/entry-server.ts', line: 7, column: 8 });
    expect(trace.call('page')).toMatchObject({ file: 'src/page.ts', line: 3, parent: trace.call('render').id });
    expect(trace.calls('src/titles.ts')).toEqual([]);
    expect(trace.calls('vite.config.ts')).toEqual([]);
  },
});
