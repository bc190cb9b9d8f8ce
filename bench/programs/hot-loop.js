// Times one kind of call in a warm loop: ns per call inside the loop.
// argv: case, calls per burst, bursts. Between two bursts what was recorded so far is written, outside the time taken.
'use strict';
const finish = require('./finish.js');
const [kind, burst, bursts] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

function add(a, b) {
  return a + b;
}
function pick(record) {
  return record.id;
}
function greet(first, last) {
  return last;
}
async function later(value) {
  return value;
}

const record = {
  id: 1,
  name: 'Ada',
  active: true,
  score: 4.5,
  city: 'Paris',
  zip: '75001',
  age: 36,
  tags: 3,
  group: 'a',
  rank: 9,
};
const cases = {
  async numbers(n) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += add(i, 1);
    return sum;
  },
  async record(n) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += pick(record);
    return sum;
  },
  async strings(n) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += greet('Ada', 'Lovelace').length;
    return sum;
  },
  async awaited(n) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += await later(i);
    return sum;
  },
};
cases['awaited-library'] = cases.awaited;

// With a library at hand, async functions carry their context into it.
if (kind === 'awaited-library') require('some-library');
const turn = () => new Promise((done) => setTimeout(done, 1));
const run = cases[kind];
const warm = Math.min(burst, 20_000);

(async () => {
  for (let i = 0; i < 5; i++) {
    await run(warm);
    await turn();
  }
  const times = [];
  for (let i = 0; i < bursts; i++) {
    globalThis[Symbol.for('handit')]?.flush();
    const from = process.hrtime.bigint();
    await run(burst);
    times.push(Number(process.hrtime.bigint() - from) / burst);
  }
  times.sort((a, b) => a - b);
  finish({ ns: times[times.length >> 1], calls: 5 * warm + burst * bursts });
})();
