import { statSync } from 'node:fs';
import { join } from 'node:path';
import { runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';
import { nodes } from '../helpers/node-versions.js';
import type { TraceRecord } from '../../src/trace-format.js';

const MB = 1024 * 1024;
const register = join(__dirname, '../../dist/register.cjs');

const only = <T extends TraceRecord['type']>(records: TraceRecord[], type: T) =>
  records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];

/** Runs `app.js` of a new project, that says on stdout how often it called what. */
async function run(source: string, env: Record<string, string> = {}, node = process.execPath) {
  const cwd = tempProject({ 'app.js': source });
  const result = await runNode(node, ['--require', register, 'app.js'], { cwd, env });
  const path = join(cwd, 'handit_events.jsonl');
  validateTrace(path);
  const records = readTrace(path);
  expect(result).toMatchObject({ code: 0, signal: null });
  expect(result.stderr).not.toContain('handit:');
  return { stdout: result.stdout, records, size: statSync(path).size };
}

/** The trace says of each function how often it was called, and how many of these calls it has. */
function checkTotals(records: TraceRecord[], called: Record<string, number>): void {
  for (const [func, calls] of Object.entries(called)) {
    const recorded = only(records, 'call').filter((call) => call.func === func).length;
    const summary = only(records, 'summary').find((each) => each.func === func);
    if (summary) expect(summary).toMatchObject({ func, calls, recorded });
    else expect({ func, recorded }).toEqual({ func, recorded: calls });
  }
  const end = only(records, 'process_end')[0];
  expect(end.events).toBe(records.length - 1);
}

const throwers = Array.from({ length: 10 }, (_, i) => `f${i}`);
const floods: [name: string, source: string, called: Record<string, number>][] = [
  [
    'calls',
    `function f(text, i) { return { text, i }; }
     for (let i = 0; i < 20_000; i++) f('x'.repeat(200), i);`,
    { f: 20_000 },
  ],
  [
    'equal exceptions',
    `function f() { throw new Error('no'); }
     for (let i = 0; i < 5_000; i++) try { f(); } catch {}`,
    { f: 5_000 },
  ],
  [
    'exceptions that differ',
    `function f(i) { throw new Error('no ' + i); }
     for (let i = 0; i < 5_000; i++) try { f(i); } catch {}`,
    { f: 5_000 },
  ],
  [
    // Of each function no more than have their stack.
    'exceptions that wait for their stack',
    `${throwers.map((name) => `function ${name}(i) { throw new Error('no ' + i); }`).join('\n')}
     for (const f of [${throwers.join(', ')}]) for (let i = 0; i < 200; i++) try { f(i); } catch {}`,
    Object.fromEntries(throwers.map((name) => [name, 200])),
  ],
  [
    'calls that are open for long',
    `async function f(i) { await new Promise(setImmediate); return 'y'.repeat(200); }
     Promise.all(Array.from({ length: 8_000 }, (_, i) => f(i)));`,
    { f: 8_000 },
  ],
  [
    'large values',
    `function f(list) {} for (let i = 0; i < 3_000; i++) f(Array(60).fill('z'.repeat(200)));`,
    { f: 3_000 },
  ],
  [
    'exchanges with bodies',
    `const http = require('http');
     function answer(request, response) { response.end('b'.repeat(20_000)); }
     const server = http.createServer(answer).listen(0, async () => {
       const agent = new http.Agent({ keepAlive: true });
       const { port } = server.address();
       for (let i = 0; i < 1_000; i++) await new Promise((done) => http.get({ port, agent }, (r) => r.resume().on('end', done)));
       agent.destroy(); server.close();
     });`,
    { answer: 1_000 },
  ],
  [
    'sessions and annotations',
    `const { session, annotate } = require('handit');
     function f() { annotate({ text: 'a'.repeat(200) }); }
     for (let i = 0; i < 10_000; i++) session({ tag: 's', attrs: { i } }, f);`,
    { f: 10_000 },
  ],
];

