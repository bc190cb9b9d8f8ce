import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { callNames, callText } from '../helpers/call-text.js';
import { hasSyncHooks } from '../../src/node-features.js';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { eachAtOnce, programs, type ProgramOptions, type Programs } from '../helpers/programs.js';
import { runNode } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const lines = nodes();
const from = (major: number) => lines.filter((node) => node.major >= major);

test('there is a Node to run on', () => {
  expect(lines.length).toBeGreaterThan(0);
});

/** Runs it with and without handit; both must end well with the same output. Answers the names of the calls. */
async function sameOutput(project: Programs, path: string, args: string[], options?: ProgramOptions): Promise<string> {
  const plain = await project.bare(path, args, options);
  const { records, ...recorded } = await project.traced(path, args, options);
  expect([args, plain.code, plain.stdout.length > 0]).toEqual([args, 0, true]);
  const stderr = (text: string): string => text.replace(/^\(node:\d+\)/gm, '(node)');
  expect([args, { ...recorded, stderr: stderr(recorded.stderr) }]).toEqual([
    args,
    { ...plain, stderr: stderr(plain.stderr) },
  ]);
  return callNames(records);
}

describe('modules of every kind', () => {
  const project = programs({
    'required.cjs': `const { a } = require('./lib/a.cjs');\nconst again = require('./lib/a.cjs');\nconsole.log(a(1), again.a === a, require.resolve('./lib/a.cjs'), module.children.length);`,
    'lib/a.cjs': `exports.a = (x) => b(x);\nfunction b(x) { return x + 1 }\nexports.later = async () => (await import('./m.mjs')).m();`,
    'lib/m.mjs': `import data from './data.json' with { type: 'json' };\nexport function m() { return data.value }\nexport default () => 'default m';`,
    'lib/data.json': '{ "value": "from json" }',
    'dynamic.cjs': `function load(name) { return import(name) }\nasync function main() { console.log((await load('./lib/m.mjs')).m(), await require('./lib/a.cjs').later(), require('./lib/data.json').value) }\nmain();`,
    'imports.mjs': `import { a } from './lib/a.cjs';\nimport fallback, { m } from './lib/m.mjs';\nimport { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\nconsole.log(a(1), m(), fallback(), require('./lib/a.cjs').a(2));`,
    'query.mjs': `const [one, two] = await Promise.all([import('./lib/counter.mjs?a=1'), import('./lib/counter.mjs?a=2#x')]);\nconsole.log(one.count(), one.count(), two.count(), one.url === two.url);`,
    'lib/counter.mjs': `let n = 0;\nexport function count() { return ++n }\nexport const url = import.meta.url;`,
    'top-level-await.mjs': `import { ready } from './lib/slow.mjs';\nconst value = await ready();\nconsole.log(value, await (async () => 'inline')());\nfor await (const x of (async function* numbers() { yield 1 })()) console.log(x);`,
    'lib/slow.mjs': `const value = await new Promise((resolve) => setImmediate(resolve, 'slow'));\nexport async function ready() { await null; return value }`,
    'circular.cjs': `exports.early = early;\nconst b = require('./lib/circular-b.cjs');\nfunction early() { return 'early' }\nexports.late = () => 'late';\nconsole.log(b.seen, b.after());`,
    'lib/circular-b.cjs': `const a = require('../circular.cjs');\nexports.seen = [a.early(), typeof a.late];\nexports.after = () => a.late();`,
    'circular.mjs': `import { b, seen } from './lib/circular-b.mjs';\nexport function hoisted(x) { return 'hoisted ' + x }\nexport async function hoistedAsync() { return 'async' }\nexport function* hoistedGenerator() { yield 'generated' }\nconsole.log(seen, b());`,
    'lib/circular-b.mjs': `import { hoisted, hoistedAsync, hoistedGenerator } from '../circular.mjs';\nexport const seen = [hoisted('before its body'), typeof hoistedAsync(), ...hoistedGenerator()];\nexport function b() { return hoisted('after') }`,
    'without-extension': `function bare() { return require.main === module }\nconsole.log(bare());`,
    'commonjs/package.json': '{ "type": "commonjs" }',
    'commonjs/main.js': `function inCommonjs() { return typeof require }\nconsole.log(inCommonjs(), require('./next').next());`,
    'commonjs/next.js': `exports.next = function () { return this === exports };`,
    'module/package.json': '{ "type": "module" }',
    'module/main.js': `import { next } from './next.js';\nexport function inModule() { return typeof import.meta.url }\nconsole.log(inModule(), next());`,
    'module/next.js': `export function next() { return this === undefined }`,
    'none/package.json': '{}',
    'none/main.js': `function untyped() { return typeof require }\nconsole.log(untyped());`,
    'none/detected.js': `import { readFileSync } from 'node:fs';\nexport function detected() { return typeof readFileSync }\nconsole.log(detected());`,
    'none/awaits.js': `const x = await awaited();\nasync function awaited() { return 1 }\nconsole.log(x);`,
    'none/await-name.js': `function await(x) { return x + 1 }\nconsole.log(await(1), await\n(2));`,
    'esm-required.cjs': `const { sync, default: fallback } = require('./lib/sync.mjs');\nfunction main() { return [sync(), fallback()] }\nconsole.log(main());`,
    'lib/sync.mjs': `export function sync() { return 'sync esm' }\nexport default function () { return 'default esm' }`,
    'native.ts': `import { typed, type Shape } from './lib/typed.ts';\nfunction main(x: Shape): string { return typed(x) }\nconsole.log(main({ side: 2 }));`,
    'lib/typed.ts': `export interface Shape { side: number }\nexport const typed = (x: Shape): string => area<Shape>(x).toFixed(1);\nfunction area<T extends Shape>(this: void, x: T): number { return x.side ** 2 }`,
    'native.cts': `const { typed } = require('./lib/typed.ts');\nfunction main(): void { console.log(typed({ side: 3 } as { side: number })) }\nmain();`,
    'eval-and-vm.cjs': `const vm = require('vm');\nfunction main() { return [eval('(function () { return 1 })()'), new Function('return 2')(), vm.runInThisContext('(() => 3)()'), new vm.Script('4').runInThisContext()] }\nconsole.log(main());`,
    'compile.cjs': `const Module = require('module');\nconst m = new Module(__dirname + '/virtual.js', module);\nm.filename = __dirname + '/virtual.js';\nm._compile('exports.v = function virtual() { return 5 }', m.filename);\nconsole.log(m.exports.v());`,
    'extensions.cjs': `require.extensions['.txt'] = (m, filename) => m._compile('exports.t = () => ' + JSON.stringify(require('fs').readFileSync(filename, 'utf8')), filename);\nconsole.log(require('./lib/some.txt').t());`,
    'lib/some.txt': 'some text',
    'deleted-cache.cjs': `function load() { delete require.cache[require.resolve('./lib/a.cjs')]; return require('./lib/a.cjs') }\nconsole.log(load().a(1), load().a(2), load() === load());`,
  });
  const cases: [string, string, string?][] = [
    ['required.cjs', 'a(b)'],
    ['dynamic.cjs', 'main(load, m, later(m))'],
    ['imports.mjs', 'a(b), m, default, a(b)'],
    ['query.mjs', 'count, count, count'],
    ['top-level-await.mjs', 'new Promise executor, ready, <anonymous>, numbers'],
    ['circular.cjs', 'early, after(late)'],
    ['circular.mjs', 'hoisted, hoistedAsync, hoistedGenerator, b(hoisted)'],
    ['without-extension', 'bare'],
    ['commonjs/main.js', 'inCommonjs, next'],
    ['module/main.js', 'inModule, next'],
    ['none/main.js', 'untyped'],
    ['none/detected.js', 'detected'],
    ['none/await-name.js', 'await, await'],
    ['none/awaits.js', 'awaited', '22'],
    // Before it, what is required goes past the hooks.
    ['esm-required.cjs', 'main(sync, default)', '22.13'],
    ['native.ts', 'main(typed(area))', '22.18'],
    // Before it cannot require an ES module that imports another, and a rewritten one imports handit's probes.
    ['native.cts', 'main(typed(area))', '24.11'],
    ['eval-and-vm.cjs', 'main'],
    ['deleted-cache.cjs', 'load, a(b), load, a(b), load, load'],
  ];

  test.each(lines)('run and are recorded on Node $version', async ({ path, version }) => {
    const mine = cases.filter(([, , since = '20']) => isFrom(version, since));
    const found = await eachAtOnce(mine, 3, async ([file]) => [file, await sameOutput(project, path, [file])]);
    expect(found).toEqual(mine.map(([file, tree]) => [file, tree]));
    const number = ['24.11', '22.18', '22.13', '22', '20'].findIndex((since) => isFrom(version, since));
    expect(found.length).toBe([19, 18, 17, 16, 15][number]);
  });

  test.each(lines)('run and are recorded on Node $version with --require', async ({ path, version }) => {
    const mine = cases.filter(([file, , since = '20']) => isFrom(version, since) && !/^(query|none)/.test(file));
    const options = { flag: '--require' } as const;
    const found = await eachAtOnce(mine, 3, async ([file]) => [file, await sameOutput(project, path, [file], options)]);
    expect(found).toEqual(mine.map(([file, tree]) => [file, tree]));
  });

  test.each(lines)('that a program compiles itself run on Node $version', async ({ path }) => {
    await eachAtOnce(['compile.cjs', 'extensions.cjs'], 2, (file) => sameOutput(project, path, [file]));
  });
});

