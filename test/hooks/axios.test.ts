import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { exchangesByFunction } from '../helpers/exchanges.js';
import { nodes } from '../helpers/node-versions.js';
import { startOrigin, type Origin } from '../helpers/origin.js';
import { programs } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';

const program = readFileSync(join(__dirname, 'axios-program.cjs'), 'utf8');

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const { folder, bare, traced } = programs({
  'package.json': '{}',
  'axios-program.cjs': program,
  'main.cjs': `require('./axios-program.cjs')(require(process.argv[2]), JSON.parse(process.argv[3]));`,
  'main.mjs': `
    import run from './axios-program.cjs';
    const { default: axios } = await import(process.argv[2]);
    await run(axios, JSON.parse(process.argv[3]));`,
  'unhandled.cjs': `
    const axios = require(process.argv[2]);
    const failing = axios.create();
    failing.interceptors.request.use(() => Promise.reject(new Error('no')));
    const seen = [];
    process.on('unhandledRejection', (error) => {
      seen.push(error.code ?? error.name);
      if (seen.length < 3) return;
      console.log(\`refused: \${seen[2]}, mocked: \${seen[1]}, intercepted: \${seen[0]}\`);
      process.exitCode = 7;
    });
    (function main() {
      axios.get('http://127.0.0.1:' + process.argv[3] + '/');
      axios.get('/', { adapter: () => Promise.reject(new Error('no')) });
      failing.get('/');
    })();`,
});
for (const name of ['axios', 'axios0']) {
  symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
}

const expected: Record<string, string> = {
  get: 'axios A1 GET /ok?a=1&token=%3Credacted%3E -> 200 {"path":"/ok?a=1&token=<redacted>"}',
  callable: 'axios A1 GET /ok -> 200 {"path":"/ok"}',
  post:
    'axios A1 POST /echo {"name":"Ann","password":"<redacted>"} -> ' +
    '200 {"method":"POST","got":"{\\"name\\":\\"Ann\\",\\"password\\":\\"<redacted>\\"}"}',
  upload: 'axios A1 PUT /echo one two -> 200 {"method":"PUT","got":"one two"}',
  gzip: 'axios A1 GET /gzip -> 200 243 bytes',
  stream: 'axios A1 GET /stream -> 200 data: {"content":"Hel"}\n\ndata: {"content":"lo"}\n\ndata: [DONE]\n\n',
  redirect: 'axios A1 GET /redirect?a=1 -> 302, axios A2 GET /ok?a=1 -> 200 {"path":"/ok?a=1"}',
  tooManyRedirects: 'axios A1 GET /redirect -> 302',
  notFound: 'axios A1 GET /status/404 -> 404 {"status":404}',
  serverError: 'axios A1 GET /status/500 -> 500 {"status":500}',
  refused: 'axios A1 GET / -> ! ECONNREFUSED',
  noSuchHost: 'axios A1 GET / -> ! ENOTFOUND',
  badCertificate: 'axios A1 GET / -> ! DEPTH_ZERO_SELF_SIGNED_CERT',
  timeout: 'axios A1 GET /slow -> ! ECONNABORTED aborted',
  abortedBefore: 'axios A1 GET /ok -> ! ERR_CANCELED aborted',
  cancelTokenBefore: 'axios A1 GET /ok -> ! ERR_CANCELED aborted',
  abortedInTheMiddle: 'axios A1 GET /partial -> 200 the first half ! ERR_CANCELED aborted',
  dies: 'axios A1 GET /dies -> 200 the first half ! ECONNRESET',
  // The program's own function makes the second one, so that is a call of its own.
  repeated: 'axios A1 GET /flaky/1 -> 503 {"first":true}',
  repeat: 'axios A1 GET /flaky/1 -> 200 {"first":false}',
  instance:
    'axios A1 GET /json/things?q=a+b&list%5B%5D=1&list%5B%5D=2 -> ' +
    '200 {"path":"/json/things?q=a+b&list%5B%5D=1&list%5B%5D=2"}',
  transformed: 'axios A1 GET /ok -> 200 {"path":"/ok"}',
  intercepted: 'axios A1 GET /never -> ! Error',
  authorize: 'axios A1 GET /json/token -> 200 {"path":"/json/token"}',
  authorized: 'axios A1 GET /ok -> 200 {"path":"/ok"}',
  mocked: 'axios A1 POST /json/mock?q=1 {"token":"<redacted>"} -> 201 {"mock":true}',
  mockFails: 'axios A1 GET /relative -> ! Error',
  // The program's own adapter makes it, and nothing is reported twice.
  adapter: 'http GET /ok -> 200 {"path":"/ok"}',
  badAddress: 'axios A1 GET nonsense:/ -> ! ERR_BAD_REQUEST',
  recovered: 'axios A1 GET /status/500 -> 500 {"status":500}',
  fetched: 'axios A1 GET /ok?fetched -> 200 {"path":"/ok?fetched"}',
  fetchRefused: expect.stringMatching(/^axios A1 GET \/ -> ! \w+$/) as string,
  // ticks
  '<anonymous>':
    'axios A1 GET / -> ! Error, axios A1 GET / -> 200, axios A1 GET / -> ! Error, axios A1 GET / -> 200, ' +
    'axios A1 GET / -> ! Error',
};
const expectedOf027: Record<string, string> = {
  ...expected,
  timeout: 'axios A1 GET /slow -> ! ECONNRESET aborted',
  // Objects of 0.27 that are thrown are no errors to Node.
  abortedBefore: 'axios A1 GET /ok -> ! Thrown aborted',
  cancelTokenBefore: 'axios A1 GET /ok -> ! Thrown aborted',
  abortedInTheMiddle: 'axios A1 GET /partial -> 200 the first half ! Error aborted',
  instance: 'axios A1 GET /json/things?q=a+b&list[]=1&list[]=2 -> 200 {"path":"/json/things?q=a+b&list[]=1&list[]=2"}',
  badAddress: 'axios A1 GET nonsense:/ -> ! Thrown',
};
delete expectedOf027.fetched;
delete expectedOf027.fetchRefused;

