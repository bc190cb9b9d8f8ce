import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import esbuild from 'esbuild';
import ts from 'typescript';
import { callNames } from '../helpers/call-text.js';
import { callOf, importedOnly, ofType } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const node = process.execPath;

const KINDS = `
import { tracing } from 'handit';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const options = (name) => ({ agent: 'planner', name });
const sync = tracing(options('sync'), function (a, password) { below(a); return a + 1; });
const async = tracing(options('async'), async (id) => { await pause(5); below(id); if (id > 8) throw new RangeError('no ' + id); return { id }; });
const generator = tracing(options('generator'), function* (n) { below(n); yield* [n, n]; return 'end'; });
const asyncGenerator = tracing(options('asyncGenerator'), async function* (n) { await pause(1); below(n); yield n; return 'end'; });
const thrower = tracing(options('thrower'), () => { throw new TypeError('never'); });
const object = { n: 4, method: tracing(options('method'), function () { below(this.n); return this.n; }) };
const constructed = tracing(options('constructed'), function (n) { this.n = n; this.own = new.target === constructed.prototype.constructor; });
const below = tracing({ agent: 'below' }, function below(n) {});
async function main() {
  console.log(sync(1, 'hunter2'), await async(7), await async(9).catch((error) => error.message));
  console.log([...generator(2)], object.method(), new constructed(5));
  for await (const x of asyncGenerator(3)) console.log(x);
  try { thrower(); } catch (error) { console.log(error.message); }
}
await main();
`;

describe.each(nodes())('on Node $label', ({ path }) => {
  test.each(['traced', 'imported'])('every kind of function is recorded once: %s', async (how) => {
    const project = programs({ 'app.mjs': KINDS });
    const off = await project.bare(path, ['app.mjs'], { env: { HANDIT_ENABLED: 'off' } });
    const run = how === 'traced' ? project.traced(path, ['app.mjs']) : importedOnly(project, path, ['app.mjs']);
    const { records, ...result } = await run;
    expect(result).toEqual(off);
    expect(result.stdout).toBe('2 { id: 7 } no 9\n[ 2, 2 ] 4 { n: 5, own: true }\n3\nnever\n');

    const shown = ['sync', 'generator', 'asyncGenerator', 'thrower', 'method', 'constructed'].map((name) => {
      const { call, end } = callOf(records, name);
      expect([call.agent, call.file]).toEqual(['planner', 'app.mjs']);
      return [name, call.args_preview, end.type === 'return' ? end.return_preview : end.error.message];
    });
    expect(shown.slice(0, 5)).toEqual([
      ['sync', { a: 1, password: '<redacted>' }, 2],
      ['generator', { n: 2 }, 'end'],
      ['asyncGenerator', { n: 3 }, 'end'],
      ['thrower', {}, 'never'],
      ['method', {}, 4],
    ]);
    expect(shown[5].slice(0, 2)).toEqual(['constructed', { n: 5 }]);
    const asyncs = ofType(records, 'call').filter(({ func }) => func === 'async');
    expect(asyncs).toMatchObject([{ args_preview: { id: 7 }, async: true }, { args_preview: { id: 9 } }]);
    const ends = asyncs.map(({ id }) =>
      records.find((record) => (record.type === 'return' || record.type === 'exception') && record.id === id),
    );
    expect(ends).toMatchObject([
      { type: 'return', return_preview: { id: 7 } },
      { type: 'exception', error: { name: 'RangeError', message: 'no 9' } },
    ]);
    for (const { dt_ns } of ends as { dt_ns: number }[]) expect(dt_ns).toBeGreaterThan(3e6);
    // Each of the six is the parent of what it calls, also behind an await.
    const names = Object.fromEntries(ofType(records, 'call').map(({ id, func }) => [id, func]));
    const parents = ofType(records, 'call')
      .filter(({ func }) => func === 'below')
      .map(({ parent, agent }) => [names[parent!], agent]);
    expect(parents.sort()).toEqual(
      ['async', 'async', 'asyncGenerator', 'generator', 'method', 'sync'].map((name) => [name, 'below']),
    );
  });
});

