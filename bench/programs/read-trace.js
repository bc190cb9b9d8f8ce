// Reads a trace (argv: how, file) and says what that cost: every line by JSON.parse, or the index of the reading core.
'use strict';
const { closeSync, openSync, readSync } = require('node:fs');
const finish = require('./finish.js');
const heldAtMost = require('./held-at-most.js');
const [how, file] = process.argv.slice(2);

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
  const from = process.cpuUsage();
  const calls = how === 'empty' ? 0 : how === 'parse' ? parseLines() : await index();
  const { user, system } = process.cpuUsage(from);
  finish({ calls, seconds: (user + system) / 1e6, megabytes: heldAtMost() });
}

main();
