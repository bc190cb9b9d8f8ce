import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { cleanEnv, installHandit, repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const preload = ['--require', join(repository, 'dist/register.cjs')];
const byOptions = { NODE_OPTIONS: `--require=${join(repository, 'dist/register.cjs')}` };
const trace = 'handit_events.jsonl';
const onWindows = process.platform === 'win32';
const only = <T extends TraceRecord['type']>(records: TraceRecord[], type: T) =>
  records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];

function traceOf(cwd: string): TraceRecord[] {
  validateTrace(join(cwd, trace));
  return readTrace(join(cwd, trace));
}

/** Each process or thread has one start, at its first line. */
function expectStarts(records: TraceRecord[], procs: number): void {
  const first = new Map<string, string>();
  for (const { proc, type } of records) if (!first.has(proc)) first.set(proc, type);
  expect([...new Set(first.values())]).toEqual(['process_start']);
  expect(first.size).toBe(procs);
  expect(only(records, 'process_start')).toHaveLength(procs);
}

/** The calls of `f`, by who made them: as many as the largest number says, each with its end. */
function expectAll(records: TraceRecord[], calls: number): void {
  const byProc = new Map<string, number[]>();
  for (const call of only(records, 'call')) {
    if (call.func === 'f') byProc.set(call.proc, [...(byProc.get(call.proc) ?? []), call.args_preview.i as number]);
  }
  for (const numbers of byProc.values()) expect(numbers).toEqual(Array.from({ length: calls }, (_, i) => i));
  expect(only(records, 'return').filter(({ func }) => func === 'f')).toHaveLength(byProc.size * calls);
}

