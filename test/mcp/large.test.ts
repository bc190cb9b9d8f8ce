import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { call, request, response, testEnd, threw } from '../helpers/records.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { connected, type Session } from './client.js';

const proc = '5f0c9a1e';
/** Beyond those of the trace, and later. */
const FIRST = 5_000_000;
const LATER_US = 900_000_000_000;

let agent: Session;
let startMs = 0;

beforeAll(async () => {
  const folder = tempProject({});
  const file = join(folder, 'large.jsonl');
  const args = [join(repository, 'bench/programs/make-trace.js'), '250', file];
  const env = { BENCH_RESULT: join(folder, 'result.json') };
  expect(await runNode(process.execPath, args, { cwd: folder, env, timeout: 120_000 })).toMatchObject({ code: 0 });
  const scope = { test: 'a.test.js > breaks', test_id: 9_000_000 };
  const records = [
    call(FIRST, null, LATER_US, { func: 'broken', ...scope }),
    request(FIRST + 1, FIRST, LATER_US + 1, { ...scope, url: 'http://a/cart' }),
    response(FIRST + 1, LATER_US + 2, { status: 500 }),
    threw(FIRST, LATER_US + 3, { func: 'broken' }),
    testEnd('a.test.js > breaks', LATER_US + 4, {
      ...{ test_id: 9_000_000, outcome: 'failed', error: { name: 'Error', message: 'no' } },
    }),
  ];
  appendFileSync(file, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  expect(statSync(file).size).toBeGreaterThan(250e6);
  const from = performance.now();
  agent = await connected(folder, 'large.jsonl');
  startMs = performance.now() - from;
}, 180_000);
afterAll(() => agent?.close());

test('a trace of 250 MB: every tool answers within its size, and leads to what failed', async () => {
  const { tools } = await agent.client.listTools();
  expect(JSON.stringify(tools).length).toBeLessThan(7000);
  const from = performance.now();
  const summary = await agent.text('summary');
  // The index is built by the first call, and not at the start.
  expect(performance.now() - from).toBeGreaterThan(startMs / 2);
  expect(summary).toMatch(/1 failed; why: failures/);
  const asked: [string, Record<string, unknown>, RegExp][] = [
    ['failures', {}, new RegExp(`cause 1: Error: "no"\n {2}in "a.test.js > breaks" {2}${proc}:${FIRST}\n`)],
    ['find_calls', { fn: 'fn7' }, /more: cursor "\d+"$/],
    ['find_calls', { fn: '^fn7$', value: 'value 77' }, /fn7\(n: \d+, name: "value 77\d?"\)/],
    ['find_calls', { failed: true }, new RegExp(`${proc}:${FIRST} broken\\(`)],
    ['call', { id: `${proc}:${FIRST}`, full: true }, /threw Error: "no"/],
    ['tree', {}, /more: cursor "\d+"$/],
    ['tree', { test: 'a.test.js > breaks' }, /broken\(\)[^]*GET "http:\/\/a\/cart" -> 500/],
    ['http', {}, /-> 500/],
    ['sql', { query: 'select func, args from calls' }, /"func":"fn\d+"[^]*more: cursor "\d+"$/],
  ];
  const called = new Set(['summary', 'diff']);
  for (const [name, args, expected] of asked) {
    called.add(name);
    const text = await agent.text(name, args);
    expect(text).toMatch(expected);
    expect(text.length).toBeLessThanOrEqual(args.full === true ? 20_000 : 9000);
  }
  const { text } = await agent.ask('diff');
  expect(text).toMatch(/no earlier run/);
  expect([...called].sort()).toEqual(tools.map(({ name }) => name).sort());
}, 300_000);
