import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