describe('a file that cannot be parsed', () => {
  const project = programs({
    'main.cjs': `function load() { try { require('./broken.cjs') } catch (error) { return [error.name, error.message] } }\nconsole.log(load());`,
    'main.mjs': `const load = () => import('./broken.mjs');\nconsole.log(await load().catch((error) => [error.name, error.message]));`,
    'broken.cjs': 'function fine() {}\nfunction {\n',
    'broken.mjs': 'export function fine() {}\nlet a; let a;\n',
  });

  test.each(lines)('fails as before and is told in the trace on Node $version', async ({ path }) => {
    for (const [main, broken] of [
      ['main.cjs', 'broken.cjs'],
      ['main.mjs', 'broken.mjs'],
    ]) {
      const plain = await project.bare(path, [main]);
      const { records, ...recorded } = await project.traced(path, [main]);
      expect(plain.stdout).toContain('SyntaxError');
      expect(recorded).toEqual(plain);
      const skipped = records.filter((record) => record.type === 'skipped');
      expect(skipped).toMatchObject([{ file: broken }]);
      expect(skipped[0].reason.length).toBeGreaterThan(5);
      expect(callNames(records)).toContain('load');
    }
  });

  test('is shown by Node as before when it is the program', async () => {
    for (const entry of ['broken.cjs', 'broken.mjs']) {
      const plain = await project.bare(lines[0].path, [entry]);
      const { records, ...recorded } = await project.traced(lines[0].path, [entry]);
      expect(plain.stderr).toContain('SyntaxError');
      expect(recorded.stderr.split('\n').slice(0, 6)).toEqual(plain.stderr.split('\n').slice(0, 6));
      expect(recorded.code).toBe(1);
      expect(records.map(({ type }) => type)).toEqual(['process_start', 'skipped', 'process_end']);
    }
  });
});

