// Runs `handit query` (argv: the command, file, SQL) in this process, to measure it.
'use strict';
const finish = require('./finish.js');
const heldAtMost = require('./held-at-most.js');
const [cli, ...args] = process.argv.slice(2);

process.argv = [process.execPath, cli, 'query', ...args];
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  finish({ seconds: (user + system) / 1e6, megabytes: heldAtMost() });
});
require(cli);
