import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const preload = ['--require', join(repository, 'dist/register.cjs')];
const trace = 'handit_events.jsonl';

/** Runs `app.js` of a new project under handit. */
async function run(source: string, env: Record<string, string> = {}, file = trace, node = process.execPath) {
  const cwd = tempProject({ 'app.js': source });
  const result = await runNode(node, [...preload, 'app.js'], { cwd, env });
  const path = join(cwd, file);
  if (existsSync(path)) validateTrace(path);
  return { ...result, cwd, path, records: existsSync(path) ? readTrace(path) : [] };
}

const only = <T extends TraceRecord['type']>(records: TraceRecord[], type: T) =>
  records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];
const quiet = { stdout: '', stderr: '', code: 0, signal: null };
const small = 'function f(a) { return a; }\nf(1);\n';

describe('HANDIT_OUTPUT_FILE', () => {
  test('names the file, relative to the folder the program started in, also when that is left', async () => {
    const source = `function f() {}\nf();\nrequire('fs').mkdirSync('deep');\nprocess.chdir('deep');\nf();\n`;
    const { records, cwd, ...result } = await run(source, { HANDIT_OUTPUT_FILE: 'my.jsonl' }, 'my.jsonl');
    expect(result).toMatchObject(quiet);
    expect(only(records, 'call')).toHaveLength(2);
    expect(only(records, 'process_start')).toMatchObject([{ cwd }]);
    expect(readdirSync(cwd).sort()).toEqual(['app.js', 'deep', 'my.jsonl']);
    expect(readdirSync(join(cwd, 'deep'))).toEqual([]);
  });

  test('has its missing folders made', async () => {
    const { records } = await run(small, { HANDIT_OUTPUT_FILE: 'a/b/c.jsonl' }, 'a/b/c.jsonl');
    expect(only(records, 'call')).toHaveLength(1);
  });

  test('has %p and %t filled in', async () => {
    const before = Date.now();
    const { cwd } = await run(small, { HANDIT_OUTPUT_FILE: 'out/%p-%t.jsonl' });
    const [name, ...others] = readdirSync(join(cwd, 'out'));
    expect(others).toEqual([]);
    const [, pid, time] = /^(\d+)-(\d+)\.jsonl$/.exec(name)!;
    expect(only(readTrace(join(cwd, 'out', name)), 'process_start')[0].pid).toBe(Number(pid));
    expect(Number(time)).toBeGreaterThanOrEqual(before);
    expect(Number(time)).toBeLessThanOrEqual(Date.now());
  });
});

describe('limits of previews', () => {
  const source = `function f(a) { return a; }\nf(['abcdef', [[['deep']]], ...'12345']);\n`;
  const argument = async (env: Record<string, string>) =>
    only((await run(source, env)).records, 'call')[0].args_preview.a as any;

  test('HANDIT_MAX_STR', async () => {
    expect((await argument({ HANDIT_MAX_STR: '5' }))[0]).toMatchObject({ $type: 'string', length: 6, value: 'abcde' });
    expect((await argument({ HANDIT_MAX_STR: '6' }))[0]).toBe('abcdef');
  });

  test('HANDIT_MAX_LOCALS', async () => {
    expect(await argument({ HANDIT_MAX_LOCALS: '6' })).toMatchObject({ $type: 'Array', length: 7 });
    expect(await argument({ HANDIT_MAX_LOCALS: '7' })).toHaveLength(7);
  });

  test('HANDIT_MAX_DEPTH', async () => {
    expect((await argument({ HANDIT_MAX_DEPTH: '3' }))[1]).toMatchObject([[{ $type: 'Array', length: 1 }]]);
    expect((await argument({ HANDIT_MAX_DEPTH: '4' }))[1]).toEqual([[['deep']]]);
  });
});

