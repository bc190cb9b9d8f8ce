import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnv, installHandit, repository, runNode, tempProject } from './run.js';
import { readTrace, validateTrace } from './trace.js';

const node = process.execPath;

describe('runNode()', () => {
  test('answers both streams and the exit code', async () => {
    const script = 'console.log("out"); console.error("err"); process.exitCode = 3';
    expect(await runNode(node, ['-e', script])).toEqual({ stdout: 'out\n', stderr: 'err\n', code: 3, signal: null });
  });

  test('answers the signal that ended the child', async () => {
    const result = await runNode(node, ['-e', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 1e6)']);
    expect(result).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  test('kills a child that does not end', async () => {
    expect(await runNode(node, ['-e', 'setInterval(() => {}, 1e6)'], { timeout: 300 })).toMatchObject({
      ...{ code: null, signal: 'SIGKILL' },
    });
  });

  test('keeps characters whole that arrive in two pieces', async () => {
    const script =
      'const b = Buffer.from("\u{1f375}"); process.stdout.write(b.subarray(0, 2), () => setTimeout(() => process.stdout.write(b.subarray(2)), 50))';
    expect((await runNode(node, ['-e', script])).stdout).toBe('\u{1f375}');
  });

  test('gives the child its input, folder and environment', async () => {
    const folder = tempProject({
      'a.js': 'process.stdin.pipe(process.stdout); console.log(process.env.MY, process.cwd());',
    });
    const { stdout } = await runNode(node, ['a.js'], { cwd: folder, input: 'hello', env: { MY: 'own' } });
    expect(stdout).toBe(`own ${folder}\nhello`);
  });

  test('keeps from the child what Jest and a traced parent set', async () => {
    process.env.HANDIT_DEBUG = '1';
    process.env.NODE_OPTIONS = '--no-warnings';
    const ci = process.env.CI;
    process.env.CI = 'true';
    try {
      expect(process.env.JEST_WORKER_ID).toBeDefined();
      const { stdout } = await runNode(node, ['-p', 'JSON.stringify(process.env)']);
      const seen = Object.keys(JSON.parse(stdout) as object);
      expect(seen).toContain('PATH');
      expect(seen.filter((name) => /^(HANDIT_|JEST_|NODE_OPTIONS|NODE_ENV|CI$)/.test(name))).toEqual([]);
      expect(cleanEnv().HANDIT_DEBUG).toBeUndefined();
    } finally {
      delete process.env.HANDIT_DEBUG;
      delete process.env.NODE_OPTIONS;
      if (ci === undefined) delete process.env.CI;
      else process.env.CI = ci;
    }
  });

  test('rejects when there is no such Node', async () => {
    await expect(runNode('/no/such/node', [])).rejects.toThrow('ENOENT');
  });
});

describe('tempProject()', () => {
  test('writes the files into a real folder outside the repository', () => {
    const folder = tempProject({ 'a/b.txt': 'text', 'c.txt': '' });
    expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('text');
    expect(existsSync(join(folder, 'c.txt'))).toBe(true);
    expect(realpathSync(folder)).toBe(folder);
    expect(folder.startsWith(repository)).toBe(false);
  });

  test('gives a new folder each time', () => {
    expect(tempProject({})).not.toBe(tempProject({}));
  });
});

describe('installHandit()', () => {
  test('lets a project preload handit by its name, from files of its own', async () => {
    const folder = tempProject({ 'a.js': 'function f() { return 1; }\nf();\n' });
    installHandit(folder);
    expect(realpathSync(join(folder, 'node_modules/handit/register.mjs')).startsWith(folder)).toBe(true);
    const result = await runNode(node, ['--import', 'handit/register', 'a.js'], { cwd: folder });
    expect(result).toEqual({ stdout: '', stderr: '', code: 0, signal: null });
    validateTrace(join(folder, 'handit_events.jsonl'));
    const calls = readTrace(join(folder, 'handit_events.jsonl')).filter(({ type }) => type === 'call');
    expect(calls).toMatchObject([{ func: 'f', file: 'a.js', line: 1 }]);
  });
});
