// Throws and catches: microseconds of processor time for each, with the lines in the file. argv: how many times, and `equal`
// or `different` messages.
'use strict';
const finish = require('./finish.js');
const [times, kind] = [Number(process.argv[2]), process.argv[3]];
const differs = kind === 'different';

function check(value) {
  if (value >= 0) throw new Error(differs ? `no such entry: ${value}` : 'no such entry');
  return value;
}

function attempt(value) {
  try {
    return check(value);
  } catch (error) {
    return error.message.length;
  }
}

const began = process.cpuUsage();
let outcome = 0;
for (let i = 0; i < times; i++) outcome += attempt(i);
process.on('exit', () => {
  globalThis[Symbol.for('handit')]?.flush();
  const { user, system } = process.cpuUsage(began);
  finish({ outcome, calls: times, us: (user + system) / times });
});
