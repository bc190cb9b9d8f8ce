import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, processEnd, processStart, returned } from '../helpers/records.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const cli = join(repository, 'dist/cli.cjs');
const jsonl = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const trace = jsonl([processStart(), call(1, null, 0), returned(1, 1), processEnd()]);
const printed = 'process 5f0c9a1e  node v24.11.1  pid 7  1 call  exit code 0\nf1() -> null  1.0 us  a.js:1\n';

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
  expect(stdout).toBe(printed);
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
  [['print', '.'], '. is a folder; give the file in it'],
  [['print', 'text.txt'], 'text.txt is not a trace: line 1 is not a trace record'],
  [['print', 'a', 'b'], 'print takes one file, and got 2: a, b'],
  [
    ['print', '--tree'],
    'unknown option "--tree" of print; allowed: --fn, --http, --errors, --test, --slow, --json, --help',
  ],
  [['print', '--fn'], 'the option "--fn" of print needs a value'],
  [['print', '--http=1'], 'the option "--http" of print takes no value'],
  [['print', '--fn', '('], '--fn is not a regular expression: Invalid regular expression: /(/: Unterminated group'],
  [['print', '--slow', 'a'], '--slow is "a"; it must be a number of at least 0'],
  [['stats', '--top=-1'], '--top is "-1"; it must be a number of at least 0'],
  [['completion', 'cmd'], 'completion takes the name of a shell, and got "cmd"; allowed: bash, zsh, fish'],
  [['--'], 'nothing to run: give a command behind "--", as in: handit -- npm test'],
  [['--', 'no-such-command-here'], 'cannot start "no-such-command-here": there is no such command'],
  [
    ['show'],
    'unknown command or file "show"; allowed: print, stats, doctor, completion, a file to run, -- <command>, --help, --version',
  ],
];

test.each(wrong)('%j is one line on stderr and exit code 1', async (args, line) => {
  expect(await handit(args, { 'text.txt': 'hello\n' })).toEqual({
    ...{ stdout: '', stderr: `handit: ${line}\n`, code: 1, signal: null },
  });
});

test.each([[['--help']], [['-h']], [['print', '--help']], [[]]])('%j prints the help', async (args) => {
  const { stdout, stderr, code } = await handit(args);
  expect(stdout).toMatch(/^Usage:\n {2}handit app\.js [^]*\n {2}handit print \[file\]/);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
});

test('--version prints the version of package.json', async () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  expect(await handit(['--version'])).toMatchObject({ stdout: `${version}\n`, stderr: '', code: 0 });
});

test('ends quietly when the reader of its output has seen enough', async () => {
  const folder = tempProject({});
  const calls = Array.from({ length: 50_000 }, (_, i) => call(i + 1, null, i));
  writeFileSync(join(folder, 'big.jsonl'), jsonl(calls));
  const child = spawn(process.execPath, [cli, 'print', 'big.jsonl'], { cwd: folder });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const closed = once(child, 'close');
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  child.stdout.destroy();
  expect(first.toString()).toMatch(/^process 5f0c9a1e {2}50000 calls {2}has not ended\n/);
  expect(await closed).toEqual([0, null]);
  expect(stderr).toBe('');
});
