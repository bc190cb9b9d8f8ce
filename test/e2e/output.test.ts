import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { cleanEnv, repository, runNode, tempProject, type RunResult } from '../helpers/run.js';
import { problemOf, readTrace, validateTrace } from '../helpers/trace.js';

const preload = ['--require', join(repository, 'dist/register.cjs')];
const trace = 'handit_events.jsonl';
const only = <T extends TraceRecord['type']>(records: TraceRecord[], type: T) =>
  records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];

/** Runs `app.js` twice, bare and under handit, and expects the same result. */
async function compare(source: string, { env = {}, node = process.execPath, file = 'app.js' } = {}) {
  const cwd = tempProject({ [file]: source });
  const bare = await runNode(node, [file], { cwd });
  const traced = await runNode(node, [...preload, file], { cwd, env });
  // Frames have tests of their own.
  const withoutFrames = ({ stderr, ...rest }: RunResult) => ({ ...rest, stderr: stderr.replace(/^ +at .*\n/gm, '') });
  expect(withoutFrames(traced)).toEqual(withoutFrames(bare));
  const path = join(cwd, trace);
  if (existsSync(path)) validateTrace(path);
  return { bare, path, records: existsSync(path) ? readTrace(path) : [] };
}

/** The calls, and the first and last line. */
const outline = (records: TraceRecord[]) => ({
  first: records[0].type,
  calls: only(records, 'call').map(({ func }) => func),
  last: records.at(-1)!.type,
  code: only(records, 'process_end').map(({ exit_code }) => exit_code),
});

const handlers = `
function late(name) { return name; }
process.on('beforeExit', function before() { late('beforeExit'); });
process.once('exit', function first() { late('exit'); process.on('exit', function added() { late('added'); }); });
`;

describe.each(nodes())('on Node $label', ({ path: node }) => {
  describe('process_start is first and process_end last', () => {
    test('when the event loop runs empty', async () => {
      const { records } = await compare(`${handlers}process.exitCode = 3;`, { node });
      expect(outline(records)).toEqual({
        ...{ first: 'process_start', last: 'process_end', code: [3] },
        calls: ['before', 'late', 'first', 'late'],
      });
    });

    test('when beforeExit starts new work', async () => {
      const source = `${handlers}let again = 2;
process.on('beforeExit', function more() { if (again-- > 0) setTimeout(function work() { late(); }, 1); });`;
      const { records } = await compare(source, { node });
      const round = ['before', 'late', 'more'];
      expect(outline(records)).toEqual({
        ...{ first: 'process_start', last: 'process_end', code: [0] },
        calls: [...round, 'work', 'late', ...round, 'work', 'late', ...round, 'first', 'late'],
      });
    });

    test('when a recorded call ends the process', async () => {
      const { records } = await compare(`${handlers}function stop() { process.exit(4); }\nstop();`, { node });
      expect(outline(records)).toEqual({
        ...{ first: 'process_start', last: 'process_end', code: [4] },
        calls: ['stop', 'first', 'late'],
      });
    });

    test('when a handler of exit calls process.exit again', async () => {
      const source = `${handlers}process.on('exit', function quit() { late(); process.exit(5); });`;
      const { records } = await compare(source, { node });
      expect(outline(records)).toMatchObject({ first: 'process_start', last: 'process_end', code: [5] });
      expect(outline(records).calls.slice(-2)).toEqual(['quit', 'late']);
    });

    test('at an uncaught exception', async () => {
      const { records, bare } = await compare(`${handlers}function bad() { throw new Error('no'); }\nbad();`, { node });
      expect(bare.code).toBe(1);
      expect(outline(records)).toEqual({
        ...{ first: 'process_start', last: 'process_end', code: [1] },
        calls: ['bad', 'first', 'late'],
      });
      expect(only(records, 'exception')).toMatchObject([{ func: 'bad' }]);
    });

    test('at an unhandled rejection', async () => {
      const source = `${handlers}async function bad() { await 1; throw new Error('no'); }\nbad();`;
      const { records, bare } = await compare(source, { node });
      expect(bare.code).toBe(1);
      expect(outline(records)).toEqual({
        ...{ first: 'process_start', last: 'process_end', code: [1] },
        calls: ['bad', 'first', 'late'],
      });
    });

    test('when exit handlers throw', async () => {
      const source = `function late() {}
process.on('exit', function bad() { late(); throw new Error('in exit'); });
process.on('exit', function after() { late(); });`;
      const { records } = await compare(source, { node });
      expect(outline(records)).toMatchObject({ first: 'process_start', last: 'process_end' });
      expect(outline(records).calls.slice(0, 2)).toEqual(['bad', 'late']);
    });
  });

  test('not one byte more is on either stream, whatever the program', async () => {
    const programs = {
      silent: '',
      'without a function': 'console.log(1); console.error(2);',
      'with both streams': 'function f(x) { console.log(x); console.error(x); return f; }\nf(1)(2);',
      'with a syntax error': 'function f( {',
      'that throws a string': 'function f() { throw "text"; }\nf();',
      'that exits with a code': 'function f() { process.exitCode = 7; }\nf();',
      'with large output':
        'function f(i) { process.stdout.write("x".repeat(1e5) + i); }\nfor (let i = 0; i < 20; i++) f(i);',
    };
    for (const source of Object.values(programs)) await compare(source, { node });
    const { path } = await compare('console.log(1)', { node });
    // A program without functions of its own is told too: it is one of the user's.
    if (existsSync(path)) validateTrace(path);
  });
});

