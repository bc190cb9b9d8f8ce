// Calls each of many functions in turn (argv: how many functions, calls): ns a call, once all have been called often.
'use strict';
const finish = require('../finish.js');
const functions = require(`../many-functions/${process.argv[2]}.js`);
const calls = Number(process.argv[3]);

function rounds(n) {
  let sum = 0;
  for (let made = 0; made < n;) {
    const end = Math.min(functions.length, n - made);
    for (let i = 0; i < end; i++) sum += functions[i](i, 1);
    made += end;
  }
  return sum;
}

const warm = Math.max(20_000, 2 * functions.length);
rounds(warm);
const from = process.hrtime.bigint();
rounds(calls);
finish({ ns: Number(process.hrtime.bigint() - from) / calls, calls: calls + warm });
