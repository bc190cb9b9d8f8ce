import { join } from 'node:path';
import type { FunctionStats } from '../../src/cli/function-stats.js';
import { installHandit, repository, runNode, tempProject } from '../helpers/run.js';

const cli = join(repository, 'dist/cli.cjs');
const app = `
const http = require('http');
function fast() { return 1; }
function slow() { const end = Date.now() + 30; while (Date.now() < end); return fast(); }
function fails() { throw new Error('no'); }
async function rejects() { await null; fails(); }
function ask(path, done) {
  const server = http.createServer((request, response) => { response.statusCode = path === '/bad' ? 404 : 200; response.end(); });
  server.listen(0, () => http.get({ port: server.address().port, path }, (response) => { response.resume().on('end', () => { server.close(done); }); }));
}
slow();
for (let i = 0; i < 5; i++) fast();
rejects().catch(() => ask('/good', () => ask('/bad', () => {})));
`;

let folder = '';
beforeAll(async () => {
  folder = tempProject({ 'app.js': app });
  installHandit(folder);
  await runNode(process.execPath, ['--require', 'handit/register', 'app.js'], { cwd: folder });
});

const handit = (...args: string[]) => runNode(process.execPath, [cli, ...args], { cwd: folder });
/** What is printed, without durations, ports and places. */
const shown = async (...args: string[]): Promise<string[]> =>
  (await handit('print', ...args)).stdout
    .replace(/ {2}(at )?[\d.]+ (ns|us|ms|s)\b/g, '')
    .replace(/localhost:\d+/g, 'localhost')
    .replace(/ {2}\S+:\d+$/gm, '')
    .trimEnd()
    .split('\n')
    .slice(1);

test('print --fn shows the functions that match, and what leads to them', async () => {
  expect(await shown('--fn', '^fails$')).toEqual(['rejects() threw Error: no', '  fails() threw Error: no']);
  expect(await shown('--fn', 'app.js::slow')).toEqual(['slow() -> 1']);
});

test('print --http shows the exchanges, and what leads to them', async () => {
  const lines = await shown('--http');
  expect(lines.map((line) => line.trim()).filter((line) => / (GET|answers)|^(GET|answers)/.test(line))).toEqual([
    'GET http://localhost/good -> 200  http',
    'answers GET http://localhost/good -> 200  http',
    'GET http://localhost/bad -> 404  http',
    'answers GET http://localhost/bad -> 404  http',
  ]);
  expect(lines.some((line) => line.includes('fast'))).toBe(false);
});

test('print --errors shows what failed', async () => {
  const lines = (await shown('--errors')).map((line) => line.trim());
  expect(lines).toContain('fails() threw Error: no');
  expect(lines).toContain('GET http://localhost/bad -> 404  http');
  expect(lines.filter((line) => /good -> 200|^fast/.test(line))).toEqual([]);
});

test('print --slow shows what took so long', async () => {
  const lines = await shown('--slow', '25');
  expect(await shown('--slow', '25ms')).toEqual(lines);
  expect(await shown('--slow', '0.025s')).toEqual(lines);
  expect(lines).toContain('slow() -> 1');
  expect(lines.filter((line) => line.startsWith('fast'))).toEqual([]);
});

test('print says so when nothing passes', async () => {
  expect(await handit('print', '--fn', 'nothing')).toEqual({
    stdout: '',
    stderr: 'handit: nothing in handit_events.jsonl passes these filters\n',
    code: 0,
    signal: null,
  });
});

test('print --json is one node a line, with its depth', async () => {
  const nodes = (await handit('print', '--json', '--fn', '^fails$')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(nodes.map(({ type, depth, func }) => [type, depth, func])).toEqual([
    ['process', undefined, undefined],
    ['call', 0, 'rejects'],
    ['call', 1, 'fails'],
  ]);
});

test('stats counts calls and errors, and splits the time', async () => {
  const lines = (await handit('stats', '--json')).stdout.trimEnd().split('\n');
  const stats = new Map(lines.map((line) => JSON.parse(line) as FunctionStats).map((entry) => [entry.func, entry]));
  expect(stats.get('fast')).toMatchObject({ file: 'app.js', line: 3, calls: 6, recorded: 6, errors: 0 });
  expect(stats.get('fails')).toMatchObject({ calls: 1, errors: 1 });
  const slow = stats.get('slow')!;
  expect(slow.total_ns).toBeGreaterThan(25e6);
  expect(slow.total_ns - slow.own_ns).toBeGreaterThan(0);
  expect(slow.p50_ns).toBe(slow.total_ns);
  const table = (await handit('stats', '--top', '1')).stdout.split('\n');
  expect(table[0]).toMatch(/^calls +total +own +p50 +p99 +errors {2}function$/);
  expect(table).toHaveLength(3);
});

test('stats counts the calls beyond the cap too', async () => {
  const project = tempProject({ 'app.cjs': 'function f() {}\nfor (let i = 0; i < 10; i++) f();' });
  await runNode(process.execPath, [cli, 'app.cjs'], { cwd: project, env: { HANDIT_MAX_CALLS: '4' } });
  const { stdout, stderr } = await runNode(process.execPath, [cli, 'stats', '--json'], { cwd: project });
  expect(JSON.parse(stdout)).toMatchObject({ func: 'f', calls: 10, recorded: 4 });
  expect(stderr).toContain('not in these numbers: 1 function recorded in part');
});

test('doctor finds nothing wrong with a good trace', async () => {
  const { stdout, code } = await handit('doctor');
  expect(stdout).toMatch(
    /^ok {4}Node \S+\nok {4}handit\/register is version (\S+); this command is version \1\nok {4}.* holds \d+ calls and 4 HTTP exchanges of 1 process\nok {4}1 file was rewritten\n$/,
  );
  expect(code).toBe(0);
});

test.each([
  [{}, { 'app.js': '' }, /^FAIL {2}there is no trace /m],
  [{ HANDIT_ENABLED: 'no' }, {}, /^FAIL {2}HANDIT_ENABLED=no: nothing is recorded$/m],
  [{ HANDIT_MAX_STR: 'x' }, {}, /^FAIL {2}HANDIT_MAX_STR="x" is not a whole number/m],
  [
    {},
    {
      'handit_events.jsonl':
        '{"type":"process_start","proc":"00000001","cwd":"/elsewhere"}\n{"type":"http_request","proc":"00000001","id":1}\n{"type":"process_end","proc":"00000001","files":0,"dropped":{}}\n',
    },
    /^FAIL {2}no file was rewritten: only files below the working directory \(\/elsewhere\)/m,
  ],
])('doctor fails with %j and %j', async (env, files, expected) => {
  const { stdout, code } = await runNode(process.execPath, [cli, 'doctor'], { cwd: tempProject(files), env });
  expect(stdout).toMatch(expected);
  expect(code).toBe(1);
});

test.each(['bash', 'zsh', 'fish'])('completion %s names the commands and their options', async (shell) => {
  const { stdout, code } = await handit('completion', shell);
  expect(code).toBe(0);
  for (const word of ['print', 'stats', 'doctor', 'slow', 'json']) expect(stdout).toContain(word);
});

test('the bash completion runs', async () => {
  const script = (await handit('completion', 'bash')).stdout;
  const { stdout } = await runNode(
    '/bin/bash',
    ['-c', `${script}\nCOMP_WORDS=(handit print --sl); COMP_CWORD=2; _handit; echo "\${COMPREPLY[@]}"`],
    { cwd: tempProject({}) },
  );
  expect(stdout).toBe('--slow\n');
});
