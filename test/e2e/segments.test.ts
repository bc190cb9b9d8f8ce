import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openTrace } from '../../src/reader/node/open-trace.js';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { runNode, tempProject } from '../helpers/run.js';
import { problemOf } from '../helpers/trace.js';

const KB = 1024;
const register = join(__dirname, '../../dist/register.cjs');
const cli = join(__dirname, '../../dist/cli.cjs');
const api = JSON.stringify(join(__dirname, '../../dist/index.cjs'));
const newest = { HANDIT_KEEP: 'newest', HANDIT_MAX_FILE_MB: '1' };

/** Calls without end of `f` in calls of `outer` in one of `main`; on the way, it looks at what the files hold. */
const source = `
const fs = require('fs');
function f(i, text) { return i; }
function outer(from) { for (let i = 0; i < 200; i++) f(from + i, 'x'.repeat(100)); }
const sizes = [];
async function main() {
  for (let k = 0; k < 60; k++) {
    outer(k * 200);
    await new Promise((done) => setTimeout(done, 5));
    sizes.push(fs.readdirSync('.').filter((name) => name.endsWith('.jsonl')).reduce((sum, name) => sum + (fs.statSync(name, { throwIfNoEntry: false })?.size ?? 0), 0));
  }
  return 'end';
}
main().then(() => { console.log(JSON.stringify(sizes)); LAST });`;

async function run(text: string, env: Record<string, string> = newest, node = process.execPath, flags: string[] = []) {
  const cwd = tempProject({ 'app.js': text });
  const result = await runNode(node, [...flags, '--require', register, 'app.js'], { cwd, env });
  expect(result.stderr).toBe('');
  const files = readdirSync(cwd).filter((name) => name.endsWith('.jsonl'));
  return { ...result, cwd, files, trace: join(cwd, 'handit_events.jsonl') };
}

test('HANDIT_KEEP=newest keeps the newest lines, never more than the ceiling and, once it is reached, half of it', async () => {
  const { stdout, files, cwd, trace } = await run(source.replace('LAST', ''));
  const sizes = JSON.parse(stdout) as number[];
  expect(Math.max(...sizes)).toBeLessThan(1.1 * KB * KB);
  expect(Math.min(...sizes.slice(40))).toBeGreaterThan(0.5 * KB * KB);
  expect(files).toHaveLength(8);
  for (const file of files) {
    const lines = readFileSync(join(cwd, file), 'utf8').trimEnd().split('\n');
    expect(lines.map(problemOf).filter(Boolean)).toEqual([]);
    expect(JSON.parse(lines[0])).toMatchObject({
      type: 'process_start',
      segment: Number(/(\d{6})\.jsonl$/.exec(file)![1]),
    });
    expect(statSync(join(cwd, file)).mode & 0o077).toBe(0);
  }
  const read = await openTrace(trace);
  expect(read.processes).toHaveLength(1);
  expect(read.damage).toMatchObject({ bad: 0, unknown: 0, lostBegins: 0, doubledIds: 0, secondEnds: 0, orphans: 0 });
  // What was open across all seams is the caller of what is left, and has its end.
  const main = read.roots.find((node) => read.functionOf(node)?.func === 'main')!;
  expect(read.call(main).result).toBe('end');
  const outers = [...read.childrenOf(main)].filter((node) => read.functionOf(node)?.func === 'outer');
  expect(outers.length).toBeGreaterThan(3);
  const last = [...read.childrenOf(outers.at(-1)!)].at(-1)!;
  expect(read.call(last).args).toMatchObject({ i: 60 * 200 - 1 });
  // Recorded and counted calls are the calls made.
  const recorded = [...Array(read.nodes.count).keys()].filter((node) => read.functionOf(node)?.func === 'f').length;
  expect(read.summaries.find(({ func }) => func === 'f')).toMatchObject({ calls: 12_000, recorded });
  expect(read.summaries.find(({ func }) => func === 'main')).toBeUndefined();
  read.close();
});

