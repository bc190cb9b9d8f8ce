import { createServer, type Server } from 'node:https';
import { certificate, key } from '../helpers/certificate.js';
import { exchangeText } from '../helpers/exchange-text.js';
import { listen, serveEndpoints, type Endpoints } from '../helpers/http-endpoints.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

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

const CALL = 'fetch[call N, attempt 1]';

/** What is done, and the lines that it is to leave; the origin is cut off. */
const cases: [name: string, code: string, ...expected: string[]][] = [
  ['get', `return fetch(origin + '/text')`, `${CALL} GET /text -> 200 "hello" (5)`],
  ['url', `return fetch(new URL(origin + '/text?token=t'))`, `${CALL} GET /text?token=<redacted> -> 200 "hello" (5)`],
  ['json', `return fetch(origin + '/json')`, `${CALL} GET /json -> 200 {"ok":true,"access_token":"<redacted>"} (41)`],
  [
    'post',
    `return fetch(origin + '/echo', { method: 'post', headers: { 'content-type': 'application/json' }, body: '{"a":1,"password":"x"}' })`,
    `${CALL} POST /echo {"a":1,"password":"<redacted>"} (22) -> 200 "22 bytes" (8)`,
  ],
  [
    'request',
    `return fetch(new Request(origin + '/echo', { method: 'PUT', body: 'hi', headers: { authorization: 'Bearer x' } }))`,
    `${CALL} PUT /echo "hi" (2) -> 200 "2 bytes" (7)`,
  ],
  [
    'buffer',
    `return fetch(origin + '/echo', { method: 'POST', body: Buffer.from('bytes') })`,
    `${CALL} POST /echo "bytes" (5) -> 200 "5 bytes" (7)`,
  ],
  [
    'typedArray',
    `return fetch(origin + '/echo', { method: 'POST', body: new Uint16Array([0x6968]) })`,
    `${CALL} POST /echo "hi" (2) -> 200 "2 bytes" (7)`,
  ],
  [
    'arrayBuffer',
    `return fetch(origin + '/echo', { method: 'POST', body: new TextEncoder().encode('abc').buffer })`,
    `${CALL} POST /echo "abc" (3) -> 200 "3 bytes" (7)`,
  ],
  [
    'blob',
    `return fetch(origin + '/echo', { method: 'POST', body: new Blob(['blo', 'b'], { type: 'text/plain' }) })`,
    `${CALL} POST /echo "blob" (4) -> 200 "4 bytes" (7)`,
  ],
  [
    'form',
    `return fetch(origin + '/echo', { method: 'POST', body: new URLSearchParams({ user: 'ada', password: 'x&y' }) })`,
    `${CALL} POST /echo "user=ada&password=<redacted>" (23) -> 200 "23 bytes" (8)`,
  ],
  [
    'multipart',
    `const form = new FormData(); form.set('a', '1'); return fetch(origin + '/echo', { method: 'POST', body: form });`,
    `${CALL} POST /echo "------BOUNDARY -> 200 "SIZE bytes" (9)`,
  ],
  [
    'stream',
    `return fetch(origin + '/echo', { method: 'POST', duplex: 'half', body: new ReadableStream({ start(c) { c.enqueue(Buffer.from('one ')); c.enqueue(Buffer.from('two')); c.close(); } }) })`,
    `${CALL} POST /echo "one two" (7) -> 200 "7 bytes" (7)`,
  ],
  [
    'iterable',
    `return fetch(origin + '/echo', { method: 'POST', duplex: 'half', body: (async function* () { yield Buffer.from('un '); await null; yield Buffer.from('deux'); })() })`,
    `${CALL} POST /echo "un deux" (7) -> 200 "7 bytes" (7)`,
  ],
  [
    'gzip',
    `return fetch(origin + '/gzip')`,
    `${CALL} GET /gzip -> 200 gzip "[{\\"id\\":0,\\"name\\":\\"customer 0\\",\\"city\\":\\"Zürich\\"},{\\"... truncated (GZIP)`,
  ],
  ['deflate', `return fetch(origin + '/deflate')`, `${CALL} GET /deflate -> 200 deflate "deflated" (16)`],
  ['bareDeflate', `return fetch(origin + '/raw-deflate')`, `${CALL} GET /raw-deflate -> 200 deflate "bare" (6)`],
  ['brotli', `return fetch(origin + '/br')`, `${CALL} GET /br -> 200 br "brotli" (10)`],
  ['binary', `return fetch(origin + '/binary')`, `${CALL} GET /binary -> 200 binary truncated (1000)`],
  [
    'redirect',
    `return fetch(origin + '/redirect-twice')`,
    `${CALL} GET /redirect-twice -> 302`,
    `fetch[call N, attempt 2] GET /redirect -> 302`,
    `fetch[call N, attempt 3] GET /text?token=<redacted> -> 200 "hello" (5)`,
  ],
  ['manual', `return fetch(origin + '/redirect', { redirect: 'manual' })`, `${CALL} GET /redirect -> 302`],
  ['noRedirect', `return fetch(origin + '/redirect', { redirect: 'error' })`, `${CALL} GET /redirect -> 302`],
  ['noContent', `return fetch(origin + '/204')`, `${CALL} GET /204 -> 204`],
  ['notModified', `return fetch(origin + '/304')`, `${CALL} GET /304 -> 304`],
  ['head', `return fetch(origin + '/text', { method: 'HEAD' })`, `${CALL} HEAD /text -> 200`],
  ['missing', `return fetch(origin + '/404')`, `${CALL} GET /404 -> 404 "not here" (8)`],
  ['broken', `return fetch(origin + '/500')`, `${CALL} GET /500 -> 500 {"error":"boom"} (16)`],
  [
    'retry',
    `for (;;) { const response = await fetch(origin + '/retry?key=' + process.pid); if (response.ok) return response; await response.text(); }`,
    `${CALL} GET /retry?key=PID -> 503`,
    `${CALL} GET /retry?key=PID -> 503`,
    `${CALL} GET /retry?key=PID -> 200 "try 3" (5)`,
  ],
  [
    'events',
    `return fetch(origin + '/sse')`,
    `${CALL} GET /sse -> 200 "data: {\\"delta\\":\\"Once\\"}\\n\\ndata: {\\"delta\\":\\"upon\\"}\\n\\... (107)`,
  ],
  [
    'trailers',
    `return fetch(origin + '/trailers')`,
    `${CALL} GET /trailers -> 200 "with trailers" (13) trailers {"x-checksum":"abc"}`,
  ],
  ['hints', `return fetch(origin + '/hints')`, `${CALL} GET /hints -> 200 "hinted" (6)`],
  [
    'refused',
    `return fetch('http://127.0.0.1:' + closedPort + '/')`,
    `${CALL} GET http://127.0.0.1:CLOSED/ ! ECONNREFUSED`,
  ],
  ['unknownHost', `return fetch('http://does-not-exist.invalid/')`, `${CALL} GET http://does-not-exist.invalid/ ! DNS`],
  [
    'tls',
    `return fetch('https://localhost:' + tlsPort + '/')`,
    `${CALL} GET https://localhost:TLS/ ! DEPTH_ZERO_SELF_SIGNED_CERT`,
  ],
  ['hangUp', `return fetch(origin + '/hang-up')`, `${CALL} GET /hang-up ! UND_ERR_SOCKET`],
  ['die', `return fetch(origin + '/die')`, `${CALL} GET /die ! 200 "only this" truncated (9) UND_ERR_SOCKET`],
  [
    'timeOut',
    `return fetch(origin + '/never', { signal: AbortSignal.timeout(50) })`,
    `${CALL} GET /never ! TimeoutError aborted`,
  ],
  [
    'abortBefore',
    `return fetch(origin + '/never', { signal: AbortSignal.abort() })`,
    `${CALL} GET /never ! AbortError aborted`,
  ],
  [
    'abortMiddle',
    `const c = new AbortController(); const response = await fetch(origin + '/half', { signal: c.signal }); setImmediate(() => c.abort(new Error('enough'))); return response;`,
    `${CALL} GET /half ! 200 "only this" truncated (9) Error aborted`,
  ],
  [
    'cancel',
    `const response = await fetch(origin + '/half'); const reader = response.body.getReader(); await reader.read(); await reader.cancel(); return new Response('left');`,
    `${CALL} GET /half ! 200 "only this" truncated (9) AbortError aborted`,
  ],
  ['badUrl', `return fetch('//nowhere')`, `${CALL} GET //nowhere ! TypeError`],
  ['scheme', `return fetch('gopher://127.0.0.1/')`, `${CALL} GET gopher://127.0.0.1/ ! TypeError`],
  ['badPort', `return fetch('http://127.0.0.1:1/')`, `${CALL} GET http://127.0.0.1:1/ ! TypeError`],
  ['badMethod', `return fetch(origin + '/text', { method: 'TRACE' })`, `${CALL} TRACE /text ! TypeError`],
  ['data', `return fetch('data:text/plain,hi')`, `${CALL} GET data:text/plain,hi -> 200`],
  ['elsewhere', `return fetch(URL.createObjectURL(new Blob(['in memory'])))`, `${CALL} GET blob:nodedata:ID -> 200`],
  [
    'clone',
    `const response = await fetch(origin + '/text'); const copy = response.clone(); return new Response((await copy.text()) + (await response.text()) + response.bodyUsed + response.body.locked);`,
    `${CALL} GET /text -> 200 "hello" (5)`,
  ],
  [
    'chunks',
    `let text = ''; const response = await fetch(origin + '/text'); for await (const chunk of response.body) text += Buffer.from(chunk) + response.bodyUsed; return new Response(text);`,
    `${CALL} GET /text -> 200 "hello" (5)`,
  ],
];

