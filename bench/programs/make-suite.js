// Writes a project (argv: folder, tests) with that many tests by node:test: one function is wrong, and each ninth test fails.
'use strict';
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const [folder, tests] = [process.argv[2], Number(process.argv[3])];

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
writeFileSync(
  join(folder, 'orders.js'),
  `const RATES = { de: 0.19, ch: 0.08, fr: 0.2 };
const stock = new Map(Array.from({ length: 50 }, (_, id) => [id, { id, name: 'article ' + id, price: 3 + id * 1.5 }]));
export function article(id) {
  const found = stock.get(id % 50);
  if (!found) throw new RangeError('no article ' + id);
  return found;
}
export function lineOf(id, count) {
  const { name, price } = article(id);
  return { id, name, count, price, sum: round(price * count) };
}
export async function rateOf(country) {
  await null;
  return RATES[country];
}
export function round(value) {
  return Math.round(value * 100) / 100;
}
export function shipping(lines) {
  return lines.length > 9 ? 0 : 4.9;
}
export async function total(order) {
  const lines = order.items.map(({ id, count }) => lineOf(id, count));
  const sum = lines.reduce((all, line) => all + line.sum, 0);
  return round((sum + shipping(lines)) * (1 + (await rateOf(order.country))));
}
`,
);
const FILES = 20;
for (let file = 0; file < FILES; file++) {
  const cases = Array.from({ length: Math.ceil(tests / FILES) }, (_, at) => {
    const items = Array.from({ length: 1 + ((file + at) % 9) }, (_, item) => ({
      id: file * 7 + at + item,
      count: 1 + item,
    }));
    const order = JSON.stringify({ country: ['de', 'ch', 'fr'][at % 3], items });
    return `test('order ${file}.${at}', async () => {
  const order = ${order};
  const sum = order.items.reduce((all, { id, count }) => all + Math.round((3 + (id % 50) * 1.5) * count * 100) / 100, 0);
  const rate = { de: 0.19, ch: 0.08, fr: 0.2 }[order.country];
  assert.equal(await total(order), Math.round((sum + (order.items.length > 8 ? 0 : 4.9)) * (1 + rate) * 100) / 100);
});`;
  });
  writeFileSync(
    join(folder, `orders-${file}.test.js`),
    `import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { total } from './orders.js';\n${cases.join('\n')}\n`,
  );
}
