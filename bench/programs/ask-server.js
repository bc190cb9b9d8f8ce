// Starts `handit mcp` (argv: the command, file), and waits for its answers: milliseconds of each.
'use strict';
const { spawn } = require('node:child_process');
const { createInterface } = require('node:readline');
const finish = require('./finish.js');
const heldAtMost = require('./held-at-most.js');
const [cli, file] = process.argv.slice(2);

async function main() {
  const began = performance.now();
  const server = spawn(process.execPath, [cli, 'mcp', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const ask = async (method, params) => {
    const from = performance.now();
    server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
    const { result } = JSON.parse((await answers.next()).value);
    if (!result || result.isError) throw new Error(`no answer to ${method}`);
    return performance.now() - from;
  };
  await ask('initialize', {});
  const start = performance.now() - began;
  const first = await ask('tools/call', { name: 'summary', arguments: {} });
  const later = await ask('tools/call', { name: 'find_calls', arguments: { fn: 'fn7' } });
  const megabytes = heldAtMost(server.pid);
  server.stdin.end();
  finish({ start, first, later, megabytes });
}

main();
