import { tempProject } from './run.js';
import { change, recordTests } from './red-and-green.js';

/** A small shop with tests by node:test, of which one fails after the change below. */
export const SHOP = {
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
export function round(value) {
  return Math.round(value * 100) / 100;
}
export async function rateOf(country) {
  await new Promise((done) => setTimeout(done, 1));
  if (!(country in RATES)) throw new RangeError('no rate for ' + country);
  return RATES[country];
}
`,
  'cart.test.mjs': `
import { test } from 'node:test';
import assert from 'node:assert';
import { Cart } from './cart.mjs';
import { rateOf, round } from './money.mjs';
test('adds up', async () => { assert.equal(await new Cart().add(10, 2).add(5, 1).total('de'), 29.75); });
test('has rates', async () => { assert.equal(await rateOf('ch'), 0.08); await assert.rejects(rateOf('xx'), RangeError); });
test('rounds nothing away', () => { assert.equal(round(3), 3); });
`,
};

/** The shop with a trace of a green run and one of a run in which `round` is broken. */
export async function redShop(): Promise<string> {
  const folder = tempProject(SHOP);
  await recordTests(folder, 'green.jsonl');
  change(folder, 'money.mjs', 'value * 100', 'value * 10');
  await recordTests(folder, 'red.jsonl');
  return folder;
}
