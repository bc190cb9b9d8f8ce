// Many async calls wait at the same time (argv: how many, awaits in all): ns for one more step of one of them.
'use strict';
const finish = require('../finish.js');
const [open, steps] = process.argv.slice(2).map(Number);

async function later(value) {
  return value;
}
async function worker(times) {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += await later(i);
  return sum;
}
const all = (n) => Promise.all(Array.from({ length: open }, () => worker(Math.ceil(n / open))));

(async () => {
  await all(20_000);
  const from = process.hrtime.bigint();
  await all(steps);
  finish({ ns: Number(process.hrtime.bigint() - from) / steps, calls: steps + 20_000 });
})();