describe('HANDIT_MAX_FILE_MB', () => {
  test.each(floods)('holds where a program makes many %s', async (_name, source, called) => {
    const { records, size } = await run(
      source.replace("'handit'", JSON.stringify(join(__dirname, '../../dist/index.cjs'))),
      {
        HANDIT_MAX_FILE_MB: '1',
        HANDIT_MAX_CALLS: '0',
      },
    );
    expect(size).toBeGreaterThan(0.5 * MB);
    expect(size).toBeLessThan(1.1 * MB);
    checkTotals(records, called);
    expect(only(records, 'limit')).toContainEqual(expect.objectContaining({ reason: 'max_file' }));
  });

  test('holds in each of a process and its workers', async () => {
    const source = `
const { Worker, isMainThread } = require('worker_threads');
function f(text) { return text; }
if (isMainThread) for (let i = 0; i < 2; i++) new Worker(__filename);
for (let i = 0; i < 20_000; i++) f('x'.repeat(200));`;
    const { records, size } = await run(source, { HANDIT_MAX_FILE_MB: '1', HANDIT_MAX_CALLS: '0' });
    expect(only(records, 'process_end')).toHaveLength(3);
    expect(size).toBeGreaterThan(1.5 * MB);
    expect(size).toBeLessThan(3.3 * MB);
  });

  test.each(nodes())('holds on Node $version', async ({ path: node }) => {
    const [, source, called] = floods[3];
    const { records, size } = await run(source, { HANDIT_MAX_FILE_MB: '1', HANDIT_MAX_CALLS: '0' }, node);
    expect(size).toBeLessThan(1.1 * MB);
    checkTotals(records, called);
  });

  test('holds for the totals of 6,000 functions, and says how many it has no room for', async () => {
    const functions = Array.from({ length: 6_000 }, (_, i) => `function f${i}(a) { return a; }`).join('\n');
    const source = `${functions}\nconst all = [${Array.from({ length: 6_000 }, (_, i) => `f${i}`).join()}];
for (const f of all) for (let i = 0; i < 10; i++) f('x'.repeat(100));`;
    const { records, size } = await run(source, { HANDIT_MAX_FILE_MB: '1' });
    expect(size).toBeLessThan(1.1 * MB);
    const { no_room_for_totals: missing } = only(records, 'process_end')[0].dropped;
    expect(missing).toBeGreaterThan(1_000);
    expect(only(records, 'summary').length).toBeGreaterThan(100);
  });
});

describe('the share of a root context', () => {
  const hot = `
const { session } = require(${JSON.stringify(join(__dirname, '../../dist/index.cjs'))});
function a(text) { return text; }
function b(text) { return text; }
function quiet(i) { return i; }
const text = 'x'.repeat(200);
for (let s = 0; s < 40; s++) session({ tag: 'hot' }, () => { for (let i = 0; i < 500; i++) { a(text); b(text); } });
for (let s = 0; s < 20; s++) session({ tag: 'quiet' }, () => { for (let i = 0; i < 3; i++) quiet(i); });`;

  test('leaves room for the contexts that come later', async () => {
    const { records, size } = await run(hot, { HANDIT_MAX_FILE_MB: '1' });
    expect(size).toBeLessThan(1.1 * MB);
    expect(only(records, 'call').filter(({ func }) => func === 'quiet')).toHaveLength(60);
    // Each hot one has its detail, the first ones more than the later ones.
    const sizes = new Map<string, number>();
    for (const { session_id, func } of only(records, 'call'))
      if (func === 'a') sizes.set(session_id!, (sizes.get(session_id!) ?? 0) + 1);
    expect(sizes.size).toBe(40);
    const counts = [...sizes.values()];
    expect(Math.max(...counts)).toBeLessThan(100);
    expect(counts[0]).toBeGreaterThan(counts[39]);
    checkTotals(records, { a: 20_000, b: 20_000 });
  });

  test('is told once in each context that reaches it, beside what it left out', async () => {
    const { records } = await run(hot, { HANDIT_MAX_FILE_MB: '1' });
    const told = only(records, 'limit').filter(({ reason }) => reason === 'context_share');
    expect(told).toHaveLength(40);
    expect(new Set(told.map(({ session_id }) => session_id)).size).toBe(40);
    const { context_share } = only(records, 'process_end')[0].dropped;
    expect(context_share).toBe(
      only(records, 'summary').reduce((sum, { calls, recorded }) => sum + calls - recorded, 0),
    );
  });

  test('does not exist for a program without contexts', async () => {
    const { records, size } = await run(
      `function f(text) { return text; } for (let i = 0; i < 1_300; i++) f('x'.repeat(100));`,
      { HANDIT_MAX_FILE_MB: '1' },
    );
    expect(size).toBeGreaterThan(0.4 * MB);
    expect(only(records, 'limit')).toEqual([]);
    checkTotals(records, { f: 1_300 });
  });
});

describe('a limit that is reached', () => {
  test('is in the file of a process that is killed', async () => {
    const cwd = tempProject({
      'app.js': `function f(i) { return i; }
for (let i = 0; i < 100; i++) f(i);
setImmediate(() => setImmediate(() => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)));`,
    });
    await runNode(process.execPath, ['--require', register, 'app.js'], { cwd, env: { HANDIT_MAX_CALLS: '10' } });
    const records = readTrace(join(cwd, 'handit_events.jsonl'));
    expect(only(records, 'process_end')).toEqual([]);
    expect(only(records, 'limit')).toMatchObject([{ reason: 'max_calls', func: 'f', file: 'app.js', line: 1 }]);
  });

  test('is not told where no call was left out', async () => {
    const { records } = await run(`function f(i) {} for (let i = 0; i < 10; i++) f(i);`, { HANDIT_MAX_CALLS: '10' });
    expect(only(records, 'limit')).toEqual([]);
    expect(only(records, 'call')).toHaveLength(10);
  });
});
