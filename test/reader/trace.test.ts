import { extentsOf } from '../../src/export/extents.js';
import { Indexer } from '../../src/reader/indexer.js';
import { DOUBLED, ENDED, FAILED, OPEN, ORPHAN, OUTCOME_MASK, RING } from '../../src/reader/columns.js';
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
import { outline, traceOf, traceOfBytes } from '../helpers/reading.js';

const proc = '5f0c9a1e';

test('a call has its function, its times and its parent in the columns, and the rest in its lines', () => {
  const trace = traceOf(
    processStart(),
    call(1, null, 0, { func: 'Cart.total', args_preview: { tax: 0.2 } }),
    call(2, 1, 5, { async: true }),
    returned(2, 7, { dt_ns: 2000 }),
    returned(1, 9, { dt_ns: 9000, return_preview: { sum: 3 } }),
  );
  const { nodes } = trace;
  expect(nodes.count).toBe(2);
  expect([...nodes.parent.subarray(0, 2)]).toEqual([-1, 0]);
  expect(nodes.t0[1] - nodes.t0[0]).toBe(5000);
  expect([...nodes.dt.subarray(0, 2)]).toEqual([9000, 2000]);
  expect(trace.functionOf(0)).toMatchObject({ func: 'Cart.total', file: 'a.js', line: 1, column: 1, kind: 'function' });
  expect([trace.functionOf(0)!.async, trace.functionOf(1)!.async]).toEqual([false, true]);
  expect(trace.call(0)).toEqual({ args: { tax: 0.2 }, result: { sum: 3 } });
  expect(trace.nameOf(1)).toBe(`${proc}:2`);
  expect(trace.nodeNamed(`${proc}:2`)).toBe(1);
  expect(trace.nodeNamed(`${proc}:3`)).toBe(-1);
  expect(outline(trace)).toEqual(['Cart.total', '  f2']);
});

test('a call whose exception has its line later than others had ended before them', () => {
  const trace = traceOf(
    processStart(),
    call(1, null, 0),
    call(2, 1, 1),
    returned(2, 3),
    call(3, null, 6),
    call(4, 1, 7),
    returned(4, 8),
    returned(3, 9),
    threw(1, 5),
    call(5, null, 10),
  );
  expect([1, 2, 3, 4].map((other) => trace.endedBefore(0, other))).toEqual([false, true, true, true]);
  expect(trace.endedBefore(1, 2)).toBe(true);
  const { end, above } = extentsOf(trace);
  expect([...above]).toEqual([-1, 0, -1, 2, -1]);
  expect(end[0] - trace.nodes.t0[0]).toBeLessThanOrEqual(5000);
});

test('times are exact to the nanosecond', () => {
  const line = (id: number, ns: string) => JSON.stringify(call(id, null, 0)).replace(/"t0_ns":\d+/, `"t0_ns":${ns}`);
  const trace = traceOf(`${line(1, '1767600000123456789')}\n${line(2, '1767600001123456790')}\n`);
  expect(trace.nodes.t0[1] - trace.nodes.t0[0]).toBe(1_000_000_001);
  expect(trace.baseNs + BigInt(trace.nodes.t0[0])).toBe(1767600000123456789n);
});

test('places beyond 2 GB are exact', () => {
  const indexer = new Indexer();
  const write = (name: string, record: object) => {
    indexer.begin(name);
    indexer.write(Buffer.from(`${JSON.stringify(record)}\n`));
    indexer.end();
  };
  write('a.jsonl', call(1, null, 0));
  indexer.inputs[0].size = 3_000_000_000;
  write('b.jsonl', call(2, null, 1));
  expect([...indexer.nodes.beginAt.subarray(0, 2)]).toEqual([0, 3_000_000_000]);
  expect([...indexer.nodes.endAt.subarray(0, 2)]).toEqual([-1, -1]);
});

test('two functions of one line are two', () => {
  const trace = traceOf(call(1, null, 0, { func: 'f', line: 3 }), call(2, null, 1, { func: 'f', line: 3, column: 9 }));
  expect(trace.functions).toHaveLength(2);
});

test('fields may be in any order, with white space, and unknown ones pass', () => {
  const trace = traceOf(
    `{ "id" : 7 , "new": [{"id":8},"}"], "t0_ns":1767600000000000000,"parent":null, "func":"f","proc":"${proc}", "type":"call" }\r\n`,
    { type: 'new_kind', proc, id: 1 },
  );
  expect(trace.nodes.count).toBe(1);
  expect(trace.nodes.id[0]).toBe(7);
  expect(trace.damage).toMatchObject({ bad: 0, unknown: 1 });
});

