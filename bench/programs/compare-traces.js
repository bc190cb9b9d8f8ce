// Runs `handit diff` (argv: the command, base, new) in this process, to measure it.
'use strict';
const finish = require('./finish.js');
const heldAtMost = require('./held-at-most.js');
const [cli, ...args] = process.argv.slice(2);

process.argv = [process.execPath, cli, 'diff', ...args];
process.on('exit', (code) => {
  const { user, system } = process.cpuUsage();
  finish({ seconds: (user + system) / 1e6, megabytes: heldAtMost() });
  // Something differs, as it should.
  process.exitCode = code === 1 ? 0 : 70;
});
require(cli);
