import { readFileSync, writeFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { change, diffUnits, handit, recordTests } from '../helpers/red-and-green.js';
import { tempProject } from '../helpers/run.js';

const SHOP = {
  'package.json': '{"type":"module"}',
  'cart.mjs': `
import { round, rateOf } from './money.mjs';
export class Cart {
  #items = [];
  add(price, count) { this.#items.push({ price, count }); return this; }
  sum() { return this.#items.reduce((sum, { price, count }) => sum + price * count, 0); }
  async total(country) {
    const rate = await rateOf(country);
    return round(this.sum() * (1 + rate));
  }
}
`,
  'money.mjs': `
const RATES = { de: 0.19, ch: 0.08 };
export function round(value) { return Math.round(value * 100) / 100; }
export async function rateOf(country) {
  await new Promise((done) => setTimeout(done, 1));
  if (!(country in RATES)) throw new RangeError('no rate for ' + country);
  return RATES[country];
}
export function label(value) { return stamp() + value.toFixed(2); }
function stamp() { return '[' + Date.now() + '-' + Math.floor(Math.random() * 1e6) + '] '; }
`,
  'cart.test.mjs': `
import { test } from 'node:test';
import assert from 'node:assert';
import { Cart } from './cart.mjs';
import { label, rateOf } from './money.mjs';
test('adds up', async () => { assert.equal(await new Cart().add(10, 2).add(5, 1).total('de'), 29.75); });
test('has rates', async () => { assert.equal(await rateOf('ch'), 0.08); await assert.rejects(rateOf('xx'), RangeError); });
test('labels', () => { assert.match(label(3), / 3.00$/); });
`,
};

async function redAfter(file: string, from: string, to: string): Promise<string> {
  const folder = tempProject(SHOP);
  await recordTests(folder, 'green.jsonl');
  change(folder, file, from, to);
  await recordTests(folder, 'red.jsonl');
  return folder;
}

test.each([
  ['a condition', 'money.mjs', '!(country in RATES)', '(country in RATES)', 'rateOf', 'threw'],
  ['an operator', 'money.mjs', 'value * 100', 'value * 10', 'round', 'other_result'],
  [
    'a literal, behind an await',
    'money.mjs',
    'return RATES[country]',
    'return RATES[country] + 0.01',
    'rateOf',
    'other_result',
  ],
  ['arguments passed on', 'cart.mjs', 'rateOf(country)', "rateOf('ch')", 'Cart.total', 'other_result'],
])('%s that was changed is found', async (_, file, from, to, func, reason) => {
  const folder = await redAfter(file, from, to);
  const units = await diffUnits(folder, 'green.jsonl', 'red.jsonl');
  expect(units.length).toBeGreaterThan(0);
  for (const { base, new: outcome, suspects } of units) {
    expect([base, outcome]).toEqual(['passed', 'failed']);
    expect(suspects[0]).toMatchObject({ func, file, reason });
  }
});

test('what only passes on another result follows', async () => {
  const folder = await redAfter('money.mjs', 'value * 100', 'value * 10');
  const [{ suspects }] = await diffUnits(folder, 'green.jsonl', 'red.jsonl', '--test', 'adds up');
  expect(suspects[0].differences).toEqual([{ path: 'result', base: 29.75, new: 2.98 }]);
  expect(suspects[0].follows).toContain('Cart.total');
  const { stdout, code } = await handit(folder, 'diff', 'green.jsonl', 'red.jsonl');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^1 cause for 1 failed test\nround {3}money\.mjs:3\n {2}- result 29\.75\n {2}\+ result 2\.98\n/,
  );
  expect(stdout).toContain('follows: Cart.total');
});

test('a function that changes only an object is found by its source', async () => {
  const folder = await redAfter(
    'cart.mjs',
    'this.#items.push({ price, count });',
    'this.#items.push({ price, count: 1 });',
  );
  const [{ suspects }] = await diffUnits(folder, 'green.jsonl', 'red.jsonl');
  expect(suspects[0]).toMatchObject({ func: 'Cart.add', file: 'cart.mjs', source: 'changed' });
});

test('lines that move are no change', async () => {
  const folder = await redAfter(
    'money.mjs',
    'export function round(value) {',
    '\n\n// a comment\nexport function round(value) {',
  );
  expect(await diffUnits(folder, 'green.jsonl', 'red.jsonl', '--all')).toMatchObject([
    { test: 'cart.test.mjs > labels' },
  ]);
});

