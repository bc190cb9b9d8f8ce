import { terminalLine } from '../../src/cli/escape.js';
import { TreePrinter } from '../../src/cli/print-tree.js';
import type { Trace } from '../../src/reader/trace.js';
import type { TraceRecord } from '../../src/trace-format.js';
import { traceOf } from '../helpers/reading.js';
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

interface Options {
  values?: Record<string, string | boolean>;
  style?: object;
  width?: number;
  color?: boolean;
}

/** What is printed of all processes, without the date. */
async function printed(trace: Trace, { values = {}, style = {}, width = 200, color = false }: Options = {}) {
  const lines: string[] = [];
  const out = {
    width,
    line: (text: string) => lines.push(terminalLine(text, color)),
    drained: () => Promise.resolve(),
  };
  const all = { depth: Infinity, full: false, ids: false, unfold: false, bodies: false, ...style };
  await new TreePrinter(trace, out, values, all).printAll(new Set(trace.processes.keys()));
  return lines.map((text) => text.replace(/ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, ''));
}

const print = (...records: TraceRecord[]) => printed(traceOf(...records));

/** The only line below the headline. */
async function line(...records: TraceRecord[]): Promise<string> {
  const lines = await print(...records);
  expect(lines).toHaveLength(2);
  return lines[1];
}

test('prints a tree, children two columns further in', async () => {
  expect(
    await print(
      processStart(),
      call(1, null, 0, { func: 'Cart.total', args_preview: { items: [1, 2], tax: 0.2 } }),
      call(2, 1, 1, { func: 'add', args_preview: { a: 'x' } }),
      returned(2, 2, { dt_ns: 640, return_preview: 3 }),
      returned(1, 3, { dt_ns: 1_234_567, return_preview: { sum: 3 } }),
      processEnd(),
    ),
  ).toEqual([
    'process 5f0c9a1e  a.js  node v24.11.1  pid 7  2 calls  exit code 0',
    'Cart.total(items: [1, 2], tax: 0.2) -> { sum: 3 }  1.2 ms  a.js:1',
    '  add(a: "x") -> 3  640 ns  a.js:2',
  ]);
});

test('shortens values to the width, and shows them whole with --full', async () => {
  const long = Array.from({ length: 60 }, (_, i) => `item ${i}`);
  const trace = traceOf(
    processStart(),
    call(1, null, 0, { args_preview: { list: long } }),
    returned(1, 1, { return_preview: long.join(' ') }),
    processEnd(),
  );
  const [, short] = await printed(trace, { width: 80 });
  expect(short).toContain('…');
  expect(short).not.toContain('item 59');
  const [, whole] = await printed(trace, { width: 80, style: { full: true } });
  expect(whole).toBe(
    `f1(list: [${long.map((text) => JSON.stringify(text)).join(', ')}]) -> ${JSON.stringify(long.join(' '))}  1.0 us  a.js:1`,
  );
});

test('marks a call that threw', async () => {
  const error = { name: 'TypeError', message: 'two\n  lines' };
  expect(await line(call(1, null, 0), threw(1, 1, { dt_ns: 12_345, error }))).toBe(
    'f1() threw TypeError: two lines  12.3 us  a.js:1',
  );
});

test('shows a thrown value that is no error', async () => {
  const error = { name: 'Thrown', message: 'a value of type number was thrown', value: 7 };
  expect(await line(call(1, null, 0), threw(1, 1, { error }))).toBe('f1() threw 7  1.0 us  a.js:1');
});

test('marks a call that is still open', async () => {
  expect(await line(call(1, null, 0))).toBe('f1() ... still open  a.js:1');
});

test('shows a pending promise, fulfilled or rejected', async () => {
  const promise = returned(1, 1, { pending: true, return_preview: { $type: 'Promise' } });
  expect(await line(call(1, null, 0), promise)).toBe('f1() -> Promise (pending)  1.0 us  a.js:1');
  expect(await line(call(1, null, 0), promise, settled(1, 9, { return_preview: 'done' }))).toBe(
    'f1() -> Promise (pending)  1.0 us, fulfilled "done"  9.0 us  a.js:1',
  );
  expect(await line(call(1, null, 0), promise, settled(1, 9, { error: { name: 'E', message: '' } }))).toBe(
    'f1() -> Promise (pending)  1.0 us, rejected E  9.0 us  a.js:1',
  );
});

