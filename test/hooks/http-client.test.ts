import { exchangeText } from '../helpers/exchange-text.js';
import { serveEndpoints, type Endpoints } from '../helpers/http-endpoints.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

let endpoints: Endpoints;
beforeAll(async () => {
  endpoints = await serveEndpoints();
});
afterAll(() => endpoints.close());

/** What a request looks like, and the one line that its exchange is to leave; the origin is cut off. */
const cases: [name: string, code: string, expected: string][] = [
  ['get', `http.get(origin + '/text', read(done))`, `http GET /text -> 200 "hello" (5)`],
  [
    'json',
    `http.get(origin + '/json', read(done))`,
    `http GET /json -> 200 {"ok":true,"access_token":"<redacted>"} (41)`,
  ],
  [
    'post',
    `http.request(origin + '/echo', { method: 'POST', headers: { 'content-type': 'application/json' } }, read(done)).end('{"a":1,"password":"x"}')`,
    `http POST /echo {"a":1,"password":"<redacted>"} (22) -> 200 "22 bytes" (8)`,
  ],
  [
    'form',
    `http.request(origin + '/echo', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, read(done)).end('user=ada&password=x%26y')`,
    `http POST /echo "user=ada&password=<redacted>" (23) -> 200 "23 bytes" (8)`,
  ],
  [
    'upload',
    `stream.Readable.from(['one ', Buffer.from('two '), new Uint8Array([51])], { objectMode: false }).pipe(http.request(origin + '/echo', { method: 'PUT' }, read(done)))`,
    `http PUT /echo "one two 3" (9) -> 200 "9 bytes" (7)`,
  ],
  [
    'hex',
    `const r = http.request(origin + '/echo', { method: 'POST' }, read(done)); r.write('6869', 'hex'); r.write('!', () => r.end())`,
    `http POST /echo "hi!" (3) -> 200 "3 bytes" (7)`,
  ],
  [
    'gzip',
    `http.get(origin + '/gzip', read(done))`,
    `http GET /gzip -> 200 gzip "[{\\"id\\":0,\\"name\\":\\"customer 0\\",\\"city\\":\\"Zürich\\"},{\\"... truncated (GZIP)`,
  ],
  ['deflate', `http.get(origin + '/deflate', read(done))`, `http GET /deflate -> 200 deflate "deflated" (16)`],
  ['bareDeflate', `http.get(origin + '/raw-deflate', read(done))`, `http GET /raw-deflate -> 200 deflate "bare" (6)`],
  ['brotli', `http.get(origin + '/br', read(done))`, `http GET /br -> 200 br "brotli" (10)`],
  ['binary', `http.get(origin + '/binary', read(done))`, `http GET /binary -> 200 binary truncated (1000)`],
  ['redirect', `http.get(origin + '/redirect', read(done))`, `http GET /redirect -> 302`],
  ['noContent', `http.get(origin + '/204', read(done))`, `http GET /204 -> 204`],
  ['notModified', `http.get(origin + '/304', read(done))`, `http GET /304 -> 304`],
  ['head', `http.request(origin + '/text', { method: 'HEAD' }, read(done)).end()`, `http HEAD /text -> 200`],
  ['missing', `http.get(origin + '/404', read(done))`, `http GET /404 -> 404 "not here" (8)`],
  ['broken', `http.get(origin + '/500', read(done))`, `http GET /500 -> 500 {"error":"boom"} (16)`],
  [
    'events',
    `http.get(origin + '/sse', read(done))`,
    `http GET /sse -> 200 "data: {\\"delta\\":\\"Once\\"}\\n\\ndata: {\\"delta\\":\\"upon\\"}\\n\\... (107)`,
  ],
  [
    'lines',
    `http.get(origin + '/ndjson', read(done))`,
    `http GET /ndjson -> 200 "{\\"n\\":1}\\n{\\"n\\":2,\\"password\\":\\"<redacted>\\"}\\n" (31)`,
  ],
  [
    'trailers',
    `http.get(origin + '/trailers', read(done))`,
    `http GET /trailers -> 200 "with trailers" (13) trailers {"x-checksum":"abc"}`,
  ],
  ['hints', `http.get(origin + '/hints', read(done))`, `http GET /hints -> 200 "hinted" (6)`],
  [
    'expect',
    `const r = http.request(origin + '/echo', { method: 'POST', headers: { expect: '100-continue' } }, read(done)); r.on('continue', () => r.end('now')); r.flushHeaders()`,
    `http POST /echo "now" (3) -> 200 "3 bytes" (7)`,
  ],
  [
    'upgrade',
    `http.get(origin + '/up', { headers: { connection: 'upgrade', upgrade: 'echo' } }).on('upgrade', (res, socket, head) => { socket.destroy(); done(res.statusCode + ' ' + head) })`,
    `http GET /up -> 101`,
  ],
  [
    'tunnel',
    `http.request({ port, host, method: 'CONNECT', path: 'example.test:443' }).on('connect', (res, socket) => { socket.destroy(); done(res.statusCode) }).end()`,
    `http CONNECT http://example.test:443 -> 200`,
  ],
  [
    'refused',
    `http.get({ port: closedPort, host, path: '/' }).on('error', (e) => done(e.code))`,
    `http GET http://127.0.0.1:CLOSED/ ! ECONNREFUSED`,
  ],
  [
    'unknownHost',
    `http.get('http://does-not-exist.invalid/', { lookup: (h, o, cb) => cb(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })) }).on('error', (e) => done(e.code))`,
    `http GET http://does-not-exist.invalid/ ! ENOTFOUND`,
  ],
  [
    'plainTls',
    `https.get({ port, host, path: '/text' }).on('error', (e) => done(e.code))`,
    `https GET https://127.0.0.1:PORT/text ! EPROTO`,
  ],
  ['hangUp', `http.get(origin + '/hang-up').on('error', (e) => done(e.code))`, `http GET /hang-up ! ECONNRESET`],
  [
    'die',
    `http.get(origin + '/die', (res) => res.on('data', () => {}).on('error', (e) => done(e.code)))`,
    `http GET /die ! 200 "only this" truncated (9) ECONNRESET`,
  ],
  [
    'timeOut',
    `http.get(origin + '/never', { timeout: 30 }).on('timeout', function () { this.destroy(new Error('too slow')) }).on('error', (e) => done(e.message))`,
    `http GET /never ! Error aborted`,
  ],
  [
    'abortSignal',
    `const c = new AbortController(); http.get(origin + '/never', { signal: c.signal }).on('error', (e) => done(e.code)).on('socket', (s) => s.on('connect', () => c.abort()))`,
    `http GET /never ! ABORT_ERR aborted`,
  ],
  [
    'abortBefore',
    `http.get(origin + '/never', { signal: AbortSignal.abort() }).on('error', (e) => done(e.code))`,
    `http GET /never ! ABORT_ERR aborted`,
  ],
  [
    'oldAbort',
    `const r = http.get(origin + '/never').on('abort', () => {}).on('close', () => done('closed')).on('error', () => {}); r.abort()`,
    `http GET /never ! Error aborted`,
  ],
  [
    'destroyBody',
    `http.get(origin + '/half', (res) => res.once('data', () => res.destroy(new Error('enough'))).on('error', (e) => done(e.message))).on('error', () => {})`,
    `http GET /half ! 200 "only this" truncated (9) Error aborted`,
  ],
  [
    'destroyRequest',
    `const r = http.get(origin + '/half', (res) => res.once('data', () => r.destroy()).on('error', (e) => done(e.code))).on('error', () => {})`,
    `http GET /half ! 200 "only this" truncated (9) ECONNRESET aborted`,
  ],
  ['direct', `new http.ClientRequest(origin + '/text', read(done)).end()`, `http GET /text -> 200 "hello" (5)`],
  ['noAgent', `http.get({ host, port, path: '/text', agent: false }, read(done))`, `http GET /text -> 200 "hello" (5)`],
  [
    'ownAgent',
    `http.get({ host, port, path: '/text', agent: new http.Agent({ keepAlive: false }) }, read(done))`,
    `http GET /text -> 200 "hello" (5)`,
  ],
  [
    'virtualHost',
    `http.get({ host, port, path: '/text', headers: { host: 'shop.example' } }, read(done))`,
    `http GET /text -> 200 "hello" (5)`,
  ],
  [
    'proxy',
    `http.get({ host, port, path: 'http://ada:pw@shop.example/text?token=t' }, read(done))`,
    `http GET http://<redacted>@shop.example/text?token=<redacted> -> 200 "hello" (5)`,
  ],
];

