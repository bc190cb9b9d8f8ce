import { compareWithin } from '../../src/compare/within.js';
import { lastRun } from '../../src/compare/side.js';
import { diffUnits, handit, recordTests, type DiffUnit } from '../helpers/red-and-green.js';
import { traceOf } from '../helpers/reading.js';
import { call, processStart, returned } from '../helpers/records.js';
import { tempProject } from '../helpers/run.js';

const SHOP = {
  'package.json': '{"type":"module"}',
  'shop.mjs': `
const PRICES = { tea: 3, cake: 4 };
export function priceOf(name) { return PRICES[name]; }
export function parse(line) {
  const [name, count] = line.split(' ');
  if (name === 'free') throw new RangeError('nothing is free');
  return { name, count: toNumber(count) };
}
function toNumber(text) { return text === 'two' ? NaN : Number(text); }
export function total(lines) {
  return lines.map(parse).reduce((sum, { name, count }) => sum + priceOf(name) * count, 0);
}
export function greeting(name) { return polite('good day ' + name); }
function polite(text) { return text.toUpperCase(); }
let calls = 0;
export function rate(country) { return ++calls > 3 ? 0.5 : 0.2; }
export function find(name) { return lookUp(name); }
function lookUp(name) { return name === 'ada' ? { name } : undefined; }
`,
  'shop.test.mjs': `
import { test } from 'node:test';
import assert from 'node:assert';
import { find, greeting, rate, total } from './shop.mjs';
test('throws', () => { assert.equal(total(['free 1']), 0); });
test('is no number', () => { assert.equal(total(['tea two']), 6); });
test('greets', () => { assert.equal(greeting('ada'), 'good day ada'); });
for (const country of ['de', 'ch', 'at']) test('has a rate ' + country, () => { assert.equal(rate('eu'), 0.2); });
test('has no rate', () => { assert.ok(Math.abs(rate('eu') - 0.2) < 0.1); });
test('finds', () => { assert.equal(find('ada').name, 'ada'); });
test('finds nobody', () => { assert.equal(find('bob').name, 'bob'); });
test('is wrong itself', () => { assert.equal(1, 2); });
`,
};

let folder: string;
let units: DiffUnit[];

beforeAll(async () => {
  folder = tempProject(SHOP);
  await recordTests(folder, 'red.jsonl');
  units = await diffUnits(folder, '--within', 'red.jsonl');
});

test.each([
  ['throws', 'parse', 'it threw what the test reports; nothing below it threw it (almost sure)'],
  ['is no number', 'toNumber', 'it is the first to return NaN, which the test tripped over (likely)'],
  ['greets', 'polite', 'it returned what the test got; nothing below it did (likely)'],
  ['has no rate', 'rate', 'in 3 tests that passed the same call gave another result (likely)'],
  ['finds nobody', 'lookUp', 'it is the first to return undefined, which the test tripped over (a hint)'],
])('without a base: the test that %s names %s', (name, func, found) => {
  const unit = units.find(({ test: each }) => each === `shop.test.mjs > ${name}`);
  expect(unit?.suspects[0]).toMatchObject({ func, file: 'shop.mjs', found });
});

test('an assertion in the test itself is no suspect', () => {
  const unit = units.find(({ test: each }) => each === 'shop.test.mjs > is wrong itself');
  expect(unit?.suspects).toEqual([]);
});

test('the end of a run that never was green says how each suspect was found', async () => {
  const run = await handit(folder, '--', process.execPath, '--test', '--test-reporter=dot');
  expect(run.stderr).toContain('no earlier run in the file in which they passed');
  expect(run.stderr).toMatch(/parse {2}shop\.mjs:4 {2}it threw what the test reports/);
});

test('of a test that passed when it was tried again, the try that passed is the base', () => {
  const attempt = (id: number, of: number, result: number, outcome: string): object[] => [
    call(id, null, id * 10, { test: 'a > b', test_id: of, func: 'outer', line: 1 }),
    call(id + 1, id, id * 10 + 1, { test: 'a > b', test_id: of, func: 'inner', line: 2 }),
    returned(id + 1, id * 10 + 2, { return_preview: result }),
    returned(id, id * 10 + 3),
    {
      ...{ type: 'test_end', proc: '5f0c9a1e', test: 'a > b', test_id: of, try: of, file: 'a', titles: ['b'] },
      ...{ outcome, t1_ns: 1_767_600_000_000_000_000 + id * 10_000 + 4000, dt_ns: 4000 },
    },
  ];
  const trace = traceOf(processStart(), ...attempt(1, 1, 5, 'passed'), ...attempt(5, 2, 6, 'failed'));
  const [{ suspects }] = compareWithin(lastRun(trace));
  expect(suspects[0]).toMatchObject({ func: 'inner', sure: 'high' });
  expect(suspects[0].found).toMatch(/^another try passed: same arguments, other result/);
});
