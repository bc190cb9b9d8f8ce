import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, jsonl, processEnd, processStart, returned } from '../helpers/records.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const cli = join(repository, 'dist/cli.cjs');
const trace = jsonl(processStart(), call(1, null, 0), returned(1, 1), processEnd());
const printed = expect.stringMatching(
  /^process 5f0c9a1e {2}a\.js {2}2026-01-05 [\d:]{8} {2}node v24\.11\.1 {2}pid 7 {2}1 call {2}exit code 0\nf1\(\) -> null {2}1\.0 us {2}a\.js:1\n$/,
);

function handit(args: string[], files: Record<string, string> = {}, env = {}) {
  return runNode(process.execPath, [cli, ...args], { cwd: tempProject(files), env });
}

test('print shows the trace that it is given', async () => {
  expect(await handit(['print', 'my.jsonl'], { 'my.jsonl': trace })).toEqual({
    ...{ stdout: printed, stderr: '', code: 0, signal: null },
  });
});

test('print takes handit_events.jsonl when it is given none', async () => {
  expect(await handit(['print'], { 'handit_events.jsonl': trace })).toMatchObject({ stdout: printed, code: 0 });
});

test('print shows what is there of a trace whose last line was cut, and says so', async () => {
  const { stdout, stderr, code } = await handit(['print', 'a.jsonl'], { 'a.jsonl': `${trace}{"type":"ca` });
  expect(stdout).toEqual(printed);
  expect(stderr).toBe('handit: a.jsonl:5 is cut off at the end of the file; the line is left out\n');
  expect(code).toBe(0);
});

test('print of an empty file says so', async () => {
  expect(await handit(['print', 'a.jsonl'], { 'a.jsonl': '' })).toMatchObject({
    ...{ stdout: '', stderr: 'handit: a.jsonl is empty\n', code: 0 },
  });
});

const wrong: [string[], string][] = [
  [['print', 'no.jsonl'], 'there is no file no.jsonl; record one with: node --import handit/register app.js'],
  [['print', 'empty'], 'there is no *.jsonl file in the folder empty'],
  [['print', 'text.txt'], 'text.txt is not a trace: line 1 is not a trace record'],
  [
    ['print', '--tree'],
    'unknown option "--tree" of print; allowed: --fn, --file, --test, --errors, --slow, --http, --status, --method, --host, --since, --failed, --value, --depth, --full, --unfold, --bodies, --ids, --follow, --run, --last, --proc, --json, --help',
  ],
  [['print', '--fn'], 'the option "--fn" of print needs a value'],
  [['print', '--http=1'], 'the option "--http" of print takes no value'],
  [['print', '--fn', '('], '--fn is not a regular expression: Invalid regular expression: /(/: Unterminated group'],
  [['print', '--slow', 'a'], '--slow is "a"; it must be a number of at least 0'],
  [['print', '--status', '4'], '--status is "4"; it must be codes such as 404, 5xx or 400,401'],
  [['print', '--since', 'now'], '--since is "now"; it must be a span such as 90s, 5m or 2h, or a date and time'],
  [['print', '--run', '2'], '--run is "2"; it must be "all" or a number from 1 to 1'],
  [['print', '--proc', 'x'], 'there is no process x in the trace; there are: 5f0c9a1e'],
  [['stats', '--sort', 'x'], '--sort is "x"; allowed: total, own, calls, errors, p50, p99, name'],
  [['stats', '--top=-1'], '--top is "-1"; it must be a number of at least 0'],
  [['show'], 'show takes a proc:id, as "handit print --ids" shows them, and got ""'],
  [['show', '5f0c9a1e:9'], 'there is no call or exchange 5f0c9a1e:9 in the trace'],
  [['completion', 'cmd'], 'completion takes the name of a shell, and got "cmd"; allowed: bash, zsh, fish'],
  [['--'], 'nothing to run: give a command after "--", as in: handit -- npm test'],
  [['--', 'no-such-command-here'], 'cannot start "no-such-command-here": there is no such command'],
  [
    ['no-command'],
    'unknown command or file "no-command"; allowed: print, show, stats, report, open, diff, llm, mcp, query, export, doctor, completion, a file to run, -- <command>, --help, --version',
  ],
];

test.each(wrong)('%j is one line on stderr and exit code 2', async (args, line) => {
  const files = { 'text.txt': 'hello\n', 'empty/a.txt': '', 'handit_events.jsonl': trace };
  expect(await handit(args, files)).toEqual({
    ...{ stdout: '', stderr: `handit: ${line}\n`, code: 2, signal: null },
  });
});

test.each([[['--help']], [['-h']], [['print', '--help']], [[]]])('%j prints the help', async (args) => {
  const { stdout, stderr, code } = await handit(args);
  const expected = args.includes('print')
    ? /^Usage: handit print \[file\.\.\.\]\n\nThe calls [^]*\n {2}--fn <regexp> /
    : /^Usage:\n {2}handit app\.js [^]*\n {2}handit print \[file\.\.\.\]/;
  expect(stdout).toMatch(expected);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
});

test('--version prints the version of package.json', async () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  expect(await handit(['--version'])).toMatchObject({ stdout: `${version}\n`, stderr: '', code: 0 });
});

test('ends quietly when the reader of its output has seen enough', async () => {
  const folder = tempProject({});
  const calls = Array.from({ length: 50_000 }, (_, i) => call(i + 1, null, i, { line: i }));
  writeFileSync(join(folder, 'big.jsonl'), jsonl(...calls));
  const child = spawn(process.execPath, [cli, 'print', 'big.jsonl'], { cwd: folder });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const closed = once(child, 'close');
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  child.stdout.destroy();
  expect(first.toString()).toMatch(/^process 5f0c9a1e {2}2026-01-05 /);
  expect(await closed).toEqual([0, null]);
  expect(stderr).toBe('');
});
