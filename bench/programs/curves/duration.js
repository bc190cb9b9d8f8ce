// Goes on calling, in slices (argv: calls in each): ns a call in each. The trace is removed between two slices, for it would
// not fit on every disk; of the calls after the last one something is left of it.
'use strict';
const { rmSync } = require('node:fs');
const finish = require('../finish.js');
const trace = process.env.HANDIT_OUTPUT_FILE;
const slices = process.argv.slice(2).map(Number);

function add(a, b) {
  return a + b;
}
function loop(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += add(i, 1);
  return sum;
}

loop(20_000);
const ns = slices.map((calls) => {
  const from = process.hrtime.bigint();
  loop(calls);
  const each = Number(process.hrtime.bigint() - from) / calls;
  globalThis[Symbol.for('handit')]?.flush();
  if (trace) rmSync(trace, { force: true });
  return each;
});
loop(1000);
finish(Object.fromEntries(ns.map((each, i) => [`ns${i}`, each])));