test('calls below a traced function carry its agent, and others do not', async () => {
  const source = `
    const { tracing } = require('handit');
    const work = tracing({ agent: 'a' }, async function work() { inside(); await null; inside(); setImmediate(inside); });
    const inner = tracing({ agent: 'b' }, function inner() { inside(); });
    function inside() {}
    function outside() {}
    async function main() { const p = work(); outside(); await p; inner(); outside(); }
    main();
  `;
  const { records } = await programs({ 'app.cjs': source }).traced(node, ['app.cjs']);
  const agents = (func: string) => ofType(records, 'call').flatMap((call) => (call.func === func ? [call.agent] : []));
  expect(agents('inside')).toEqual(['a', 'a', 'b', 'a']);
  expect(agents('outside')).toEqual([undefined, undefined]);
  expect([agents('work'), agents('inner'), agents('main')]).toEqual([['a'], ['b'], [undefined]]);
});

test('functions of libraries, of Node and with parameters of every form are recorded', async () => {
  const project = programs({
    'node_modules/lib/index.js': `
      exports.patterns = function ({ a }, [b], c = '),', ...rest) { return rest.length; };
      exports.callback = (apiKey, done) => setImmediate(done, null, 'ok');
      exports.query = async function query(sql) { return [sql]; };`,
    'app.cjs': `
      const { tracing } = require('handit');
      const lib = require('lib');
      tracing({ agent: 'x', name: 'patterns' }, lib.patterns)({ a: 1 }, [2], 3, 4, 5);
      const callback = tracing({ agent: 'x', name: 'callback' }, lib.callback);
      callback('hunter2', () => after());
      tracing({ agent: 'x', name: 'max' }, Math.max)(1, 5);
      const query = tracing({ agent: 'x' }, lib.query);
      query('select').then((rows) => process.exit(rows.length));
      function after() {}`,
  });
  const { records, code } = await project.traced(node, ['app.cjs']);
  expect(code).toBe(1);
  const shown = ofType(records, 'call').map(({ func, file, line, args_preview }) => [func, file, line, args_preview]);
  const callback = { $type: 'function', name: '' };
  expect(shown.slice(0, 4)).toEqual([
    ['patterns', 'app.cjs', 4, { arg1: { a: 1 }, arg2: [2], c: 3, rest: [4, 5] }],
    ['callback', 'app.cjs', 5, { apiKey: '<redacted>', done: callback }],
    ['max', 'app.cjs', 7, { arguments: [1, 5] }],
    ['query', 'app.cjs', 8, { sql: 'select' }],
  ]);
  expect(callOf(records, 'max').end).toMatchObject({ return_preview: 5 });
});

const DECORATED = `
  import { tracing } from 'handit';
  @tracing({ agent: 'whole' })
  class Cart {
    items: number[] = [];
    add(n: number) { this.items.push(n); return this; }
    get total() { return this.items.length; }
    static of(n: number) { return new Cart().add(n); }
  }
  class Shop {
    rate = 2;
    @tracing({ agent: 'one', name: 'priced' }) price(n: number) { return n * this.rate; }
    @tracing({ agent: 'one' }) async order(n: number) { await null; return this.price(n); }
    @tracing({ agent: 'one' }) get open() { return true; }
    plain() { return 1; }
  }
  const shop = new Shop();
  console.log(Cart.of(3).total, Cart.name, await shop.order(4), shop.open, shop.plain(), Shop.prototype.price.length);
`;