test('a call ends by a return, by an exception, or not at all; a promise settles', () => {
  const promise = returned(3, 3, { pending: true });
  const trace = traceOf(
    ...[call(1, null, 0), threw(1, 1), call(2, null, 2), call(3, null, 3), promise],
    settled(3, 9, { error: { name: 'E', message: 'late' } }),
    threw(9, 10, { capped: true, parent: 2 }),
  );
  expect([...trace.nodes.flags.subarray(0, 4)].map((flags) => flags & OUTCOME_MASK)).toEqual([
    ...[FAILED, OPEN, ENDED, FAILED],
  ]);
  expect([0, 1, 2, 3].map((node) => trace.hasFailed(node))).toEqual([true, false, true, true]);
  expect(trace.call(2).settled).toEqual({ error: { name: 'E', message: 'late' }, dt: 9000 });
  expect([trace.durationOf(1), trace.durationOf(2)]).toEqual([-1, 9000]);
  expect(outline(trace)).toEqual(['f1', 'f2', '  f9', 'f3']);
  expect(trace.call(3)).toMatchObject({ args: undefined, error: { message: 'no' } });
});

test('lines are the same in whatever blocks they come', () => {
  const records = [processStart(), call(1, null, 0, { args_preview: { text: 'ä€😀' } }), returned(1, 1), processEnd()];
  const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  for (const block of [1, 2, 3, 7, 64, 1000]) {
    const trace = traceOfBytes(bytes, block);
    expect(trace.call(0).args).toEqual({ text: 'ä€😀' });
    expect([trace.nodes.count, trace.damage.bad, trace.inputs[0].lines]).toEqual([1, 0, 4]);
    expect(trace.processes[0].end?.exit_code).toBe(0);
  }
});

test('an exchange has its method, url and status in a table, and its bodies in its lines', () => {
  const body = { content_type: 'application/json', size: 7, truncated: false, json: { a: 1 } };
  const trace = traceOf(
    request(1, null, 0, { method: 'POST', url: 'http://a/x' }),
    response(1, 5, { status: 404, response_body: body }),
    request(2, null, 6),
    httpError(2, 7, { aborted: true }),
  );
  expect(trace.exchanges).toMatchObject([
    { side: 'client', client: 'fetch', method: 'POST', url: 'http://a/x', status: 404, node: 0 },
    { status: 0, node: 1 },
  ]);
  expect(trace.exchange(0).responseBody).toEqual(body);
  expect([trace.hasFailed(0), trace.hasFailed(1)]).toEqual([true, true]);
});

describe('tests', () => {
  const name = 'a.test.js > adds';

  test('with ids, two of one title are two', () => {
    const own = (test_id: number) => ({ test: name, test_id }) as object;
    const trace = traceOf(
      call(1, null, 0, own(1)),
      testEnd(name, 1, { outcome: 'failed', ...({ test_id: 1, try: 1 } as object) }),
      call(2, null, 2, own(2)),
      testEnd(name, 3, { ...({ test_id: 2, try: 1 } as object) }),
      call(3, null, 4, own(1)),
    );
    expect(trace.tests.map(({ outcome, id, try: round }) => [outcome, id, round])).toEqual([
      ['failed', 1, 1],
      ['passed', 2, 1],
    ]);
    expect([...trace.rootsOfTest(0)]).toEqual([0, 2]);
    expect([...trace.rootsOfTest(1)]).toEqual([1]);
  });

  test('without ids, what is called after an end is of the next try, or late', () => {
    const trace = traceOf(
      call(1, null, 0, { test: name }),
      testEnd(name, 1, { outcome: 'failed', error: { name: 'E', message: 'why' } }),
      call(2, null, 2, { test: name }),
      testEnd(name, 3),
      call(3, null, 4, { test: name }),
    );
    const shown = trace.tests.filter(({ late }) => !late);
    expect(shown.map(({ outcome }) => outcome)).toEqual(['failed', 'passed']);
    expect(trace.errorAt(shown[0].place)).toEqual({ name: 'E', message: 'why' });
    expect([...trace.rootsOfTest(0)]).toEqual([0]);
    expect([...trace.rootsOfTest(1)]).toEqual([1, 2]);
  });
});

test('sessions have a beginning, an end and their calls', () => {
  const session = { proc, session_id: 's1', parent: null, tag: 'job' };
  const at = { t0_ns: 1_767_600_000_000_000_000 };
  const trace = traceOf(
    { type: 'session_start', ...session, ...at },
    call(1, null, 0, { session_id: 's1', agent: 'planner' }),
    { type: 'session_end', ...session, t1_ns: at.t0_ns + 1024, dt_ns: 1000, error: { name: 'E', message: 'x' } },
  );
  expect(trace.sessions).toMatchObject([{ id: 's1', tag: 'job', dt: 1000, failed: true }]);
  expect(trace.scopeOf(0)).toMatchObject({ session: 0, agent: 'planner', test: -1 });
});

