import { exchangeText } from '../helpers/exchange-text.js';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const program = `
const http2 = require('http2'), zlib = require('zlib');
const server = http2.createServer((request, response) => handle(request, response));
function handle(request, response) {
  switch (request.url) {
    case '/upload': { const parts = []; request.on('data', (part) => parts.push(part)); return request.on('end', () => { response.writeHead(200, { 'content-type': 'text/plain' }); response.write('got '); response.end(String(Buffer.concat(parts).length)); }); }
    case '/json': response.setHeader('content-type', 'application/json'); response.setHeader('set-cookie', 'a=b'); return response.end('{"token":"t","n":1}');
    case '/gzip': response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }); return response.end(zlib.gzipSync('zipped'));
    case '/204': response.statusCode = 204; return response.end();
    case '/404': response.statusCode = 404; return response.end('none');
    case '/die': response.write('part'); return setImmediate(() => response.stream.close(2));
    case '/never': return;
  }
}
const push = http2.createServer().on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  stream.end('from a stream');
});
server.listen(0, () => push.listen(0, async () => {
  const session = http2.connect('http://localhost:' + server.address().port);
  const other = http2.connect('http://localhost:' + push.address().port);
  const cases = {
    get: () => session.request({ ':path': '/json', authorization: 'Bearer x' }).end(),
    post() { const stream = session.request({ ':path': '/upload', ':method': 'POST', 'content-type': 'application/json' }); stream.write('{"a":'); stream.end('1}'); return stream; },
    gzip: () => session.request({ ':path': '/gzip' }),
    empty: () => session.request({ ':path': '/204' }),
    head: () => session.request({ ':path': '/json', ':method': 'HEAD' }),
    missing: () => session.request({ ':path': '/404' }),
    die: () => session.request({ ':path': '/die' }),
    cancel() { const stream = session.request({ ':path': '/never' }); setImmediate(() => stream.close(8)); return stream; },
    destroy() { const stream = session.request({ ':path': '/never' }); setImmediate(() => stream.destroy(new Error('own'))); return stream; },
    signal() { const c = new AbortController(); const stream = session.request({ ':path': '/never' }, { signal: c.signal }); setImmediate(() => c.abort()); return stream; },
    stream: () => other.request({ ':path': '/x?token=t' }),
    refused() { const broken = http2.connect('http://localhost:1'); broken.on('error', () => {}); return broken.request({ ':path': '/' }); },
  };
  for (const [name, run] of Object.entries(cases)) {
    await new Promise((done) => {
      const got = [];
      const stream = run();
      stream.on('response', (headers) => got.push(headers[':status'])).on('data', (data) => got.push(data.length)).on('error', (error) => got.push(error.code, error.message));
      stream.on('close', () => { console.log(name, ...got, stream.rstCode); done(); });
    });
  }
  session.close(); other.close(); server.close(); push.close();
}));
`;

const client = [
  'cases.get > http2 GET /json -> 200 {"token":"<redacted>","n":1} (19)',
  'cases.post > http2 POST /upload {"a":1} (7) -> 200 "got 7" (5)',
  'cases.gzip > http2 GET /gzip -> 200 gzip "zipped" (26)',
  'cases.empty > http2 GET /204 -> 204',
  'cases.head > http2 HEAD /json -> 200',
  'cases.missing > http2 GET /404 -> 404 "none" (4)',
  'cases.die > http2 GET /die ! 200 "part" truncated (4) ERR_HTTP2_STREAM_ERROR',
  'cases.cancel > http2 GET /never ! Error aborted',
  'cases.destroy > http2 GET /never ! Error aborted',
  'cases.signal > http2 GET /never ! ABORT_ERR aborted',
  'cases.stream > http2 GET /x?token=<redacted> -> 200 "from a stream" (13)',
  'cases.refused > http2 GET / ! ERR_HTTP2_STREAM_CANCEL',
];

const server = [
  'http2 server GET /json -> 200 {"token":"<redacted>","n":1} (0)',
  'http2 server POST /upload {"a":1} (7) -> 200 "got 7" (7)',
  'http2 server GET /gzip -> 200 gzip "zipped" (0)',
  'http2 server GET /204 -> 204',
  'http2 server HEAD /json -> 200',
  'http2 server GET /404 -> 404 "none" (0)',
  'http2 server GET /die ! 200 "part" truncated (0) ERR_HTTP2_STREAM_ERROR',
  'http2 server GET /never ! Error aborted',
  'http2 server GET /never ! ERR_HTTP2_STREAM_ERROR',
  'http2 server GET /never ! Error aborted',
  'http2 server GET /x?token=<redacted> -> 200 "from a stream" (0)',
];

describe.each(nodes())('node:http2 on Node $version', ({ path, version }) => {
  test('leaves one request and one end for each exchange, on both sides', async () => {
    const { bare, traced } = programs({ 'app.cjs': program });
    const plain = await bare(path, ['app.cjs']);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    const { records, ...result } = await traced(path, ['app.cjs']);
    expect(result).toEqual(plain);
    const lines = exchangeText(records).map((line) => line.replace(/http:\/\/localhost:\d+/, ''));
    // Before 22.17 there are no channels for it.
    const hasChannels = isFrom(version, '22.17');
    // 24.5 has none for what a client sends.
    const sent = version.startsWith('24.5.') ? client.map((line) => line.replace(' {"a":1} (7)', '')) : client;
    expect(lines.filter((line) => !line.includes(' server '))).toEqual(hasChannels ? sent : []);
    expect(lines.filter((line) => line.includes(' server '))).toEqual(hasChannels ? server : []);
    const handled = records.filter((record) => record.type === 'call' && record.func === 'handle');
    const requests = records.flatMap((record) =>
      record.type === 'http_request' && record.side === 'server' ? [record.id] : [],
    );
    expect(handled.length).toBe(10);
    if (hasChannels) {
      for (const call of handled) {
        const parent = records.find(
          (record) => record.type === 'call' && call.type === 'call' && record.id === call.parent,
        );
        expect(requests).toContain(parent?.type === 'call' ? parent.parent : 0);
      }
    }
  });
});
