import type { TraceRecord } from '../../src/trace-format.js';
import { exchangeText } from '../helpers/exchange-text.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

/** A server that does everything through functions of the module, so that only the request's context tells them apart. */
const concurrent = `
const http = require('http'), { EventEmitter } = require('events');
const bus = new EventEmitter();
bus.on('step', (id, done) => emitted(id, done));
function emitted(id, done) { setTimeout(inTimer, 1, id, done); }
function inTimer(id, done) { Promise.resolve(id).then(inThen).then(() => process.nextTick(inTick, id, done)); }
async function inThen(id) { await null; return afterAwait(id); }
function afterAwait(id) { return id; }
function inTick(id, done) { setImmediate(last, id, done); }
function last(id, done) { done(id); }
const server = http.createServer(handle);
async function handle(request, response) {
  const id = request.url;
  const body = [];
  request.on('data', (chunk) => body.push(onData(id, chunk)));
  request.on('end', () => bus.emit('step', id, () => response.end(id)));
}
server.listen(0);
function onData(id, chunk) { return chunk.length; }
`;

/** Everything below a request, by the path of the request. */
function below(records: readonly TraceRecord[]): Map<string, TraceRecord[]> {
  const roots = new Map<number, string>();
  const found = new Map<string, TraceRecord[]>();
  for (const record of records) {
    if (record.type === 'http_request' && record.side === 'server') {
      const path = new URL(record.url).pathname;
      roots.set(record.id, path);
      found.set(path, []);
    }
    if (record.type !== 'call' || record.parent === null) continue;
    const path = roots.get(record.parent);
    if (path === undefined) continue;
    roots.set(record.id, path);
    found.get(path)!.push(record);
  }
  return found;
}

describe.each(nodes())('a server on Node $version', ({ path }) => {
  test('has everything that 100 requests at once do below the request it was done for', async () => {
    const { traced } = programs({
      'app.cjs':
        concurrent +
        `
const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
server.on('listening', () => setImmediate(() => {
  let left = 100;
  for (let i = 0; i < 100; i++) {
    const request = http.request({ port: server.address().port, path: '/' + i, method: 'POST', agent }, (response) => {
      response.resume().on('end', () => { if (--left === 0) { agent.destroy(); server.close(); } });
    });
    request.write('first'); setImmediate(() => request.end('second'));
  }
}));
`,
    });
    const { records, code, stderr } = await traced(path, ['app.cjs']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const requests = below(records);
    expect(requests.size).toBe(100);
    for (const [name, calls] of requests) {
      const own = calls.map((call) => (call.type === 'call' ? call : null)!);
      // Those with a name of their own.
      const names = own.map(({ func }) => func).filter((func) => /^\w+$/.test(func));
      expect({ name, names: [...new Set(names)].sort() }).toEqual({
        name,
        names: ['afterAwait', 'emitted', 'handle', 'inThen', 'inTick', 'inTimer', 'last', 'onData'],
      });
      // Whatever got an id got the one of its request.
      for (const { args_preview } of own) if ('id' in args_preview) expect(args_preview.id).toBe(name);
    }
  });

  test('leaves one request and one end for each exchange, however that ends', async () => {
    const { traced, bare } = programs({
      'app.cjs': `
const http = require('http'), net = require('net');
const server = http.createServer((request, response) => {
  response.sendDate = false;
  switch (request.url.split('?')[0]) {
    case '/json': response.setHeader('content-type', 'application/json'); return response.end('{"id":1,"secret":"s"}');
    case '/head': response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 5 }); return response.end();
    case '/chunks': response.write('one '); response.write(Buffer.from('two ')); return response.end('three');
    case '/upload': { let size = 0; request.on('data', (d) => { size += d.length; }); return request.on('end', () => response.end(String(size))); }
    case '/ignored': return response.end('no interest');
    case '/destroy': response.write('part'); return setImmediate(() => response.destroy());
    case '/waits': return;
    case '/204': response.statusCode = 204; return response.end('never sent');
    case '/throws': response.statusCode = 500; return response.end('sorry');
  }
}).listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const send = (text, until) => new Promise((done) => {
    let got = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1').on('data', (data) => { got += data; if (until && got.includes(until)) socket.destroy(); });
    socket.on('close', () => done(got.split('\\r\\n')[0])).on('error', () => {});
  });
  const one = (line, extra = '', body = '') => line + ' HTTP/1.1\\r\\nhost: shop.example\\r\\nconnection: close\\r\\n' + extra + '\\r\\n' + body;
  console.log(await send(one('GET /json?api_key=k', 'authorization: Basic abc\\r\\ncookie: a=b\\r\\n')));
  console.log(await send(one('HEAD /head')));
  console.log(await send(one('GET /chunks')));
  console.log(await send(one('POST /upload', 'content-type: application/json\\r\\ncontent-length: 16\\r\\n', '{"password":"p"}')));
  console.log(await send(one('POST /upload', 'transfer-encoding: chunked\\r\\n', '3\\r\\nabc\\r\\n2\\r\\nde\\r\\n0\\r\\n\\r\\n')));
  console.log(await send(one('POST /upload', 'expect: 100-continue\\r\\ncontent-length: 2\\r\\n', 'ok')));
  console.log(await send(one('POST /ignored', 'content-length: 2\\r\\n', 'hi')));
  console.log(await send(one('GET /204')));
  console.log(await send(one('GET /destroy')));
  const waits = send(one('GET /waits'));
  server.once('request', (request) => request.socket.destroy());
  console.log(await waits);
  console.log(await send('GET /json HTTP/1.1\\r\\nhost: a\\r\\n\\r\\nGET /chunks HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n', 'three'));
  console.log(await send('no http at all\\r\\n\\r\\n'));
  server.close();
});
`,
    });
    const plain = await bare(path, ['app.cjs']);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    const { records, ...result } = await traced(path, ['app.cjs']);
    expect(result).toEqual(plain);
    expect(exchangeText(records)).toEqual([
      'http server GET http://shop.example/json?api_key=<redacted> -> 200 {"id":1,"secret":"<redacted>"} (0)',
      'http server HEAD http://shop.example/head -> 200',
      'http server GET http://shop.example/chunks -> 200 "one two three" (0)',
      'http server POST http://shop.example/upload {"password":"<redacted>"} (16) -> 200 "16" (16)',
      'http server POST http://shop.example/upload "abcde" (5) -> 200 "5" (5)',
      'http server POST http://shop.example/upload "ok" (2) -> 200 "2" (2)',
      'http server POST http://shop.example/ignored "hi" (2) -> 200 "no interest" (2)',
      'http server GET http://shop.example/204 -> 204',
      'http server GET http://shop.example/destroy ! 200 "part" truncated (0) ECONNRESET aborted',
      'http server GET http://shop.example/waits ! ECONNRESET aborted',
      'http server GET http://a/json -> 200 {"id":1,"secret":"<redacted>"} (0)',
      'http server GET http://a/chunks -> 200 "one two three" (0)',
    ]);
    const [first] = records.filter((record) => record.type === 'http_request');
    expect(first.headers).toEqual({
      host: 'shop.example',
      connection: 'close',
      authorization: '<redacted>',
      cookie: '<redacted>',
    });
  });
});
