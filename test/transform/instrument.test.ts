import { instrument } from '../../src/transform/instrument.js';
import { applyEdits, originalOffset } from '../../src/transform/edits.js';
import { linkIds, unlinkIds } from '../../src/transform/link.js';
import { UnparsableSource, type InstrumentOptions } from '../../src/transform/types.js';

const runtimeUrl = 'file:///runtime.mjs';

function run(source: string, options: Partial<InstrumentOptions> = {}, filename = 'a.js') {
  const result = instrument(source, filename, { kind: 'unambiguous', runtimeUrl, ...options });
  if (!result) throw new Error('nothing to rewrite');
  return result;
}

const names = (source: string, filename?: string) => run(source, {}, filename).functions.map(({ name }) => name);

describe('instrument() names functions as their developer would', () => {
  test.each([
    ['function f() {}', ['f']],
    ['const f = () => {}', ['f']],
    ['let f; f = function () {}', ['f']],
    ['const f = function g() {}', ['g']],
    ['const f = (function () {})', ['f']],
    ['f(() => {})', ['f callback']],
    ['(function () {})()', ['<anonymous>']],
    ['x ??= () => {}', ['x']],
    ['const { f = () => {} } = {}', ['f']],
    ['function f(g = () => {}) {}', ['f', 'g']],
    ['class A { constructor() {} }', ['A.constructor']],
    ['class A { m() {} static s() {} }', ['A.m', 'A.static s']],
    ['class A { get x() {} set x(v) {} }', ['A.x', 'A.x']],
    ['class A { #p() {} static #q() {} }', ['A.#p', 'A.static #q']],
    ['class A { f = () => {}; static g = function () {} }', ['A.f', 'A.static g']],
    ['class A { [Symbol.iterator]() {} }', ['A.[Symbol.iterator]']],
    ['class A { "quoted name"() {} 42() {} }', ['A.quoted name', 'A.42']],
    ['const A = class { m() {} }', ['A.m']],
    ['const A = class B { m() {} }', ['B.m']],
    ['f(class { m() {} })', ['<anonymous>.m']],
    ['const o = { m() {}, f: () => {}, get g() {}, n: { d() {} } }', ['o.m', 'o.f', 'o.g', 'o.n.d']],
    ['f({ m() {} })', ['m']],
    ['Cart.prototype.total = function () {}', ['Cart.total']],
    ['exports.f = () => {}', ['f']],
    ['module.exports = function () {}', ['module.exports']],
    ['module.exports.f = () => {}', ['f']],
    ['module.exports = { f() {} }', ['f']],
    ['function F() { this.m = () => {} }', ['F', 'm']],
    ['export default function () {}', ['default']],
    ['export default () => {}', ['default']],
    ['export default class { m() {} }', ['default.m']],
    ['export default function f() {}', ['f']],
    ['function outer() { function inner() {} }', ['outer', 'inner']],
  ])('%s', (source, expected) => {
    expect(names(source)).toEqual(expected);
  });

  test.each([
    ['items.map((x) => x)', 'items.map callback'],
    ['this.items?.map((x) => x)', 'this.items.map callback'],
    ['[1].map((x) => x)', '[].map callback'],
    ['fetch("/").then((x) => x)', 'fetch().then callback'],
    ['(await import("a")).run(() => {})', 'import().run callback'],
    ['a.b().c().d().e().f(() => {})', 'c().d().e().f callback'],
    ['app.post("/cart/:id", check, () => {})', 'app.post("/cart/:id") handler'],
    ['app.use(() => {})', 'app.use handler'],
    ['cache.get("key", () => {})', 'cache.get("key") callback'],
    ['socket.on("data", () => {})', 'socket.on("data") handler'],
    ['it("adds", async () => {})', 'it("adds") callback'],
    ['it(`adds\n  two`, () => {})', 'it("adds two") callback'],
    ['test.each([1])("adds", () => {})', 'test.each("adds") callback'],
    [`it("${'long '.repeat(20)}", () => {})`, 'it("long long long long long long long lo...") callback'],
    ['new Promise(() => {})', 'new Promise executor'],
    ['new Observer(() => {})', 'new Observer callback'],
    ['const list = [() => {}]', 'list[0]'],
    ['const o = { list: [() => {}] }', 'o.list[0]'],
    ['Promise.all([() => {}])', 'Promise.all callback'],
    ['handlers[name] = () => {}', 'handlers[name]'],
    ['const f = a || (() => {})', 'f'],
    ['const f = a ? null : () => {}', 'f'],
    ['css`${() => {}}`', 'css callback'],
    ['const f = __name(() => {}, "f")', 'f'],
    ['(() => {})()', '<anonymous>'],
  ])('%s, where it is passed', (source, expected) => {
    expect(names(source)).toEqual([expected]);
  });

  test.each([
    ['function debounce() { return () => {} }', ['debounce', 'debounce result']],
    ['const curried = (a) => (b) => (c) => a', ['curried', 'curried result', 'curried result']],
    ['run(() => () => {})', ['run callback', 'run callback result']],
    ['class A { handlers = [() => {}] }', ['A.handlers[0]']],
  ])('%s, where it is returned', (source, expected) => {
    expect(names(source)).toEqual(expected);
  });

  test.each([
    'connect("postgres://root:hunter2@db", () => {})',
    'login("hunter2", () => {})',
    'send("Bearer abcdef123456", () => {})',
    'send("password=hunter2", () => {})',
    'send("ghp_16C7e42F292c6912E7710c838347Ae178B4a", () => {})',
    'send("4f3c2b1a9d8e7f6a5b4c3d2e1f", () => {})',
  ])('%s, without what may be a secret', (source) => {
    expect(names(source)[0]).toMatch(/^\w+ callback$/);
  });

  test('in TypeScript', () => {
    const source = 'const f = ((x: number): number => x) as Fn; class A<T> { private m?(x: T): void { } }';
    expect(names(source, 'a.ts')).toEqual(['f', 'A.m']);
  });
});

