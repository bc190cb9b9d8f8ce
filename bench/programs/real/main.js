// Does one program's work again and again: ms for all of it, and what came out, which must not depend on being recorded.
// argv: the program, how often.
'use strict';
const finish = require('../finish.js');
const [name, times] = [process.argv[2], Number(process.argv[3])];
const { work } = require(`./${name}.js`);

const from = process.hrtime.bigint();
let outcome;
for (let i = 0; i < times; i++) outcome = work(i);
finish({ ms: Number(process.hrtime.bigint() - from) / 1e6, outcome });
