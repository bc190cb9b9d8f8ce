import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';
import type { TraceRecord } from '../../src/trace-format.js';

const register = join(__dirname, '../../dist/register.cjs');
const api = JSON.stringify(join(__dirname, '../../dist/index.cjs'));

const only = <T extends TraceRecord['type']>(records: TraceRecord[], type: T) =>
  records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];
const callsOf = (records: TraceRecord[], name: string) => only(records, 'call').filter(({ func }) => func === name);

async function run(source: string, env: Record<string, string>, args: string[] = []) {
  const cwd = tempProject({ 'app.js': source });
  const result = await runNode(process.execPath, ['--require', register, ...args, 'app.js'], { cwd, env });
  const path = join(cwd, 'handit_events.jsonl');
  validateTrace(path);
  expect(result.stderr).not.toContain('handit:');
  return { ...result, records: readTrace(path), size: statSync(path).size };
}

/** Of each function: what the program says of its calls is what the trace has and counts. */
function checkTotals(records: TraceRecord[], called: Record<string, number>): void {
  const found = Object.keys(called).map((func) => {
    const summary = only(records, 'summary').find((each) => each.func === func);
    const recorded = callsOf(records, func).length;
    if (summary) expect(summary.recorded).toBe(recorded);
    return [func, summary?.calls ?? recorded];
  });
  expect(Object.fromEntries(found)).toEqual(called);
}

const server = `
const http = require('http');
const made = { answer: 0, work: 0, helper: 0 };
function helper(i) { made.helper++; return { i }; }
async function work(i) {
  made.work++;
  helper(i);
  await new Promise(setImmediate);
  helper(i);
  if (i % 50 === 7) throw new Error('bad ' + i);
}
async function answer(request, response) {
  made.answer++;
  const i = Number(request.url.slice(1));
  try {
    if (i === 33) { helper(i); return void request.socket.destroy(); }
    if (i === 44) { helper(i); await new Promise((done) => setTimeout(done, 300)); }
    await work(i);
    response.end('x'.repeat(1000));
  } catch (error) {
    response.statusCode = 500;
    response.end(error.message);
  }
}
const server = http.createServer(answer).listen(0, async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const { port } = server.address();
  const ask = (i) => new Promise((done) =>
    http.get({ port, agent, path: '/' + i }, (response) => response.resume().on('end', done)).on('error', done));
  await Promise.all(Array.from({ length: 8 }, async (_, k) => { for (let i = k; i < 200; i += 8) await ask(i); }));
  agent.destroy();
  server.close();
  console.log(JSON.stringify(made));
});`;

/** What a request at the server did, by its number, without ids and times. */
function requestsOf(records: TraceRecord[]): Map<number, string[]> {
  const numbers = new Map<number, number>();
  const found = new Map<number, string[]>();
  for (const record of records) {
    if (record.type === 'http_request' && record.side === 'server') {
      const number = Number(new URL(record.url).pathname.slice(1));
      numbers.set(record.id, number);
      found.set(number, []);
    } else if (record.type === 'call' && record.parent !== null && numbers.has(record.parent)) {
      const number = numbers.get(record.parent)!;
      numbers.set(record.id, number);
      found.get(number)!.push(`call ${record.func}`);
    } else if ('id' in record && numbers.has(record.id!)) {
      const name = 'func' in record ? record.func : '';
      found.get(numbers.get(record.id!)!)!.push(`${record.type} ${name}`);
    }
  }
  return found;
}

