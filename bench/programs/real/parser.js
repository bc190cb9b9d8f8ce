// acorn parses some 200 kB of JavaScript: its own source.
'use strict';
const { readFileSync } = require('node:fs');
const acorn = require('../libraries/acorn.js');

const source = readFileSync(require.resolve('../libraries/acorn.js'), 'utf8').slice(0, 1 << 20);

exports.work = () => acorn.parse(source, { ecmaVersion: 2022 }).body.length;
