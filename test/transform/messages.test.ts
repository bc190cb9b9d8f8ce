import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

// The messages of V8 show pieces of the text that ran. Each line is the body of an async function that throws; `f`, `g`
// return promises or nothing, `five` is a number, `o` an object without members.
const bodies = `
const { user } = await f()
const { user: { name } } = await o
const [x] = await f()
const [x] = await five
for (const x of await f());
for (const x of await five);
for await (const x of five);
for await (const x of this);
a: b: for await (const x of five);
if (five) for await (const x of five);
for await (const x of f());
for await (const x of o.x);
new (() => 1)()
(() => { throw new TypeError('own') })()
const { a: { b } = await f() } = {}
const [{ b }] = await [null]
let z; ({ z } = await f())
let z; [z] = await f()
let z; [z] = [...await f()]
(await f())()
(await f()).g()
(await o).g()
(await f()).x
(await f()).x.y
(await o).a.b.c
(await o)?.g()
(await o)?.a.b()
(await f()).x = 1
(await o).a.b = 1
[...await f()]
[1, ...await f()]
[...(await f())]
g(...await f())
g(1, ...await f())
new Set(await five)
new (await five)()
new (await o).K()
new g(...await f())
class A extends (await five) {}
class A extends (await o).B {}
o[await five]()
o[await f()].x.y
o[(await o).k]()
five(await o)
o.x(await o)
o.x(await o)()
(await o)\`\`
(await o).tag\`\`
(await f() ?? five)()
(await f() || five)()
(five && await f())()
(five ? await f() : 1)()
(1, await f())()
(1 + await f())()
(!await f())()
(typeof await f())()
(-await five)()
(await (await o).x)()
(await (await f()))()
(await g(await o))()
(await Promise.reject(new TypeError('own')))
delete (await f()).x
'a' in await five
o instanceof await five
o instanceof (await o).K
await (await o).then2()
await five.x.y
await five()
await o.x()
await o.x.y()
await new five()
for (const x of five);
for (const x of o);
for (const [x] of [1]);
for (const { x } of [null]);
for (const x of o.list);
for (const x of g());
for await (const x of 5);
for await (const [x] of [5]);
for await (const { x } of [null]);
const [x] = five
const [x] = o
const { x } = null
const { x: { y } } = o
const { x = five() } = o
five()
o.x()
o.x.y()
o.x.y.z
g()()
g().x.y
(() => undefined)()()
(() => undefined)().x()
five.x()
five.x.y()
null.x
undefined.x
o?.x.y.z
o?.x()
o?.x?.y.z()
o['x']()
o[five]()
o[Symbol.iterator]()
new five()
new o.K()
new (g())()
new (o.x)()
class A extends five {}
class A extends o.B {}
class A extends null { constructor() { super() } } new A()
class A { #p; m() { return o.#p } } new A().m()
class A { static m() { super.x() } } A.m()
five\`\`
o.tag\`\`
[...five]
[...o]
g(...five)
g(...o)
new g(...five)
new Map([1])
new Promise(5)
Reflect.construct(five)
o in five
five in five
o instanceof five
o instanceof o
const c = 1; c = 2
late; let late
missing
missing()
missing.x
super_()
Symbol() + ''
1n + 1
BigInt(1.5)
JSON.parse('{')
JSON.parse(await '{')
null[Symbol.iterator]
throw new TypeError(await 'thrown')
return five()
return o.x()
return (await f()).x
return (await f())()
return [...await f()]
throw (await f()).x
throw five()
x: { five(); break x }
try { five() } finally { g() }
switch (five()) {}
if (o.x()) g()
while (o.x()) g()
[1].map((x) => x.y.z)
[1].map((x) => x())
[1].map((x) => { five() })
[null].forEach(({ x }) => x)
[5].map(([x]) => x)
((a, { b }) => a)(1)
(({ a: { b } }) => b)({})
(([a]) => a)()
(function ({ x }) { return x })()
(function () { return this.x.y }).call({})
(function () { 'use strict'; return this.x })()
Object.defineProperty(Object.freeze({}), 'x', { value: 1 })
'use strict'; Object.freeze(o).x = 1
`
  .trim()
  .split('\n');

/** The same for the bodies of other kinds. */
const generators = `
yield* 5
yield* five
yield* o
yield* o.x
yield* g()
yield* null
(yield)()
(yield).x
const { x } = yield
const [x] = yield
[...yield]
for (const x of yield);
g(...yield)
new (yield)()
class A extends (yield) {}
(yield 1).x.y()
five(yield)
o[yield]()
`
  .trim()
  .split('\n');

/** What docs/limitations.md says of them: no text that is put in leaves these messages as they are. */
const different = new Set([
  'const [x] = await f()',
  'const [x] = await five',
  'for (const x of await f());',
  'for (const x of await five);',
  'for await (const x of f());',
  '(await f() ?? five)()',
  '(await f() || five)()',
  '(five && await f())()',
  'new (() => 1)()',
  '(() => undefined)()()',
  'yield* five',
  'yield* o',
  'yield* o.x',
  'yield* g()',
  'const [x] = yield',
  'for (const x of yield);',
]);

const program = `
const f = async () => undefined, g = () => undefined, five = 5, o = {};
const show = (kind, body, error) => console.log(JSON.stringify([kind, body, String(error && error.message)]));
(async () => {
${bodies.map((body) => `await (async () => {\n${body}\n})().catch((error) => show('async', ${JSON.stringify(body)}, error));`).join('\n')}
${generators
  .flatMap((body) => [
    `try { const i = (function* () {\n${body}\n})(); i.next(); i.next(); show('generator', ${JSON.stringify(body)}) } catch (error) { show('generator', ${JSON.stringify(body)}, error) }`,
    `await (async () => { const i = (async function* () {\n${body}\n})(); await i.next(); await i.next(); show('async generator', ${JSON.stringify(body)}) })().catch((error) => show('async generator', ${JSON.stringify(body)}, error));`,
  ])
  .join('\n')}
})();
`;

describe.each(nodes())('on Node $version', ({ path }) => {
  const { bare, traced } = programs({ 'messages.cjs': program });

  test('an error says what it says without handit', async () => {
    const read = (text: string): string[] => text.trimEnd().split('\n');
    const expected = read((await bare(path, ['messages.cjs'])).stdout);
    const { stdout, records } = await traced(path, ['messages.cjs']);
    expect(expected.length).toBeGreaterThan(140);
    expect(records.filter(({ type }) => type === 'skipped')).toEqual([]);
    const actual = read(stdout);
    expect(actual).toHaveLength(expected.length);
    const differing = expected.flatMap((line, i) => (line === actual[i] ? [] : [`${line} -> ${actual[i]}`]));
    const bodyOf = (line: string): string => (JSON.parse(line.split(' -> ')[0]) as string[])[1];
    expect(differing.filter((line) => !different.has(bodyOf(line)))).toEqual([]);
    expect(new Set(differing.map(bodyOf))).toEqual(different);
  });
});