const compilers: [string, () => string][] = [
  ['tsc', () => ts.transpile(DECORATED, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext })],
  [
    'tsc with experimentalDecorators',
    () =>
      ts.transpile(DECORATED, {
        ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, experimentalDecorators: true },
      }),
  ],
  ['esbuild', () => esbuild.transformSync(DECORATED, { loader: 'ts', target: 'es2022' }).code],
  [
    'esbuild with experimentalDecorators',
    () =>
      esbuild.transformSync(DECORATED, {
        ...{ loader: 'ts', target: 'es2022', tsconfigRaw: { compilerOptions: { experimentalDecorators: true } } },
      }).code,
  ],
];

describe.each(compilers)('decorators compiled by %s', (_, compile) => {
  test.each([nodes()[0], nodes().at(-1)!])(
    'record methods, accessors and whole classes on Node $label',
    async ({ path }) => {
      const project = programs({});
      writeFileSync(join(project.folder, 'app.mjs'), compile());
      const off = await project.bare(path, ['app.mjs'], { env: { HANDIT_ENABLED: 'off' } });
      const results = [await project.traced(path, ['app.mjs']), await importedOnly(project, path, ['app.mjs'])];
      for (const { records, ...result } of results) {
        expect(result).toEqual(off);
        expect(result.stdout).toBe('1 Cart 8 true 1 1\n');
        const agents = ofType(records, 'call').map(({ func, agent }) => `${/[^. ]*$/.exec(func)![0]} ${agent}`);
        for (const expected of ['of whole', 'add whole', 'total whole', 'priced one', 'order one', 'open one']) {
          expect(agents.filter((each) => each === expected)).toEqual([expected]);
        }
        expect(agents).not.toContain('plain one');
      }
    },
  );
});

test.each(nodes().filter(({ major }) => major >= 24))('Node $label strips types around it', async ({ path }) => {
  const source = `
    import { session, tracing, type TracingOptions } from 'handit';
    const options: TracingOptions = { agent: 'typed' };
    const double = tracing(options, function double(n: number): number { return n * 2; });
    const seen: number = session({ tag: 'typed' }, (): number => double(4));
    console.log(seen);
  `;
  const { records, stdout, stderr } = await programs({ 'app.mts': source }).traced(path, ['app.mts']);
  expect([stdout, stderr]).toEqual(['8\n', '']);
  expect(callNames(records)).toBe('session callback(double)');
  expect(callOf(records, 'double').call).toMatchObject({ agent: 'typed', line: 4 });
});

test('what tracing() is given wrongly is a TypeError, with and without the agent', async () => {
  const source = `
    const { tracing } = require('handit');
    const tries = [
      () => tracing(), () => tracing({ agent: '' }), () => tracing({ agent: 'a' }, undefined),
      () => tracing({ agent: 'a', name: 1 }, () => {}), () => tracing({ agent: 'a' })(undefined, { kind: 'field', name: 'x' }),
      () => tracing({ agent: 'a' })({}, 'x', undefined),
    ];
    for (const attempt of tries) try { attempt(); console.log('fine'); } catch (error) { console.log(error.name, error.message); }
  `;
  const project = programs({ 'app.cjs': source });
  const { stdout } = await project.traced(node, ['app.cjs']);
  const fix = '; it is for methods, getters, setters and classes: wrap a function by tracing({ agent }, fn)';
  expect(stdout.split('\n')).toEqual([
    "TypeError tracing() was given undefined; its first argument must be an object: tracing({ agent: 'planner' }, fn)",
    `TypeError tracing() was given agent ""; it must be a non-empty string: tracing({ agent: 'planner' }, fn)`,
    'TypeError tracing() was given undefined as its second argument; it must be a function',
    'TypeError tracing() was given name 1; it must be a non-empty string, or left out',
    `TypeError @tracing() decorates a field${fix}`,
    `TypeError @tracing() decorates a field or a parameter${fix}`,
    '',
  ]);
  const off = await project.bare(node, ['app.cjs'], { env: { HANDIT_ENABLED: 'off' } });
  expect(off.stdout).toBe(stdout);
});
