import { symlinkSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { certificate, key } from '../helpers/certificate.js';
import { exchangeText } from '../helpers/exchange-text.js';
import { listen, serveEndpoints, type Endpoints } from '../helpers/http-endpoints.js';
import { isFrom, nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';

let endpoints: Endpoints;
let tls: Server;
let tlsPort: number;
beforeAll(async () => {
  endpoints = await serveEndpoints();
  tls = createServer({ key, cert: certificate }, (_, response) => response.end('secret'));
  tlsPort = await listen(tls);
});
afterAll(async () => {
  tls.closeAllConnections();
  tls.close();
  await endpoints.close();
});

const CALL = 'undici[call N, attempt 1]';
const FETCH = 'fetch[call N, attempt 1]';
const gzip = `-> 200 gzip "[{\\"id\\":0,\\"name\\":\\"customer 0\\",\\"city\\":\\"Zürich\\"},{\\"... truncated (GZIP)`;

/** What is done, and the lines that it is to leave; the origin is cut off. */
const cases: [name: string, code: string, ...expected: string[]][] = [
  ['request', `return text(await undici.request(origin + '/text'))`, `${CALL} GET /text -> 200 "hello" (5)`],
  [
    'post',
    `return text(await undici.request(origin + '/echo', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1,"password":"x"}' }))`,
    `${CALL} POST /echo {"a":1,"password":"<redacted>"} (22) -> 200 "22 bytes" (8)`,
  ],
  [
    'buffer',
    `return text(await undici.request(origin + '/echo', { method: 'PUT', body: Buffer.from('bytes') }))`,
    `${CALL} PUT /echo "bytes" (5) -> 200 "5 bytes" (7)`,
  ],
  [
    'typedArray',
    `return text(await undici.request(origin + '/echo', { method: 'PUT', body: new Uint16Array([0x6968]) }))`,
    `${CALL} PUT /echo "hi" (2) -> 200 "2 bytes" (7)`,
  ],
  [
    'blob',
    `return text(await undici.request(origin + '/echo', { method: 'PUT', body: new Blob(['blob']) }))`,
    `${CALL} PUT /echo "blob" (4) -> 200 "4 bytes" (7)`,
  ],
  [
    'upload',
    `return text(await undici.request(origin + '/echo', { method: 'PUT', body: Readable.from(['one ', 'two'], { objectMode: false }) }))`,
    `${CALL} PUT /echo "one two" (7) -> 200 "7 bytes" (7)`,
  ],
  [
    'iterable',
    `return text(await undici.request(origin + '/echo', { method: 'PUT', body: (async function* () { yield 'un '; yield Buffer.from('deux'); })() }))`,
    `${CALL} PUT /echo "un deux" (7) -> 200 "7 bytes" (7)`,
  ],
  [
    'multipart',
    `const form = new undici.FormData(); form.set('a', '1'); return text(await undici.request(origin + '/echo', { method: 'POST', body: form }))`,
    `${CALL} POST /echo "------BOUNDARY -> 200 "SIZE bytes" (9)`,
  ],
  ['gzip', `return text(await undici.request(origin + '/gzip'))`, `${CALL} GET /gzip ${gzip}`],
  ['found', `return text(await undici.request(origin + '/redirect'))`, `${CALL} GET /redirect -> 302`],
  ['noContent', `return text(await undici.request(origin + '/204'))`, `${CALL} GET /204 -> 204`],
  ['head', `return text(await undici.request(origin + '/text', { method: 'HEAD' }))`, `${CALL} HEAD /text -> 200`],
  ['missing', `return text(await undici.request(origin + '/404'))`, `${CALL} GET /404 -> 404 "not here" (8)`],
  ['broken', `return text(await undici.request(origin + '/500'))`, `${CALL} GET /500 -> 500 {"error":"boom"} (16)`],
  [
    'stream',
    `let all = ''; await undici.stream(origin + '/text', { method: 'GET' }, () => new Writable({ write(chunk, _, next) { all += chunk; next(); } })); return all`,
    `${CALL} GET /text -> 200 "hello" (5)`,
  ],
  [
    'pipeline',
    `let all = ''; for await (const chunk of Readable.from(['pi', 'pe']).pipe(undici.pipeline(origin + '/echo', { method: 'POST' }, ({ body }) => body))) all += chunk; return all`,
    `${CALL} POST /echo "pipe" (4) -> 200 "4 bytes" (7)`,
  ],
  [
    'fetch',
    `return (await undici.fetch(origin + '/redirect')).text()`,
    `${FETCH} GET /redirect -> 302`,
    `fetch[call N, attempt 2] GET /text?token=<redacted> -> 200 "hello" (5)`,
  ],
  ['badFetch', `return (await undici.fetch('//nowhere')).text()`, `${FETCH} GET //nowhere ! TypeError`],
  [
    'client',
    `const client = new undici.Client(origin); try { return await text(await client.request({ path: '/text', method: 'GET' })); } finally { await client.close(); }`,
    `${CALL} GET /text -> 200 "hello" (5)`,
  ],
  [
    'dispatch',
    `const client = new undici.Client(origin); try { return await new Promise((done, failed) => client.dispatch({ path: '/text', method: 'GET' }, { onRequestStart() {}, onResponseStart() {}, onResponseData() {}, onResponseEnd: () => done('new'), onResponseError: (_, error) => failed(error), onConnect() {}, onHeaders: () => true, onData: () => true, onComplete: () => done('new'), onError: failed })); } finally { await client.close(); }`,
    `new Promise executor > ${CALL} GET /text -> 200 "hello" (5)`,
  ],
  [
    'pool',
    `const pool = new undici.Pool(origin, { connections: 1 }); const one = async (n) => text(await pool.request({ path: '/404?' + n, method: 'GET' })); try { return await Promise.all([1, 2, 3].map((n) => one(n))); } finally { await pool.close(); }`,
    ...[1, 2, 3].map((n) => `one > ${CALL} GET /404?${n} -> 404 "not here" (8)`),
  ],
  [
    'agent',
    `const agent = new undici.Agent(); try { return await text(await undici.request(origin + '/text', { dispatcher: agent })); } finally { await agent.close(); }`,
    `${CALL} GET /text -> 200 "hello" (5)`,
  ],
  [
    'globalAgent',
    `const before = undici.getGlobalDispatcher(), agent = new undici.Agent({ connections: 1 }); undici.setGlobalDispatcher(agent); try { return await text(await undici.request(origin + '/text')) + await (await fetch(origin + '/text')).text(); } finally { undici.setGlobalDispatcher(before); await agent.close(); }`,
    `${CALL} GET /text -> 200 "hello" (5)`,
    `${FETCH} GET /text -> 200 "hello" (5)`,
  ],
  [
    'retryAgent',
    `const agent = new undici.RetryAgent(new undici.Agent(), { minTimeout: 1, maxTimeout: 1 }); try { return await text(await undici.request(origin + '/retry?key=' + process.pid, { dispatcher: agent })); } finally { await agent.close(); }`,
    `undici[call N, attempt 1] GET /retry?key=PID RETRIED`,
    `undici[call N, attempt 2] GET /retry?key=PID RETRIED`,
    `undici[call N, attempt 3] GET /retry?key=PID -> 200 "try 3" (5)`,
  ],
  [
    'interceptors',
    `const agent = new undici.Agent(), composed = agent.compose(undici.interceptors.redirect({ maxRedirections: 3 }), (dispatch) => (options, handler) => { setImmediate(() => dispatch(options, handler)); return true; }); try { return await text(await undici.request(origin + '/redirect', { dispatcher: composed })); } finally { await agent.close(); }`,
    `setImmediate callback > ${CALL} GET /redirect -> 302`,
    `setImmediate callback > undici[call N, attempt 2] GET /text?token=<redacted> -> 200 "hello" (5)`,
  ],
  [
    'mock',
    `return mocked(async () => text(await undici.request('http://mock.test/a', { method: 'POST', body: '{"q":1}', headers: { 'content-type': 'application/json' } })))`,
    `mocked callback > ${CALL} POST http://mock.test/a {"q":1} (7) -> 201 {"mock":true} (13)`,
  ],
  [
    'mockPool',
    `return mocked(async (pool) => text(await pool.request({ path: '/a', method: 'POST' })))`,
    `mocked callback > ${CALL} POST http://mock.test/a -> 201 {"mock":true} (13)`,
  ],
  [
    'mockFetch',
    `return mocked(async () => (await undici.fetch('http://mock.test/a', { method: 'POST', body: 'ff' })).text() + (await (await fetch('http://mock.test/a', { method: 'POST', body: 'gg' })).text()))`,
    `mocked callback > ${FETCH} POST http://mock.test/a "ff" (2) -> 201 {"mock":true} (13)`,
    `mocked callback > ${FETCH} POST http://mock.test/a "gg" (2) -> 201 {"mock":true} (13)`,
  ],
  [
    'mockMissing',
    `return mocked(async () => text(await undici.request('http://mock.test/b')))`,
    `mocked callback > ${CALL} GET http://mock.test/b ! UND_MOCK_ERR_MOCK_NOT_MATCHED`,
  ],
  [
    'mockError',
    `return mocked(async () => text(await undici.request('http://mock.test/error')))`,
    `mocked callback > ${CALL} GET http://mock.test/error ! Error`,
  ],
  [
    'mockLater',
    `return mocked(async () => text(await undici.request('http://mock.test/later')))`,
    `mocked callback > ${CALL} GET http://mock.test/later -> 200 {"mock":true} (13)`,
  ],
  [
    'mockReal',
    `return mocked(async () => text(await undici.request(origin + '/text')))`,
    `mocked callback > ${CALL} GET /text -> 200 "hello" (5)`,
  ],
  [
    'upgrade',
    `const { socket, headers } = await undici.upgrade(origin + '/up', { protocol: 'echo' }); socket.destroy(); return headers.upgrade`,
    `${CALL} GET /up -> 101`,
  ],
  [
    'refused',
    `return text(await undici.request('http://127.0.0.1:' + closedPort + '/'))`,
    `${CALL} GET http://127.0.0.1:CLOSED/ ! ECONNREFUSED`,
  ],
  [
    'unknownHost',
    `return text(await undici.request('http://does-not-exist.invalid/'))`,
    `${CALL} GET http://does-not-exist.invalid/ ! DNS`,
  ],
  [
    'tls',
    `return text(await undici.request('https://localhost:' + tlsPort + '/'))`,
    `${CALL} GET https://localhost:TLS/ ! DEPTH_ZERO_SELF_SIGNED_CERT`,
  ],
  ['hangUp', `return text(await undici.request(origin + '/hang-up'))`, `${CALL} GET /hang-up ! UND_ERR_SOCKET`],
  [
    'die',
    `return text(await undici.request(origin + '/die'))`,
    `${CALL} GET /die ! 200 "only this" truncated (9) UND_ERR_SOCKET`,
  ],
  [
    'timeOut',
    `return text(await undici.request(origin + '/never', { headersTimeout: 30 }))`,
    `${CALL} GET /never ! UND_ERR_HEADERS_TIMEOUT`,
  ],
  [
    'signal',
    `return text(await undici.request(origin + '/never', { signal: AbortSignal.timeout(50) }))`,
    `${CALL} GET /never ! TimeoutError aborted`,
  ],
  [
    'abortBefore',
    `return text(await undici.request(origin + '/never', { signal: AbortSignal.abort() }))`,
    `${CALL} GET /never ! AbortError aborted`,
  ],
  [
    'abortMiddle',
    `const c = new AbortController(); const { body } = await undici.request(origin + '/half', { signal: c.signal }); body.once('data', () => c.abort(new Error('enough'))); return new Promise((done) => body.on('error', (error) => done(error.message)))`,
    `${CALL} GET /half ! 200 "only this" truncated (9) ENOUGH aborted`,
  ],
  [
    'failingUpload',
    `return text(await undici.request(origin + '/echo', { method: 'PUT', body: new Readable({ read() { setImmediate(() => this.destroy(new Error('disk'))); } }) }))`,
    `${CALL} PUT /echo ! Error`,
  ],
  [
    'destroyed',
    `const client = new undici.Client(origin); const failed = client.request({ path: '/never', method: 'GET' }).catch((error) => error.code); setTimeout(() => client.destroy(), 30); return failed`,
    `${CALL} GET /never ! UND_ERR_DESTROYED aborted`,
  ],
  [
    'closed',
    `const client = new undici.Client(origin); await client.close(); return text(await client.request({ path: '/text', method: 'GET' }))`,
    `${CALL} GET /text ! UND_ERR_DESTROYED`,
  ],
  ['badUrl', `return text(await undici.request('nowhere'))`, `${CALL} GET nowhere ! ERR_INVALID_URL`],
  [
    'badMethod',
    `return text(await undici.request(origin + '/text', { method: '?' }))`,
    `${CALL} ? /text ! UND_ERR_INVALID_ARG`,
  ],
];

const program = `
const undici = require('undici'), { Readable, Writable } = require('stream');
const [port, closedPort, tlsPort] = process.argv.slice(2).map(Number), origin = 'http://127.0.0.1:' + port;
const text = ({ body }) => body.text();
async function mocked(run) {
  const before = undici.getGlobalDispatcher(), agent = new undici.MockAgent();
  agent.disableNetConnect();
  agent.enableNetConnect('127.0.0.1:' + port);
  undici.setGlobalDispatcher(agent);
  const pool = agent.get('http://mock.test'), headers = { 'content-type': 'application/json' };
  pool.intercept({ path: '/a', method: 'POST' }).reply(201, { mock: true }, { headers }).persist();
  pool.intercept({ path: '/error' }).replyWithError(new Error('mocked error'));
  pool.intercept({ path: '/later' }).reply(200, { mock: true }, { headers }).delay(20);
  try {
    return await run(pool);
  } finally {
    undici.setGlobalDispatcher(before);
    await agent.close();
  }
}
const cases = {
${cases.map(([name, code]) => `  async ${name}() { ${code}; },`).join('\n')}
};
(async () => {
  for (const [name, run] of Object.entries(cases)) {
    try {
      console.log(name, String(await run()).length);
    } catch (error) {
      console.log(name, error.constructor.name, error.name, error.message, error.code, error.cause?.message);
    }
  }
  await undici.getGlobalDispatcher().close();
})();
`;

const overHttp2 = `
const undici = require('undici'), origin = process.argv[2];
const dispatcher = new undici.Agent({ allowH2: true, connect: { ca: process.env.CERTIFICATE } });
async function get() { return (await undici.request(origin + '/get', { dispatcher })).body.text(); }
async function post() { return (await undici.request(origin + '/post', { dispatcher, method: 'POST', body: 'hello' })).body.text(); }
async function byFetch() { return (await undici.fetch(origin + '/fetch', { dispatcher, method: 'POST', body: 'hello' })).text(); }
(async () => {
  for (const one of [get, post, byFetch]) console.log(await one());
  await dispatcher.close();
})();
`;

// undici 8 wants zstd.
const combinations = nodes().flatMap(({ major, path, version }) =>
  [6, 7, 8]
    .filter((undici) => undici < 8 || isFrom(version, '22.15'))
    .map((undici) => ({ path, version, major, undici })),
);

function withUndici(files: Record<string, string>, major: number): ReturnType<typeof programs> {
  const made = programs(files);
  symlinkSync(join(repository, `node_modules/undici${major}`), join(made.folder, 'node_modules/undici'), 'junction');
  return made;
}

test('every major is tried on each Node that it runs on', () => {
  const withoutZstd = nodes().filter(({ version }) => !isFrom(version, '22.15'));
  expect(combinations.length).toBe(nodes().length * 3 - withoutZstd.length);
});

describe.each(combinations)('undici $undici on Node $version', ({ path, major, undici }) => {
  test('leaves one request and one end for each exchange, below the call that made it', async () => {
    const { bare, traced } = withUndici({ 'app.cjs': program }, undici);
    const { port, closedPort, origin } = endpoints;
    const args = ['app.cjs', String(port), String(closedPort), String(tlsPort)];
    const [plain, { records, ...result }] = await Promise.all([bare(path, args), traced(path, args)]);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout.split('\n').length).toBe(cases.length + 1);
    const lines = exchangeText(records, origin).map((line) =>
      line
        .replace(String(closedPort), 'CLOSED')
        .replace(String(tlsPort), 'TLS')
        .replace(/call \d+/, 'call N')
        .replace(/key=\d+/, 'key=PID')
        .replace(/ENOTFOUND|EAI_AGAIN/, 'DNS')
        .replace(/\(9\) (Error|UND_ERR_ABORTED)/, '(9) ENOUGH')
        // Version 6 breaks an answer off that it does not want.
        .replace(undici === 6 ? '! 503 UND_ERR_REQ_RETRY aborted' : '-> 503', 'RETRIED')
        .replace(/"-+formdata.* -> 200 "\d+ bytes/, '"------BOUNDARY -> 200 "SIZE bytes')
        .replace(/\(\d{4,}\)$/, '(GZIP)'),
    );
    const expected = cases.flatMap(([name, , ...rest]) =>
      rest.map((line) =>
        /^(\w+|mocked callback|setImmediate callback|new Promise executor) > /.test(line)
          ? line
          : `cases.${name} > ${line}`,
      ),
    );
    // The fetch of Node 26 does not look where undici 6 leaves its global dispatcher.
    const notMocked = `mocked callback > ${FETCH} POST http://mock.test/a ! DNS`;
    const seen = (line: string): string => (undici === 6 && major >= 26 && line.includes('"gg"') ? notMocked : line);
    expect(lines).toEqual(expected.map(seen));
    expect(result).toEqual(plain);
  });
});

test.each(combinations)('undici $undici on Node $version records HTTP/2 once', async ({ path, undici }) => {
  const { traced } = withUndici({ 'app.cjs': overHttp2 }, undici);
  const server = createSecureServer({ key, cert: certificate }, (request, response) => {
    let size = 0;
    request.on('data', (chunk: Buffer) => (size += chunk.length));
    request.on('end', () => response.end(`${request.httpVersion} ${size}`));
  });
  const origin = `https://localhost:${await listen(server)}`;
  const { records, stdout } = await traced(path, ['app.cjs', origin], { env: { CERTIFICATE: certificate } });
  await new Promise((done) => server.close(done));
  expect(stdout).toBe('2.0 0\n2.0 5\n2.0 5\n');
  expect(exchangeText(records, origin).map((line) => line.replace(/call \d+/, 'call N'))).toEqual([
    `get > ${CALL} GET /get -> 200 "2.0 0" (5)`,
    `post > ${CALL} POST /post "hello" (5) -> 200 "2.0 5" (5)`,
    `byFetch > ${FETCH} POST /fetch "hello" (5) -> 200 "2.0 5" (5)`,
  ]);
});