describe('the file', () => {
  const source = 'function f() { return 1; }\nf();\n';

  test('is private', async () => {
    const { path } = await compare(source);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is appended to, and made private', async () => {
    const cwd = tempProject({ 'app.js': source, [trace]: '' });
    const path = join(cwd, trace);
    chmodSync(path, 0o640);
    for (let i = 0; i < 3; i++) await runNode(process.execPath, [...preload, 'app.js'], { cwd });
    validateTrace(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const records = readTrace(path);
    const procs = only(records, 'process_start').map(({ proc }) => proc);
    expect(new Set(procs).size).toBe(3);
    expect(records.map(({ proc }) => proc)).toEqual(procs.flatMap((proc) => [proc, proc, proc, proc, proc]));
  });

  test('gets whole lines from processes that run at once', async () => {
    const cwd = tempProject({
      'app.js': 'function f(text) { return text; }\nfor (let i = 0; i < 5000; i++) f("x".repeat(i % 200));\n',
    });
    await Promise.all(Array.from({ length: 4 }, () => runNode(process.execPath, [...preload, 'app.js'], { cwd })));
    validateTrace(join(cwd, trace));
    expect(only(readTrace(join(cwd, trace)), 'call')).toHaveLength(20_000);
  });

  test('says at its end how many lines there were', async () => {
    const { records } = await compare('function f() {}\nfor (let i = 0; i < 10; i++) f();', {
      env: { HANDIT_MAX_CALLS: '4' },
    });
    // Start, module, four calls with their ends, limit, summary, end.
    expect(records).toHaveLength(1 + 1 + 8 + 1 + 1 + 1);
    expect(only(records, 'process_end')).toMatchObject([{ events: 12, files: 1, dropped: {} }]);
  });
});

describe('a file that cannot be written is one line on stderr, and the program runs on:', () => {
  const source = 'function f(i) { return i; }\nfor (let i = 0; i < 40_000; i++) f(i);\nconsole.log("done");\n';
  const attempt = async (file: string, prepare: (cwd: string) => void = () => undefined) => {
    const cwd = tempProject({ 'app.js': source });
    prepare(cwd);
    const result = await runNode(process.execPath, [...preload, 'app.js'], { cwd, env: { HANDIT_OUTPUT_FILE: file } });
    expect(result).toMatchObject({ stdout: 'done\n', code: 0, signal: null });
    expect(result.stderr.split('\n')).toHaveLength(2);
    expect(result.stderr).toContain('Set HANDIT_OUTPUT_FILE to a file that can be written\n');
    return result.stderr;
  };

  test('a folder', async () => {
    expect(await attempt('folder', (cwd) => mkdirSync(join(cwd, 'folder')))).toMatch(
      /^handit: cannot write \/.*\/folder \(EISDIR: .*\); nothing is recorded until that works\./,
    );
  });

  test('a file where a folder should be', async () => {
    expect(await attempt('app.js/trace.jsonl')).toMatch(/^handit: cannot write .*app\.js\/trace\.jsonl \(ENOTDIR: /);
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('a full device', async () => {
    expect(await attempt('/dev/full')).toMatch(/^handit: cannot write \/dev\/full \(ENOSPC: /);
  });

  onLinux('a file system that takes no files', async () => {
    expect(await attempt('/proc/handit/trace.jsonl')).toMatch(/^handit: cannot write \/proc\/handit\/trace\.jsonl \(E/);
  });
});

test('nothing of handit keeps the process alive', async () => {
  const source = `function f() {}
f();
// The parser's own clean-up is done in the first turn of the event loop.
setImmediate(() => setTimeout(() => {
  const resources = process.getActiveResourcesInfo().filter((name) => !/TTY|Pipe/.test(name));
  console.log(JSON.stringify(resources));
}, 10));`;
  const { bare } = await compare(source);
  expect(bare.stdout).toMatch(/^\[.*\]\n$/);
});

describe('a process that is killed leaves what it did before', () => {
  /** Starts the program, kills it when it says "ready", and answers its trace. */
  async function killed(source: string, env: NodeJS.ProcessEnv = {}) {
    const cwd = tempProject({ 'app.js': source });
    const child = spawn(process.execPath, [...preload, 'app.js'], { cwd, env: { ...cleanEnv(), ...env } });
    const ended = once(child, 'close');
    const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000);
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('ready')) child.kill('SIGKILL');
    });
    expect(await ended).toEqual([null, 'SIGKILL']);
    clearTimeout(deadline);
    expect(said).toBe('ready');
    const text = readFileSync(join(cwd, trace), 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    writeFileSync(join(cwd, trace), whole);
    validateTrace(join(cwd, trace));
    return readTrace(join(cwd, trace));
  }
  // Writes past the event loop, which is blocked.
  const block = `require('fs').writeSync(1, 'ready');\nfor (;;);\n`;

  test('by volume, while the event loop is blocked', async () => {
    const source = `function f(i) { return i; }\nfor (let i = 0; i < 60_000; i++) f(i);\n${block}`;
    const records = await killed(source, { HANDIT_MAX_CALLS: '0' });
    const calls = only(records, 'call');
    // Less than one buffer is missing.
    expect(calls.length).toBeGreaterThan(60_000 - 16_384);
    expect(calls.slice(0, 1000).map(({ args_preview }) => args_preview.i)).toEqual(Array.from({ length: 1000 }, (_, i) => i)); // prettier-ignore
  });

  test('by the clock, while the event loop is blocked', async () => {
    const source = `function f(i) { return i; }
for (let i = 0; i < 50; i++) f(i);
const until = performance.now() + 250;
while (performance.now() < until);
f(50);
f(51);
`;
    const calls = only(await killed(source + block), 'call');
    expect(calls.length).toBeGreaterThanOrEqual(51);
  });

  test('by the timer, while it waits', async () => {
    const source = `function f(i) { return i; }
for (let i = 0; i < 50; i++) f(i);
const fs = require('fs');
// Not a recorded function: the end of one may write, too.
const seen = \`if (!fs.told && fs.existsSync('${trace}') && fs.readFileSync('${trace}', 'utf8').includes('"i":49}')) fs.told = fs.writeSync(1, 'ready')\`;
setInterval(new Function('fs', seen), 5, fs);
`;
    expect(only(await killed(source), 'call').length).toBeGreaterThanOrEqual(50);
  });
});

test('two million calls are two million lines, in memory that does not grow', async () => {
  const source = `function small(i) { return i; }
for (let i = 0; i < 2_000_000; i++) small(i);
console.log(process.memoryUsage.rss());
`;
  const cwd = tempProject({ 'app.js': source });
  const bare = await runNode(process.execPath, ['app.js'], { cwd });
  const traced = await runNode(process.execPath, [...preload, 'app.js'], {
    ...{ cwd, env: { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' } },
  });
  expect(traced).toMatchObject({ stderr: '', code: 0 });
  expect(Number(traced.stdout)).toBeLessThan(Number(bare.stdout) + 150e6);

  // Too long for one string, and for a check of each line.
  const bytes = readFileSync(join(cwd, trace));
  let [calls, returns, others, at, lines] = [0, 0, 0, 0, 0];
  const [isCall, isReturn] = ['{"type":"call"', '{"type":"return"'].map((text) => Buffer.from(text));
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    if (bytes.compare(isCall, 0, isCall.length, at, at + isCall.length) === 0) calls++;
    else if (bytes.compare(isReturn, 0, isReturn.length, at, at + isReturn.length) === 0) returns++;
    else others++;
    if (lines++ % 1000 === 0) expect(problemOf(bytes.toString('utf8', at, end))).toBeUndefined();
    at = end + 1;
  }
  expect({ calls, returns, others }).toEqual({ calls: 2_000_000, returns: 2_000_000, others: 3 });
  const last = bytes.toString('utf8', bytes.lastIndexOf(10, bytes.length - 2) + 1);
  expect(JSON.parse(last)).toMatchObject({ type: 'process_end', events: 4_000_002, dropped: {} });
});

test('an agent that cannot start says so in one line, and the program runs', async () => {
  const cwd = tempProject({ 'app.js': 'console.log(typeof globalThis.__handit__);\nprocess.exitCode = 3;\n' });
  // Nothing can be patched before a preload but by another one.
  writeFileSync(join(cwd, 'before.cjs'), "process.cwd = () => { throw new Error('uv_cwd'); };\n");
  const args = ['--require', './before.cjs', ...preload, 'app.js'];
  expect(await runNode(process.execPath, args, { cwd })).toEqual({
    stdout: 'undefined\n',
    stderr: 'handit: cannot start (uv_cwd); the program runs without being recorded\n',
    code: 3,
    signal: null,
  });
});
