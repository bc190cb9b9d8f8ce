// Writes what a program measured to where the benchmark looks for it; standard output belongs to the tools.
'use strict';
const { writeFileSync } = require('node:fs');

module.exports = (result) => writeFileSync(process.env.BENCH_RESULT, JSON.stringify(result));
