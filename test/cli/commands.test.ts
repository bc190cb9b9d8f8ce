import { appendFileSync, existsSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  call,
  jsonl,
  processEnd,
  processStart,
  request,
  response,
  returned,
  testEnd,
  threw,
} from '../helpers/records.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const cli = join(repository, 'dist/cli.cjs');
const start = 1_767_600_000_000_000_000;
const body = { content_type: 'application/json', size: 7, truncated: false, json: { a: 1 } };
const whole = jsonl(
  processStart(),
  call(1, null, 0, { test: 't > gets', args_preview: { id: 'needle-7' } }),
  request(2, 1, 1, { method: 'POST', url: 'http://a.b/cart/17?x=1', test: 't > gets' }),
  response(2, 5, { status: 503, response_body: body }),
  ...[returned(1, 6, { dt_ns: 6000, return_preview: { token: 'needle-7' } })],
  testEnd('t > gets', 7),
  ...[call(3, null, 8), call(4, 3, 9, { func: 'f3', line: 3 }), returned(4, 10, { dt_ns: 1000 })],
  ...[
    threw(3, 11, { dt_ns: 3000 }),
    testEnd('t > breaks', 20, { outcome: 'failed', error: { name: 'E', message: 'x' } }),
  ],
  processEnd(),
);

const handit = (args: string[], files: Record<string, string> = { 'handit_events.jsonl': whole }, input = '') =>
  runNode(process.execPath, [cli, ...args], { cwd: tempProject(files), input });

test('--json of every command is as docs/cli.schema.json says', async () => {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false });
  const validate = ajv.compile(JSON.parse(readFileSync(join(repository, 'docs/cli.schema.json'), 'utf8')) as object);
  let lines = 0;
  for (const args of [
    ['print'],
    ['print', '--failed'],
    ['show', '5f0c9a1e:2'],
    ['stats'],
    ['stats', '--http'],
    ['stats', '--tests'],
    ['doctor'],
  ]) {
    const { stdout } = await handit([...args, '--json']);
    for (const line of stdout.trimEnd().split('\n')) {
      lines++;
      if (!validate(JSON.parse(line)))
        throw new Error(`${args.join(' ')}: ${line}\n${ajv.errorsText(validate.errors)}`);
    }
  }
  expect(lines).toBeGreaterThan(15);
  expect(validate({ type: 'call', proc: 'x' })).toBe(false);
});

test('show has callers, values, bodies and children of one node', async () => {
  const { stdout } = await handit(['show', '5f0c9a1e:2']);
  expect(stdout).toContain('  5f0c9a1e:1  f1(id: "needle-7")');
  for (const part of ['url: http://a.b/cart/17?x=1', 'response application/json, 7 bytes', '    "a": 1']) {
    expect(stdout).toContain(part);
  }
  const failed = await handit(['show', '5f0c9a1e:3']);
  expect(failed.stdout).toMatch(/\nError: no\n[^]*\n1 call\n {2}5f0c9a1e:4 {2}f3\(\)/);
});

test('reads standard input, packed files and folders', async () => {
  const folder = tempProject({ 'traces/a.jsonl': whole });
  writeFileSync(join(folder, 'a.gz'), gzipSync(whole));
  const plain = await runNode(process.execPath, [cli, 'print', 'traces/a.jsonl'], { cwd: folder });
  expect(plain.stdout.split('\n').length).toBeGreaterThan(6);
  for (const [args, input] of [
    [['-'], whole],
    [['a.gz'], ''],
    [['traces'], ''],
  ] as [string[], string][]) {
    expect(await runNode(process.execPath, [cli, 'print', ...args], { cwd: folder, input })).toEqual(plain);
  }
});

test('of several runs the last one is taken, which is said', async () => {
  const run = (proc: string, seconds: number, outcome: 'passed' | 'failed') => [
    processStart({ proc, ts_ns: start + seconds * 1e9 }),
    testEnd(`t > is ${outcome}`, seconds * 1e6 + 1, { proc, outcome }),
    processEnd({ proc, ts_ns: start + seconds * 1e9 + 2e6 }),
  ];
  const files = { 'handit_events.jsonl': jsonl(...run('aaaaaaaa', 0, 'failed'), ...run('bbbbbbbb', 100, 'passed')) };
  const last = await handit(['print', '--failed'], files);
  expect(last.stdout).toBe('');
  expect(last.stderr).toContain(
    'handit: the file holds 2 runs; this is the last one (--run all shows all, --run 1 the first)',
  );
  expect(last.code).toBe(0);
  const first = await handit(['print', '--failed', '--run', '1'], files);
  expect(first.stdout).toContain('test t > is failed failed');
  expect(first.code).toBe(1);
  expect((await handit(['stats', '--tests'], files)).stdout).not.toContain('is failed');
});

test('--value finds where a value comes from, and what it passed through', async () => {
  const { stdout } = await handit(['print', '--value', 'needle-7']);
  expect(stdout).toMatch(/^first returned by\n {2}5f0c9a1e:1 {2}f1\(id: "needle-7"\) -> \{ token: "needle-7" \}/);
  expect((await handit(['print', '--value', 'f1'])).stdout).toBe('');
});

