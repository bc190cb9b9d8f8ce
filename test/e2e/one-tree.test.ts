import { join } from 'node:path';
import { openTrace } from '../../src/reader/node/open-trace.js';
import { outline } from '../helpers/reading.js';
import { nodes } from '../helpers/node-versions.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

// A test, the request that it makes, the answer of the server and what its handler calls are one tree.

const register = join(repository, 'dist/register.cjs');

const shop = `
const http = require('node:http');
function priceOf(id) { return Number(id) * 100; }
async function answer(request, response) {
  await null;
  response.end(JSON.stringify({ price: priceOf(request.url.split('/').pop()) }));
}
exports.listen = () => new Promise((ready) => {
  const server = http.createServer(answer).listen(0, () => ready(server));
});
`;

const own = `const { listen } = require('./shop.js');
async function start() { const server = await listen(); return { port: server.address().port, stop: () => server.close() }; }`;

const other = `const { fork } = require('node:child_process');
function start() {
  const child = fork('./server.js');
  return new Promise((ready) => child.once('message', (port) => ready({ port, stop: () => child.disconnect() })));
}`;

const server = `
require('./shop.js').listen().then((server) => {
  process.once('disconnect', () => server.close(() => process.exit()));
  process.send(server.address().port);
});
`;

const tests = (start: string): string => `
const assert = require('node:assert');
const { test } = require('node:test');
${start}
async function priceAt(port, id) {
  const response = await fetch('http://localhost:' + port + '/price/' + id);
  return (await response.json()).price;
}
test('asks for prices', async () => {
  const { port, stop } = await start();
  assert.deepStrictEqual(await Promise.all([priceAt(port, 1), priceAt(port, 2)]), [100, 200]);
  stop();
});
`;

describe.each(nodes())('on Node $label', ({ path }) => {
  test.each([
    ['one process', own, 1],
    ['two processes', other, 2],
  ])('in %s', async (_, start, processes) => {
    const cwd = tempProject({ 'shop.js': shop, 'server.js': server, 'shop.test.js': tests(start) });
    const run = await runNode(path, ['--require', register, 'shop.test.js'], { cwd });
    expect(run.code).toBe(0);
    const trace = await openTrace(join(cwd, 'handit_events.jsonl'));
    expect(trace.processes).toHaveLength(processes);
    const tree = outline(trace).join('\n');
    for (const one of ['answer\n', 'priceOf']) expect(tree.split(one).length - 1).toBe(2);
    const joined = /^( *)priceAt\n\1 {2}client GET\n\1 {4}server GET\n(?:\1 {6}.*\n)*?\1 {6}answer\n\1 {8}priceOf/gm;
    expect(tree.match(joined)).toHaveLength(2);
    for (const { node, side, url } of trace.exchanges.filter((each) => each.side === 'server')) {
      expect([side, trace.tests[trace.testOf(node)].titles.at(-1)]).toEqual(['server', 'asks for prices']);
      const [answer] = [...trace.childrenOf(node)].filter((child) => trace.functionOf(child)?.func === 'answer');
      const [price] = trace.childrenOf(answer);
      expect(trace.call(price).args).toEqual({ id: url.split('/').at(-1) });
    }
    trace.close();
  });
});
