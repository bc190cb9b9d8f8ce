// Makes many calls (argv: how many). The benchmark takes the processor time and the size of the trace from outside; the
// memory is what the process held at most.
'use strict';
const { readFileSync } = require('node:fs');
const finish = require('./finish.js');
const calls = Number(process.argv[2]);

function add(a, b) {
  return a + b;
}

let sum = 0;
for (let i = 0; i < calls; i++) sum += add(i, 1);
if (sum < 0) throw new Error('the loop was left out');
process.on('exit', () => {
  globalThis[Symbol.for('handit')]?.flush();
  finish({ calls, megabytes: heldAtMost() / 1024 });
});

/** In kilobytes. On Linux `maxRSS` begins with what the process that started this one held. */
function heldAtMost() {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}
