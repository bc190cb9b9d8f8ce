// Reads a trace (argv: how, file) and says what that cost: every line by JSON.parse, the index of the reading core, or (argv: print,
// file, command) the tree that `handit print` writes to a pipe.
'use strict';
const { spawn } = require('node:child_process');
const { closeSync, openSync, readSync } = require('node:fs');
const finish = require('./finish.js');
const heldAtMost = require('./held-at-most.js');
const [how, file, command] = process.argv.slice(2);

/** How long its first line takes, and what it holds at most until it ends. */
async function print() {
  const from = process.hrtime.bigint();
  const child = spawn(process.execPath, [command, 'print', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let [first, megabytes, lines] = [0, 0, 0];
  for await (const block of child.stdout) {
    if (lines === 0) first = Number(process.hrtime.bigint() - from) / 1e6;
    lines += block.toString('latin1').split('\n').length - 1;
    megabytes = Math.max(megabytes, heldAtMost(child.pid));
  }
  if (lines < 1000) throw new Error(`${lines} lines were printed`);
  finish({ first, megabytes, lines });
}

function parseLines() {
  const descriptor = openSync(file, 'r');
  const block = Buffer.alloc(1 << 20);
  let [calls, rest] = [0, ''];
  for (let count; (count = readSync(descriptor, block)) > 0;) {
    const lines = (rest + block.toString('latin1', 0, count)).split('\n');
    rest = lines.pop();
    for (const line of lines) if (JSON.parse(line).type === 'call') calls++;
  }
  closeSync(descriptor);
  return calls;
}

async function index() {
  const { openTrace } = require('handit-reader');
  const trace = await openTrace(file);
  // With the lists of children, which every command asks for.
  if (trace.roots.length === 0) throw new Error('the trace has no roots');
  return trace.nodes.count;
}

async function main() {
  if (how === 'print') return print();
  const from = process.cpuUsage();
  const calls = how === 'empty' ? 0 : how === 'parse' ? parseLines() : await index();
  const { user, system } = process.cpuUsage(from);
  finish({ calls, seconds: (user + system) / 1e6, megabytes: heldAtMost() });
}

main();
