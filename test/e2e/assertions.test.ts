import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

// `assert(value)` shows its own source, which Node reads from the line that runs or from the file. Each is a whole program.
const cases = `
assert(x === 4)
const y = x + 1; assert(y === x)
assert.ok(x && x.length)
assert.strict(x === 4)
assert.strict.ok(x === 4)
ok(x === 4)
named.ok(x === 4)
(0, named.ok)(x === 4)
(0, assert)(x === 4)
built.default.ok(((z) => !z)(x))
built.default.strict.ok(((z) => !z)(x))
(0, built.default)(((z) => !z)(x))
(0, built.ok)(((z) => !z)(x))
assert(await no())
assert(!(await yes()) , )
assert.ok((await no()) || (await no()))
assert([1, x].every((z) => z > 5))
assert([1, x].every(function (z) { return z > 5 }))
assert([1, x].every(function (z) { return z > 5; }))
assert((() => false)() /* ; */)
assert(((text) => text === 'ü')(";' ()"))
assert(\`\${((z) => z)(x)}\` === ';')
assert(/* why */ ((z) => !z)(x))
assert(!((z) => z)(x), 'said')
assert(!((z) => z)(x), new TypeError('said'))
assert(!((z) => z)(x), undefined)
assert(!((z) => z)(x), void 0)
assert(!((z) => z)(x), null)
assert(!((z) => z)(x), x.message)
assert(!((z) => z)(x), await undefined)
assert(!((z) => z)(x), x.message ?? (() => 'said')())
assert(x === 4, await undefined)
assert.ok(x === 4, undefined)
assert.equal(((z) => z)(x), 4, undefined)
const helper = (value, message) => assert(((z) => z)(value), message); helper(0)
const helper = (value, message) => assert(((z) => z)(value), message); helper(0, 'said')
assert(⏎  !((z) => z)(x),⏎  undefined,⏎)
{ const assert = (...given) => { throw new TypeError(given.length + ' ' + given[1]) }; assert(((z) => z)(x), undefined) }
assert()
assert(((z) => !z)(x)) || other()
if (x) { assert(((z) => !z)(x)) } else assert(x)
const run = () => assert(x === 4); run()
const run = async () => { await null; assert(x === 4); }; await run()
try { assert(await no()) } catch (error) { console.log(error.message) }
assert.throws(() => assert(x === 4), (error) => { throw error })
await assert.rejects(async () => assert(await no()), (error) => { throw error })
assert(
  x === 4 &&⏎    [x].every((z) => z > 5),⏎)
assert([x].every((z) =>⏎    z > 5))
      assert(x === 4 &&⏎        ((z) => z)(x))
assert(⏎  await no(),⏎)
{ const assert = (...given) => { throw new TypeError(given.length) }; assert(((z) => z)(x)) }
{ const ok = (...given) => { throw new TypeError(given.length) }; ok(((z) => z)(x)) }
assert.ok = (...given) => { throw new TypeError(given.length) }; assert.ok(((z) => z)(x))
`
  .trim()
  .split('\n')
  .map((text) => text.replaceAll('⏎', '\n'));

const body = (text: string): string => `async function test(x, yes, no) { ${text} }
module.exports = test;
`;
const files = Object.fromEntries(
  cases.map((text, i) => [
    `case-${i}.cjs`,
    `const assert = require('node:assert');
const { ok } = assert;
const named = require('node:assert');
const other = () => {};
const built = { __proto__: require('node:assert'), default: require('node:assert') };
${body(text)}`,
  ]),
);
const all = programs({
  ...files,
  'all.cjs': `
const { ok } = require('node:assert');
(async () => {
  for (let i = 0; i < ${cases.length}; i++) {
    const before = ok;
    try {
      await require('./case-' + i + '.cjs')(3, async () => true, async () => false);
      console.log(i, 'nothing');
    } catch (error) {
      console.log(i, error.name, error.generatedMessage, error.code, error.operator, JSON.stringify(error.message));
    }
    require('node:assert').ok = before;
  }
})();
`,
  'module.mjs': `
import assert, { ok } from 'node:assert';
import * as all from 'node:assert/strict';
const no = async () => false;
const a = () => ok([1].every((z) => z > 5));
const b = async () => assert(await no());
const c = async () => all.ok(await no());
const d = async () => all.default(await no());
for (const run of [a, b, c, d]) await Promise.resolve().then(run).catch((error) => console.log(error.message, error.generatedMessage));
assert(!(() => true)());
`,
  'uncaught.cjs': `const assert = require('assert'); const f = () => false;
function g() { return 1 } assert(((z) => !z)(g()));
`,
});

/** From the error on: of helpers of Node the line above it is another one, see docs/limitations.md; so may be the last frames. */
const comparable = (text: string): string =>
  text.slice(text.indexOf('AssertionError')).replaceAll(/^ {4}at .*?( \{)?$\n/gm, (_, brace?: string) => brace ?? '');

describe.each(nodes())('Node $version', ({ path }) => {
  test('assert shows the source of its call', async () => {
    const [bare, traced] = [await all.bare(path, ['all.cjs']), await all.traced(path, ['all.cjs'])];
    expect(bare.stdout).toContain(`\n${cases.length - 1} TypeError`);
    expect(traced.stdout.split('\n')).toEqual(bare.stdout.split('\n'));
  });

  test.each(['module.mjs', 'uncaught.cjs'])('%s', async (file) => {
    const [bare, traced] = [await all.bare(path, [file]), await all.traced(path, [file])];
    expect(bare.code).toBe(1);
    expect({ ...traced, stderr: comparable(traced.stderr), records: [] }).toEqual({
      ...bare,
      stderr: comparable(bare.stderr),
      records: [],
    });
  });
});