describe('HANDIT_MAX_CALLS', () => {
  const source = `
function often(i) { if (i % 10 === 9) throw new Error('no ' + i); return i; }
function once() { for (let i = 0; i < 100; i++) try { often(i); } catch {} }
once();
`;

  test('caps the detail of a function, never its exceptions, and gives exact totals', async () => {
    const { records, ...result } = await run(source, { HANDIT_MAX_CALLS: '25' });
    expect(result).toMatchObject(quiet);
    const calls = only(records, 'call').filter(({ func }) => func === 'often');
    expect(calls.map(({ args_preview }) => args_preview.i)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(only(records, 'return').filter(({ func }) => func === 'often')).toHaveLength(23);
    const exceptions = only(records, 'exception');
    expect(exceptions.map(({ error }) => error.message)).toEqual(
      Array.from({ length: 10 }, (_, i) => `no ${i * 10 + 9}`),
    );
    const once = only(records, 'call')[0];
    expect(exceptions.slice(2)).toMatchObject(Array.from({ length: 8 }, () => ({ capped: true, parent: once.id })));
    expect(exceptions.slice(0, 2).some(({ capped }) => capped)).toBe(false);
    expect(only(records, 'summary')).toMatchObject([
      { func: 'often', file: 'app.js', line: 2, calls: 100, recorded: 25, exceptions: 10 },
    ]);
    expect(records.at(-1)).toMatchObject({ type: 'process_end', dropped: { max_calls: 75 } });
  });

  test.each(['100', '101', '0'])('%s leaves out nothing of 100 calls, nor needs a summary', async (limit) => {
    const { records } = await run(source, { HANDIT_MAX_CALLS: limit });
    expect(only(records, 'call')).toHaveLength(101);
    expect(only(records, 'summary')).toEqual([]);
  });

  test('99 leaves out one of 100', async () => {
    const { records } = await run(source, { HANDIT_MAX_CALLS: '99' });
    expect(only(records, 'call')).toHaveLength(100);
    expect(only(records, 'summary')).toMatchObject([{ calls: 100, recorded: 99 }]);
  });
});

test('HANDIT_MAX_FILE_MB ends the detail when the file has that size, not the exceptions and totals', async () => {
  const source = `
function big(text) { return text.length; }
function late() { throw new Error('late'); }
const text = 'x'.repeat(200);
for (let i = 0; i < 40_000; i++) big(text);
try { late(); } catch {}
`;
  const { records, path, ...result } = await run(source, { HANDIT_MAX_FILE_MB: '1' });
  expect(result).toMatchObject(quiet);
  const recorded = only(records, 'call').length;
  expect(recorded).toBeGreaterThan(1000);
  expect(recorded).toBeLessThan(40_000);
  expect(only(records, 'exception')).toMatchObject([{ func: 'late', capped: true, error: { message: 'late' } }]);
  expect(only(records, 'summary').find(({ func }) => func === 'big')).toMatchObject({ calls: 40_000, recorded });
  expect(records.at(-1)).toMatchObject({ dropped: { max_file: 40_001 - recorded } });
  expect(statSync(path).size).toBeGreaterThan(0.9 * 1024 * 1024);
  expect(statSync(path).size).toBeLessThan(1.1 * 1024 * 1024);
  expect((await run(source, { HANDIT_MAX_FILE_MB: '0', HANDIT_MAX_CALLS: '0' })).records).toHaveLength(2 * 40_001 + 3);
});

test('HANDIT_SAMPLE_RATE=0 records totals and exceptions only', async () => {
  const source = `
function outer(i) { if (i === 3) throw new TypeError('no'); return i; }
for (let i = 0; i < 5; i++) try { outer(i); } catch {}
`;
  const { records, ...result } = await run(source, { HANDIT_SAMPLE_RATE: '0' });
  expect(result).toMatchObject(quiet);
  expect(records.map(({ type }) => type)).toEqual(['process_start', 'module', 'exception', 'summary', 'process_end']);
  expect(records[2]).toMatchObject({ func: 'outer', capped: true, parent: null, error: { name: 'TypeError' } });
  expect(records[3]).toMatchObject({ calls: 5, recorded: 0, exceptions: 1 });
  expect(records[4]).toMatchObject({ dropped: { not_sampled: 5 } });
});

test('HANDIT_ENABLED=false does nothing at all', async () => {
  const source = `
function f() {}
f();
console.log(Object.getOwnPropertySymbols(globalThis).length, '__handit__' in globalThis, Function.prototype.toString.name);
console.log(process.listenerCount('exit'), process.listenerCount('beforeExit'), process.reallyExit.name);
`;
  const cwd = tempProject({ 'app.js': source });
  const bare = await runNode(process.execPath, ['app.js'], { cwd });
  const off = await run(source, { HANDIT_ENABLED: 'false', HANDIT_MAX_STR: 'wrong', HANDIT_DEBUG: '1' });
  expect(off).toMatchObject({ stdout: bare.stdout, stderr: '', code: 0 });
  expect(bare.stdout).toContain('false toString');
  expect(readdirSync(off.cwd)).toEqual(['app.js']);
});

test('HANDIT_DEBUG says on stderr what was instrumented, skipped and left alone', async () => {
  const cwd = tempProject({
    'app.js': `require('./b');\ntry { require('./broken'); } catch {}\nfunction f() {}\nf();\n`,
    'b.js': 'module.exports = () => 1;\n',
    'broken.js': 'function ( {\n',
  });
  const { stdout, stderr, code } = await runNode(process.execPath, [...preload, 'app.js'], {
    ...{ cwd, env: { HANDIT_DEBUG: '1' } },
  });
  expect({ stdout, code }).toEqual({ stdout: '', code: 0 });
  expect(stderr).toContain('handit: instrumented app.js: 1 functions\n');
  expect(stderr).toContain('handit: instrumented b.js: 1 functions\n');
  expect(stderr).toMatch(/^handit: skipped broken\.js: .+$/m);
  validateTrace(join(cwd, trace));
  expect(only(readTrace(join(cwd, trace)), 'skipped')).toMatchObject([{ file: 'broken.js' }]);
});

describe('HANDIT_CACHE_DIR', () => {
  const cached = async (env: Record<string, string>) => {
    const cwd = tempProject({ 'app.js': small });
    mkdirSync(join(cwd, 'node_modules'));
    expect(await runNode(process.execPath, [...preload, 'app.js'], { cwd, env })).toEqual(quiet);
    return { cwd, names: readdirSync(cwd, { recursive: true }) as string[] };
  };

  test('keeps rewritten sources below node_modules by default, private', async () => {
    const { cwd, names } = await cached({});
    const entries = names.filter((name) => /^node_modules\/\.cache\/handit\/[0-9a-f]{32}$/.test(name));
    expect(entries).toHaveLength(1);
    expect(statSync(join(cwd, entries[0])).mode & 0o777).toBe(0o600);
  });

  test('keeps them where it says', async () => {
    const { names } = await cached({ HANDIT_CACHE_DIR: 'my/cache' });
    expect(names.filter((name) => /^my\/cache\/[0-9a-f]{32}$/.test(name))).toHaveLength(1);
    expect(names).not.toContain('node_modules/.cache');
  });

  test('off keeps none', async () => {
    const { names } = await cached({ HANDIT_CACHE_DIR: 'off' });
    expect(names.sort()).toEqual(['app.js', trace, 'node_modules']);
  });
});

describe('HANDIT_REDACT', () => {
  const source = `
function login(nino, user, password, max_tokens) { return { nino, user, token: password, nested: [{ taxId: nino }] }; }
class Account { constructor(apiKey) { this.apiKey = apiKey; } async open(customer_no, ...rest) { return customer_no; } }
login('I', 'ada', 'P', 5);
new Account('K').open('C', new Map([['session-id', 'S']]));
(({ secret, open }) => open)({ secret: 'X', open: 'o' });
`;
  const values = async (env: Record<string, string>) => {
    const { path, records, ...result } = await run(source, env);
    expect(result).toMatchObject(quiet);
    return { text: readFileSync(path, 'utf8'), calls: only(records, 'call') };
  };

  test('is not needed for what is secret by its name, parameters included', async () => {
    const { text, calls } = await values({});
    expect(calls[0].args_preview).toEqual({ nino: 'I', user: 'ada', password: '<redacted>', max_tokens: 5 });
    for (const secret of ['"P"', '"K"', '"S"', '"X"']) expect(text).not.toContain(secret);
  });

  test('adds names', async () => {
    const { text, calls } = await values({ HANDIT_REDACT: 'nino|^tax_?id$|customerno' });
    expect(calls[0].args_preview).toMatchObject({ nino: '<redacted>', user: 'ada', password: '<redacted>' });
    expect(calls.find(({ func }) => func === 'Account.open')!.args_preview.customer_no).toBe('<redacted>');
    expect(text).not.toContain('"I"');
  });
});

test('secrets of the command line are redacted', async () => {
  const cwd = tempProject({ 'app.js': small });
  const args = ['--password', 'hunter2', '--api-key=hunter2', 'TOKEN=hunter2', '--max-tokens=5'];
  await runNode(process.execPath, [...preload, 'app.js', ...args], { cwd });
  expect(only(readTrace(join(cwd, trace)), 'process_start')[0].argv.slice(2)).toEqual([
    ...['--password', '<redacted>', '--api-key=<redacted>', 'TOKEN=<redacted>', '--max-tokens=5'],
  ]);
});

describe.each(nodes())('on Node $label', ({ path: node }) => {
  test('a wrong value is one line on stderr and the program runs on, in CommonJS and ES modules', async () => {
    const cwd = tempProject({
      'app.mjs': `import { f } from './b.mjs';\nimport g from './c.cjs';\nimport { Worker } from 'node:worker_threads';\nf();\ng();\nprocess.stdout.write('ran');\n`,
      'b.mjs': 'export function f() {}\n',
      'c.cjs': 'module.exports = function g() {};\n',
    });
    const env = { HANDIT_MAX_STR: 'a "lot"', HANDIT_DEBUG: 'maybe' };
    const result = await runNode(node, ['--import', join(repository, 'register.mjs'), 'app.mjs'], { cwd, env });
    expect(result).toEqual({
      stdout: 'ran',
      stderr:
        'handit: HANDIT_MAX_STR="a \\"lot\\"" is not a whole number of at least 0; using 256\n' +
        'handit: HANDIT_DEBUG="maybe" is not one of 1, true, on, yes, 0, false, off, no; using false\n',
      ...{ code: 0, signal: null },
    });
    const calls: Call[] = only(readTrace(join(cwd, trace)), 'call');
    expect(calls.map(({ func }) => func)).toEqual(['f', 'g']);
  });
});
