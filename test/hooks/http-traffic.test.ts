import { exchangeText } from '../helpers/exchange-text.js';
import { recordBytes, serveEndpoints, type Endpoints } from '../helpers/http-endpoints.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

let endpoints: Endpoints;
beforeAll(async () => {
  endpoints = await serveEndpoints();
});
afterAll(() => endpoints.close());

/** Requests of many shapes, one after the other, and some at once. */
const sender = `
const http = require('http'), { Readable } = require('stream');
const port = Number(process.argv[2]), host = '127.0.0.1', path = '/p?x=1';
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
const ended = (make) => new Promise((done, failed) => {
  const request = make((response) => response.resume().on('end', () => done([response.statusCode, request.reusedSocket])));
  request.on('error', failed);
});
(async () => {
  const say = async (make) => console.log(...(await ended(make)));
  await say((cb) => http.get({ host, port, path }, cb));
  await say((cb) => http.get('http://127.0.0.1:' + port + path, { headers: { 'X-Odd': ['a', 'b'], accept: '*/*' } }, cb));
  await say((cb) => http.request({ host, port, path, agent, method: 'POST', headers: ['Host', 'raw.example', 'X-B', '2', 'x-a', '1', 'Content-Length', '2'] }, cb).end('hi'));
  await say((cb) => http.request({ host, port, path, agent, method: 'POST', headers: { 'content-type': 'application/json' } }, cb).end(JSON.stringify({ a: 'ü' })));
  await say((cb) => { const r = http.request({ host, port, path, agent, method: 'PUT' }, cb); r.write('one'); r.write(Buffer.from('two')); r.end(new Uint8Array([33])); return r; });
  await say((cb) => Readable.from(['a', 'b', 'c']).pipe(http.request({ host, port, path, agent, method: 'POST', headers: { trailer: 'x-sum' } }, cb)));
  await say((cb) => { const r = http.request({ host, port, path, agent, method: 'POST' }, cb); r.setHeader('x-late', 'yes'); r.flushHeaders(); r.addTrailers({ 'x-sum': '1' }); r.end('late', 'latin1'); return r; });
  await say((cb) => http.request({ host, port, path, agent: false, auth: 'ada:pw', method: 'DELETE', setHost: false, headers: { host: 'x' } }, cb).end());
  agent.destroy();
})();
`;

const memory = `
const http = require('http');
const [port, bytes] = process.argv.slice(2).map(Number);
http.get({ host: '127.0.0.1', port, path: '/large?bytes=' + bytes }, (response) => {
  let size = 0, pauses = 0;
  response.on('data', (chunk) => {
    size += chunk.length;
    if (size / 2 ** 24 > pauses) { pauses++; response.pause(); setTimeout(() => response.resume(), 5); }
  });
  response.on('end', () => console.log(size, process.resourceUsage().maxRSS));
});
`;

const unread = `
const http = require('http');
const port = Number(process.argv[2]);
http.get({ host: '127.0.0.1', port, path: '/large?bytes=200000000' }, async (response) => {
  let before = -1;
  while (response.socket.bytesRead !== before) {
    before = response.socket.bytesRead;
    await new Promise((done) => setTimeout(done, 100));
  }
  console.log(before < 2e6, response.readableFlowing, response.listenerCount('data'), response.isPaused());
  response.destroy();
});
`;

const looks = `
const http = require('http'), { EventEmitter } = require('events'), { Readable } = require('stream');
const methods = [[http.OutgoingMessage, 'write'], [http.OutgoingMessage, 'end'], [http.IncomingMessage, 'push'], [http.IncomingMessage, 'destroy'],
  [http.ClientRequest, 'destroy'], [http.ClientRequest, 'listenerCount'], [http.Agent, 'addRequest']];
const server = http.createServer((request, response) => {
  response.end('ok');
  console.log(Object.keys(request).sort().join(), Reflect.ownKeys(response).length, request.eventNames(), response.eventNames());
}).listen(0, () => http.get({ port: server.address().port }, (response) => {
  console.log(Reflect.ownKeys(response).length, response.eventNames(), response.req.eventNames(), response.readableFlowing, response.readableHighWaterMark);
  for (const { prototype, name } of methods.map(([type, name]) => ({ prototype: type.prototype, name }))) {
    const method = prototype[name];
    console.log(name, method.name, method.length, Function.prototype.toString.call(method).length, Reflect.ownKeys(method).filter((key) => !String(key).startsWith('__')).join(), Object.keys(prototype).includes(name));
  }
  response.resume().on('end', () => server.close());
}));
`;

describe.each(nodes())('on Node $version', ({ path, label }) => {
  test('the same bytes go over the same number of connections', async () => {
    const { bare, traced } = programs({ 'app.cjs': sender });
    const outcome = async (run: typeof bare): Promise<unknown> => {
      const recorder = await recordBytes();
      const { stdout, stderr, code } = await run(path, ['app.cjs', String(recorder.port)]);
      await recorder.close();
      return { stdout, stderr, code, bytes: recorder.bytes() };
    };
    const plain = await outcome(bare);
    expect(plain).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^(200 (true|false)\n){8}$/) as string,
    });
    expect(await outcome(traced)).toEqual(plain);
  });

  test('a slow reader of a large body holds the sender up, and the memory stays the same', async () => {
    const bytes = label === '24' ? 1e9 : 1e8;
    const { bare, traced } = programs({ 'app.cjs': memory });
    const args = ['app.cjs', String(endpoints.port), String(bytes)];
    const [plain, recorded] = [await bare(path, args), await traced(path, args)];
    const [size, kilobytes] = recorded.stdout.split(' ').map(Number);
    expect(size).toBe(bytes);
    expect(kilobytes - Number(plain.stdout.split(' ')[1])).toBeLessThan(50 * 1024);
    const [end] = recorded.records.filter((record) => record.type === 'http_response');
    expect(end).toMatchObject({ bytes_in: bytes, response_body: { size: bytes, truncated: true } });
    expect(end.response_body!.text!.length).toBe(12_288);
  });

  test('a body that nobody reads is not drained', async () => {
    const { bare, traced } = programs({ 'app.cjs': unread });
    const args = ['app.cjs', String(endpoints.port)];
    const plain = await bare(path, args);
    expect(plain.stdout).toBe('true null 0 false\n');
    const { records, ...result } = await traced(path, args);
    expect(result).toEqual(plain);
    expect(exchangeText(records, endpoints.origin)).toEqual([
      expect.stringMatching(
        /^http GET \/large\?bytes=200000000 ! 200 "xxx.* truncated \(\d+\) Error aborted$/,
      ) as string,
    ]);
  });

  test('messages and their methods look as before', async () => {
    const { bare, traced } = programs({ 'app.cjs': looks });
    const plain = await bare(path, ['app.cjs']);
    expect(plain.stdout.split('\n').length).toBeGreaterThan(9);
    const { stdout, stderr, code } = await traced(path, ['app.cjs']);
    // A method that was inherited is now the prototype's own.
    expect({ stdout, stderr, code, signal: null }).toEqual(plain);
  });
});
