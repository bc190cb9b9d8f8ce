// Megabytes that a process has held at most; `resourceUsage` would count those of the process it was forked from.
'use strict';
const { readFileSync } = require('node:fs');

module.exports = (pid = 'self') => {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
};
