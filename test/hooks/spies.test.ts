import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { symlinkSync } from 'node:fs';
import { exchangeText } from '../helpers/exchange-text.js';
import { nodes } from '../helpers/node-versions.js';
import { programs, withoutPid } from '../helpers/programs.js';

const resolve = createRequire(import.meta.url).resolve;

/** As test doubles do it: what was the object's own is put back, and what was inherited is deleted. */
const spies = `
const spied = [];
function spy(name, object, method) {
  const own = Object.getOwnPropertyDescriptor(object, method), inner = object[method];
  const entry = { name: name + '.' + method, calls: 0, restore() { own ? Object.defineProperty(object, method, own) : delete object[method]; } };
  object[method] = function (...args) { entry.calls++; return inner.apply(this, args); };
  spied.push(entry);
}
function restore() { for (const { restore } of spied.toReversed?.() ?? [...spied].reverse()) restore(); }
const calls = () => spied.map(({ name, calls }) => name + ' ' + calls).join(', ');
const server = http.createServer((request, response) => {
  request.resume().on('end', () => { response.setHeader('content-type', 'text/plain'); response.write('one '); response.end('two'); });
});
const post = (port) => new Promise((done, failed) => {
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/post' }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => done(text));
  });
  request.on('error', failed);
  request.write('a');
  request.end('b');
});
async function main() {
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  spy('Readable', stream.Readable.prototype, 'push');
  spy('EventEmitter', events.EventEmitter.prototype, 'listenerCount');
  for (const [object, ...methods] of [
    ['IncomingMessage', 'push', 'destroy'], ['OutgoingMessage', 'write', 'end', 'flushHeaders'],
    ['ServerResponse', 'write', 'end', 'writeHead'], ['ClientRequest', 'write', 'end', 'destroy', 'listenerCount'], ['Agent', 'addRequest'],
  ]) for (const method of methods) spy(object, http[object].prototype, method);
  const realFetch = globalThis.fetch;
  spy('global', globalThis, 'fetch');
  console.log(await post(port), calls());
  restore();
  console.log(await post(port), await (await fetch('http://127.0.0.1:' + port + '/fetched', { method: 'POST', body: 'c' })).text(), calls(), fetch === realFetch);
  spy('Readable', stream.Readable.prototype, 'push');
  spy('IncomingMessage', http.IncomingMessage.prototype, 'push');
  console.log(await post(port), calls());
  restore();
  console.log(await post(port), calls());
  server.close();
  server.closeAllConnections();
}
main();
`;
const commonjs = `const http = require('http'), stream = require('stream'), events = require('events');\n${spies}`;
const esModule = `import http from 'node:http';\nimport stream from 'node:stream';\nimport events from 'node:events';\n${spies}`;

const http2 = `
const http2 = require('http2'), { Readable, Writable, Duplex } = require('stream');
const counts = { push: 0, write: 0, end: 0 };
const inner = { push: Readable.prototype.push, write: Duplex.prototype.write, end: Duplex.prototype.end };
const homes = { push: Readable.prototype, write: Duplex.prototype, end: Duplex.prototype };
const spy = () => { for (const name of Object.keys(homes)) homes[name][name] = function (...args) { if (/Http2Stream/.test(this.constructor.name)) counts[name]++; return inner[name].apply(this, args); }; };
const restore = () => { for (const name of Object.keys(homes)) homes[name][name] = inner[name]; };
const server = http2.createServer((request, response) => { response.write('one '); response.end('two'); });
server.listen(0, '127.0.0.1', async () => {
  const session = http2.connect('http://127.0.0.1:' + server.address().port);
  const get = () => new Promise((done) => { let text = ''; const stream = session.request({ ':path': '/two', ':method': 'POST' }); stream.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => done(text)); stream.end('a'); });
  spy();
  console.log(await get(), JSON.stringify(counts));
  restore();
  console.log(await get(), JSON.stringify(counts));
  spy();
  console.log(await get(), JSON.stringify(counts));
  restore();
  console.log(await get(), JSON.stringify(counts));
  session.close();
  server.close();
});
`;