test('two runs of the same code differ in nothing once what is noise was learned', async () => {
  const folder = tempProject(SHOP);
  for (const trace of ['one.jsonl', 'two.jsonl', 'three.jsonl']) await recordTests(folder, trace);
  const units = await diffUnits(folder, 'one.jsonl', 'two.jsonl', '--all');
  expect(units.map(({ test: name }) => name)).toEqual(['cart.test.mjs > labels']);
  const learned = await handit(folder, 'diff', '--learn', 'one.jsonl', 'two.jsonl');
  expect(learned.code).toBe(0);
  const rules = JSON.parse(readFileSync(join(folder, 'handit-noise.json'), 'utf8')) as { rules: object[] };
  expect(rules.rules).toContainEqual({ func: 'stamp', file: 'money.mjs', path: 'result' });
  const { stdout, code } = await handit(folder, 'diff', 'one.jsonl', 'three.jsonl', '--all');
  expect([code, stdout]).toEqual([0, expect.stringContaining('nothing differs in 3 units')]);
  expect(stdout).toContain('stamp result');
});

test('a rule of noise does not hide a cause beside it', async () => {
  const folder = await redAfter('money.mjs', 'value * 100', 'value * 10');
  copyFileSync(join(folder, 'green.jsonl'), join(folder, 'base.jsonl'));
  const noise = { version: 1, rules: [{ func: 'stamp', file: 'money.mjs', path: 'result' }] };
  writeFileSync(join(folder, 'handit-noise.json'), JSON.stringify(noise));
  const [{ suspects }] = await diffUnits(folder, 'green.jsonl', 'red.jsonl');
  expect(suspects[0].func).toBe('round');
});

test('runs of one file are compared without a word: red with the last green', async () => {
  const folder = tempProject(SHOP);
  const record = (): Promise<void> => recordTests(folder, 'handit_events.jsonl');
  await record();
  await pause();
  change(folder, 'money.mjs', 'value * 100', 'value * 10');
  await record();
  const { stdout, code } = await handit(folder, 'diff');
  expect(stdout).toContain('round   money.mjs:3');
  expect(code).toBe(1);
});

test('without a base, the exception that a test reports is a suspect', async () => {
  const folder = await redAfter('money.mjs', '!(country in RATES)', '(country in RATES)');
  const [{ suspects }] = await diffUnits(folder, '--within', 'red.jsonl', '--test', 'adds up');
  expect(suspects[0]).toMatchObject({ func: 'rateOf', file: 'money.mjs', reason: 'threw' });
});

test('Markdown holds recorded text in code alone', async () => {
  const folder = tempProject({
    ...SHOP,
    'money.mjs': SHOP['money.mjs'].replace('no rate for ', '```\\n<img src=x onerror=alert(1)> '),
  });
  await recordTests(folder, 'green.jsonl');
  change(folder, 'money.mjs', '!(country in RATES)', 'true');
  await recordTests(folder, 'red.jsonl');
  const { stdout } = await handit(folder, 'diff', '--md', 'green.jsonl', 'red.jsonl');
  expect(stdout).toContain('<img');
  const outside = stdout.replace(/^(`{3,})text\n[^]*?^\1$/gm, '');
  expect(outside).not.toContain('<img');
});

test.each([
  [['missing.jsonl', 'red.jsonl'], 'there is no file missing.jsonl'],
  [['a', 'b', 'c'], 'diff takes a base and a new trace'],
  [['--learn', 'one.jsonl'], 'there is no file one.jsonl'],
])('diff %j says what is wrong', async (args, message) => {
  const { stderr, code } = await handit(tempProject({}), 'diff', ...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

/** Runs of one file are told apart by the time between them. */
function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, 2100));
}

test('handit -- <command> ends with the cause where tests fail, and says nothing where they pass or with --quiet', async () => {
  const folder = tempProject(SHOP);
  const command = ['--', process.execPath, '--test', '--test-reporter=dot'];
  const green = await handit(folder, ...command);
  expect([green.code, green.stderr]).toEqual([0, expect.not.stringContaining('failed')]);
  await pause();
  change(folder, 'money.mjs', 'value * 100', 'value * 10');
  const red = await handit(folder, ...command);
  expect(red.code).toBe(1);
  expect(red.stderr).toMatch(
    /handit: 1 failed test, compared with the run of .*:\nhandit: {3}round {2}money\.mjs:3 {2}.*other result/,
  );
  expect((await handit(folder, '--quiet', ...command)).stderr).not.toContain('failed test');
});
