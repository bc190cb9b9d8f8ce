import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { cleanEnv, repository, tempProject } from '../helpers/run.js';
import { problemOf } from '../helpers/trace.js';

const preload = ['--require', join(repository, 'dist/register.cjs')];
const onWindows = process.platform === 'win32';

/** What a run came to, and what it recorded. */
interface Ended {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Runs `app.js` bare or traced. When it has printed "ready", it gets the signal. */
async function run(cwd: string, node: string, args: string[], signal?: NodeJS.Signals): Promise<Ended> {
  const child = spawn(node, [...args, 'app.js'], { cwd, env: cleanEnv() });
  const closed = once(child, 'close');
  const deadline = setTimeout(() => child.kill('SIGKILL'), 40_000);
  let [stdout, stderr, sent] = ['', '', false];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
    if (!signal || sent || !stdout.includes('ready')) return;
    sent = true;
    child.kill(signal);
  });
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code, by] = (await closed) as [number | null, NodeJS.Signals | null];
  clearTimeout(deadline);
  return { stdout, stderr, code, signal: by };
}

/** Whole lines only: a killed process may leave its last one cut. */
function recordsIn(cwd: string): TraceRecord[] {
  const path = join(cwd, 'handit_events.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  for (const line of lines) expect(problemOf(line)).toBeUndefined();
  return lines.map((line) => JSON.parse(line));
}

interface Options {
  node?: string;
  signal?: NodeJS.Signals;
  flags?: string[];
}

/** Runs a program both ways, expects the same, and answers what was recorded. */
async function compare(source: string, { node = process.execPath, signal, flags = [] }: Options = {}) {
  const cwd = tempProject({ 'app.js': source });
  const bare = await run(cwd, node, flags, signal);
  const traced = await run(cwd, node, [...flags, ...preload], signal);
  const result = ({ stdout, code, signal: by }: Ended) => ({ stdout, code, signal: by });
  expect(result(traced)).toEqual(result(bare));
  return { bare, traced, records: recordsIn(cwd) };
}

const callsOf = (records: TraceRecord[]) => records.flatMap((record) => (record.type === 'call' ? [record.func] : []));
const count = (records: TraceRecord[], type: TraceRecord['type'], func: string) =>
  records.filter((record) => record.type === type && 'func' in record && record.func === func).length;

const work = `
const fs = require('fs');
function f(i) { return i; }
async function waits() { await new Promise(new Function()); }
for (let i = 0; i < 100; i++) f(i);
waits();
`;
// Neither is a function of the program's: the end of one would be recorded too, behind "ready".
const ready = `setTimeout(fs.writeSync, 1, 1, 'ready');\nsetInterval(new Function(), 1000);\n`;
const signals: NodeJS.Signals[] = onWindows
  ? ['SIGTERM', 'SIGINT', 'SIGBREAK']
  : ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGQUIT'];

describe.each(nodes())('on Node $label', ({ major, path: node }) => {
  test('a signal that the program does not handle ends it as before, and what it did is in the file', async () => {
    await Promise.all(
      signals.map(async (signal) => {
        const { bare, traced, records } = await compare(work + ready, { node, signal });
        expect(bare).toMatchObject({ code: null, signal });
        expect(traced.stderr).toBe(bare.stderr);
        expect({ calls: count(records, 'call', 'f'), ends: count(records, 'return', 'f') }).toEqual({
          ...{ calls: 100, ends: 100 },
        });
        // A call that was running is one without an end.
        expect(count(records, 'call', 'waits')).toBe(1);
        expect(count(records, 'return', 'waits')).toBe(0);
        expect(records.at(-1)!.type).not.toBe('process_end');
      }),
    );
  });

  test('an endless loop still ends by SIGINT and SIGTERM', async () => {
    const source = `${work}fs.writeSync(1, 'ready');\nfor (;;);\n`;
    await Promise.all(
      (['SIGINT', 'SIGTERM'] as const).map(async (signal) => {
        const { bare } = await compare(source, { node, signal });
        expect(bare).toMatchObject({ code: null, signal });
      }),
    );
  });

  test("the program's own handlers run in their order, and none of handit's is among them", async () => {
    const source = `${work}
process.on('newListener', new Function('print', 'name', "print(1, 'new ' + String(name) + '\\\\n')").bind(null, fs.writeSync));
process.on('SIGTERM', function second() { f('second'); fs.writeSync(1, 'second\\n'); });
process.prependListener('SIGTERM', function first() { f('first'); fs.writeSync(1, 'first\\n'); });
process.once('SIGTERM', function last() { f('last'); process.exit(process.listenerCount('SIGTERM') + 10); });
console.log(process.listenerCount('SIGTERM'), process.listenerCount('SIGINT'), process.listenerCount('SIGHUP'));
${ready}`;
    const { bare, records } = await compare(source, { node, signal: 'SIGTERM' });
    expect(bare).toMatchObject({ code: 12 });
    expect(bare.stdout).toMatch(/3 0 0\nreadyfirst\nsecond\n$/);
    expect(callsOf(records).slice(101)).toEqual(['first', 'f', 'second', 'f', 'last', 'f']);
    expect(records.at(-1)).toMatchObject({ type: 'process_end', exit_code: 12, dropped: {} });
  });

  test('a signal that a recorded call sends to its own process leaves nothing out', async () => {
    const source = `${work}
function deep(n) { if (n === 0) process.kill(process.pid, 'SIGTERM'); else deep(n - 1); }
process.once('SIGTERM', function again() { f('handler'); deep(3); });
${ready}`;
    const { bare, records } = await compare(source, { node, signal: 'SIGTERM' });
    expect(bare).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(callsOf(records).slice(101)).toEqual(['again', 'f', 'deep', 'deep', 'deep', 'deep']);
    expect(count(records, 'return', 'deep')).toBe(0);
  });

  test('a stack overflow that nobody catches leaves nothing out', async () => {
    const source = `let depth = 0;
function down() { depth++; return down() + 1; }
process.on('exit', new Function('console.log(process.exitCode)'));
down();`;
    const { traced, records } = await compare(source, { node });
    expect(traced.code).toBe(1);
    expect(count(records, 'exception', 'down')).toBe(count(records, 'call', 'down'));
    expect(count(records, 'call', 'down')).toBeGreaterThan(1000);
    expect(records.at(-1)).toMatchObject({ type: 'process_end', exit_code: 1, dropped: {} });
  });

  // Abort and an empty heap give no notice at all.
  test.each([
    ['process.abort()', [], 'for (let i = 0; ; i++) { step(i); if (performance.now() > until) process.abort(); }'],
    [
      'running out of memory',
      ['--max-old-space-size=24'],
      'const all = []; for (let i = 0; ; i++) { step(i); all.push(new Array(500).fill(i)); }',
    ],
  ])('%s loses the last 100 ms at most', async (_title, flags, loop) => {
    // Takes 50 us a call, and says when each twentieth was.
    const source = `const fs = require('fs');
const until = performance.now() + 400;
function step(i) {
  const next = performance.now() + 0.05;
  if (i % 20 === 0) fs.writeSync(1, i + ' ' + next + '\\n');
  while (performance.now() < next);
}
${loop}`;
    const cwd = tempProject({ 'app.js': source });
    const { stdout, code, signal } = await run(cwd, node, [...flags, ...preload]);
    expect({ code, signal }).toEqual(onWindows ? { code: 134, signal: null } : { code: null, signal: 'SIGABRT' });
    const said = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    expect(said.length).toBeGreaterThan(3);
    const [, last] = said.at(-1)!;
    const old = said.filter(([, time]) => time < last - 100).map(([i]) => i);
    const records = recordsIn(cwd);
    const found = new Set(records.flatMap((record) => (record.type === 'call' ? [record.args_preview.i] : [])));
    expect(records[0].type).toBe('process_start');
    expect(old.filter((i) => !found.has(i))).toEqual([]);
  });

  test('the text of an error is not made while the program may still change its message', async () => {
    const source = `
function bad() { throw new Error('first'); }
async function later() {
  try { bad(); } catch (error) {
    await new Promise((done) => setTimeout(done, 20));
    error.message = 'tidied: ' + error.message;
    throw error;
  }
}
later();`;
    const { bare, traced, records } = await compare(source, { node });
    expect(bare.stderr).toContain('Error: tidied: first\n');
    expect(traced.stderr).toContain('Error: tidied: first\n');
    const exceptions = records.flatMap((record) => (record.type === 'exception' ? [record.error] : []));
    expect(exceptions.map(({ message }) => message)).toEqual(['first', 'first']);
  });

  // Reading the stack makes V8 forget the place, which Node prints above the error.
  test('an error that turns out to be fatal only later prints the same', async () => {
    const source = `
function bad() { throw new Error('late'); }
try { bad(); } catch (error) {
  const until = performance.now() + 150;
  while (performance.now() < until);
  Promise.reject(error);
}`;
    const { bare, traced, records } = await compare(source, { node });
    // Columns differ, and one frame on lines without usable hooks.
    const shown = (text: string) => text.replace(/^ +at .*\n/gm, '');
    expect(bare.stderr).toContain('Error: late\n');
    expect(shown(traced.stderr)).toBe(shown(bare.stderr));
    expect(count(records, 'exception', 'bad')).toBe(1);
  });

  test('an exception is in the file a moment after it, while the program waits', async () => {
    const source = `
const fs = require('fs');
function bad() { throw new Error('no'); }
function after() {}
try { bad(); } catch {}
after();
// Not a recorded function: the end of one may write, too.
const seen = "if (fs.existsSync('handit_events.jsonl') && fs.readFileSync('handit_events.jsonl', 'utf8').includes('exception')) fs.writeSync(1, 'ready')";
setInterval(new Function('fs', seen), 5, fs);
`;
    const { records } = await compareTraced(source, node);
    expect(records).toMatchObject([
      { type: 'process_start' },
      { type: 'module', file: 'app.js' },
      { type: 'call', func: 'bad' },
      { type: 'call', func: 'after' },
      { type: 'return', func: 'after' },
      { type: 'exception', func: 'bad', error: { stack: expect.stringContaining('at bad') } },
    ]);
  });

  const replaces = major >= 24 && !onWindows ? test : test.skip;
  replaces('process.execve, which replaces the program, leaves nothing out', async () => {
    const source = `
function f(i) { if (i === 3) process.execve(process.execPath, [process.execPath, '-e', 'console.log("other")'], {}); }
for (let i = 0; i < 10; i++) f(i);`;
    const { bare, records } = await compare(source, { node, flags: ['--no-warnings'] });
    expect(bare.stdout).toBe('other\n');
    expect(count(records, 'call', 'f')).toBe(4);
  });
});

/** For a program that asks for its own trace. */
async function compareTraced(source: string, node: string) {
  const cwd = tempProject({ 'app.js': source });
  const traced = await run(cwd, node, preload, 'SIGTERM');
  expect(traced).toMatchObject({ code: null, signal: onWindows ? null : 'SIGTERM', stderr: '' });
  return { records: recordsIn(cwd) };
}

test.each(nodes())('a spied process.emit sees the events of the program alone on Node $version', async ({ path }) => {
  await compare(
    `
function f() { return 1 }
const { emit } = process;
process.emit = function (name, ...rest) {
  // Node starts a thread for module hooks in some versions.
  if (name !== 'worker') require('fs').writeSync(1, name + ' ');
  return emit.call(this, name, ...rest);
};
setTimeout(f, 5);
`,
    { node: path },
  );
});

// The first event after a drain, and nothing recorded after it.
test.each(nodes())(
  'the exception of a request is written while the program waits on Node $version',
  async ({ path }) => {
    const { records, traced } = await compare(
      `
const http = require('http');
async function find(ms) { await new Promise((done) => setTimeout(done, ms)); throw new RangeError('none'); }
const server = http.createServer(async (request, response) => {
  try { await find(20); } catch { response.end('failed'); }
});
// Not recorded: to record more would have it written.
const look = new Function('require', 'server', \`
  const deadline = Date.now() + 20_000;
  const traced = process.execArgv.length > 0;
  const timer = setInterval(() => {
    const found = !traced || /"exception".*"find"/.test(require('fs').readFileSync('handit_events.jsonl', 'utf8'));
    if (!found && Date.now() < deadline) return;
    console.log(found);
    clearInterval(timer);
    server.close();
  }, 50);
\`);
server.listen(0, '127.0.0.1', () => {
  require('net').connect(server.address().port, '127.0.0.1').resume()
    .write('GET / HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n');
  look(require, server);
});
`,
      { node: path },
    );
    expect(traced.stdout).toBe('true\n');
    expect(records.filter(({ type }) => type === 'exception')).toHaveLength(1);
  },
);