const program = `
const http = require('http'), https = require('https'), stream = require('stream');
const [port, closedPort] = process.argv.slice(2).map(Number), host = '127.0.0.1', origin = 'http://127.0.0.1:' + port;
const read = (done) => (res) => { let size = 0; res.on('data', (d) => (size += d.length)).on('end', () => done(res.statusCode + ' ' + size)); };
const cases = {
${cases.map(([name, code]) => `  ${name}(done) { ${code} },`).join('\n')}
};
(async () => {
  for (const [name, run] of Object.entries(cases)) console.log(name, await new Promise((done) => run.call(undefined, done)));
})();
`;

describe.each(nodes())('node:http as a client on Node $version', ({ path }) => {
  test('leaves one request and one end for each exchange, below the call that made it', async () => {
    const { bare, traced } = programs({ 'app.cjs': program });
    const { port, closedPort, origin } = endpoints;
    const args = ['app.cjs', String(port), String(closedPort)];
    const plain = await bare(path, args);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    const { records, ...result } = await traced(path, args);
    expect(result).toEqual(plain);
    const lines = exchangeText(records, origin).map((line) =>
      line
        .replace(String(closedPort), 'CLOSED')
        .replace(String(port), 'PORT')
        .replace(/\(\d{4,}\)$/, (size) => (size === '(1000)' ? size : '(GZIP)')),
    );
    expect(lines).toEqual(cases.map(([name, , expected]) => `cases.${name} > ${expected}`));
  });
});
