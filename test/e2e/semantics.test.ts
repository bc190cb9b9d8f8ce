import { hasSyncHooks } from '../../src/node-features.js';
import { callNames, callText } from '../helpers/call-text.js';
import { nodes } from '../helpers/node-versions.js';
import { eachAtOnce, programs } from '../helpers/programs.js';

const lines = nodes();

test('there is a Node to run on', () => {
  expect(lines.length).toBeGreaterThan(0);
});

/**
 * Columns of stack frames differ from the original ones; everything else of stderr must not. Without synchronous hooks the
 * agent is one frame of the module loader's, below those of the program, so there the frames of the loader are left out.
 */
const withoutColumns = (stderr: string, version: string): string => {
  let text = stderr.replace(/^( +at .*:\d+):\d+(\)?)$/gm, '$1$2').replace(/^\(node:\d+\)/gm, '(node)');
  // An emitter with one listener more takes another branch.
  text = text.replace(/node:events:\d+/g, 'node:events');
  if (hasSyncHooks(version)) return text;
  // A stack has ten frames: where there is one more, one at its end is missing. It may have been followed by a brace.
  const loader = /^ +at .*(node:internal\/|node:diagnostics_channel|handit\/dist\/agent\.cjs).*?( \{)?\n/gm;
  return text.replace(loader, '').replace(/ \{\n {2}errno/, '\n  errno');
};

describe('microtasks', () => {
  const order = `
const out = [];
const note = (x) => { out.push(x); return x };
const ticks = async (name, n) => { for (let i = 0; i < n; i++) { note(name + i); await null } };
const thenable = (name) => ({ then(resolve) { note(name + ' then'); resolve(name) } });
async function value() { note('value in'); note(await 1); note('value out') }
async function promise() { note('promise in'); note(await Promise.resolve('resolved')); note('promise out') }
async function nested() { note('nested in'); await value(); note('nested out'); return note('nested result') }
async function returnsPromise() { return Promise.resolve(note('returned promise')) }
async function returnsAsync() { return nested() }
async function awaitsReturn() { return await nested() }
async function throws() { try { await Promise.reject(new Error('x')) } catch { note('caught') } finally { await null; note('finally') } }
async function thenables() { note(await thenable('awaited')); return thenable('returned') }
async function* generator() { yield note('g1'); yield Promise.resolve(note('g2')); return thenable('g3') }
async function loop() { for await (const x of generator()) note('loop ' + x); for await (const x of [1, Promise.resolve(2)]) note('array ' + x) }
async function early() { for await (const x of generator()) { note('early ' + x); break } note('left') }
function chain(name) { return Promise.resolve().then(() => note(name + ' 1')).then(() => thenable(name)).then(note).catch(note).finally(() => note(name + ' f')) }
const all = [ticks('a', 30), value(), promise(), nested().then((x) => note('then ' + x)), returnsPromise().then(note), returnsAsync().then(() => note('returnsAsync')), awaitsReturn().then(() => note('awaitsReturn')), throws(), thenables().then(note), loop().then(() => note('loop end')), early(), chain('c'), ticks('b', 30)];
queueMicrotask(() => note('microtask'));
process.nextTick(() => note('tick'));
setImmediate(() => note('immediate'));
Promise.all(all).then(() => { note('all'); setImmediate(() => { console.log(out.length, out.join('\\n')) }) });
`;
  const { bare, traced } = programs({ 'order.cjs': order, 'order.mjs': order });

  test.each(lines)('run in the same order on Node $version', async ({ path }) => {
    for (const [file, flag] of [
      ['order.cjs', '--import'],
      ['order.cjs', '--require'],
      ['order.mjs', '--import'],
    ] as const) {
      const [plain, recorded] = await Promise.all([bare(path, [file], { flag }), traced(path, [file], { flag })]);
      expect(plain.stdout.split('\n').length).toBeGreaterThan(110);
      expect(recorded.stdout).toBe(plain.stdout);
      expect(recorded.records.filter(({ type }) => type === 'call').length).toBeGreaterThan(100);
    }
  });
});

describe('thenables and promises', () => {
  const { bare, traced } = programs({
    'lazy.cjs': `
let runs = 0;
const query = () => ({ then(resolve) { runs++; resolve('rows') } });
function make() { return query() }
async function once() { return await make() }
async function passed() { return make() }
class Sub extends Promise { then(...args) { subs++; return super.then(...args) } }
let subs = 0;
function sub() { return new Sub((resolve) => resolve('sub')) }
async function awaitsSub() { return await sub() }
async function returnsSub() { return sub() }
const shared = Promise.resolve(1);
function same() { return shared }
const own = Promise.resolve('own');
own.then = function (...args) { subs += 100; return Promise.prototype.then.apply(this, args) };
async function awaitsOwn() { return await own }
(async () => {
  const ignored = make();
  console.log(runs, await once(), runs, await passed(), runs);
  console.log(await awaitsSub(), subs, await returnsSub(), subs, await awaitsOwn(), subs);
  console.log(same() === shared, same().constructor === Promise, sub() instanceof Sub, Object.keys(same()));
})();
`,
  });

  test.each(lines)('are asked no more often than without handit on Node $version', async ({ path }) => {
    const [plain, recorded] = await Promise.all([bare(path, ['lazy.cjs']), traced(path, ['lazy.cjs'])]);
    expect(plain.stdout).toMatch(/^0 rows 1 rows 2\n/);
    expect({ ...recorded, records: recorded.records.length > 10 }).toEqual({ ...plain, records: true });
  });
});

describe('rejections', () => {
  const cases: Record<string, string> = {
    'async function': `async function f() { throw new Error('nobody') }\nf();`,
    'async function after await': `async function f() { await null; throw new TypeError('nobody') }\nf();`,
    'sync function': `function f() { return Promise.reject(new Error('nobody')) }\nf();`,
    'sync function, not an error': `function f() { return Promise.reject({ code: 5 }) }\nf();`,
    'sync function, undefined': `function f() { return Promise.reject() }\nf();`,
    'returned by an async function': `function f() { return Promise.reject(new Error('n')) }\nasync function g() { return f() }\ng();`,
    'awaited by an async function': `function f() { return Promise.reject(new Error('n')) }\nasync function g() { await f() }\ng();`,
    'derived by then': `function f() { return Promise.reject(new Error('n')) }\nf().then(() => 1);`,
    'async generator': `async function* f() { throw new Error('n') }\nf().next();`,
    'for await': `async function* f() { yield 1; throw new Error('n') }\n(async () => { for await (const x of f()); })();`,
    'promise constructor': `function f() { return new Promise((_, no) => no(new RangeError('n'))) }\nf();`,
    handled: `function f() { return Promise.reject(new Error('n')) }\nf().catch((e) => console.log('caught', e.message));`,
    'handled in async': `async function f() { throw new Error('n') }\n(async () => { try { await f() } catch (e) { console.log('caught', e.message) } })();`,
    'handled late': `function f() { return Promise.reject(new Error('n')) }\nasync function g() { throw new Error('g') }\nconst [p, q] = [f(), g()];
process.on('unhandledRejection', (e, promise) => console.log('unhandled', e.message, promise === p, promise === q));
process.on('rejectionHandled', (promise) => console.log('handled', promise === p, promise === q));
setTimeout(() => { p.catch(() => console.log('caught p')); q.catch(() => console.log('caught q')) }, 5);`,
    'counted once each': `let n = 0;\nprocess.on('unhandledRejection', (e) => { n++; console.log(n, e.message) });
function f() { return Promise.reject(new Error('f')) }\nasync function g() { return f() }\nasync function h() { await g() }\nf(); g(); h(); Promise.all([f(), g()]); Promise.race([h()]);`,
  };
  const names = Object.keys(cases);
  const file = (name: string): string => `${name.replaceAll(/\W+/g, '-')}.cjs`;
  const { bare, traced } = programs(Object.fromEntries(names.map((name) => [file(name), cases[name]])));

  test.each(lines)('count as handled exactly when they did before on Node $version', async ({ path, version }) => {
    const runs = names.flatMap((name) => [[], ['--unhandled-rejections=strict']].map((mode) => ({ name, mode })));
    const codes = await eachAtOnce(runs, 3, async ({ name, mode }) => {
      const plain = await bare(path, [...mode, file(name)]);
      const { records, ...recorded } = await traced(path, [...mode, file(name)]);
      const answer = ({ stdout, stderr, code }: typeof plain) => [
        name,
        mode,
        stdout,
        withoutColumns(stderr, version),
        code,
      ];
      expect(answer(recorded)).toEqual(answer(plain));
      expect(records.at(-1)).toMatchObject({ type: 'process_end', exit_code: plain.code });
      return plain.code;
    });
    expect(codes.filter((code) => code === 1).length).toBe(24);
    expect(codes.length).toBe(30);
  });
});

describe('uncaught errors', () => {
  const cases: Record<string, string> = {
    'sync.cjs': `const a = 1;\nfunction f(x) {\n  if (x) throw new RangeError('sync ' + x);\n}\n  function g() { f(a) }\ng();`,
    'top.cjs': `function unused() { return 1 }\nthrow new Error('top level');`,
    'type.cjs': `function f(o) {\n\treturn o.a.b.c;\n}\nf({});`,
    'reference.cjs': `const f = () => missing + 1; f();`,
    'called.cjs': `const f = (o) => o.nothing(1);\nclass A { m() { return f({}) } }\nnew A().m();`,
    'fs.cjs': `const fs = require('fs');\nfunction read() { return fs.readFileSync('/no/such/file') }\nread();`,
    'args.cjs': `function f() { return Buffer.alloc('x') }\nf();`,
    'json.cjs': `function f(t) { return JSON.parse(t) }\nf('{');`,
    'timer.cjs': `setTimeout(() => { throw new Error('in a timer') });`,
    'timer-function.cjs': `function tick() {\n  throw new Error('in a timer');\n}\nsetImmediate(function () { tick() });`,
    'emitter.cjs': `const e = new (require('events'))();\ne.on('x', () => { throw new Error('in a listener') });\nfunction fire() { e.emit('x') }\nfire();`,
    'emitted.cjs': `const e = new (require('events'))();\nfunction fire() { e.emit('error', new Error('emitted')) }\nfire();`,
    'emitted-later.cjs': `const { EventEmitter } = require('events');\nfunction fail(e) { e.emit('error', new Error('later')) }\nfunction make() { const e = new EventEmitter(); setTimeout(() => fail(e), 1) }\nmake();`,
    'string.cjs': `function f() { throw 'a string' }\nf();`,
    'object.cjs': `function f() { throw { code: 1 } }\n f();`,
    'nothing.cjs': `const f = () => { throw undefined };\nf();`,
    'null.cjs': `function f() { throw null }\nf();`,
    'rethrown.cjs': `function f() { throw new Error('first') }\nfunction g() { try { f() } catch (e) { throw e } }\ng();`,
    'wrapped.cjs': `function f() { throw new Error('first') }\nfunction g() { try { f() } catch (cause) { throw new Error('second', { cause }) } }\ng();`,
    'finally.cjs': `function f() { try { throw new Error('kept') } finally { console.log('finally') } }\nf();`,
    'constructor.cjs': `class A { constructor() { throw new Error('constructed') } }\nclass B extends A {}\nnew B();`,
    'super.cjs': `class A {}\nclass B extends A { constructor() { } }\nnew B();`,
    'generator.cjs': `function* g() { yield 1; throw new Error('generated') }\nfor (const x of g());`,
    'one-line.cjs': `function a() { return b() } function b() { return (() => { throw new Error('all on one line') })() } a();`,
    'handler.cjs': `process.on('uncaughtException', (e, origin) => { console.log(e.message, origin); process.exitCode = 7 });\nfunction f() { throw new Error('handled') }\nf();`,
    'monitor.cjs': `process.on('uncaughtExceptionMonitor', (e) => console.log('monitor', e.message));\nprocess.on('exit', (c) => console.log('exit', c));\nfunction f() { throw new Error('seen') }\nf();`,
    'exit.cjs': `process.on('exit', () => { f() });\nfunction f() { throw new Error('at exit') }`,
    'stack.cjs': `function f() { const e = new Error('m'); e.stack = 'my own stack'; throw e }\nf();`,
    'aggregate.cjs': `function f() { throw new AggregateError([new Error('one'), new Error('two')], 'many') }\nf();`,
    'properties.cjs': `function f() { throw Object.assign(new Error('with'), { code: 'E_CODE', info: { a: [1] } }) }\nf();`,
    'slow-finally.cjs': `function f() { throw new Error('written to the trace before it is fatal') }\nfunction spin() { const end = Date.now() + 150; while (Date.now() < end); }\nfunction main() { try { f() } finally { spin() } }\nmain();`,
    'slow-async.cjs': `function f() { throw new Error('written to the trace before it is fatal') }\nfunction spin() { const end = Date.now() + 150; while (Date.now() < end); }\nasync function main() { await null; try { f() } finally { spin() } }\nmain();`,
    'worded.cjs': `function f() { const x = 1; x = 2 }\nf();`,
    'default.cjs': `function f(a = g()) { return a }\nfunction g() { throw new Error('in a default') }\nf();`,
    'top.mjs': `export function f() { throw new Error('in a module') }\nf();`,
    'async.mjs': `async function f() { await null; throw new Error('awaited') }\nawait f();`,
    'reference.mjs': `export const f = () => nothing;\nf();`,
    'import.mjs': `import { missing } from './lib.mjs';\nfunction f() {}`,
    'absent.mjs': `function f() {}\nawait import('./absent-file.mjs');`,
    'syntax.cjs': `function f() {}\nfunction {`,
    'syntax.mjs': `export function f() {}\nlet let = 1;`,
    'required.cjs': `Error.stackTraceLimit = 20;\nfunction f() { return require('./syntax.cjs') }\nf();`,
    'not-found.cjs': `function f() { return require('./not-there') }\nf();`,
  };
  // For these V8 holds the place of the caret apart from the one in the stack, where only Node can read it.
  const caretMoves = ['reference.cjs', 'reference.mjs', 'super.cjs'];
  const names = Object.keys(cases);
  const { bare, traced } = programs({ ...cases, 'lib.mjs': 'export function present() {}' });

  test.each(lines)('print the same on Node $version', async ({ path, version }) => {
    const different: unknown[] = [];
    const unfinished: string[] = [];
    // Asynchronous hooks hand errors of the resolver from another thread: they lose their first lines.
    const mine = names.filter((name) => hasSyncHooks(version) || name !== 'absent.mjs');
    const shown = await eachAtOnce(mine, 3, async (name) => {
      const plain = await bare(path, [name]);
      const { records, ...recorded } = await traced(path, [name]);
      const answer = ({ stdout, stderr, code }: typeof plain) => {
        const text = withoutColumns(stderr, version);
        const shown = caretMoves.includes(name) ? text.replace(/^ +\^+$/m, '^') : text;
        return [`== ${name} ${code}`, stdout, shown].join('\n');
      };
      if (answer(recorded) !== answer(plain)) different.push({ expected: answer(plain), received: answer(recorded) });
      // Also those that never ran leave a trace: that they were skipped, or what was rewritten.
      const end = records.at(-1);
      if (end?.type !== 'process_end' || end.exit_code !== plain.code) unfinished.push(name);
      return plain.stderr.length;
    });
    expect(shown.filter((length) => length > 40).length).toBeGreaterThan(mine.length - 3);
    expect(different).toEqual([]);
    expect(unfinished).toEqual([]);
  });
});

describe('what a program sees of itself', () => {
  const { bare, traced, folder } = programs({
    'main.cjs': `
function look() { return [require.main === module, module.id, module.children.length, __filename, require.cache[__filename] === module, process.argv.slice(1), process.execArgv.length, process.exitCode] }
console.log(look(), look.toString().length, Object.keys(globalThis), process.listenerCount('SIGINT'));
function stack() { return new Error('x').stack }
console.log(stack().replaceAll(/:\\d+\\)?$/gm, '').split('\\n').filter((line) => line.includes(__filename)));
function limited() { Error.stackTraceLimit = 2; return new Error('y').stack.split('\\n').length }
console.log(limited(), Object.getOwnPropertyDescriptor(Function.prototype, 'toString').writable, process.env.NODE_OPTIONS);
`,
    'main.mjs': `
export function look() { return [import.meta.url, import.meta.filename, import.meta.resolve('./x.mjs'), import.meta.main, process.argv.slice(1), process.execArgv.length] }
console.log(look(), typeof require, Object.keys(globalThis));
`,
    'none.cjs': `console.log('no function in here');`,
  });

  test.each(lines)('is as without handit on Node $version', async ({ path }) => {
    for (const file of ['main.cjs', 'main.mjs', 'none.cjs']) {
      for (const flag of ['--import', '--require'] as const) {
        const args = [file, 'an argument', '--flag'];
        const [plain, recorded] = await Promise.all([bare(path, args, { flag }), traced(path, args, { flag })]);
        expect(plain).toMatchObject({ code: 0, stderr: '' });
        if (file !== 'none.cjs') expect(plain.stdout).toContain(folder);
        expect([file, flag, recorded.stdout, recorded.stderr, recorded.code]).toEqual([
          ...[file, flag, plain.stdout, '', 0],
        ]);
      }
    }
  });
});

describe('recursion', () => {
  const { bare, traced } = programs({
    'deep.cjs': `
let depth = 0;
function plain(n) { depth = n; return plain(n + 1) + 1 }
const arrow = (n) => { depth = n; return arrow(n + 1) + 1 };
class A { m(n) { depth = n; return this.m(n + 1) + 1 } }
const deepest = (f) => { depth = 0; try { f(1) } catch (e) { if (!(e instanceof RangeError)) throw e } return depth };
for (const f of [plain, arrow, (n) => new A().m(n)]) { deepest(f); deepest(f); }
console.log(JSON.stringify([plain, arrow, (n) => new A().m(n)].map(deepest)));
`,
  });

  test.each(lines)('goes at least 60 % as deep on Node $version', async ({ path }) => {
    // Many calls, of which only the depth is looked at.
    const env = { HANDIT_OUTPUT_FILE: 'unread.jsonl', HANDIT_CACHE_DIR: 'off' };
    const [plain, recorded] = await Promise.all([bare(path, ['deep.cjs']), traced(path, ['deep.cjs'], { env })]);
    const [without, with_] = [plain, recorded].map(({ stdout }) => JSON.parse(stdout) as number[]);
    expect(without.length).toBe(3);
    without.forEach((depth, index) => {
      expect(depth).toBeGreaterThan(2000);
      expect(with_[index] / depth).toBeGreaterThan(0.6);
    });
    expect(recorded).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('who called whom', () => {
  const later = `const later = (ms) => new Promise((resolve) => { setTimeout(resolve, ms) });\n`;
  const cases: Record<string, [source: string, tree: string]> = {
    'synchronous calls are children': [
      `function main() { a(); b(); return [1, 2].map((x) => a(x)) }\nfunction a() { return c() }\nfunction b() { try { thrower() } catch { c() } }\nfunction c() {}\nfunction thrower() { c(); throw new Error() }\nmain(); c();`,
      'main(a(c), b(thrower(c), c), [].map callback(a(c)), [].map callback(a(c))), c',
    ],
    'getters, setters, constructors and fields are calls': [
      `class A { f = make(); constructor() { make() } get x() { return make() } set x(v) { make() } }\nfunction make() {}\nfunction main() { const a = new A(); a.x; a.x = 1 }\nmain();`,
      'main(make, A.constructor(make), A.x(make), A.x(make))',
    ],
    'calls after await are children again': [
      `async function main() { a(); await null; b(); await inner(); a(); try { await fails() } catch { b() } finally { await null; a() } b() }\nasync function inner() { await null; b() }\nasync function fails() { await null; throw new Error() }\nfunction a() {}\nfunction b() {}\nmain();`,
      'main(a, b, inner(b), a, fails, b, a, b)',
    ],
    'concurrent async functions do not mix': [
      `async function one() { a(); await null; b(); await null; c() }\nasync function two() { a(); await null; b(); await null; c() }\nfunction a() {} function b() {} function c() {}\nasync function main() { await Promise.all([one(), two(), one()]); a() }\nmain(); two();`,
      'main(one(a, b, c), two(a, b, c), one(a, b, c), a), two(a, b, c)',
    ],
    'callbacks belong to the call they are written in': [
      `const EventEmitter = require('events');\nfunction main() { const e = new EventEmitter(); e.on('x', () => a()); setTimeout(() => b(), 1000); setImmediate(function () { b() }); process.nextTick(() => a()); queueMicrotask(() => a()); Promise.resolve().then(() => a()).then(named); e.emit('x'); other(e) }\nfunction other(e) { setTimeout(() => e.emit('x'), 20) }\nfunction named() { b() }\nfunction a() {} function b() {}\nmain();`,
      'main(e.on("x") handler(a), other(setTimeout callback(e.on("x") handler(a))), process.nextTick callback(a), ' +
        'queueMicrotask callback(a), Promise.resolve().then callback(a), setImmediate callback(b), setTimeout callback(b)), named(b)',
    ],
    'a callback written in a callback belongs to that': [
      `function main() { setTimeout(() => { a(); setTimeout(() => { a(); Promise.resolve().then(() => a()) }) }) }\nfunction a() {}\nmain();`,
      'main(setTimeout callback(a, setTimeout callback(a, Promise.resolve().then callback(a))))',
    ],
    'a callback after the call has ended': [
      `async function main() { setTimeout(() => a(), 10); await null }\nfunction* g() { setTimeout(() => a(), 20); yield 1 }\nfunction a() {}\nmain(); [...g()];`,
      'main(setTimeout callback(a)), g(setTimeout callback(a))',
    ],
    'generators take their own place in turn': [
      `function* g(n) { a(); yield 1; b(); yield 2 }\nfunction a() {} function b() {}\nfunction main() { const [p, q] = [g(1), g(2)]; p.next(); a(); q.next(); p.next(); b(); q.next(); p.next(); q.next() }\nmain();`,
      'main(g(a, b), a, g(a, b), b)',
    ],
    'a generator belongs to the call that ran it first': [
      `function* g() { a(); yield 1; a() }\nfunction make() { return g() }\nfunction first(it) { it.next() }\nfunction second(it) { it.next() }\nfunction a() {}\nconst it = make(); first(it); second(it);`,
      'make, first(g(a, a)), second',
    ],
    'for await and yield* put the inner one below': [
      `async function* inner() { a(); yield 1; await null; a() }\nasync function* outer() { yield* inner(); b() }\nasync function main() { for await (const x of outer()) { b(); await null; a() } b() }\nfunction a() {} function b() {}\nmain();`,
      'main(outer(inner(a, a), b), b, a, b)',
    ],
    'a function in a loop with await between': [
      `async function main() { for (let i = 0; i < 2; i++) { await null; a(i) } while (await b()) { a() } do { a() } while (await b()); label: for (const x of [1]) { await null; if (x) { a(); continue label } } }\nlet n = 0;\nasync function b() { return n++ === 0 }\nfunction a() {}\nmain();`,
      'main(a, a, b, a, b, a, b, a)',
    ],
    'await in every place of an expression': [
      `const a = async (x) => x; const s = (...x) => x.length;\nasync function main() { s(await a(1), s(), await a(2), s()); s([await a(3), s()], { k: await a(4), s: s() }); return (await a(5)) ? s() : s(await a(6)) }\nmain();`,
      'main(a, s, a, s, s, a, s, a, s, s, a, s)',
    ],
    'a call that throws is left': [
      `async function f() { throw new Error() }\nfunction g() { throw new Error() }\nfunction* h() { throw new Error() }\nfunction a() {}\nfunction main() { f().catch(() => a()); a(); try { g() } catch {} a(); try { [...h()] } catch {} a() }\nmain();`,
      'main(f, a, g, a, h, a, f().catch callback(a))',
    ],
    'many depths of async, one after the other': [
      `${later}async function main(n) { a(n); await later(1); if (n) await main(n - 1); a(n); await later(1); a(n) }\nfunction a() {}\nmain(2);`,
      'main(a, later(new Promise executor), main(a, later(new Promise executor), main(a, later(new Promise executor), a, later(new Promise executor), a), a, later(new Promise executor), a), a, later(new Promise executor), a)',
    ],
    'await leaves an outer loop by its label': [
      `async function main() { let n = 0; again: do { n++; for await (const x of [1]) continue again } while (a(), n < 2); again2: for (let i = 0; i < 2; a(), i++) { for await (const x of [1, 2]) { continue again2 } } a() }\nfunction a() {}\nmain();`,
      'main(a, a, a, a, a)',
    ],
  };
  const names = Object.keys(cases);
  const file = (name: string): string => `${name.replaceAll(/\W+/g, '-')}.cjs`;
  const { traced } = programs(Object.fromEntries(names.map((name) => [file(name), cases[name][0]])));

  test.each(lines)('is the same on Node $version', async ({ path }) => {
    const trees = await eachAtOnce(names, 3, async (name) => {
      const { records, code, stderr } = await traced(path, [file(name)], { flag: '--require' });
      expect([name, code, stderr]).toEqual([name, 0, '']);
      return [name, callNames(records)];
    });
    expect(Object.fromEntries(trees)).toEqual(Object.fromEntries(names.map((name) => [name, cases[name][1]])));
    expect(trees.length).toBe(15);
  });
});

describe('the end of a call', () => {
  const { traced } = programs({
    'ends.cjs': `
const paths = {
  falls() {}, returns() { return 1 }, empty() { return }, arrow: () => 1, throws() { throw new Error('t') }, caught() { try { throw 1 } catch {} },
  finallyReturns() { try { throw 1 } finally { return 2 } }, finallyThrows() { try { return 1 } finally { throw new Error('f') } },
  loops() { for (const x of [1]) return x }, label() { a: { break a } }, switches(x) { switch (x) { case 1: return 1; default: } },
  async asyncFalls() {}, async asyncReturns() { return 1 }, async asyncThrows() { throw new Error('a') }, async awaits() { await null; return 1 },
  async awaitsThrow() { await Promise.reject(new Error('r')) }, async returnsPromise() { return Promise.resolve(1) }, async returnsRejected() { return Promise.reject(new Error('rr')) },
  async asyncFinally() { try { await null; return 1 } finally { await null } }, async finallyOver() { try { return Promise.resolve(1) } finally { return 2 } }, async finallyOver2() { try { return Promise.reject(new Error('lost')) } finally { throw new Error('kept') } },
  async thenable() { return { then(r) { r(1) } } },
  *generates() { yield 1 }, *genReturns() { return 1 }, *genThrows() { throw new Error('g') }, *genFinally() { try { yield 1 } finally { return 2 } },
  async *asyncGen() { yield 1; return Promise.resolve(2) }, async *asyncGenThrows() { yield 1; throw new Error('ag') }, async *asyncGenRejects() { return Promise.reject(new Error('agr')) },
};
process.on('unhandledRejection', (error) => console.log(error.message));
class Base { constructor(mode) { if (mode === 1) return; if (mode === 2) return {}; if (mode === 3) throw new Error('c') } }
class Derived extends Base { constructor(mode) { super(mode); if (mode === 4) return; if (mode === 5) throw new Error('d') } }
(async () => {
  for (const [name, f] of Object.entries(paths)) for (const way of ['finish', 'close', 'throw']) {
    try {
      const made = f(1);
      if (typeof made?.next === 'function') {
        if (way !== 'finish') await made.next();
        if (way === 'close') await made.return('closed');
        else if (way === 'throw') await made.throw(new Error('thrown in'));
        else for await (const x of made);
      } else await made;
    } catch {}
  }
  for (const Class of [Base, Derived]) for (let mode = 0; mode < 6; mode++) try { new Class(mode) } catch {}
  paths.switches(2);
  setTimeout(() => console.log('end'), 5);
})();
`,
  });

  test.each(lines)('is recorded exactly once on Node $version, whichever way it leaves', async ({ path }) => {
    const { records, stdout, stderr, code } = await traced(path, ['ends.cjs']);
    expect({ stdout, stderr, code }).toEqual({ stdout: 'lost\nlost\nlost\nend\n', stderr: '', code: 0 });
    const calls = records.filter((record) => record.type === 'call');
    expect(calls.length).toBeGreaterThan(100);
    const ends = new Map<number, number>();
    for (const record of records) {
      if (record.type === 'return' || record.type === 'exception') ends.set(record.id, (ends.get(record.id) ?? 0) + 1);
    }
    const wrong = calls.filter(({ id }) => ends.get(id) !== 1).map(({ func, id }) => [func, ends.get(id)]);
    expect(wrong).toEqual([]);
    expect(ends.size).toBe(calls.length);
    const text = callText(records);
    for (const [name, end] of [
      ['paths.finallyReturns', '() -> 2'],
      ['paths.finallyThrows', '() ! Error: f'],
      ['paths.finallyOver', '() -> 2'],
      ['paths.finallyOver2', '() ! Error: kept'],
      ['paths.returnsPromise', '() -> 1'],
      ['paths.returnsRejected', '() ! Error: rr'],
      ['paths.asyncGen', '() -> 2'],
      ['paths.asyncGenRejects', '() ! Error: agr'],
    ])
      expect(text).toContain(`${name}${end}\n`);
  });
});