const copies = [
  ['axios', 'main.cjs', expected],
  ['axios', 'main.mjs', expected],
  ['axios0', 'main.cjs', expectedOf027],
] as const;

describe.each(nodes())('Node $label', ({ path }) => {
  test.each(copies)('records each call of %s from %s once, and changes nothing', async (name, main, table) => {
    const { port, tlsPort, refusedPort } = origin;
    const args = [main, name, JSON.stringify({ port, tlsPort, refusedPort })];
    const plain = await bare(path, args);
    const plainBytes = origin.takeRaw();
    const { records, ...run } = await traced(path, args);
    const bytes = origin.takeRaw();

    expect(run).toEqual(plain);
    expect(run.stdout).toContain('many: 100');
    expect(bytes).toEqual(plainBytes);
    expect(bytes.length).toBeGreaterThan(100);
    const { one, ...functions } = exchangesByFunction(records);
    const names = Object.entries(functions).map(([func, text]) => [func.replace('cases.', ''), text]);
    expect(Object.fromEntries(names)).toEqual(table);
    expect(one.split(', ')).toHaveLength(100);
    expect(callersOf(records, 'one')).toEqual(new Set([1]));
    expect(records.filter(({ type }) => type === 'skipped')).toEqual([]);
  });
});

/** How many exchanges each of the calls of that function made, without repetition. */
function callersOf(records: readonly TraceRecord[], func: string): Set<number> {
  const calls = records.filter((record) => record.type === 'call' && record.func === func) as { id: number }[];
  const requests = records.filter((record) => record.type === 'http_request');
  return new Set(calls.map(({ id }) => requests.filter(({ parent }) => parent === id).length));
}

describe('a promise that nobody handles', () => {
  test.each(['axios', 'axios0'])('ends the program as before (%s)', async (name) => {
    const plain = await bare(process.execPath, ['unhandled.cjs', name, String(origin.refusedPort)]);
    const { records, ...run } = await traced(process.execPath, ['unhandled.cjs', name, String(origin.refusedPort)]);
    expect(run).toEqual(plain);
    expect(run.code).toBe(7);
    expect(run.stdout).toBe('refused: ECONNREFUSED, mocked: Error, intercepted: Error\n');
    expect(Object.values(exchangesByFunction(records))).toEqual([
      'axios A1 GET / -> ! ECONNREFUSED, axios B1 GET / -> ! Error, axios C1 GET / -> ! Error',
    ]);
  });
});

describe('a file that is not as expected', () => {
  const {
    bare: plainly,
    traced: tracedly,
    folder: strange,
  } = programs({
    'package.json': '{}',
    'main.cjs': `
      const { Axios } = require('axios');
      (async function main() { console.log(await new Axios().request('/')) })();`,
    'node_modules/axios/package.json': '{"name":"axios","version":"9.0.0","main":"dist/node/axios.cjs"}',
    'node_modules/axios/dist/node/axios.cjs': `
      class Axios { async _request(url) { return url } request(url) { return this._request(url) } }
      exports.Axios = Axios;`,
  });

  test('stays as it is, which HANDIT_DEBUG tells once', async () => {
    const file = join(strange, 'node_modules/axios/dist/node/axios.cjs');
    for (const cached of [false, true]) {
      const { stderr, stdout } = await tracedly(process.execPath, ['main.cjs'], { env: { HANDIT_DEBUG: '1' } });
      expect({ cached, stdout }).toEqual({ cached, stdout: (await plainly(process.execPath, ['main.cjs'])).stdout });
      expect(stderr.split('\n').filter((line) => line.includes('left '))).toEqual([
        `handit: left ${file} as it is: Axios._request is async`,
      ]);
    }
  });
});
