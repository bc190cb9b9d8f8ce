import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { call, jsonl, processEnd, processStart, returned, testEnd } from '../helpers/records.js';
import { cleanEnv, repository, tempProject } from '../helpers/run.js';

// What a person at a terminal sees. `script` (util-linux) lends one.

const cli = join(repository, 'dist/cli.cjs');
const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
const onTerminal = hasTerminal ? test : test.skip;
if (!hasTerminal) test.skip('a terminal is not tested here: there is no `script` of util-linux', () => undefined);

function inTerminal(command: string, cwd: string, env: Record<string, string> = {}): string {
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    ...{ cwd, encoding: 'utf8', env: { ...cleanEnv(), TERM: 'xterm', ...env } },
  });
  return stdout.replaceAll('\r\n', '\n');
}

const handit = `"${process.execPath}" "${cli}"`;

function treeOf(lines: number): string {
  const calls = Array.from({ length: lines }, (_, i) => [call(i + 2, 1, i), returned(i + 2, i, { dt_ns: 1000 + i })]);
  const failed = { outcome: 'failed', error: { name: 'E', message: 'no' } } as const;
  return jsonl(
    ...[processStart(), call(1, null, 0), ...calls.flat(), returned(1, lines, { dt_ns: 9e6 })],
    ...[testEnd('a.test.js > breaks', 5, failed), processEnd({ dropped: { max_calls: 5 } })],
  );
}

onTerminal('a tree of over 2,000 lines begins with an overview and goes through the pager', () => {
  const folder = tempProject({ 'handit_events.jsonl': treeOf(2500) });
  expect(inTerminal(`${handit} print`, folder, { PAGER: 'cat > paged.txt' })).toBe('');
  const shown = stripVTControlCharacters(readFileSync(join(folder, 'paged.txt'), 'utf8'));
  const lines = shown.split('\n');
  expect(lines[0]).toBe('1 run in the file; of the one shown:');
  expect(lines[1]).toMatch(/^ {2}process 5f0c9a1e {2}a\.js .* 2501 calls {2}exit code 0$/);
  expect(lines.slice(2, 6)).toEqual([
    '1 test, 1 failed',
    '  failed: a.test.js > breaks',
    'slowest calls',
    expect.stringMatching(/^ +9\.0 ms {2}f1 {2}a\.js:1 {2}5f0c9a1e:1$/),
  ]);
  expect(lines.filter((line) => line.startsWith('missing: '))).toHaveLength(1);
  const tree = lines.indexOf('');
  expect(lines[tree + 1]).toMatch(/^process 5f0c9a1e/);
  expect(lines.slice(tree).filter((line) => /^ {2}f\d+\(\)/.test(line))).toHaveLength(2500);
});

onTerminal('a shorter one does neither', () => {
  const folder = tempProject({ 'handit_events.jsonl': treeOf(20) });
  const shown = inTerminal(`${handit} print`, folder, { PAGER: 'cat > paged.txt', NO_COLOR: '1' });
  expect(shown).toMatch(/^process 5f0c9a1e/);
  expect(shown).not.toContain('run in the file');
});

onTerminal('what takes over a second to read says how far it is, on a terminal alone', () => {
  const folder = tempProject({ 'a.jsonl': treeOf(20_000) });
  const slowly = `(head -c 1500000 a.jsonl; sleep 1.2; tail -c +1500001 a.jsonl) | ${handit} stats -`;
  expect(inTerminal(slowly, folder)).toMatch(/\r\d MB read/);
  const { stdout, stderr } = spawnSync('sh', ['-c', slowly], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toContain('f1');
  expect(stderr).not.toContain('MB read');
});

test('print --since shows what began since then', () => {
  const folder = tempProject({
    'handit_events.jsonl': jsonl(
      ...[processStart(), call(1, null, 0), returned(1, 1), call(2, null, 90e6), returned(2, 90e6 + 1), processEnd()],
    ),
  });
  const shown = (since: string) => {
    const args = [cli, 'print', '--since', since];
    return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: cleanEnv() });
  };
  // The trace begins at 2026-01-05T08:00:00Z.
  expect(shown('2026-01-05T08:01:00Z').stdout).toMatch(/^process .*\nf2\(\) -> null.*\n$/);
  expect(shown('2026-01-05T07:00:00Z').stdout).toMatch(/\nf1\(\) .*\nf2\(\) /);
  const hours = Math.ceil((Date.now() - Date.parse('2026-01-05T08:00:00Z')) / 3600e3);
  expect(shown(`${hours + 1}h`).stdout).toContain('f1()');
  expect(shown('1s').stdout).toBe('');
  expect(shown('yesterday')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--since is "yesterday"') as string,
  });
});

test('print --ids names what handit show takes', () => {
  const folder = tempProject({ 'handit_events.jsonl': jsonl(processStart(), call(1, null, 0), returned(1, 1)) });
  const shown = (...args: string[]) =>
    spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: 'utf8', env: cleanEnv() }).stdout;
  const [id] = /5f0c9a1e:\d+/.exec(shown('print', '--ids'))!;
  expect(shown('print')).not.toContain(id);
  expect(shown('show', id)).toContain('f1()');
});
