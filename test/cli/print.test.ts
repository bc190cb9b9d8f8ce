import { printTrees } from '../../src/cli/print.js';
import { selectNodes, type Filters } from '../../src/cli/select.js';
import { buildCallTrees } from '../../src/reader/call-tree.js';
import type { TraceRecord } from '../../src/trace-format.js';
import {
  call,
  httpError,
  processEnd,
  processStart,
  request,
  response,
  returned,
  settled,
  testEnd,
  threw,
} from '../helpers/records.js';

function print(...records: TraceRecord[]): string[] {
  return [...printTrees(buildCallTrees(records))];
}

/** The only line below the headline. */
function line(...records: TraceRecord[]): string {
  const lines = print(...records);
  expect(lines).toHaveLength(2);
  return lines[1];
}

test('prints a tree, children two columns further in', () => {
  expect(
    print(
      processStart(),
      call(1, null, 0, { func: 'Cart.total', args_preview: { items: [1, 2], tax: 0.2 } }),
      call(2, 1, 1, { func: 'add', args_preview: { a: 'x' } }),
      returned(2, 2, { dt_ns: 640, return_preview: 3 }),
      returned(1, 3, { dt_ns: 1_234_567, return_preview: { sum: 3 } }),
      processEnd(),
    ),
  ).toEqual([
    'process 5f0c9a1e  node v24.11.1  pid 7  2 calls  exit code 0',
    'Cart.total(items: [1, 2], tax: 0.2) -> { sum: 3 }  1.2 ms  a.js:1',
    '  add(a: "x") -> 3  640 ns  a.js:2',
  ]);
});

test('marks a call that threw', () => {
  const error = { name: 'TypeError', message: 'two\n  lines' };
  expect(line(call(1, null, 0), threw(1, 1, { dt_ns: 12_345, error }))).toBe(
    'f1() threw TypeError: two lines  12.3 us  a.js:1',
  );
});

test('shows a thrown value that is no error', () => {
  const error = { name: 'Thrown', message: 'a value of type number was thrown', value: 7 };
  expect(line(call(1, null, 0), threw(1, 1, { error }))).toBe('f1() threw 7  1.0 us  a.js:1');
});

test('marks a call that is still open', () => {
  expect(line(call(1, null, 0))).toBe('f1() ... still open  a.js:1');
});

test('shows a pending promise, fulfilled or rejected', () => {
  const promise = returned(1, 1, { pending: true, return_preview: { $type: 'Promise' } });
  expect(line(call(1, null, 0), promise)).toBe('f1() -> Promise (pending)  1.0 us  a.js:1');
  expect(line(call(1, null, 0), promise, settled(1, 9, { return_preview: 'done' }))).toBe(
    'f1() -> Promise (pending)  1.0 us, fulfilled "done"  9.0 us  a.js:1',
  );
  expect(line(call(1, null, 0), promise, settled(1, 9, { error: { name: 'E', message: '' } }))).toBe(
    'f1() -> Promise (pending)  1.0 us, rejected E  9.0 us  a.js:1',
  );
});

test('shows an exception beyond the cap without arguments, duration and place', () => {
  expect(line(threw(7, 5, { capped: true, parent: null, dt_ns: undefined }))).toBe('f7(…) threw Error: no');
});

test.each([
  [0, '0 ns'],
  [999, '999 ns'],
  [1000, '1.0 us'],
  [999_949, '999.9 us'],
  [999_950, '1.0 ms'],
  [1_000_000, '1.0 ms'],
  [999_949_999, '999.9 ms'],
  [999_950_000, '1.00 s'],
  [12_340_000_000, '12.34 s'],
])('prints %i ns as %s', (dt_ns, text) => {
  expect(line(call(1, null, 0), returned(1, 1, { dt_ns }))).toBe(`f1() -> null  ${text}  a.js:1`);
});

test('shows HTTP exchanges of both sides', () => {
  expect(
    print(
      request(1, null, 0, { side: 'server', client: 'http', method: 'POST', url: 'http://a/in' }),
      request(2, 1, 1),
      response(2, 2, { status: 404 }),
      request(3, 1, 3),
      httpError(3, 4, { aborted: true, error: { name: 'AbortError', message: 'stop' } }),
      request(4, 1, 5),
      httpError(4, 6),
    ).slice(1),
  ).toEqual([
    'answers POST http://a/in ... still open  http',
    '  GET http://a/ -> 404  2.0 us  fetch',
    '  GET http://a/ aborted AbortError: stop  2.0 us  fetch',
    '  GET http://a/ failed Error: no  2.0 us  fetch',
  ]);
});

test('separates processes, and says how each ended', () => {
  expect(
    print(
      processStart({ tid: 2 }),
      processEnd({ exit_code: null, signal: 'SIGTERM' }),
      processStart({ proc: 'aaaaaaaa' }),
      call(1, null, 0, { proc: 'aaaaaaaa' }),
    ),
  ).toEqual([
    'process 5f0c9a1e  node v24.11.1  pid 7  worker 2  0 calls  ended by SIGTERM',
    '',
    'process aaaaaaaa  node v24.11.1  pid 7  1 call  has not ended',
    'f1() ... still open  a.js:1',
  ]);
});