describe('instrument() tells of each function', () => {
  test('where it begins, what it is and what its parameters bind', () => {
    const source =
      'async function f(a, { b, c: [d] }, ...e) {}\n' +
      'const o = {\n' +
      '  async *g() {},\n' +
      '  set s(v) {},\n' +
      '  k: async (x = 1) => x };\n' +
      'class A { constructor(y) {} static  m() { return arguments } }\n';
    const found = run(source).functions;
    const flags = { async: false, generator: false, text: expect.stringMatching(/^[0-9a-f]{8}$/) as string };
    expect(found).toEqual([
      { ...flags, name: 'f', line: 1, column: 1, kind: 'function', async: true, params: ['a', 'b', 'd', 'e'] },
      { ...flags, name: 'o.g', line: 3, column: 10, kind: 'method', async: true, generator: true, params: [] },
      { ...flags, name: 'o.s', line: 4, column: 7, kind: 'setter', params: ['v'] },
      { ...flags, name: 'o.k', line: 5, column: 6, kind: 'arrow', async: true, params: ['x'] },
      { ...flags, name: 'A.constructor', line: 6, column: 11, kind: 'constructor', params: ['y'] },
      { ...flags, name: 'A.static m', line: 6, column: 37, kind: 'method', params: ['arguments'] },
    ]);
  });

  test('counts columns in UTF-16 units and lines by every line terminator', () => {
    const source = '/* \u{1f600} */ function a() {}\r\nfunction b() {}\rfunction c() {}\u2028function d() {}\n';
    const places = run(source).functions.map(({ name, line, column }) => [name, line, column]);
    expect(places).toEqual([
      ['a', 1, 10],
      ['b', 2, 1],
      ['c', 3, 1],
      ['d', 4, 1],
    ]);
  });

  test('leaves a "this" parameter of TypeScript out', () => {
    const [f] = run('function f(this: Window, a: number) { return a }', {}, 'a.ts').functions;
    expect(f.params).toEqual(['a']);
  });

  test('says which are left alone, and why', () => {
    const source = 'function f(o) { with (o) { x } }\nfunction g() { { function h() {} } function h() {} }\n';
    expect(run(source + 'function k() {}').leftAlone).toEqual([
      { name: 'f', line: 1, reason: 'with' },
      { name: 'g', line: 2, reason: 'function in block' },
    ]);
  });
});