test('exchanges are chosen by status, method and host, calls by file', async () => {
  const shown = async (...args: string[]) => (await handit(['print', ...args])).stdout;
  for (const args of [
    ['--status', '5xx'],
    ['--status', '404,503'],
    ['--method', 'post'],
    ['--host', 'a.b'],
    ['--http'],
  ]) {
    expect(await shown(...args)).toContain('POST http://a.b/cart/17?x=1 -> 503');
  }
  for (const args of [
    ['--status', '4xx'],
    ['--method', 'GET'],
    ['--host', 'b.c'],
    ['--file', '^b'],
  ]) {
    expect(await shown(...args)).toBe('');
  }
  expect(await shown('--bodies', '--http')).toContain('      "a": 1');
});

test('stats adds a recursion up once, and knows routes and tests', async () => {
  const { stdout } = await handit(['stats', '--json']);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { func: string; total_ns: number; own_ns: number });
  const f3 = rows.find(({ func }) => func === 'f3');
  expect(f3).toMatchObject({ calls: 2, total_ns: 3000, own_ns: 3000 });
  expect((await handit(['stats', '--http'])).stdout).toContain('POST http://a.b/cart/:id');
  expect((await handit(['stats', '--tests'])).stdout).toContain('t > breaks  failed');
  expect((await handit(['stats', '--test', 'gets'])).stdout).not.toContain('f3');
});

test('a hostile file ends in a few lines, not in a stack', async () => {
  const { stdout, stderr, code } = await handit(['print'], { 'handit_events.jsonl': whole + 'x\n'.repeat(1000) });
  expect(stdout).toContain('f1(');
  expect(stderr.trimEnd().split('\n')).toHaveLength(4);
  expect(stderr).toContain('997 more lines left out');
  expect(code).toBe(0);
});

/** `handit print --follow a.jsonl`, until it is interrupted. */
function follow(folder: string) {
  const child = spawn(process.execPath, [cli, 'print', '--follow', 'a.jsonl'], { cwd: folder });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  return {
    shown: () => text,
    async until(part: string) {
      while (!text.includes(part)) await once(child.stdout, 'data');
    },
    async end() {
      child.kill('SIGINT');
      await once(child, 'close');
      return text;
    },
  };
}

test('print --follow shows what ends, as it is added', async () => {
  const folder = tempProject({ 'a.jsonl': jsonl(processStart(), call(1, null, 0), returned(1, 1)) });
  const { until, shown, end } = follow(folder);
  await until('f1() -> null');
  appendFileSync(
    join(folder, 'a.jsonl'),
    jsonl(call(2, null, 2), call(3, null, 3)) + jsonl(returned(3, 4)).slice(0, 50),
  );
  appendFileSync(join(folder, 'a.jsonl'), jsonl(returned(3, 4)).slice(50));
  await until('f3() -> null');
  expect(shown()).not.toContain('f2()');
  expect(await end()).toContain('f2() ... still open');
});

test('print --follow goes on from segment to segment of a process that keeps its newest lines', async () => {
  const segment = (number: number): string => `a.5f0c9a1e-00000${number}.jsonl`;
  const first = jsonl({ ...processStart(), segment: 1 }, call(1, null, 0), returned(1, 1));
  const folder = tempProject({ [segment(1)]: first });
  const { until, end } = follow(folder);
  await until('f1() -> null');
  appendFileSync(join(folder, segment(1)), jsonl(call(2, null, 2), returned(2, 3)));
  writeFileSync(join(folder, segment(2)), jsonl({ ...processStart(), segment: 2 }, call(3, null, 4), returned(3, 5)));
  await until('f3() -> null');
  unlinkSync(join(folder, segment(1)));
  writeFileSync(join(folder, segment(3)), jsonl({ ...processStart(), segment: 3 }, call(4, null, 6), returned(4, 7)));
  await until('f4() -> null');
  expect((await end()).match(/^f\d/gm)).toEqual(['f1', 'f2', 'f3', 'f4']);
});

test('a long tree begins before the file is read to its end, and nothing of it is missing', async () => {
  const calls = Array.from({ length: 60_000 }, (_, i) => jsonl(call(i + 1, null, i, { line: i }), returned(i + 1, i)));
  const late = jsonl(call(70_000, 5, 90_000), returned(70_000, 90_001));
  const files = { 'handit_events.jsonl': jsonl(processStart()) + calls.join('') + late + jsonl(processEnd()) };
  const { stdout, stderr } = await handit(['print'], files);
  const lines = stdout.split('\n');
  expect(lines.filter((line) => /^f\d+\(\) -> null/.test(line))).toHaveLength(60_000);
  const at = lines.indexOf('later, in f5 (5f0c9a1e:5):');
  expect(lines.slice(at, at + 2)).toEqual([
    'later, in f5 (5f0c9a1e:5):',
    expect.stringMatching(/^ {2}f70000\(\) -> null/),
  ]);
  expect(lines.at(-2)).toMatch(/60001 calls {2}exit code 0$/);
  expect(stderr).toBe('');
});

test('handit begins a new file where the old one is over 1 GB, and says so', async () => {
  const folder = tempProject({ 'app.js': 'function f() {}\nf();', 'handit_events.jsonl': '' });
  const file = join(folder, 'handit_events.jsonl');
  // Without a byte on the disk.
  truncateSync(file, 1_000_000_001);
  const { stderr } = await runNode(process.execPath, [cli, 'app.js'], { cwd: folder });
  expect(stderr).toContain('handit: handit_events.jsonl is over 1 GB; it is now handit_events.1.jsonl\n');
  expect(existsSync(join(folder, 'handit_events.1.jsonl'))).toBe(true);
  expect(readFileSync(file, 'utf8')).toContain('"func":"f"');
});