const mocks = `
const http = require('http');
const server = http.createServer((request, response) => request.resume().on('end', () => response.end('real ' + request.url)));
const get = (port, path) => new Promise((done, failed) => http.get({ port, host: '127.0.0.1', path }, (response) => {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => done(text));
}).on('error', failed));
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address(), origin = 'http://127.0.0.1:' + port;
  const real = async () => [await get(port, '/http'), await (await fetch(origin + '/fetch')).text()];
  for (const name of ['nock13', 'nock14']) {
    const nock = require(name);
    if (!nock.isActive()) nock.activate();
    nock(origin).get('/http').reply(200, 'mocked');
    console.log(name, await get(port, '/http'));
    nock.cleanAll();
    nock.restore();
    console.log(name, await real());
  }
  const { setupServer } = require('msw/node'), { http: handlers, HttpResponse } = require('msw');
  const msw = setupServer(handlers.get(origin + '/http', () => HttpResponse.text('mocked')));
  msw.listen({ onUnhandledRequest: 'bypass' });
  console.log('msw', await get(port, '/http'));
  msw.close();
  console.log('msw', await real());
  server.close();
  server.closeAllConnections();
});
`;

function project(): ReturnType<typeof programs> {
  const made = programs({ 'app.cjs': commonjs, 'app.mjs': esModule, 'http2.cjs': http2, 'mocks.cjs': mocks });
  for (const name of ['nock13', 'nock14', 'msw']) {
    symlinkSync(dirname(resolve(`${name}/package.json`)), join(made.folder, 'node_modules', name));
  }
  return made;
}

describe.each(nodes())('on Node $version', ({ path, version }) => {
  const { bare, traced } = project();
  const [major, minor] = version.split('.').map(Number);

  test.each(['app.cjs', 'app.mjs'])(
    'spies that are put on and taken away see what they see without us: %s',
    async (name) => {
      const plain = await bare(path, [name]);
      expect(plain).toMatchObject({ stderr: '', code: 0 });
      expect(plain.stdout.match(/one two/g)).toHaveLength(5);
      const { records, ...result } = await traced(path, [name]);
      expect(result).toEqual(plain);
      const posts = exchangeText(records).filter((line) => line.includes('/post'));
      expect(posts).toHaveLength(8);
      for (const line of posts) expect(line).toMatch(/POST http:\S+\/post "ab" \(2\) -> 200 "one two" \([27]\)$/);
      const fetched = exchangeText(records).filter((line) => line.includes('/fetched'));
      expect(fetched).toHaveLength(2);
      for (const line of fetched) expect(line).toMatch(/"c" \(1\) -> 200 "one two" \([17]\)$/);
    },
  );

  const hasHttp2 = major > 22 || (major === 22 && minor >= 17);
  (hasHttp2 ? test : test.skip)('those above the classes of HTTP/2 streams as well', async () => {
    const plain = await bare(path, ['http2.cjs']);
    expect(plain).toMatchObject({ stderr: '', code: 0 });
    const { records, ...result } = await traced(path, ['http2.cjs']);
    expect(result).toEqual(plain);
    const lines = exchangeText(records);
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toMatch(/POST http:\S+\/two ("a" \(1\) )?-> 200 "one two" \([17]\)$/);
  });

  test('mocks that are activated and taken away leave everything recorded once', async () => {
    const plain = await bare(path, ['mocks.cjs']);
    expect(plain).toMatchObject({ code: 0 });
    const { records, ...result } = await traced(path, ['mocks.cjs']);
    expect(withoutPid(result)).toEqual(withoutPid(plain));
    const lines = exchangeText(records);
    const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
    expect(count(/http GET \S+\/http -> 200 "mocked" \(6\)$/)).toBe(3);
    expect(count(/http GET \S+\/http -> 200 "real \/http" \(10\)$/)).toBe(3);
    expect(count(/http server GET \S+\/http -> 200 "real \/http" \(0\)$/)).toBe(3);
    expect(count(/fetch(\[.*?\])? GET \S+\/fetch -> 200 "real \/fetch" \(11\)$/)).toBe(3);
    expect(count(/http server GET \S+\/fetch/)).toBe(3);
    expect(lines).toHaveLength(15);
  });
});