test('shows an exception beyond the cap without arguments, duration and place', async () => {
  expect(await line(threw(7, 5, { capped: true, parent: null, dt_ns: undefined }))).toBe('f7(…) threw Error: no');
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
])('prints %i ns as %s', async (dt_ns, text) => {
  expect(await line(call(1, null, 0), returned(1, 1, { dt_ns }))).toBe(`f1() -> null  ${text}  a.js:1`);
});

test('shows HTTP exchanges of both sides', async () => {
  expect(
    await print(
      request(1, null, 0, { side: 'server', client: 'http', method: 'POST', url: 'http://a/in' }),
      request(2, 1, 1),
      response(2, 2, { status: 404 }),
      request(3, 1, 3),
      httpError(3, 4, { aborted: true, error: { name: 'AbortError', message: 'stop' } }),
      request(4, 1, 5),
      httpError(4, 6),
    ),
  ).toEqual([
    'process 5f0c9a1e  0 calls  has not ended',
    'answers POST http://a/in ... still open  http',
    '  GET http://a/ -> 404  2.0 us  fetch',
    '  GET http://a/ aborted AbortError: stop  2.0 us  fetch',
    '  GET http://a/ failed Error: no  2.0 us  fetch',
  ]);
});

test('separates processes, and says how each ended', async () => {
  expect(
    await print(
      processStart({ tid: 2 }),
      processEnd({ exit_code: null, signal: 'SIGTERM' }),
      processStart({ proc: 'aaaaaaaa' }),
      call(1, null, 0, { proc: 'aaaaaaaa' }),
    ),
  ).toEqual([
    'process 5f0c9a1e  a.js  node v24.11.1  pid 7  worker 2  0 calls  ended by SIGTERM',
    '',
    'process aaaaaaaa  a.js  node v24.11.1  pid 7  1 call  has not ended',
    'f1() ... still open  a.js:1',
  ]);
});

test('says which files were not recorded and what was lost', async () => {
  const skipped = { type: 'skipped', proc: '5f0c9a1e', ts_ns: 1_767_600_000_000_000_000, file: 'b.js' } as const;
  const lines = await print(
    { ...skipped, reason: 'too large' },
    processEnd({ dropped: { buffer_full: 3, max_calls: 2 } }),
  );
  expect(lines.slice(1)).toEqual([
    'not recorded: b.js: too large',
    'lost: 3 (buffer_full), 2 (max_calls)',
    '  max_calls: HANDIT_MAX_CALLS=0 lifts that limit',
  ]);
});

test('says which functions were recorded in part, and how to have all of their calls', async () => {
  const { proc, ts_ns } = processStart();
  const lines = await print(
    { type: 'summary', proc, ts_ns, func: 'often', file: 'a.js', line: 2, calls: 100, recorded: 25, exceptions: 0 },
    processEnd({ dropped: { max_file: 75, not_sampled: 1, not_written: 4 } }),
  );
  expect(lines.slice(1)).toEqual([
    'in part: often  a.js:2  25 of 100 calls recorded in full',
    'lost: 75 (max_file), 1 (not_sampled), 4 (not_written)',
    '  max_file: HANDIT_MAX_FILE_MB=0 lifts that limit',
    '  not_sampled: HANDIT_SAMPLE_RATE=1 records all',
    '  not_written: the file could not be written for a while; stderr of that process says why',
  ]);
});

test('stops indenting at 40 levels and prints the level instead', async () => {
  const lines = await print(...Array.from({ length: 43 }, (_, i) => call(i + 1, i || null, i)));
  expect(lines[41]).toBe(`${' '.repeat(80)}f41() ... still open  a.js:41`);
  expect(lines[42]).toBe(`${' '.repeat(80)}[41] f42() ... still open  a.js:42`);
  expect(lines).toHaveLength(44);
});

test('prints a recursion that is 20,000 calls deep', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => JSON.stringify(call(i + 1, i || null, i)));
  expect(await printed(traceOf(lines.join('\n')))).toHaveLength(20_001);
});

test('uses colours only when told to', async () => {
  const trace = traceOf(call(1, null, 0), threw(1, 1));
  expect((await printed(trace)).join('\n')).not.toContain('\x1b');
  expect((await printed(trace, { color: true }))[1]).toBe(
    'f1() \x1b[31mthrew Error: no\x1b[39m  1.0 us\x1b[2m  a.js:1\x1b[22m',
  );
});