describe('which modules are recorded', () => {
  const project = programs({
    'app/main.cjs': `const { helper } = require('./helper.cjs');\nconst { outside } = require('../outside/outside.cjs');\nconst { dep } = require('dep');\nconst { linked } = require('./linked.cjs');\nfunction main() { return [helper(), outside(), dep(), linked()] }\nconsole.log(main());`,
    'app/main.mjs': `import { dep } from 'dep';\nimport { outside } from '../outside/outside.cjs';\nfunction main() { return [dep(), outside()] }\nconsole.log(main());`,
    'app/helper.cjs': 'exports.helper = () => own();\nfunction own() { return "helper" }',
    'app/node_modules/dep/index.js': 'exports.dep = () => "dep";',
    'app/real/target.cjs': 'exports.linked = () => "linked";',
    'outside/outside.cjs': 'exports.outside = () => "outside";',
  });
  symlinkSync(join(project.folder, 'app/real/target.cjs'), join(project.folder, 'app/linked.cjs'));
  const app = join(project.folder, 'app');
  const run = async (env: Record<string, string>, path = lines[0].path, main = 'main.cjs') => {
    const { records, code, stderr } = await project.traced(path, [main], { cwd: app, env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const calls = records.filter((record) => record.type === 'call');
    return calls.map(({ file, func }) => `${file}::${func}`);
  };
  const own = ['main.cjs::main', 'helper.cjs::helper', 'helper.cjs::own', 'real/target.cjs::linked'];
  const outside = `${project.folder}/outside/outside.cjs::outside`;

  test.each(lines)('are those below cwd, node_modules left out, on Node $version', async ({ path }) => {
    expect(await run({}, path)).toEqual(own);
    expect(await run({}, path, 'main.mjs')).toEqual(['main.mjs::main']);
  });

  test.each(lines)('are others too with HANDIT_CAPTURE_ONLY_CWD=false on Node $version', async ({ path }) => {
    const env = { HANDIT_CAPTURE_ONLY_CWD: 'false' };
    expect(await run(env, path)).toEqual([...own.slice(0, 3), outside, own[3]]);
    expect(await run(env, path, 'main.mjs')).toEqual(['main.mjs::main', outside]);
  });

  test('are packages only where HANDIT_INCLUDE names them', async () => {
    const env = { HANDIT_CAPTURE_ONLY_CWD: 'false', HANDIT_INCLUDE: 'node_modules/dep/|^main' };
    expect(await run(env)).toEqual(['main.cjs::main', 'node_modules/dep/index.js::dep']);
  });

  test('are never those of the parser itself while it loads', async () => {
    const env = {
      HANDIT_CAPTURE_ONLY_CWD: 'false',
      HANDIT_INCLUDE: 'node_modules/oxc-parser/|^main',
      HANDIT_CACHE_DIR: 'off',
    };
    const { records, stderr } = await project.traced(from(22)[0].path, ['main.cjs'], { cwd: app, env });
    expect(stderr).toBe('');
    expect(records.map(({ type }) => type)).toEqual(['process_start', 'module', 'call', 'return', 'process_end']);
  });

  test('are chosen by path and name with HANDIT_INCLUDE', async () => {
    expect(await run({ HANDIT_INCLUDE: '^helper' })).toEqual(['helper.cjs::helper', 'helper.cjs::own']);
    expect(await run({ HANDIT_INCLUDE: '::own$' })).toEqual(['helper.cjs::own']);
  });

  test.each(lines)(
    'are said to be none where HANDIT_INCLUDE matches none on Node $version',
    async ({ path, version }) => {
      for (const [main, count] of [
        ['main.cjs', '3 files'],
        ['main.mjs', hasSyncHooks(version) ? '1 file' : 'the files'],
      ]) {
        const env = { HANDIT_INCLUDE: 'nothing/like' };
        const { records, code, stderr } = await project.traced(path, [main], { cwd: app, env });
        const reason = `HANDIT_INCLUDE=nothing/like matched none of ${count}`;
        expect({ main, code, stderr }).toEqual({ main, code: 0, stderr: `handit: nothing is recorded: ${reason}\n` });
        expect(records.filter(({ type }) => type === 'skipped')).toMatchObject([{ file: '.', reason }]);
      }
    },
  );

  test('are not those of HANDIT_EXCLUDE', async () => {
    expect(await run({ HANDIT_EXCLUDE: 'helper' })).toEqual([own[0], own[3]]);
    expect(await run({ HANDIT_EXCLUDE: '::own$' })).toEqual([own[0], own[1], own[3]]);
    expect(await run({ HANDIT_INCLUDE: 'cjs', HANDIT_EXCLUDE: '::(own|linked)$' })).toEqual(own.slice(0, 2));
  });

  test('are none with HANDIT_ENABLED=false', async () => {
    const { records, stdout } = await project.traced(lines[0].path, ['main.cjs'], {
      ...{ cwd: app, env: { HANDIT_ENABLED: 'false' } },
    });
    expect(stdout).toContain('helper');
    expect(records).toEqual([]);
  });
});

describe('the cache of rewritten sources', () => {
  /** The compiled agent lies there as well. */
  const rewritten = (folder: string) =>
    readdirSync(folder)
      .filter((name) => /^[\da-f]{32}$/.test(name))
      .sort();
  const source = (answer: string) => `function f() { return '${answer}' }\nconsole.log(f());`;
  const make = () => {
    const project = programs({ 'main.cjs': source('one'), 'lib.mjs': `export ${source('module')}` });
    const folder = join(project.folder, 'node_modules/.cache/handit');
    const entries = () => rewritten(folder);
    const run = async (args = ['main.cjs'], path = lines[0].path, env = {}) => {
      const { stdout, stderr, code, records } = await project.traced(path, args, { env });
      expect([stderr, code]).toEqual(['', 0]);
      return [stdout.trim(), callText(records).trim()];
    };
    return { project, folder, entries, run };
  };
  const one = ['one', 'main.cjs:1 f() -> "one"'];

  test.each(lines)('serves the second run on Node $version', async ({ path }) => {
    const { folder, entries, run } = make();
    expect(await run(['main.cjs'], path)).toEqual(one);
    const [entry, ...others] = entries();
    expect(others).toEqual([]);
    // What the entry says is what runs; after it comes what it was made of.
    const text = readFileSync(join(folder, entry), 'utf8');
    expect(text.split("'one'").length).toBe(3);
    writeFileSync(join(folder, entry), text.replace("'one'", "'two'"));
    expect(await run(['main.cjs'], path)).toEqual(['two', 'main.cjs:1 f() -> "two"']);
    expect(entries()).toEqual([entry]);
    expect(await run(['lib.mjs'], path)).toEqual(['module', 'lib.mjs:1 f() -> "module"']);
    expect(entries().length).toBe(2);
  });

  test('never gives a changed file its old text', async () => {
    const { project, entries, run } = make();
    expect(await run()).toEqual(one);
    writeFileSync(join(project.folder, 'main.cjs'), source('new'));
    expect(await run()).toEqual(['new', 'main.cjs:1 f() -> "new"']);
    writeFileSync(join(project.folder, 'main.cjs'), source('one'));
    expect(await run()).toEqual(one);
    expect(entries().length).toBe(2);
  });

  test('never gives a changed file the text of one that it is named like', async () => {
    const { project, entries, run } = make();
    const long = (name: string): string => `${source(name)}\n//${'x'.repeat(10_000)}`;
    for (const name of ['one', 'two', 'one']) {
      writeFileSync(join(project.folder, 'main.cjs'), long(name));
      expect(await run()).toEqual([name, `main.cjs:1 f() -> "${name}"`]);
      // Of the same length, and different where no character decides on the name.
      expect(entries().length).toBe(1);
    }
  });

  test('makes no difference when an entry is damaged', async () => {
    const { folder, entries, run } = make();
    await run();
    const [entry] = entries();
    const whole = readFileSync(join(folder, entry), 'utf8');
    for (const damaged of [
      '',
      '{',
      whole.slice(0, -5),
      whole.slice(10),
      `${whole}x`,
      'null\n\n',
      '{}\n[]\n',
      '[1]\n',
    ]) {
      writeFileSync(join(folder, entry), damaged);
      expect([damaged, ...(await run())]).toEqual([damaged, ...one]);
      expect(readFileSync(join(folder, entry), 'utf8')).toBe(whole);
    }
  });

  test('is not there with HANDIT_CACHE_DIR=off, elsewhere with a folder, and not needed', async () => {
    const { project, run } = make();
    expect(await run(undefined, undefined, { HANDIT_CACHE_DIR: 'off' })).toEqual(one);
    expect(readdirSync(join(project.folder, 'node_modules'))).not.toContain('.cache');
    expect(await run(undefined, undefined, { HANDIT_CACHE_DIR: 'elsewhere/cache' })).toEqual(one);
    expect(rewritten(join(project.folder, 'elsewhere/cache')).length).toBe(1);
    writeFileSync(join(project.folder, 'a-file'), '');
    expect(await run(undefined, undefined, { HANDIT_CACHE_DIR: 'a-file/cache' })).toEqual(one);
    expect(readdirSync(join(project.folder, 'node_modules'))).not.toContain('.cache');
  });

  test('serves processes that start at once', async () => {
    const { entries, run } = make();
    const results = await Promise.all(Array.from({ length: 8 }, () => run()));
    expect(results).toEqual(Array.from({ length: 8 }, () => one));
    expect(entries().length).toBe(1);
  });

  test('holds what filters leave of a file apart', async () => {
    const { run } = make();
    expect(await run()).toEqual(one);
    expect(await run(undefined, undefined, { HANDIT_EXCLUDE: '::f$' })).toEqual(['one', '']);
    expect(await run()).toEqual(one);
  });
});

describe('worker threads', () => {
  const project = programs({
    'main.cjs': `const { Worker, isMainThread, parentPort, threadId } = require('worker_threads');
function work(x) { return x * 2 }
if (isMainThread) {
  const worker = new Worker(__filename);
  worker.on('message', (m) => console.log('from worker', m));
  worker.on('exit', (code) => console.log('exit', code, work(1)));
} else parentPort.postMessage(work(21));`,
    'main.mjs': `import { Worker, isMainThread, parentPort } from 'node:worker_threads';
export function work(x) { return x * 2 }
if (isMainThread) {
  const all = await Promise.all([1, 2, 3].map((n) => new Promise((resolve, reject) => new Worker(new URL(import.meta.url), { workerData: n }).on('message', resolve).on('error', reject))));
  console.log(all, work(1));
} else { parentPort.postMessage(work(21)); await null }`,
    'fails.cjs': `const { Worker, isMainThread } = require('worker_threads');
function boom() { throw new TypeError('in a worker') }
if (isMainThread) { const worker = new Worker(__filename); worker.on('error', (error) => console.log(error.name, error.message)); worker.on('exit', (code) => console.log('exit', code)) } else boom();`,
    'terminates.cjs': `const { Worker, isMainThread, parentPort } = require('worker_threads');
function ready() { parentPort.postMessage('ready') }
if (isMainThread) { const worker = new Worker(__filename); worker.on('message', async (m) => console.log(m, await worker.terminate())) } else { ready(); setInterval(() => {}, 1000) }`,
  });
  const expected: Record<string, string[]> = {
    'main.cjs': ['work', 'work', 'worker.on("exit") handler', 'worker.on("message") handler'],
    'main.mjs': [
      '[].map callback',
      '[].map callback',
      '[].map callback',
      'new Promise executor',
      'new Promise executor',
      'new Promise executor',
      'work',
      'work',
      'work',
      'work',
    ],
    'fails.cjs': ['boom', 'worker.on("error") handler', 'worker.on("exit") handler'],
  };

  test.each(lines)('start, are recorded and exit on Node $version', async ({ path, label }) => {
    const preload = pathToFileURL(join(project.folder, 'node_modules/handit/register.mjs')).href;
    const empty = pathToFileURL(join(project.folder, 'node_modules/empty/empty.mjs')).href;
    for (const file of Object.keys(expected)) {
      const plain = await project.bare(path, [file]);
      const { records, ...recorded } = await project.traced(path, [file]);
      expect([file, plain.code, recorded]).toEqual([file, 0, plain]);
      const names = records.flatMap((record) => (record.type === 'call' ? [record.func] : [])).sort();
      expect([file, names]).toEqual([file, expected[file]]);
      const starts = records.filter((record) => record.type === 'process_start');
      expect(starts.filter(({ tid }) => tid > 0).length).toBe(file === 'main.mjs' ? 3 : 1);
      expect(new Set(starts.map(({ proc }) => proc)).size).toBe(starts.length);
      expect(records.filter(({ type }) => type === 'process_end').length).toBe(starts.length);

      const output = join(project.folder, `options-${label}-${file}.jsonl`);
      const [cwd, NODE_OPTIONS] = [project.folder, `--import=${preload}`];
      const optional = await runNode(path, [file], { cwd, env: { NODE_OPTIONS, HANDIT_OUTPUT_FILE: output } });
      const plainOptional = await runNode(path, [file], { cwd, env: { NODE_OPTIONS: `--import=${empty}` } });
      expect([file, optional]).toEqual([file, plainOptional]);
      expect(validateTrace(output)).toBeGreaterThan(8);
      expect(callNames(readTrace(output))).toContain(file === 'fails.cjs' ? 'boom' : 'work');
    }
  });

  test.each(lines)('can be terminated on Node $version', async ({ path }) => {
    const plain = await project.bare(path, ['terminates.cjs']);
    const { records, ...recorded } = await project.traced(path, ['terminates.cjs']);
    expect(plain.stdout).toBe('ready 1\n');
    expect(recorded).toEqual(plain);
    expect(callNames(records)).toContain('worker.on("message") handler');
  });
});

describe('handit loaded twice', () => {
  const project = programs({ 'main.cjs': 'function f() { return f.toString() }\nconsole.log(f());' });
  const file = (name: string) => join(project.folder, 'node_modules/handit', name);
  // A second copy, as another package may bring it.
  const copy = programs({ 'x.js': '' });

  test.each(lines)('records each call once on Node $version', async ({ path }) => {
    const second = join(copy.folder, 'node_modules/handit');
    for (const more of [
      ['--import', pathToFileURL(file('register.mjs')).href],
      ['--require', file('dist/register.cjs')],
      ['--import', pathToFileURL(join(second, 'register.mjs')).href],
      ['--require', join(second, 'dist/register.cjs')],
    ]) {
      const { stdout, stderr, code, records } = await project.traced(path, [...more, 'main.cjs']);
      expect({ stdout, stderr, code }).toEqual({
        stdout: 'function f() { return f.toString() }\n',
        stderr: '',
        code: 0,
      });
      expect(callNames(records)).toBe('f');
      expect(records.filter(({ type }) => type === 'process_start').length).toBe(1);
    }
  });
});

describe('child processes', () => {
  const project = programs({
    'parent.cjs': `const { execFileSync, fork } = require('child_process');
function main() { console.log(execFileSync(process.execPath, ['child.cjs', 'spawned'], { encoding: 'utf8' })); fork('./child.cjs', ['forked']).on('exit', (code) => console.log('exit', code)) }
main();`,
    'child.cjs': `function child(x) { return 'child ' + x }\nconsole.log(child(process.argv[2]));`,
  });

  test.each(from(20))('append to the same file through NODE_OPTIONS on Node $version', async ({ path, label }) => {
    const preload = pathToFileURL(join(project.folder, 'node_modules/handit/register.mjs')).href;
    const output = join(project.folder, `children-${label}.jsonl`);
    const env = { NODE_OPTIONS: `--import=${preload}`, HANDIT_OUTPUT_FILE: output };
    const result = await runNode(path, ['parent.cjs'], { cwd: project.folder, env });
    expect(result).toEqual({ stdout: 'child spawned\n\nchild forked\nexit 0\n', stderr: '', code: 0, signal: null });
    validateTrace(output);
    const records = readTrace(output);
    expect(records.filter(({ type }) => type === 'process_end').length).toBe(3);
    const calls = records.flatMap((record) => (record.type === 'call' ? [record.func] : []));
    expect(calls.sort()).toEqual(['child', 'child', 'fork().on("exit") handler', 'main']);
  });
});

describe('where no cache can be', () => {
  test('nothing is made in the project', async () => {
    const project = programs({ 'bare/main.cjs': 'function f() {}\nf();' });
    mkdirSync(join(project.folder, 'bare/data'));
    const cwd = join(project.folder, 'bare');
    const { records } = await project.traced(lines[0].path, ['main.cjs'], { cwd });
    expect(callNames(records)).toBe('f');
    expect(readdirSync(cwd).sort()).toEqual(['data', 'main.cjs']);
  });
});