describe.each(nodes())('on Node $label', ({ path: node }) => {
  test('processes and worker threads that write at once leave whole lines, and none is missing', async () => {
    const cwd = tempProject({
      'app.js': `
const { Worker, isMainThread } = require('node:worker_threads');
function f(i, text) { return text; }
async function work() {
  for (let i = 0; i < 1000; i++) {
    f(i, 'x'.repeat(i % 250));
    if (i % 50 === 0) await new Promise((done) => setTimeout(done, 2));
  }
}
if (isMainThread) for (let i = 0; i < 4; i++) new Worker(__filename);
work();
`,
    });
    const runs = await Promise.all(Array.from({ length: 4 }, () => runNode(node, [...preload, 'app.js'], { cwd })));
    for (const result of runs) expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
    const records = traceOf(cwd);
    expectStarts(records, 20);
    expectAll(records, 1000);
    const ends = only(records, 'process_end');
    expect(ends).toHaveLength(20);
    for (const { proc, events, dropped } of ends) {
      expect(dropped).toEqual({});
      expect(records.filter((record) => record.proc === proc)).toHaveLength(events + 1);
    }
    expect(new Set(only(records, 'process_start').map(({ pid, tid }) => `${pid}/${tid}`)).size).toBe(20);
  });

  test('a worker thread that is terminated while it waits has written everything', async () => {
    const cwd = tempProject({
      'app.js': `
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
function f(i) { return i; }
async function waits() { await new Promise(new Function()); }
if (isMainThread) {
  const worker = new Worker(__filename);
  worker.on('message', () => worker.terminate().then((code) => console.log(code)));
} else {
  for (let i = 0; i < 100; i++) f(i);
  waits();
  setInterval(new Function(), 1000);
  setTimeout(parentPort.postMessage.bind(parentPort), 1, 'ready');
}
`,
    });
    const bare = await runNode(node, ['app.js'], { cwd });
    expect(await runNode(node, [...preload, 'app.js'], { cwd })).toEqual(bare);
    expect(bare.stdout).toBe('1\n');
    const records = traceOf(cwd);
    expectStarts(records, 2);
    const [worker] = only(records, 'process_start').filter(({ tid }) => tid !== 0);
    const own = records.filter(({ proc }) => proc === worker.proc);
    expectAll(own, 100);
    expect(own.at(-1)).toMatchObject({ type: 'call', func: 'waits' });
  });

  test('children by fork, spawn, exec and execFile are recorded, through NODE_OPTIONS', async () => {
    const cwd = tempProject({
      'app.js': `
const { fork, spawn, exec, execFile, execFileSync, execSync } = require('node:child_process');
const { once } = require('node:events');
function f(i) { return i; }
f(0);
(async () => {
  await Promise.all([
    once(fork('./child.js', ['fork']), 'close'),
    once(fork('./child.js', ['fork without flags'], { execArgv: [] }), 'close'),
    once(spawn(process.execPath, ['child.js', 'spawn'], { stdio: 'inherit' }), 'close'),
    once(exec('"' + process.execPath + '" child.js exec'), 'close'),
    once(execFile(process.execPath, ['child.js', 'execFile']), 'close'),
  ]);
  execFileSync(process.execPath, ['child.js', 'execFileSync']);
  execSync('"' + process.execPath + '" child.js execSync');
})();
`,
      'child.js': 'function f(i) { return i; }\nf(0);\n',
    });
    const result = await runNode(node, ['app.js'], { cwd, env: byOptions });
    expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
    const records = traceOf(cwd);
    expectStarts(records, 8);
    expectAll(records, 1);
    const starts = only(records, 'process_start');
    expect(starts.flatMap(({ argv }) => argv[2] ?? []).sort()).toEqual([
      ...['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'fork without flags', 'spawn'],
    ]);
    // Every child says whose it is; a shell may stand between.
    expect(starts.filter(({ ppid }) => ppid === starts[0].pid).length).toBeGreaterThanOrEqual(5);
    expect(only(records, 'process_end')).toHaveLength(8);
  });

  test('a fork has the flags of its parent, and workers too', async () => {
    const cwd = tempProject({
      'app.js': `
const { fork } = require('node:child_process');
const { Worker, isMainThread } = require('node:worker_threads');
function f(i) { return i; }
f(0);
if (isMainThread && !process.send) { fork(__filename); new Worker(__filename); }
`,
    });
    for (const flags of [preload, ['--import', pathToFileURL(join(repository, 'register.mjs')).href]]) {
      const folder = join(cwd, trace);
      const result = await runNode(node, [...flags, 'app.js'], { cwd });
      expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
      expect(existsSync(folder)).toBe(true);
    }
    const records = traceOf(cwd);
    expectStarts(records, 6);
    expectAll(records, 1);
  });

  test('a cluster survives a worker that is killed, and its calls are in the file', async () => {
    const cwd = tempProject({
      'app.js': `
const cluster = require('node:cluster');
function f(i) { return i; }
for (let i = 0; i < 100; i++) f(i);
if (cluster.isPrimary) {
  let left = 2;
  cluster.on('message', (worker) => worker.process.kill('SIGKILL'));
  cluster.on('exit', (worker, code, signal) => { console.log(code, signal); if (--left > 0) cluster.fork(); });
  cluster.fork();
} else setTimeout(process.send.bind(process), 1, 'ready');
`,
    });
    const bare = await runNode(node, ['app.js'], { cwd });
    expect(await runNode(node, [...preload, 'app.js'], { cwd })).toEqual(bare);
    if (!onWindows) expect(bare.stdout).toBe('null SIGKILL\nnull SIGKILL\n');
    const records = traceOf(cwd);
    expectStarts(records, 3);
    expectAll(records, 100);
    expect(only(records, 'process_end')).toHaveLength(1);
  });
});

test('a chain of npm scripts records the programs and not npm', async () => {
  const cwd = tempProject({
    'package.json': JSON.stringify({
      name: 'chain',
      scripts: { pretest: 'node first.js', test: 'npm run --silent inner', inner: 'node second.js && node third.js' },
    }),
    'first.js': 'function f(i) { return i; }\nf(0);\n',
    'second.js': 'function f(i) { return i; }\nf(0);\nconsole.log("ran");\n',
    'third.js': 'process.exitCode = 3;\nfunction f(i) { return i; }\nf(0);\n',
  });
  const child = spawn('npm', ['test', '--silent'], {
    ...{ cwd, env: { ...cleanEnv(), ...byOptions }, shell: onWindows, stdio: ['ignore', 'pipe', 'ignore'] },
  });
  let stdout = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  const [code] = await once(child, 'close');
  expect({ stdout, code }).toEqual({ stdout: 'ran\n', code: 3 });
  const records = traceOf(cwd);
  expectStarts(records, 3);
  expectAll(records, 1);
  const names = only(records, 'process_start').map(({ argv }) => argv[1].slice(cwd.length + 1));
  expect(names).toEqual(['first.js', 'second.js', 'third.js']);
});

test('a process in which no code of the project ran leaves nothing', () => {
  const cwd = tempProject({
    'package.json': '{"name":"x","version":"1.0.0"}',
    'node_modules/tool/cli.js': 'console.log(1);',
  });
  installHandit(cwd);
  const env = { ...cleanEnv(), ...byOptions };
  const before = readdirSync(cwd).sort();
  execFileSync('npm', ['--version'], { cwd, env, shell: onWindows });
  execFileSync('npm', ['pkg', 'get', 'version'], { cwd, env, shell: onWindows });
  execFileSync(process.execPath, ['--version'], { cwd, env });
  execFileSync(process.execPath, ['-e', '1'], { cwd, env });
  expect(execFileSync(process.execPath, ['node_modules/tool/cli.js'], { cwd, env, encoding: 'utf8' })).toBe('1\n');
  expect(execFileSync(process.execPath, ['node_modules/handit/dist/cli.cjs', '--version'], { cwd, env }).length).toBeGreaterThan(3); // prettier-ignore
  expect(readdirSync(cwd).sort()).toEqual(before);
});
