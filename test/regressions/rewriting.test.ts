import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { originalOffset } from '../../src/transform/edits.js';
import { instrument } from '../../src/transform/instrument.js';

/** Each program prints what it sees; the text behind it must be the same with and without the agent. */
const sources: Record<string, string> = {
  'keeps the last value when a comma follows return, throw, await or yield': `
function returned(a) { return a++, a }
function thrown() { throw 1, 2 }
function* yielded() { yield (1, 2); return 3, 4 }
async function awaited() { return await (5, 6), 7 }
try { thrown() } catch (error) { console.log(error) }
console.log(returned(1), [...yielded()], yielded.call().return(8));
awaited().then((value) => console.log(value));
`,
  'keeps a line apart from a return, throw or yield above it that has no semicolon': `
let ran = 0;
function bare(early) {
  if (early) return
  (function () { ran++ })()
}
function value(early) {
  if (early) return () => 'arrow'
  (ran++)
}
function thrown(early) {
  if (early) throw () => 'thrown'
  (ran++)
}
function* generator() {
  yield
  (ran++)
  const got = yield
  + 1
  const list = [yield]
  return yield
  [ran++]
}
console.log(bare(true), bare(false), typeof value(true), value(false), thrown(false), ran);
try { thrown(true) } catch (error) { console.log(typeof error, ran) }
const it = generator();
for (const sent of [0, 1, 2, 3, 4]) console.log(it.next(sent), ran);
`,
  'keeps a var beside a function of its name apart from the lines around it': `
function f(x) {
  const log = []
  var
    g
  (log.push(typeof g))
  var { h } = { h: 1 }
  ;[2].forEach((n) => log.push(n))
  for (var k = 0, g = 3; k < 1; k++);
  var i = 1, j
  /1/g.test('')
  function g() {}
  function h() {}
  function j() {}
  return [...log, h, i, k, typeof g, typeof j]
}
console.log(f(), new Error().stack.split('\\n')[1].match(/:(\\d+):/)[1]);
`,
  'keeps arguments bound to a parameter that a nested function replaces': `
function f(a, b) { function a() {} return [typeof a, typeof arguments[0], arguments[1]] }
console.log(f(1, 2));
`,
  'keeps the variables of a static block apart from functions around it': `
const other = 'outer';
function f() {
  class A { static { var g = 1, other = 2; A.sum = g + other } }
  function g() { return other }
  return [A.sum, g(), other];
}
console.log(f());
`,
  'keeps a labelled function beside a var of its name': `
function f() { label: function g() { return 1 } var g; return typeof g }
console.log(f());
`,
  'keeps a value in the head of for-in beside a function of its name': `
function f() { for (var g = 1 in {}); return g; function g() {} }
console.log(f());
`,
  'keeps quiet about asm.js': `
function Module(stdlib) { 'use asm'; function f(x) { x = x | 0; return (x + 1) | 0 } return { f: f } }
console.log(Module(globalThis).f(2));
`,
};

describe.each(nodes())('on Node $version', ({ path }) => {
  const files = Object.entries(sources).map(([title, text], i) => ({ title, text, file: `program-${i}.cjs` }));
  const { bare, traced } = programs(Object.fromEntries(files.map(({ file, text }) => [file, text])));

  test.each(files)('$title', async ({ file }) => {
    const expected = await bare(path, [file], { flag: '--require' });
    expect(expected.stdout).not.toBe('');
    const { records, ...run } = await traced(path, [file], { flag: '--require' });
    const sameNumbers = (text: string) => text.replace(/\(node:\d+\)/g, '(node)');
    expect({ ...run, stderr: sameNumbers(run.stderr) }).toEqual({ ...expected, stderr: sameNumbers(expected.stderr) });
    // A single function may be left alone, a whole file not.
    expect(records.filter((each) => each.type === 'skipped' && !each.reason.startsWith('function '))).toEqual([]);
  });

  test('asks nothing of a Proxy that a function returns', async () => {
    const { traced } = programs({
      'proxy.cjs': `
const asked = [];
const handler = new Proxy({}, { get: (_, trap) => { asked.push(trap) } });
const make = () => new Proxy({}, handler);
const make2 = (p) => p;
make2(make());
console.log(asked);
`,
    });
    const { stdout, records } = await traced(path, ['proxy.cjs'], { flag: '--require' });
    expect(stdout).toBe('[]\n');
    expect(records.filter(({ type }) => type === 'return')).toHaveLength(2);
  });
});

describe('instrument()', () => {
  const options = { kind: 'unambiguous', runtimeUrl: 'file:///runtime.mjs' } as const;

  test('opens a TypeScript body in front of its first statement', () => {
    const { code } = instrument('function f(x: number) { g(); h(); }', 'a.ts', options)!;
    expect(code.indexOf('try{')).toBeLessThan(code.indexOf('g()'));
    expect(code.indexOf('const{')).toBe(0);
  });

  test('opens a TypeScript body behind its directives', () => {
    const { code } = instrument("'use strict'; g(); function f() { 'use strict'; g(); }", 'a.ts', options)!;
    expect(code.startsWith("'use strict'; const{")).toBe(true);
    expect(code).toMatch(/\{ 'use strict';;const .*try\{ g\(\)/);
  });

  test('rewrites a chain of ten thousand operands', () => {
    const source = `function f(a) { return ${Array(10_000).fill('a').join(' + ')} + (() => 1)() }`;
    const { functions, code, edits } = instrument(source, 'a.js', options)!;
    expect(functions.map(({ name }) => name)).toEqual(['f', '<anonymous>']);
    expect(originalOffset(code.length, edits)).toBe(source.length);
  });

  test('adds and removes no line where a var becomes an assignment', () => {
    const source = 'function f() {\n  var\n    // one\n    g = 1;\n  function g() {}\n}';
    expect(instrument(source, 'a.js', options)!.code.split('\n')).toHaveLength(source.split('\n').length);
  });
});
