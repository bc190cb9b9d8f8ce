import { nodes } from '../helpers/node-versions.js';
import { programs, withoutPid } from '../helpers/programs.js';

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
