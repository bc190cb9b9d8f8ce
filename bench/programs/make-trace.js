// Writes a trace of calls and tests (argv: megabytes, file, kinds), the same each time: what a test run of a library looks
// like. With a number of kinds the calls of a test are those of another one of its kind, as they are in such a suite, and
// not all by chance: times are. With `red` in its place one result in 10,000 is another, and a tenth of the tests failed.
// With the id of a process after that, the file is written on: it is a later run.
'use strict';
const { closeSync, openSync, writeSync } = require('node:fs');
const finish = require('./finish.js');
const [megabytes, file, third] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const later = process.argv[5];
const isRed = third === 'red';
const kinds = Number(third) || 0;

const descriptor = openSync(file, later ? 'a' : 'w');
const proc = `"proc":"${later ?? '5f0c9a1e'}"`;
const functions = Array.from(
  { length: 400 },
  (_, i) => `"func":"fn${i}","file":"src/dir${i % 17}/file${i % 53}.js","line":${i + 1}`,
);
let [id, written, time, seed, timeSeed, lines] = [0, 0, 0, 1, 1, ''];

function random(below) {
  seed = (seed * 16_807) % 2_147_483_647;
  return seed % below;
}

/** Nineteen digits, which a number cannot hold. */
function now() {
  if (kinds > 0) {
    timeSeed = (timeSeed * 48_271) % 2_147_483_647;
    time += timeSeed % 2000;
  } else time += random(2000);
  return `${later ? 1767700 : 1767600}${String(Math.floor(time / 1e9)).padStart(3, '0')}${String(time % 1e9).padStart(9, '0')}`;
}

function put(line) {
  lines += `${line}\n`;
  if (lines.length < 1 << 20) return;
  written += writeSync(descriptor, lines);
  lines = '';
}

function call(parent, depth, test) {
  const own = ++id;
  const name = functions[random(functions.length)];
  const began = now();
  const from = time;
  put(
    `{"type":"call",${proc},"id":${own},"parent":${parent},${name},"column":11,"kind":"function","t0_ns":${began},"args_preview":{"n":${own},"name":"value ${own % 1000}"},"test":"${test}"}`,
  );
  if (depth < 12) for (let i = random(22) / 10; i >= 1; i--) call(own, depth + 1, test);
  const ended = now();
  put(
    `{"type":"return",${proc},"id":${own},"func":"f","t1_ns":${ended},"dt_ns":${time - from},"return_preview":${own % 2 ? own + Number(isRed && own % 10_000 === 7) : '{"$type":"undefined"}'}}`,
  );
}

put(
  `{"type":"process_start",${proc},"ts_ns":${now()},"schema":1,"handit":"0.1.0","node":"v24.0.0","pid":7,"ppid":1,"tid":0,"argv":["node","a.js"],"cwd":"/srv","platform":"linux"}`,
);
for (let tests = 1; written < megabytes * 1e6; tests++) {
  const test = `test/a${tests % 20}.test.js > suite > does thing ${tests}`;
  if (kinds > 0) seed = 1 + (tests % kinds);
  for (let i = 0; i < 50; i++) call('null', 0, test);
  put(
    `{"type":"test_end",${proc},"test":"${test}","file":"test/a.test.js","titles":["suite","does thing ${tests}"],"outcome":"${isRed && tests % 10 === 0 ? 'failed' : 'passed'}","t1_ns":${now()},"dt_ns":1000}`,
  );
}
writeSync(descriptor, lines);
closeSync(descriptor);
finish({ calls: id });