test('limits, modules, totals and skipped files are kept, and what is missing is said', () => {
  const at = { proc, ts_ns: 1_767_600_000_000_000_000 };
  const trace = traceOf(
    processStart(),
    { type: 'module', ...at, file: 'a.ts', hash: 'abc', origin: 'dist/a.js' },
    { type: 'limit', ...at, reason: 'max_calls', func: 'f', file: 'a.ts', line: 1 },
    { type: 'summary', ...at, func: 'f', file: 'a.ts', line: 1, calls: 9, recorded: 2, exceptions: 0 },
    { type: 'skipped', ...at, file: 'b.js', reason: 'too large' },
    processEnd({ dropped: { max_calls: 7 } }),
  );
  expect(trace.modules).toEqual([{ process: 0, file: 'a.ts', hash: 'abc', origin: 'dist/a.js' }]);
  expect(trace.limits).toMatchObject([{ reason: 'max_calls', func: 'f', ns: 0 }]);
  expect(trace.missing).toEqual([
    '1 function recorded in part',
    '7 events not in the file (max_calls); HANDIT_MAX_CALLS=0 lifts that limit',
    '1 file not recorded',
  ]);
});

describe('hostile files', () => {
  const good = JSON.stringify(call(1, null, 0));

  test.each([
    ['text', 'hello\nworld\n', 2],
    ['a number, a list, a string, null', '1\n[]\n"a"\nnull\n', 4],
    ['records by name only', '{"type":"call"}\n{"type":"call","proc":"x"}\n{"type":"return","proc":"x","id":1}\n', 3],
    ['a line within a line', `{"type":"call","proc":"5f0c${good}\n${good}\n`, 1],
    ['a line that was cut and one on the rest of it', `{"type":"ca\n${good}\n`, 1],
    ['a last line that was cut', `${good}\n{"type":"ret`, 1],
    ['brackets that do not close', `{"type":"call","proc":"a","a":${'['.repeat(100_000)}\n${good}\n`, 1],
    ['zero bytes', `\0\0\0\n${good}\n`, 1],
    ['ids that are none', good.replace('"id":1', '"id":-1') + '\n' + good.replace('"id":1', '"id":1e99') + '\n', 2],
    ['times that are none', good.replace(/"t0_ns":\d+/, '"t0_ns":"now"') + '\n', 1],
  ])('%s: counted, and the rest is read', (_, text, bad) => {
    const trace = traceOf(text);
    expect(trace.damage.bad).toBe(bad);
    expect(trace.nodes.count).toBe(text.split('\n').filter((line) => line === good).length);
    expect(trace.damage.first[0]).toMatchObject({ file: 't.jsonl', line: expect.any(Number) });
  });

  test('a mark of the byte order, empty lines and carriage returns do no harm', () => {
    const trace = traceOf(`\ufeff${good}\r\n\r\n\n${JSON.stringify(returned(1, 1))}`);
    expect(trace.damage.bad).toBe(0);
    expect(trace.nodes.dt[0]).toBe(1000);
    expect(trace.call(0).args).toEqual({});
  });

  test('of 300,000 bad lines three are told', () => {
    const { damage } = traceOf('x\n'.repeat(300_000));
    expect(damage.bad).toBe(300_000);
    expect(damage.first.map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  test('a line over 64 MB is passed over and told', () => {
    const long = Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(65 * 1024 * 1024, 97), Buffer.from('"}\n')]);
    const trace = traceOfBytes(Buffer.concat([long, Buffer.from(`${good}\n`)]), 1 << 20);
    expect(trace.damage).toMatchObject({ bad: 1, first: [{ line: 1, reason: 'is longer than 64 MB' }] });
    expect(trace.nodes.count).toBe(1);
    expect(trace.call(0).args).toEqual({});
  });

  test('rings of parents are cut, and shown', () => {
    const trace = traceOf(call(1, 2, 0), call(2, 3, 1), call(3, 1, 2), call(4, 4, 3), call(5, 3, 4));
    expect(trace.damage.rings).toBe(2);
    expect(outline(trace)).toHaveLength(5);
    expect([...trace.nodes.flags.subarray(0, 5)].filter((flags) => flags & RING)).toHaveLength(2);
  });

  test('doubled ids, missing parents, ends without a beginning and second ends are counted', () => {
    const trace = traceOf(
      ...[call(1, null, 0), call(1, 77, 1), returned(1, 2), threw(1, 3), returned(9, 4)],
      response(1, 5),
    );
    expect(trace.damage).toMatchObject({ bad: 0, doubledIds: 1, orphans: 1, lostBegins: 2, secondEnds: 1 });
    expect(outline(trace)).toEqual(['f1', 'f1']);
    expect(trace.nodes.flags[1] & (DOUBLED | ORPHAN)).toBe(DOUBLED | ORPHAN);
  });

  test('a record without arguments, result or error is a call without them', () => {
    const { args_preview: _, ...bare } = call(1, null, 0);
    const { error: __, ...end } = threw(1, 1);
    expect(traceOf(bare, end).call(0)).toEqual({});
  });

  test('a recursion of 200,000 calls is a tree', () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => JSON.stringify(call(i + 1, i || null, i)));
    const trace = traceOf(`${lines.join('\n')}\n`);
    expect(trace.roots).toHaveLength(1);
    expect(trace.testOf(199_999)).toBe(-1);
  });
});