test('prints tests with their outcome above what they called', async () => {
  const error = { name: 'AssertionError', message: '1 !== 2' };
  expect(
    await print(
      call(1, null, 1, { test: 'a.test.js > adds' }),
      returned(1, 2),
      testEnd('a.test.js > adds', 3),
      testEnd('a.test.js > fails', 6, { outcome: 'failed', error }),
      testEnd('a.test.js > flaky', 9, { outcome: 'failed', error }),
      testEnd('a.test.js > flaky', 12),
      testEnd('a.test.js > later', 15, { outcome: 'todo', dt_ns: 0 }),
      call(2, null, 16, { test: 'a.test.js > died' }),
    ),
  ).toEqual([
    'process 5f0c9a1e  2 calls  has not ended',
    'test a.test.js > adds passed  3.0 us',
    '  f1() -> null  1.0 us  a.js:1',
    'test a.test.js > fails failed AssertionError: 1 !== 2  3.0 us  at 2.0 us',
    'test a.test.js > flaky failed AssertionError: 1 !== 2  3.0 us  at 5.0 us',
    'test a.test.js > flaky passed  3.0 us  at 8.0 us',
    'test a.test.js > later todo  at 14.0 us',
    'test a.test.js > died ... has not ended  at 15.0 us',
    '  f2() ... still open  a.js:2',
  ]);
});

test('the filters for errors and for a title keep tests', async () => {
  const trace = traceOf(
    testEnd('a.test.js > adds', 3),
    call(1, null, 4, { test: 'a.test.js > fails' }),
    testEnd('a.test.js > fails', 6, { outcome: 'failed' }),
  );
  const shown = async (values: Options['values']) => (await printed(trace, { values })).slice(1);
  const fails = 'test a.test.js > fails failed  3.0 us';
  expect(await shown({ errors: true })).toEqual([fails]);
  expect(await shown({ failed: true })).toEqual([fails, '  f1() ... still open  a.js:1']);
  expect(await shown({ test: 'adds' })).toEqual(['test a.test.js > adds passed  3.0 us']);
  expect(await shown({ fn: 'f1' })).toEqual([fails, '  f1() ... still open  a.js:1']);
});

test('a title is looked for as it is, and as a pattern where none has it', async () => {
  const trace = traceOf(testEnd('a.test.js > add (obj)', 3), testEnd('a.test.js > add obj', 9));
  const shown = async (test: string) => (await printed(trace, { values: { test } })).slice(1);
  expect(await shown('add (obj)')).toEqual(['test a.test.js > add (obj) passed  3.0 us']);
  expect(await shown('add .obj.$')).toEqual(['test a.test.js > add (obj) passed  3.0 us']);
  expect(await shown('(')).toHaveLength(1);
  expect(await shown('(nothing')).toEqual([]);
});

test('two tests of one title are two, tries of one are one', async () => {
  const name = 'a.test.js > same';
  const ids = (test_id: number, round: number) => ({ test_id, try: round }) as object;
  const error = { name: 'E', message: 'no' };
  expect(
    await print(
      testEnd(name, 3, { outcome: 'failed', error, ...ids(1, 1) }),
      call(1, null, 5, { test: name, ...({ test_id: 2 } as object) }),
      testEnd(name, 9, ids(2, 1)),
      testEnd(name, 12, { outcome: 'failed', error, ...ids(3, 1) }),
      call(2, null, 13, { test: name, ...({ test_id: 4 } as object) }),
      testEnd(name, 15, ids(4, 2)),
    ),
  ).toEqual([
    'process 5f0c9a1e  2 calls  has not ended',
    `test ${name} failed E: no  3.0 us`,
    `test ${name} passed  3.0 us  at 2.0 us`,
    '  f1() ... still open  a.js:1',
    `test ${name} passed (2 tries)  3.0 us  at 6.0 us`,
    '  try 1 failed E: no  3.0 us',
    '  try 2 passed  3.0 us',
    '    f2() ... still open  a.js:2',
  ]);
});

test('what an assertion compared is shown', async () => {
  const error = { name: 'E', message: 'no', expected: [1], actual: { $type: 'undefined' } };
  expect((await print(testEnd('t', 3, { outcome: 'failed', error }))).slice(2)).toEqual([
    '  expected: [1]',
    '  actual:   undefined',
  ]);
});

