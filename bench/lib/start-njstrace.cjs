// What a user of njstrace has to preload, for it has no start of its own.
'use strict';
const util = require('node:util');
// Gone from Node 23 on, and njstrace cannot do without.
util.isArray ??= Array.isArray;
require(process.env.NJSTRACE).inject({ formatter: { stdout: process.env.NJSTRACE_OUTPUT } });
