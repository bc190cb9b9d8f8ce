import { nodes } from '../helpers/node-versions.js';
import { programs, withoutPid } from '../helpers/programs.js';
import { checkTestEnds, testEnds } from '../helpers/test-ends.js';

const files = {
  'cart.test.cjs': `
const assert = require('node:assert');
const { beforeEach, describe, it, test } = require('node:test');
const total = (...prices) => prices.reduce((sum, price) => sum + price, 0);
const prepare = () => null;
describe('cart', () => {
  beforeEach(() => prepare());
  it('adds up', () => assert.strictEqual(total(1, 2), 3));
  it.skip('is left out', () => total());
});
test('outer', async (t) => {
  await t.test('inner', async (t) => { await null; await t.test('fails', () => { total(4); throw new Error('broken'); }); });
});
`,
};

/** Durations, and columns in stacks, which count inserted text; not those of the places of tests. */
function normalised(text: string): string {
  return text
    .replace(/^.*(processTicksAndRejections|async Test\.).*\n/gm, '')
    .replace(/(duration_ms):? [\d.]+/g, '$1')
    .replace(/^( +(?:at |async |\S+ \()?.*:\d+):\d+\)?$/gm, '$1');
}

test.each(nodes())('node:test runs as without, and calls name their test, on Node $label', async ({ path }) => {
  const project = programs(files);
  const args = ['--test-reporter=tap', 'cart.test.cjs'];
  const bare = withoutPid(await project.bare(path, args, { flag: '--require' }));
  const { records, ...result } = await project.traced(path, args, { flag: '--require' });
  const traced = withoutPid(result);
  expect(bare.stdout).toMatch(/location: '.*cart\.test\.cjs:12:60'/);
  expect({ ...traced, stdout: normalised(traced.stdout) }).toEqual({ ...bare, stdout: normalised(bare.stdout) });
  const ends = records.flatMap((each) =>
    each.type === 'test_end' ? [`${each.outcome} ${each.titles.join(' > ')}`] : [],
  );
  expect(ends).toEqual([
    'passed cart > adds up',
    'skipped cart > is left out',
    'failed outer > inner > fails',
    'failed outer > inner',
    'failed outer',
  ]);
  const calls = records.flatMap((each) => (each.type === 'call' && /total|prepare/.test(each.func) ? [each] : []));
  expect(calls.map(({ func, test }) => `${func} ${test}`)).toEqual([
    'prepare cart.test.cjs > cart > adds up',
    'total cart.test.cjs > cart > adds up',
    'total cart.test.cjs > outer > inner > fails',
  ]);
});

// The asynchronous hooks by which tests are seen can be noticed.
test.each(nodes())('a program that only names the module has no hooks, on Node $label', async ({ path }) => {
  const project = programs({
    'names.mjs': `import { executionAsyncId } from 'node:async_hooks';
const builtins = ['node:test', 'node:inspector'];
function ids() { return Promise.resolve().then(() => executionAsyncId()); }
console.log(builtins.length, await ids());`,
  });
  const bare = await project.bare(path, ['names.mjs'], { flag: '--require' });
  const { records, ...traced } = await project.traced(path, ['names.mjs'], { flag: '--require' });
  expect(traced).toEqual(bare);
  expect(records.some((each) => each.type === 'call' && each.func === 'ids')).toBe(true);
});

const failing = {
  'tries.cjs': `
const assert = require('node:assert');
const { describe, it, test } = require('node:test');
function add(a, b) { return a + b; }
describe('same', () => {
  it('title', () => { assert.equal(add(1, 1), 3); });
  it('title', () => { assert.deepStrictEqual([add(2, 2)], [5]); });
});
test('late', { timeout: 30 }, () => new Promise((done) => setTimeout(done, 500)));
test('thrown text', () => { throw 'just text'; });
test('uncaught', () => new Promise(() => setTimeout(() => { throw new Error('from a timer'); }, 5)));
test('leaves', () => { setTimeout(() => { throw new Error('too late'); }, 1); });
function tick(done) { done(add(9, 9)); }
test('waits', () => new Promise((done) => setTimeout(tick, 100, done)));
`,
  'hooks.cjs': `
const { before, beforeEach, after, afterEach, describe, it } = require('node:test');
function prepare(what) { throw new TypeError('no ' + what); }
describe('all', () => { before(() => prepare('database')); it('a', () => {}); });
describe('each', () => { beforeEach(() => prepare('user')); it('c', () => {}); });
describe('after each', () => { afterEach(() => prepare('clean')); it('d', () => {}); });
describe('after all', () => { after(() => prepare('close')); it('e', () => {}); });
describe('broken', () => { throw new Error('in describe'); });
`,
  'load.cjs': `require('node:test').test('a', () => {}); throw new RangeError('cannot boot');`,
};

test.each(nodes())('each failure under node:test has its line, and says where, on Node $major', async ({ path }) => {
  const project = programs(failing);
  const told = async (file: string) => {
    const { records } = await project.traced(path, [file], { flag: '--require' });
    checkTestEnds(records);
    // A function of the file that a timer calls.
    const tick = records.find((each) => each.type === 'call' && each.func === 'tick');
    expect(tick ?? { test: 'tries.cjs > waits' }).toMatchObject({ test: 'tries.cjs > waits' });
    return testEnds(records);
  };
  expect(await told('tries.cjs')).toEqual([
    'failed tries.cjs > same > title: AssertionError: 2 == 3; wanted 3, got 2',
    'failed tries.cjs > same > title: AssertionError: Expected values to be strictly deep-equal:; wanted [5], got [4]',
    'failed tries.cjs > late: Error: test timed out after 30ms',
    'failed tries.cjs > thrown text: Thrown: just text',
    'failed tries.cjs > uncaught: Error: from a timer',
    'passed tries.cjs > leaves',
    'failed tries.cjs (outside): Error: too late',
    'passed tries.cjs > waits',
  ]);
  expect(await told('hooks.cjs')).toEqual([
    'failed hooks.cjs > all (before_all): TypeError: no database',
    'failed hooks.cjs > each > c (before_each): TypeError: no user',
    'failed hooks.cjs > after each > d (after_each): TypeError: no clean',
    'passed hooks.cjs > after all > e',
    'failed hooks.cjs > after all (after_all): TypeError: no close',
    'failed hooks.cjs > broken (load): Error: in describe',
  ]);
  expect(await told('load.cjs')).toEqual(['failed load.cjs (load): RangeError: cannot boot']);
});