const program = `
const [port, closedPort, tlsPort] = process.argv.slice(2).map(Number), origin = 'http://127.0.0.1:' + port;
const cases = {
${cases.map(([name, code]) => `  async ${name}() { ${code}; },`).join('\n')}
};
const said = (error) => [error.name, error.message, error.code, error.cause?.message, error.cause?.code].join(' | ');
(async () => {
  for (const [name, run] of Object.entries(cases)) {
    try {
      const response = await run();
      console.log(name, response.status, (await response.arrayBuffer()).byteLength, response.bodyUsed);
    } catch (error) {
      console.log(name, said(error));
    }
  }
})();
`;

describe.each(nodes())('fetch on Node $version', ({ path }) => {
  test('leaves one request and one end for each exchange, below the call that made it', async () => {
    const { bare, traced } = programs({ 'app.cjs': program });
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
        .replace(/blob:nodedata:.* ->/, 'blob:nodedata:ID ->')
        .replace(/"-+formdata.* -> 200 "\d+ bytes/, '"------BOUNDARY -> 200 "SIZE bytes')
        .replace(/\(\d{4,}\)$/, (size) => (size === '(1000)' ? size : '(GZIP)')),
    );
    expect(lines).toEqual(cases.flatMap(([name, , ...expected]) => expected.map((line) => `cases.${name} > ${line}`)));
    expect(result).toEqual(plain);
  });
});
