import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpRequest } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

/** An agent of the usual kind: it is loaded, and reports from a timer of its own. */
const agent = `
const http = require('http');
const send = require('@scope/sender');
exports.get = (port, path) => new Promise((done) => {
  http.get({ port, host: '127.0.0.1', path }, (response) => response.resume().on('end', done));
});
exports.getDeep = (port, path, depth) =>
  depth === 0 ? exports.get(port, path) : exports.getDeep(port, path, depth - 1);
const port = Number(process.env.SERVER_PORT);
exports.reported = new Promise((done) => {
  setTimeout(async () => {
    await exports.get(port, '/agent-http');
    await (await fetch('http://127.0.0.1:' + port + '/agent-fetch')).text();
    await null;
    await send(port, '/agent-sender');
    done();
  }, 20);
});
`;
const sender = `
const http = require('http');
module.exports = (port, path) => new Promise((done) => setImmediate(() =>
  http.get({ port, host: '127.0.0.1', path }, (response) => response.resume().on('end', done))));
`;
const app = `
const http = require('http'), { get, getDeep, reported } = require('agent');
const port = Number(process.env.SERVER_PORT);
http.get({ port, host: '127.0.0.1', path: '/program-top' }, (response) => response.resume());
getDeep(port, '/program-deep', 40);
async function inFunction() {
  await get(port, '/program-function');
  await (await fetch('http://127.0.0.1:' + port + '/program-fetch')).text();
}
setTimeout(inFunction, 5);
reported.then(() => console.log('done'));
`;

describe.each(nodes())('on Node $version', ({ path, version }) => {
  test('a request that a package makes by itself names the package, one of the program does not', async () => {
    const { traced } = programs({
      'app.cjs': app,
      'node_modules/agent/index.js': agent,
      'node_modules/@scope/sender/index.js': sender,
    });
    const server = createServer((_request, response) => response.end('ok'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const { records, ...result } = await traced(path, ['app.cjs'], { env: { SERVER_PORT: String(port) } });
    server.closeAllConnections();
    server.close();
    expect(result).toEqual({ stdout: 'done\n', stderr: '', code: 0, signal: null });
    const sent = records.filter(
      (record): record is HttpRequest => record.type === 'http_request' && record.side === 'client',
    );
    const [major, minor] = version.split('.').map(Number);
    // Before, nothing tells what is on the stack without running the program's Error.prepareStackTrace.
    const told = major > 22 || (major === 22 && minor >= 9);
    const named = sent.map(({ url, from }) => [new URL(url).pathname, from]);
    expect(Object.fromEntries(named)).toEqual({
      '/program-top': undefined,
      '/program-deep': undefined,
      '/program-function': undefined,
      '/program-fetch': undefined,
      '/agent-http': told ? 'agent' : undefined,
      '/agent-fetch': told ? 'agent' : undefined,
      '/agent-sender': told ? '@scope/sender' : undefined,
    });
    expect(sent).toHaveLength(7);
  });
});
