import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasSyncHooks } from '../../src/node-features.js';
import { nodes } from '../helpers/node-versions.js';
import { installHandit, runNode, tempProject } from '../helpers/run.js';
import { readTrace } from '../helpers/trace.js';

const node = process.execPath;
const cached = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('agent-')) : [];

function project(): { folder: string; cache: string; run: (env?: object, nodePath?: string) => Promise<void> } {
  const folder = tempProject({ 'app.js': 'function add(a, b) { return a + b; }\nconsole.log(add(1, 2));' });
  installHandit(folder);
  const trace = join(folder, 'handit_events.jsonl');
  return {
    folder,
    cache: join(folder, 'node_modules/.cache/handit'),
    async run(env = {}, nodePath = node) {
      writeFileSync(trace, '');
      const result = await runNode(nodePath, ['--require', 'handit/register', 'app.js'], {
        cwd: folder,
        env: { ...env },
      });
      expect(result).toEqual({ stdout: '3\n', stderr: '', code: 0, signal: null });
      expect(readTrace(trace).filter(({ type }) => type === 'call')).toHaveLength(1);
    },
  };
}

describe('the compiled agent', () => {
  test.each(nodes())('is kept and taken again: Node $version', async ({ path }) => {
    const { cache, run } = project();
    await run({}, path);
    const [name] = cached(cache);
    const { mtimeMs } = statSync(join(cache, name));
    await run({}, path);
    expect(cached(cache)).toEqual([name]);
    expect(statSync(join(cache, name)).mtimeMs).toBe(mtimeMs);
  });

  test.each([
    ['of which a bit has changed', (bytes: Buffer) => void (bytes[bytes.length >> 2] ^= 1)],
    ['that is cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 7)],
    ['that is empty', () => Buffer.alloc(0)],
    ['that is something else', () => Buffer.alloc(1000, 'x')],
  ])('is made again in place of one %s', async (_, damage) => {
    const { cache, run } = project();
    await run();
    const file = join(cache, cached(cache)[0]);
    const good = readFileSync(file);
    const bad = Buffer.from(good);
    const damaged = damage(bad) ?? bad;
    writeFileSync(file, damaged);
    await run();
    expect(readFileSync(file).equals(damaged)).toBe(false);
    expect(readFileSync(file).length).toBeGreaterThan(10_000);
  });

  describe('holds the functions that have run', () => {
    const lastByte = (file: string) => readFileSync(file).at(-1);

    test.each(nodes())('up to the end of the first process that has one: Node $version', async ({ path }) => {
      const { folder, cache, run } = project();
      writeFileSync(join(folder, 'killed.js'), "process.kill(process.pid, 'SIGKILL');");
      await runNode(path, ['--require', 'handit/register', 'killed.js'], { cwd: folder });
      const file = join(cache, cached(cache)[0]);
      expect(lastByte(file)).toBe(0);
      const ofStart = statSync(file).size;
      await run({}, path);
      expect(lastByte(file)).toBe(1);
      expect(statSync(file).size).toBeGreaterThan(ofStart * 1.05);
    });

    test.each(nodes())('of a process that is killed after a while, too: Node $version', async ({ path }) => {
      const { folder, cache } = project();
      writeFileSync(
        join(folder, 'long.js'),
        `let turns = 0;
        function turn() { if (++turns === 80) process.kill(process.pid, 'SIGKILL'); }
        setInterval(turn, 3);`,
      );
      await runNode(path, ['--require', 'handit/register', 'long.js'], { cwd: folder });
      expect(lastByte(join(cache, cached(cache)[0]))).toBe(1);
    });

    test.each(nodes())('and never loses those of the start that V8 has forgotten: Node $version', async ({ path }) => {
      const { folder, cache } = project();
      writeFileSync(join(folder, 'forget.js'), 'function f() {}\nf();\nif (process.argv[2]) gc();');
      const flags = ['--expose-gc', '--stress-flush-code', '--require', 'handit/register', 'forget.js'];
      await runNode(path, [...flags, 'gc'], { cwd: folder });
      const file = join(cache, cached(cache)[0]);
      expect(lastByte(file)).toBe(0);
      const ofStart = statSync(file).size;
      await runNode(path, flags, { cwd: folder });
      expect(lastByte(file)).toBe(1);
      expect(statSync(file).size).toBeGreaterThan(ofStart);
    });

    test('whatever the program has put in the place of what that needs', async () => {
      const { folder, cache } = project();
      const [fs, script, buffer] = ["require('fs')", "require('vm').Script.prototype", 'Buffer'];
      writeFileSync(
        join(folder, 'patches.js'),
        `function f() {}
        f();
        for (const holder of [${fs}, ${script}, ${buffer}, require('path')])
          for (const name of Object.getOwnPropertyNames(holder))
            if (/sync$|^(createCachedData|concat|join|dirname|resolve)$/i.test(name)) {
              const original = holder[name];
              holder[name] = function (...args) {
                if (new Error().stack.includes('handit')) process._rawDebug('called: ' + name);
                return Reflect.apply(original, this, args);
              };
            }`,
      );
      expect(await runNode(node, ['--require', 'handit/register', 'patches.js'], { cwd: folder })).toEqual({
        ...{ stdout: '', stderr: '', code: 0, signal: null },
      });
      expect(lastByte(join(cache, cached(cache)[0]))).toBe(1);
    });
  });

  test('is one for each set of flags that matters to it', async () => {
    const { cache, run } = project();
    await run();
    await run({ NODE_OPTIONS: '--interpreted-frames-native-stack' });
    expect(cached(cache).length).toBeGreaterThan(1);
  });

  test('goes where HANDIT_CACHE_DIR says', async () => {
    const { folder, cache, run } = project();
    await run({ HANDIT_CACHE_DIR: 'elsewhere' });
    expect(cached(cache)).toEqual([]);
    expect(cached(join(folder, 'elsewhere'))).toHaveLength(1);
  });

  test('is not kept where there is to be no cache', async () => {
    const { cache, run } = project();
    await run({ HANDIT_CACHE_DIR: 'off' });
    expect(cached(cache)).toEqual([]);
  });

  test('is not made where handit is switched off, and no built-in module is loaded for it', async () => {
    const { folder, cache } = project();
    writeFileSync(join(folder, 'loaded.js'), 'console.log(process.moduleLoadList.join("\\n"))');
    const loaded = (args: string[]) =>
      runNode(node, [...args, 'loaded.js'], { cwd: folder, env: { HANDIT_ENABLED: 'false' } });
    const bare = await loaded([]);
    const off = await loaded(['--require', 'handit/register']);
    expect(off.stdout).not.toMatch(/ (v8|crypto)$/m);
    expect(off).toMatchObject({ stderr: '', code: bare.code });
    expect(cached(cache)).toEqual([]);
  });

  // Before, a thread has the hooks for modules.
  const withSyncHooks = nodes().filter(({ version }) => hasSyncHooks(version));
  test.each(withSyncHooks)(
    'needs no threads and no streams to start in the main thread: Node $version',
    async ({ path }) => {
      const { folder } = project();
      writeFileSync(join(folder, 'loaded.js'), 'process._rawDebug(process.moduleLoadList.join("\\n"))');
      const { stderr } = await runNode(path, ['--require', 'handit/register', 'loaded.js'], { cwd: folder });
      expect(stderr).toMatch(/ vm$/m);
      expect(stderr).not.toMatch(/NativeModule (worker_threads|crypto|zlib|http|child_process|v8|stream)$/m);
    },
  );

  test('never comes from the folder in which the program runs', async () => {
    const { folder, cache, run } = project();
    await run();
    const elsewhere = tempProject({ 'node_modules/x.js': '', 'app.js': 'console.log(1)' });
    const register = join(folder, 'node_modules/handit/dist/register.cjs');
    expect(await runNode(node, ['--require', register, 'app.js'], { cwd: elsewhere })).toMatchObject({ code: 0 });
    expect(cached(join(elsewhere, 'node_modules/.cache/handit'))).toEqual([]);
    expect(cached(cache)).toHaveLength(1);
  });

  // A superuser may write everywhere.
  (process.getuid?.() === 0 ? test.skip : test)('does without where nothing can be written', async () => {
    const { folder, cache, run } = project();
    chmodSync(join(folder, 'node_modules'), 0o500);
    try {
      await run();
    } finally {
      chmodSync(join(folder, 'node_modules'), 0o700);
    }
    expect(cached(cache)).toEqual([]);
  });

  test('does without where a file is in the way', async () => {
    const { folder, cache, run } = project();
    writeFileSync(join(folder, 'node_modules/.cache'), '');
    await run();
    expect(cached(cache)).toEqual([]);
  });
});
