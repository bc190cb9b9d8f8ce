// Calls a function far down the stack (argv: how far, calls): ns a call there.
'use strict';
const finish = require('../finish.js');
const [depth, calls] = process.argv.slice(2).map(Number);

function add(a, b) {
  return a + b;
}
function loop(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += add(i, 1);
  return sum;
}
function down(levels) {
  if (levels > 0) return down(levels - 1) + 0;
  loop(20_000);
  const from = process.hrtime.bigint();
  loop(calls);
  return Number(process.hrtime.bigint() - from) / calls;
}

finish({ ns: down(depth), calls: calls + 20_000 + depth });