describe('folding', () => {
  const f = (id: number, parent: number | null, us: number, func: string) => [
    call(id, parent, us, { func, line: 1 }),
    returned(id, us, { func }),
  ];

  test('equal siblings are one line, and so are the rounds of a loop', async () => {
    const calls = [1, 2, 3, 4].flatMap((id) => f(id, null, id, 'a'));
    expect((await print(...calls)).slice(1)).toEqual(['a() -> null  1.0 us  a.js:1  x 4 (4.0 us in all)']);
    const rounds = [1, 3, 5].flatMap((id) => [...f(id, null, id, 'a'), ...f(id + 1, null, id + 1, 'b')]);
    expect((await print(...rounds, ...f(7, null, 9, 'c'))).slice(1)).toEqual([
      'a() -> null  1.0 us  a.js:1  x 3 (3.0 us in all)',
      'b() -> null  1.0 us  a.js:1  at 1.0 us  x 3 (3.0 us in all)',
      'c() -> null  1.0 us  a.js:1  at 8.0 us',
    ]);
    expect(await printed(traceOf(...calls), { style: { unfold: true } })).toHaveLength(5);
    expect(await printed(traceOf(...calls), { values: { fn: 'a' } })).toHaveLength(5);
  });

  test('one that threw is no repetition of one that returned', async () => {
    const calls = [...f(1, null, 1, 'a'), ...f(2, null, 2, 'a'), call(3, null, 3, { func: 'a', line: 1 }), threw(3, 4)];
    expect(await print(...calls)).toHaveLength(4);
  });

  test('of a recursion the first three levels are shown', async () => {
    const calls = [1, 2, 3, 4, 5].flatMap((id) => f(id, id > 1 ? id - 1 : null, id, 'a'));
    expect((await print(...calls)).map((text) => text.trim())).toEqual([
      'process 5f0c9a1e  5 calls  has not ended',
      'a() -> null  1.0 us  a.js:1',
      '… 3 levels of a',
      'a() -> null  1.0 us  a.js:1',
    ]);
    const tree = [...calls.slice(0, 6), ...[6, 7].flatMap((id) => f(id, 3, id, 'a'))];
    expect((await print(...tree)).at(-1)).toBe('    a() -> null  1.0 us  a.js:1  … 2 more calls of itself below');
  });

  test('of a loop that nests one level a round the first and the last round are shown', async () => {
    const rounds = Array.from({ length: 5000 }, (_, i) => [
      ...f(3 * i + 1, i === 0 ? null : 3 * i, i * 3, 'next'),
      ...f(3 * i + 2, 3 * i + 1, i * 3 + 1, 'work'),
      ...f(3 * i + 3, 3 * i + 1, i * 3 + 2, 'then'),
    ]).flat();
    const text = rounds.map((record) => `${JSON.stringify(record)}\n`).join('');
    expect((await printed(traceOf(text))).slice(1)).toEqual([
      'next() -> null  1.0 us  a.js:1',
      '  work() -> null  1.0 us  a.js:1',
      '  then() -> null  1.0 us  a.js:1',
      '    … 9996 levels of next > then',
      '      next() -> null  1.0 us  a.js:1',
      '        work() -> null  1.0 us  a.js:1',
      '        then() -> null  1.0 us  a.js:1',
    ]);
  });
});

test('--depth says how much is below', async () => {
  const trace = traceOf(call(1, null, 0), call(2, 1, 1), call(3, 2, 2));
  expect((await printed(trace, { style: { depth: 1 } })).slice(1)).toEqual([
    'f1() ... still open  a.js:1  … 2 calls below',
  ]);
});

test('lines take the width there is', async () => {
  const args_preview = { a: 'x'.repeat(300) };
  const trace = traceOf(call(1, null, 0, { args_preview }), returned(1, 1, { return_preview: 'y'.repeat(300) }));
  for (const width of [80, 120, 250]) {
    const [, text] = await printed(trace, { width });
    expect([...text].length).toBeLessThanOrEqual(width);
    expect([...text].length).toBeGreaterThan(width - 8);
  }
  expect((await printed(trace, { style: { full: true } }))[1].length).toBeGreaterThan(600);
});

test('nothing of a trace reaches the terminal as it is', async () => {
  const evil = '\x1b[2J\u009b1m\u202e\u2066\x7f\ufdd3';
  const lines = await printed(
    traceOf(
      call(1, null, 0, { func: evil, file: evil, args_preview: { [evil]: evil } }),
      threw(1, 1, { error: { name: evil, message: evil } }),
      request(2, null, 2, { url: evil, method: evil }),
      testEnd(evil, 3, { outcome: 'failed', error: { name: evil, message: evil } }),
    ),
    { color: true },
  );
  expect(lines.length).toBe(4);
  // eslint-disable-next-line no-control-regex
  const colors = /\x1b\[(1|2|22|31|33|39)m/g;
  // eslint-disable-next-line no-control-regex
  expect(lines.join('').replace(colors, '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
  expect(lines.join('')).toContain('\\u001b[2J');
});