test('says which files were not recorded and what was lost', () => {
  const skipped = { type: 'skipped', proc: '5f0c9a1e', ts_ns: 1_767_600_000_000_000_000, file: 'b.js' } as const;
  const lines = print({ ...skipped, reason: 'too large' }, processEnd({ dropped: { buffer_full: 3, max_calls: 2 } }));
  expect(lines.slice(1)).toEqual([
    'not recorded: b.js: too large',
    'lost: 3 (buffer_full), 2 (max_calls)',
    '  max_calls: set HANDIT_MAX_CALLS to a larger number, or to 0 for no limit',
  ]);
});

test('says which functions were recorded in part, and how to have all of their calls', () => {
  const { proc, ts_ns } = processStart();
  const lines = print(
    { type: 'summary', proc, ts_ns, func: 'often', file: 'a.js', line: 2, calls: 100, recorded: 25, exceptions: 0 },
    processEnd({ dropped: { max_file: 75, not_sampled: 1, not_written: 4 } }),
  );
  expect(lines.slice(1)).toEqual([
    'in part: often  a.js:2  25 of 100 calls recorded in full',
    'lost: 75 (max_file), 1 (not_sampled), 4 (not_written)',
    '  max_file: set HANDIT_MAX_FILE_MB to a larger number, or to 0 for no limit',
    '  not_sampled: set HANDIT_SAMPLE_RATE=1 to record every process',
    '  not_written: the file could not be written for a while; stderr of that process says why',
  ]);
});

test('cuts long arguments and results', () => {
  const args_preview = { text: 'a'.repeat(100) };
  const text = line(call(1, null, 0, { args_preview }), returned(1, 1, { return_preview: 'b'.repeat(100) }));
  expect(text).toBe(`f1(text: "${'a'.repeat(38)}…) -> "${'b'.repeat(78)}…  1.0 us  a.js:1`);
});

test('stops indenting at 40 levels and prints the level instead', () => {
  const lines = print(...Array.from({ length: 43 }, (_, i) => call(i + 1, i || null, i)));
  expect(lines[41]).toBe(`${' '.repeat(80)}f41() ... still open  a.js:41`);
  expect(lines[42]).toBe(`${' '.repeat(80)}[41] f42() ... still open  a.js:42`);
  expect(lines).toHaveLength(44);
});

test('prints a recursion that is 100,000 calls deep', () => {
  expect(print(...Array.from({ length: 100_000 }, (_, i) => call(i + 1, i || null, i)))).toHaveLength(100_001);
});

test('uses colours only when told to', () => {
  const trees = buildCallTrees([call(1, null, 0), threw(1, 1)]);
  expect([...printTrees(trees)].join('\n')).not.toContain('\x1b');
  expect([...printTrees(trees, { color: true })][1]).toBe(
    'f1() \x1b[31mthrew Error: no\x1b[39m  1.0 us\x1b[2m  a.js:1\x1b[22m',
  );
});

test('prints tests with their outcome above what they called', () => {
  const error = { name: 'AssertionError', message: '1 !== 2' };
  expect(
    print(
      call(1, null, 1, { test: 'a.test.js > adds' }),
      returned(1, 2),
      testEnd('a.test.js > adds', 3),
      testEnd('a.test.js > fails', 6, { outcome: 'failed', error }),
      testEnd('a.test.js > flaky', 9, { outcome: 'failed', error }),
      testEnd('a.test.js > flaky', 12),
      testEnd('a.test.js > later', 15, { outcome: 'todo', dt_ns: 0 }),
      call(2, null, 16, { test: 'a.test.js > died' }),
    ).slice(1),
  ).toEqual([
    'test a.test.js > adds passed  3.0 us',
    '  f1() -> null  1.0 us  a.js:1',
    'test a.test.js > fails failed AssertionError: 1 !== 2  3.0 us',
    'test a.test.js > flaky passed (2 tries)  3.0 us',
    'test a.test.js > later todo',
    'test a.test.js > died ... has not ended',
    '  f2() ... still open  a.js:2',
  ]);
});

test('the filters for errors and for a title keep tests', () => {
  const trees = buildCallTrees([
    testEnd('a.test.js > adds', 3),
    call(1, null, 4, { test: 'a.test.js > fails' }),
    testEnd('a.test.js > fails', 6, { outcome: 'failed' }),
  ]);
  const shown = (filters: Filters) => [...printTrees(selectNodes(trees, filters))].slice(1);
  expect(shown({ errors: true })).toEqual(['test a.test.js > fails failed  3.0 us']);
  expect(shown({ test: /adds/ })).toEqual(['test a.test.js > adds passed  3.0 us']);
  expect(shown({ fn: /f1/ })).toEqual(['test a.test.js > fails failed  3.0 us', '  f1() ... still open  a.js:1']);
});
