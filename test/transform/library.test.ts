import { editLibrary, type LibraryRule } from '../../src/transform/library.js';

const edit = (source: string, ...rules: LibraryRule[]): string => editLibrary(source, 'x.cjs', 'commonjs', rules);

test('editLibrary() wraps a body, so that the handle is left however the body ends', () => {
  expect(edit('function f(a, b = 1) {\n  return g(a)\n}', { function: ['f'], enter: 'p($1,$2)' })).toBe(
    'function f(a, b = 1) {const h$l=p(a,b);try{\n  return g(a)\n}finally{h$l.leave()}}',
  );
});

test('editLibrary() wraps an arrow function without braces', () => {
  expect(edit('const f = (a) => (a ? 1 : 2);', { function: ['f'], enter: 'p()' })).toBe(
    'const f = (a) => {const h$l=p();try{return((a ? 1 : 2))}finally{h$l.leave()}};',
  );
});

test('editLibrary() finds methods of classes and of prototypes, and takes the first name that is there', () => {
  const rule = { function: ['A.new', 'A.old'], first: 'p()' };
  expect(edit('class A { old() {} }', rule)).toBe('class A { old() {p();} }');
  expect(edit('A.prototype.old = function () {}', rule)).toBe('A.prototype.old = function () {p();}');
  expect(edit('class A { old() {} new() {} }', rule)).toBe('class A { old() {} new() {p();} }');
});

test('editLibrary() passes values through the handle', () => {
  const source = 'function f() { const c = [d.bind(this), undefined]; try { g(1, 2) } catch (e) { throw e } }';
  const pass = [{ behind: 'd', to: 'a', count: 1 }, { call: 'g', to: 'b' }, { throw: true, to: 'c' } as const];
  expect(edit(source, { function: ['f'], pass })).toBe(
    'function f() { const c = [d.bind(this), h$l.a(undefined)]; try { g(h$l.b(1), 2) } catch (e) { throw h$l.c(e) } }',
  );
});

test('editLibrary() wraps what the function itself returns', () => {
  const source = 'async function f(a) { if (a) return 1; [2].map((x) => { return x }); return await g(a); }';
  expect(edit(source, { function: ['f'], returns: 'p($1,$0)' })).toBe(
    'async function f(a) { if (a) return p(a,1); [2].map((x) => { return x }); return p(a,await g(a)); }',
  );
});

test('editLibrary() names what a function takes out of its parameter', () => {
  expect(edit('const f = ({ a, b: c = 1 }) => { g() }', { function: ['f'], first: 'p($1{a},$1{b})' })).toBe(
    'const f = ({ a, b: c = 1 }) => {p(a,c); g() }',
  );
});

test('editLibrary() takes the outer one of two functions with one name', () => {
  expect(edit('const f = () => g(function f() {})', { function: ['f'], first: 'p()' })).toBe(
    'const f = () => {p();return(g(function f() {}))}',
  );
});

test('editLibrary() does without a function that may be missing', () => {
  expect(
    edit('function g() {}', { function: ['f'], first: 'p()', optional: true }, { function: ['g'], first: 'q()' }),
  ).toBe('function g() {q();}');
});

test.each<[string, string, LibraryRule]>([
  ['it has no f', 'const g = 1', { function: ['f'], first: 'p()' }],
  ['f returns nothing', 'function f() { return }', { function: ['f'], returns: 'p($0)' }],
  ['parameter 1 has no name', 'function f({ a }) {}', { function: ['f'], first: 'p($1{b})' }],
  ['it has several f', 'function f() {} { function f() {} }', { function: ['f'], first: 'p()' }],
  ['f is async', 'async function f() {}', { function: ['f'], enter: 'p()' }],
  ['f has a directive', 'function f() { "use strict" }', { function: ['f'], first: 'p()' }],
  ['parameter 1 has no name', 'function f({ a }) {}', { function: ['f'], first: 'p($1)' }],
  [
    'f has 2 places for a',
    'function f() { g(1); g(2) }',
    { function: ['f'], pass: [{ call: 'g', to: 'a', count: 1 }] },
  ],
])('editLibrary() refuses a file of which %s', (reason, source, rule) => {
  expect(() => edit(source, rule)).toThrow(reason);
});