describe('HANDIT_KEEP=failed', () => {
  test('keeps the detail of requests that failed, all of it, and two short lines of the others', async () => {
    const all = await run(server, {});
    const { records, stdout, size } = await run(server, { HANDIT_KEEP: 'failed' });
    const whole = requestsOf(all.records);
    const kept = requestsOf(records);
    const detailed = [...kept].filter(([, lines]) => lines.some((line) => line.startsWith('call')));
    expect(detailed.map(([number]) => number).sort((a, b) => a - b)).toEqual([7, 33, 57, 107, 157]);
    for (const [number, lines] of detailed) expect([number, lines]).toEqual([number, whole.get(number)]);
    expect(kept.size).toBe(200);
    const others = [...kept].filter(([, lines]) => !lines.some((line) => line.startsWith('call')));
    expect(others.map(([, lines]) => lines)).toEqual(others.map(() => ['http_response ']));
    checkTotals(records, JSON.parse(stdout) as Record<string, number>);
    expect(only(records, 'process_end')[0]).toMatchObject({ events: records.length - 1 });
    expect(size).toBeLessThan(0.7 * all.size);
  });

  test('keeps sessions with an error, and what is inside of them', async () => {
    const source = `
const { session } = require(${api});
function f(a) { return a; }
function inner(i) { return session({ tag: 'inner' }, () => f('in ' + i)); }
for (let i = 0; i < 5; i++)
  try { session({ tag: 'outer' }, () => { f('before ' + i); inner(i); if (i === 3) throw new Error('no'); f('after ' + i); }); } catch {}
for (let i = 0; i < 3; i++)
  session({ tag: 'well' }, () => { f('well ' + i); try { session({ tag: 'failed' }, () => { f('failed ' + i); throw 1; }); } catch {} });`;
    const { records } = await run(source, { HANDIT_KEEP: 'failed' });
    expect(callsOf(records, 'f').map(({ args_preview }) => args_preview.a)).toEqual([
      ...['before 3', 'in 3', 'failed 0', 'failed 1', 'failed 2'],
    ]);
    const tags = only(records, 'session_end').map(({ tag, error }) => (error ? `${tag}!` : tag));
    expect(tags.sort()).toEqual([
      ...Array(3).fill('failed!'),
      'inner',
      ...Array(4).fill('outer'),
      'outer!',
      ...Array(3).fill('well'),
    ]);
    checkTotals(records, { f: 20, inner: 5 });
  });

  test('keeps tests that did not pass, and has the outcome of all', async () => {
    const source = `
const { test } = require('node:test');
function add(a, b) { return a + b; }
for (let i = 0; i < 30; i++) test('test ' + i, async () => {
  add(i, 1);
  await null;
  if (add(i, 2) === 15) throw new Error('wrong');
});
test('outer', async (t) => { await t.test('inner', () => { add(100, 1); }); });`;
    const { records } = await run(source, { HANDIT_KEEP: 'failed' });
    expect(callsOf(records, 'add').map(({ args_preview }) => args_preview)).toEqual([
      { a: 13, b: 1 },
      { a: 13, b: 2 },
    ]);
    expect(
      only(records, 'test_end')
        .map(({ outcome }) => outcome)
        .filter((outcome) => outcome === 'passed'),
    ).toHaveLength(31);
    expect(only(records, 'test_end')).toHaveLength(32);
    checkTotals(records, { add: 61 });
  });

  test('keeps what is open when the process ends, and loses it with a process that is killed', async () => {
    const source = `
const { session } = require(${api});
function f(a) { return a; }
f('outside');
session({ tag: 'open' }, async () => { f('open'); await new Promise((done) => setTimeout(done, 1e6)); });
setTimeout(() => process.argv[2] === 'exit' ? process.exit() : process.kill(process.pid, 'SIGKILL'), 200);`;
    const ended = await run(source.replace('process.argv[2]', '"exit"'), { HANDIT_KEEP: 'failed' });
    expect(callsOf(ended.records, 'f').map(({ args_preview }) => args_preview.a)).toEqual(['outside', 'open']);
    const killed = await run(source, { HANDIT_KEEP: 'failed' });
    expect(killed.signal).toBe('SIGKILL');
    expect(callsOf(killed.records, 'f').map(({ args_preview }) => args_preview.a)).toEqual(['outside']);
  });

  test('holds at most 4 MB of a context: the oldest lines go, and that is said', async () => {
    const source = `
const { session } = require(${api});
function f(i, text) { return i; }
try {
  session({ tag: 'long' }, () => { for (let i = 0; i < 40_000; i++) f(i, 'x'.repeat(200)); throw new Error('no'); });
} catch {}`;
    const { records, size } = await run(source, { HANDIT_KEEP: 'failed', HANDIT_MAX_CALLS: '0' });
    const kept = callsOf(records, 'f').map(({ args_preview }) => args_preview.i as number);
    expect(kept.length).toBeGreaterThan(4_000);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 40_000 - kept.length + i));
    expect(size).toBeLessThan(5 * 1024 * 1024);
    expect(only(records, 'limit')).toMatchObject([{ reason: 'waiting_lines' }]);
    expect(only(records, 'process_end')[0].dropped.waiting_lines).toBeGreaterThan(2 * (40_000 - kept.length) - 2);
    checkTotals(records, { f: 40_000 });
  });
});

describe('HANDIT_KEEP=slow:<time>', () => {
  test('keeps what took as long, whether it failed or not', async () => {
    const { records } = await run(server, { HANDIT_KEEP: 'slow:250ms' });
    const detailed = [...requestsOf(records)].filter(([, lines]) => lines.some((line) => line.startsWith('call')));
    expect(detailed.map(([number]) => number)).toContain(44);
    expect(detailed.length).toBeLessThan(20);
  });

  test('goes together with failed', async () => {
    const { records } = await run(server, { HANDIT_KEEP: 'failed,slow:250ms' });
    const detailed = [...requestsOf(records)].filter(([, lines]) => lines.some((line) => line.startsWith('call')));
    expect(detailed.map(([number]) => number)).toEqual(expect.arrayContaining([7, 33, 44, 57, 107, 157]));
    expect(detailed.length).toBeLessThan(25);
  });
});

test('what is wrong in HANDIT_KEEP is one line, and the oldest is kept', async () => {
  const cwd = tempProject({ 'app.js': 'function f() {}\nf();\n' });
  const { stderr } = await runNode(process.execPath, ['--require', register, 'app.js'], {
    ...{ cwd, env: { HANDIT_KEEP: 'slow' } },
  });
  expect(stderr).toMatch(/^handit: HANDIT_KEEP="slow" is not oldest, newest, .*; using oldest\n$/);
  expect(readFileSync(join(cwd, 'handit_events.jsonl'), 'utf8')).toContain('"type":"call"');
});
