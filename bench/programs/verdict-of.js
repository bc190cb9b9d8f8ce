// The verdict that `handit -- <a command that fails>` ends with (argv: the command of handit, a trace), in this process, to
// measure it: from the start of the process on.
'use strict';
const finish = require('./finish.js');
const heldAtMost = require('./held-at-most.js');
const [cli, file] = process.argv.slice(2);

process.env.HANDIT_OUTPUT_FILE = file;
process.argv = [process.execPath, cli, '--', process.platform === 'win32' ? 'cmd /c exit 1' : 'false'];
let text = '';
const write = process.stderr.write.bind(process.stderr);
process.stderr.write = (chunk, ...rest) => {
  text += chunk;
  return write(chunk, ...rest);
};
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  finish({ milliseconds: performance.now(), seconds: (user + system) / 1e6, megabytes: heldAtMost() });
  process.exitCode = /failed tests?/.test(text) ? 0 : 70;
});
require(cli);