test('each segment says which text of the files ran, and that is read once', async () => {
  const { files, cwd, trace } = await run(source.replace('LAST', ''));
  for (const file of files) {
    const lines = readFileSync(join(cwd, file), 'utf8').split('\n');
    expect(lines.filter((line) => line.startsWith('{"type":"module"') && line.includes('"app.js"'))).toHaveLength(1);
  }
  const read = await openTrace(trace);
  expect(read.modules.map(({ file }) => file)).toEqual(['app.js']);
  read.close();
});

test('commands read the segments as one run', async () => {
  const { cwd } = await run(source.replace('LAST', ''));
  const printed = await runNode(process.execPath, [cli, 'print', '--depth', '1'], { cwd });
  expect(printed.stdout).toMatch(/^main\(\) -> "end"/m);
  const stats = await runNode(process.execPath, [cli, 'stats'], { cwd });
  expect(stats.stdout).toMatch(/^ *12000 \(\d+ recorded\)/m);
  expect(stats.stderr).toContain('only the newest segments are there');
});

test('a process with few lines has one segment, and flush() copies its lines from all', async () => {
  const few = await run(`function f() {}\nf();\n`);
  expect(few.files).toEqual([expect.stringMatching(/^handit_events\.[0-9a-f]{8}-000001\.jsonl$/)]);
  const copied = await run(source.replace('LAST', `require(${api}).flushSync('copy.jsonl');`));
  const read = await openTrace(join(copied.cwd, 'copy.jsonl'));
  expect(read.processes).toHaveLength(1);
  expect(read.nodes.count).toBeGreaterThan(1_000);
  read.close();
});

test('a process that is killed leaves whole segments, and at most its last line cut', async () => {
  const { trace, signal } = await run(source.replace('LAST', `process.kill(process.pid, 'SIGKILL');`));
  expect(signal).toBe('SIGKILL');
  const read = await openTrace(trace);
  expect(read.damage).toMatchObject({ bad: 0, lostBegins: 0, doubledIds: 0 });
  expect(read.nodes.count).toBeGreaterThan(1_000);
  read.close();
});

test('an exchange that is open across the seams has its beginning', async () => {
  const { trace } = await run(`
const http = require('http');
function f(i, text) { return i; }
async function answer(request, response) {
  for (let k = 0; k < 60; k++) {
    for (let i = 0; i < 200; i++) f(i, 'x'.repeat(100));
    await new Promise(setImmediate);
  }
  response.end('done');
}
const server = http.createServer(answer).listen(0, () =>
  http.get({ port: server.address().port, path: '/long' }, (response) => response.resume().on('end', () => server.close())));`);
  const read = await openTrace(trace);
  expect(read.damage).toMatchObject({ bad: 0, lostBegins: 0, doubledIds: 0 });
  const exchanges = read.exchanges.filter(({ url }) => url.endsWith('/long'));
  expect(exchanges.map(({ side, status }) => [side, status]).sort()).toEqual([
    ['client', 200],
    ['server', 200],
  ]);
  read.close();
});

// In Node 20, objects of the program wait for it, too.
const fromNode22 = nodes().filter(({ label }) => isFrom(label, '22'));

test.each(fromNode22)('calls that have ended wait for no full collection of the garbage: Node $label', async (node) => {
  const { stdout } = await run(
    `
const { setImmediate } = require('timers/promises');
function add(order, item) { return { ...order, items: [item] }; }
async function calls() {
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < 300; i++) add({ round }, { i });
    await setImmediate();
  }
}
calls().then(async () => {
  gc();
  await calls();
  await setImmediate();
  // What was young is dead or old by now.
  for (let i = 0; i < 2; i++) gc({ type: 'minor' });
  const { heapUsed } = process.memoryUsage();
  gc();
  console.log((heapUsed - process.memoryUsage().heapUsed) / 1e6);
});`,
    { HANDIT_KEEP: 'newest' },
    node.path,
    ['--expose-gc'],
  );
  expect(Number(stdout)).toBeLessThan(3);
});
