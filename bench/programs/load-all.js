// Loads every module of a folder (argv) and calls the function `touch` that each exports: ms for all of them.
'use strict';
const { readdirSync } = require('node:fs');
const { join } = require('node:path');
const finish = require('./finish.js');

const folder = join(__dirname, process.argv[2]);
const files = readdirSync(folder);
const from = process.hrtime.bigint();
let calls = 0;
for (const file of files) calls += require(join(folder, file)).touch();
finish({ ms: Number(process.hrtime.bigint() - from) / 1e6, calls });
