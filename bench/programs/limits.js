// The least that recording a call can cost in JavaScript: ns for each of four steps, every one of which holds the one before.
'use strict';
const { closeSync, openSync, writeSync } = require('node:fs');
const finish = require('./finish.js');
const calls = Number(process.argv[2]);
const file = openSync(process.argv[3], 'a', 0o600);

const clock = process.hrtime.bigint;
const now = () => Number(clock());
const NUMBERS = 6;
const SLOTS = 1 << 13;
const memory = new Float64Array(NUMBERS * SLOTS);
let next = 0;
let sum = 0;

function twoClockReads(n) {
  for (let i = 0; i < n; i++) sum += now() - now();
}

function intoMemory(n) {
  for (let i = 0; i < n; i++) {
    const at = (next++ & (SLOTS - 1)) * NUMBERS;
    memory[at] = i;
    memory[at + 1] = i - 1;
    memory[at + 2] = i;
    memory[at + 3] = 1;
    memory[at + 4] = now();
    memory[at + 5] = now();
  }
}

// Fields and their order are those of the trace's own lines.
function handMadeLines(n) {
  let text = '';
  for (let i = 0; i < n; i++) {
    const t0 = now();
    const t1 = now();
    text +=
      `{"type":"call","proc":"5f0c9a1e","id":${i},"parent":${i - 1},"func":"add","file":"hot-loop.js","line":7,"column":1,"kind":"function","t0_ns":17676000${t0},"args_preview":{"a":${i},"b":1}}\n` +
      `{"type":"return","proc":"5f0c9a1e","id":${i},"func":"add","t1_ns":17676000${t1},"dt_ns":${t1 - t0},"return_preview":${i + 1}}\n`;
    if (text.length > 1 << 16) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
}

function stringifiedLines(n) {
  const [proc, func] = ['5f0c9a1e', 'add'];
  let text = '';
  for (let i = 0; i < n; i++) {
    const t0 = now();
    const t1 = now();
    const place = { func, file: 'hot-loop.js', line: 7, column: 1, kind: 'function' };
    const call = { type: 'call', proc, id: i, parent: i - 1, ...place, t0_ns: t0, args_preview: { a: i, b: 1 } };
    const end = { type: 'return', proc, id: i, func, t1_ns: t1, dt_ns: t1 - t0, return_preview: i + 1 };
    text += `${JSON.stringify(call)}\n${JSON.stringify(end)}\n`;
    if (text.length > 1 << 16) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
}

function time(step) {
  step(Math.ceil(calls / 10));
  const from = clock();
  step(calls);
  return Number(clock() - from) / calls;
}

const result = {
  clock: time(twoClockReads),
  memory: time(intoMemory),
  lines: time(handMadeLines),
  stringify: time(stringifiedLines),
};
closeSync(file);
if (Number.isNaN(sum)) throw new Error('the loops were left out');
finish(result);