describe('instrument() edits the text in place', () => {
  const source =
    '#!/usr/bin/env node\r\n"use strict"\r\nfunction f(a) {\r\n  "inner"\r\n  if (a) return\r\n  throw a\r\n}\r\n' +
    'class A extends B { constructor() { super(); this.f = () => ({}) } }\r\n' +
    'const g = async () => { for await (const x of f) await x }\r\nfunction* h() { try { yield 1 } finally { } }\r\n';

  test('without a new line, or one less', () => {
    const { code } = run(source);
    const lines = (text: string) => text.split('\r\n').length;
    expect(lines(code)).toBe(lines(source));
    expect(code.split('\n').length).toBe(source.split('\n').length);
    expect(code).not.toBe(source);
  });

  test('so that its edits give the code, and each place in it the original one', () => {
    const { code, edits } = run(source);
    expect(applyEdits(source, edits)).toBe(code);
    for (const text of ['"use strict"', '"inner"', 'if (a)', 'super()', '({})', 'yield']) {
      expect(code.split(text).length).toBe(2);
      expect(originalOffset(code.indexOf(text), edits)).toBe(source.indexOf(text));
    }
  });

  test('behind hashbang and directives', () => {
    const { code } = run(source);
    expect(code.startsWith('#!/usr/bin/env node\r\n"use strict"\r\n')).toBe(true);
    expect(code).toMatch(/\{\r\n {2}"inner";/);
  });

  test('with names that begin with one prefix, which nothing in the source does', () => {
    const clean = run('function f() {}');
    expect(clean.prefix).toBe('h$_');
    const taken = run('function f() { return h$_c0 }');
    expect(taken.prefix).toBe('h$1_');
    expect(taken.code).toContain('h$1_c0=');
    expect(run('/* h$_ h$1_ */ function f() {}').prefix).toBe('h$2_');
  });

  test('and leaves parameter lists as they are', () => {
    const head = 'function f(a /* one */, { b = () => 1 } = {}, ...c)';
    expect(run(`${head} {}`, { includeFunction: (name) => name === 'f' }).code).toContain(head);
  });

  test('the same way each time', () => {
    expect(run(source).code).toBe(run(source).code);
  });
});

describe('instrument() reads a source as Node will', () => {
  test('answers null when there is no function', () => {
    expect(instrument('const x = 1;', 'a.js', { kind: 'commonjs', runtimeUrl })).toBeNull();
    expect(instrument('', 'a.js', { kind: 'module', runtimeUrl })).toBeNull();
    expect(instrument('export const x = 1;', 'a.js', { kind: 'unambiguous', runtimeUrl })).toBeNull();
  });

  test.each([
    ['function {', 'commonjs'],
    ['const a = 1; const a = 2;', 'module'],
    ['import x from "x"', 'commonjs'],
    ['return 1', 'module'],
    ['await 1; function f() {}', 'commonjs'],
    ['with (a) {}', 'module'],
    ['class A { constructor() { super() } }', 'commonjs'],
    ['break', 'commonjs'],
  ] as const)('throws for %s as %s', (source, kind) => {
    expect(() => run(source, { kind })).toThrow(UnparsableSource);
  });

  test.each([
    ['function f() {}', 'commonjs'],
    ['export function f() {}', 'module'],
    ['import "x"; function f() {}', 'module'],
    ['import.meta.url; function f() {}', 'module'],
    ['await 1; function f() {}', 'module'],
    ['for await (const x of []); function f() {}', 'module'],
    ['import("x"); function f() {}', 'commonjs'],
    ['async function f() { await 1 }', 'commonjs'],
    ['return; function f() {}', 'commonjs'],
    ['with ({}) {} function f() {}', 'commonjs'],
  ])('takes %s for %s when the text decides', (source, kind) => {
    expect(run(source).kind).toBe(kind);
  });

  test('a module imports its probes, CommonJS takes them from the global', () => {
    // Behind the code: imports are hoisted, and the line of another import must stay as it is.
    expect(run('export function f() {}').code).toMatch(/;import\{e0 as h\$_e0,.*\}from"file:\/\/\/runtime\.mjs";/);
    expect(run('function f() {}').code).toMatch(/^const\{e0:h\$_e0,.*\}=__handit__;/);
  });

  test.each([
    ['a.ts', 'function f(a: number): void {}'],
    ['a.mts', 'export const f = <T,>(x: T): T => x'],
    ['a.cts', 'function f(this: any): void {}'],
    ['a.tsx', 'const f = (x: number) => <div>{x}</div>'],
    ['a.jsx', 'const f = (x) => <div>{x}</div>'],
  ])('%s by its ending', (filename, source) => {
    expect(names(source, filename)).toEqual(['f']);
    expect(() => run(source, {}, 'a.js')).toThrow(UnparsableSource);
  });
});

describe('instrument() is told by its caller', () => {
  test('which functions stay as they are', () => {
    const source = 'function f() { return g() }\nfunction g() { return () => 1 }';
    const { functions, code } = run(source, { includeFunction: (name) => name === 'g' });
    expect(functions.map(({ name }) => name)).toEqual(['g']);
    expect(code).toContain('function f() { return g() }');
    expect(code).toContain('return h$_x(h$_c0,() => 1)');
    expect(instrument(source, 'a.js', { kind: 'commonjs', runtimeUrl, includeFunction: () => false })).toBeNull();
  });

  test('which parameters are never handed over', () => {
    const { code, functions } = run('function f(user, password) {}', {
      redactParameter: (name) => name === 'password',
    });
    expect(code).toContain('h$_e2(0,0,user,h$_q)');
    expect(functions[0].params).toEqual(['user', 'password']);
  });
});

describe('linkIds()', () => {
  const { code, prefix } = run('function f() { throw 1 }\nasync function g(a) {}\nfunction* h(a, b, c, d) { throw f }');

  test('gives every id its value in the process, and unlinkIds() takes it back', () => {
    const linked = linkIds(code, prefix, 1001, 2);
    const ids = [...linked.matchAll(/h\$_(?:e0|fa|fg|w)\((\d+)/g)].map(([, id]) => Number(id));
    expect(ids).toEqual([1001, 1001, 1003, 1005, 1005]);
    expect(unlinkIds(linked, prefix, 1001, 2)).toBe(code);
  });
});

describe('instrument() leaves out what compilers put into a file', () => {
  const helpers = {
    tsc: 'var __awaiter = (this && this.__awaiter) || function (t, a) { return new Promise(function (ok) { step() }) };',
    esbuild: 'var __export = (target, all) => { for (var name in all) one(target, () => all[name]) };',
    babel: 'function _asyncToGenerator(n) { return function () { return new Promise(function () {}) } }',
    swc: 'function _async_to_generator(fn) { return function () {} } function _export(target, all) { all() }',
    renamed: 'var __decorate$1 = function () {}; function _extends2() {}',
  };

  test.each(Object.entries(helpers))('%s', (_, helper) => {
    expect(names(`${helper} function own() { function _extends() {} }`)).toEqual(['own', '_extends']);
  });

  test('but not what a developer calls by such a name', () => {
    expect(names('function _export(cart) {} function _myHelper() {} const __values = [1].map(() => 1)')).toEqual([
      '_export',
      '_myHelper',
      '[].map callback',
    ]);
  });
});

describe('instrument() takes time in proportion to the text', () => {
  const seconds = (source: string): number => {
    const started = process.cpuUsage();
    instrument(source, 'a.js', { kind: 'commonjs', runtimeUrl });
    return process.cpuUsage(started).user / 1e6;
  };

  test.each([
    [
      'prefixes that are taken',
      (n: number) => `/* ${Array.from({ length: n }, (_, i) => `h$${i}_`).join('')} */ f(() => 1)`,
    ],
    ['long names', (n: number) => `const o = { "${'a'.repeat(n * 4)}"() {} }`],
    ['lists of functions', (n: number) => `const list = [${'()=>1,'.repeat(n / 4)}]`],
    [
      'nested labels',
      (n: number) =>
        `async function f() { ${Array.from({ length: n / 20 }, (_, i) => `l${i}:`).join('')} for await (const x of y); }`,
    ],
    ['curried functions', (n: number) => `const f = ${'a=>'.repeat(n / 40)}1`],
    ['long chains', (n: number) => `a${'.then(() => 1)'.repeat(n / 8)}`],
  ])('%s', (_, make) => {
    seconds(make(4_000));
    const small = seconds(make(10_000));
    expect(seconds(make(40_000))).toBeLessThan(Math.max(small, 0.05) * 10);
  });
});
