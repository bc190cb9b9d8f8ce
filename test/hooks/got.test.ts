import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { exchangesByFunction } from '../helpers/exchanges.js';
import { nodes } from '../helpers/node-versions.js';
import { startOrigin, type Origin } from '../helpers/origin.js';
import { programs } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const { folder, bare, traced } = programs({
  'package.json': '{}',
  'got-program.cjs': readFileSync(join(__dirname, 'got-program.cjs'), 'utf8'),
  'main.cjs': `require('./got-program.cjs')(require(process.argv[2]), JSON.parse(process.argv[3]));`,
  'main.mjs': `
    import run from './got-program.cjs';
    const { default: got } = await import(process.argv[2]);
    await run(got, JSON.parse(process.argv[3]));`,
  'unhandled.mjs': `
    const { default: got } = await import(process.argv[2]);
    const hooks = { beforeRequest: [() => { throw new Error('no'); }] };
    const seen = [];
    process.on('unhandledRejection', (error) => {
      seen.push(error.code + ' ' + error.message.replace(/:\\d+$/, ''));
      if (seen.length === 2) console.log(seen.sort().join(', '));
      process.exitCode = 7;
    });
    (function main() {
      got('http://127.0.0.1:' + process.argv[3] + '/', { retry: { limit: 0 } });
      got('http://127.0.0.1/', { hooks });
    })();`,
});
const folders: Record<number, string> = { 11: 'got11', 12: 'got12', 14: 'got14', 16: 'got' };
for (const name of Object.values(folders)) {
  symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
}

const expected: Record<string, string> = {
  get: 'got A1 GET /ok?a=1&token=%3Credacted%3E -> 200 {"path":"/ok?a=1&token=<redacted>"}',
  json: 'got A1 GET /ok -> 200 {"path":"/ok"}',
  post:
    'got A1 POST /echo {"name":"Ann","password":"<redacted>"} -> ' +
    '200 {"method":"POST","got":"{\\"name\\":\\"Ann\\",\\"password\\":\\"<redacted>\\"}"}',
  upload: 'got A1 PUT /echo one two -> 200 {"method":"PUT","got":"one two"}',
  uploadByPipe: 'got A1 POST /echo three -> 200 {"method":"POST","got":"three"}',
  gzip: 'got A1 GET /gzip -> 200 243 bytes',
  stream: 'got A1 GET /stream -> 200 data: {"content":"Hel"}\n\ndata: {"content":"lo"}\n\ndata: [DONE]\n\n',
  redirect: 'got A1 GET /redirect?a=1 -> 302, got A2 GET /ok?a=1 -> 200 {"path":"/ok?a=1"}',
  notFound: 'got A1 GET /status/404 -> 404 {"status":404}',
  serverError: 'got A1 GET /status/500 -> 500 {"status":500}',
  retried: 'got A1 GET /flaky/1 -> 503 {"first":true}, got A2 GET /flaky/1 -> 200 {"first":false}',
  refused: 'got A1 GET / -> ! ECONNREFUSED',
  refusedTwice: 'got A1 GET / -> ! ECONNREFUSED, got A2 GET / -> ! ECONNREFUSED',
  noSuchHost: 'got A1 GET / -> ! ENOTFOUND',
  badCertificate: 'got A1 GET / -> ! DEPTH_ZERO_SELF_SIGNED_CERT',
  timeout: 'got A1 GET /slow -> ! ETIMEDOUT aborted',
  abortedBefore: 'got A1 GET /ok -> ! ERR_ABORTED aborted',
  abortedInTheMiddle: 'got A1 GET /partial -> 200 the first half ! ECONNRESET aborted',
  dies: 'got A1 GET /dies -> 200 the first half ! ECONNRESET',
  pages: 'got A1 GET /page/1 -> 200 ["1"], got B1 GET /page/2 -> 200 ["2"], got C1 GET /page/3 -> 200 ["3"]',
  // extended
  handle: 'got A1 GET /json/things -> 200 {"path":"/json/things"}',
  // handledLate
  handleLate: 'got A1 GET /ok -> 200 {"path":"/ok"}',
  authorize: 'got A1 GET /json/token -> 200 {"path":"/json/token"}',
  hooked: 'got A1 GET /ok -> 200 {"path":"/ok"}',
  hookThrows: 'got A1 GET /never -> ! ERR_GOT_REQUEST_ERROR',
  again: 'got A1 GET /flaky/2 -> 503 {"first":true}, got A2 GET /flaky/2 -> 200 {"first":false}',
  // The second answer comes from the cache.
  cached:
    'got A1 GET /json/cached -> 200 {"path":"/json/cached"}, got B1 GET /json/cached -> 200 {"path":"/json/cached"}',
  badAddress: 'got A1 GET nonsense:/ -> ! ERR_UNSUPPORTED_PROTOCOL',
  noAddress: 'got A1 GET /relative?a=1 -> ! Error',
  // ticks
  '<anonymous>': 'got A1 GET nonsense:/ -> ! ERR_UNSUPPORTED_PROTOCOL, got A1 GET /relative -> ! Error',
};
const { cached: _, ...withoutCache } = expected;
const tables: Record<number, Record<string, string>> = {
  11: {
    ...withoutCache,
    // It is cancelled, and sent and ended all the same.
    abortedBefore: 'got A1 GET /ok -> ! ECONNRESET aborted',
    hookThrows: 'got A1 GET /never -> ! Error',
  },
  12: expected,
  14: expected,
  16: {
    ...expected,
    noAddress: 'got A1 GET /relative?a=1 -> ! ERR_GOT_REQUEST_ERROR',
    '<anonymous>':
      'got A1 GET nonsense:/ -> ! ERR_UNSUPPORTED_PROTOCOL, got A1 GET /relative -> ! ERR_GOT_REQUEST_ERROR',
  },
};

const lines = nodes().flatMap(({ label, major: node, path }) =>
  [11, 12, 14, 16]
    // 16 needs Node 22; 12 and 14 are much the same, so the ends of the range do for 12.
    .filter((got) => (got === 16 ? node >= 22 : got !== 12 || node === 20 || node === 26))
    .map((got) => ({ label, node, path, got })),
);

test.each(lines)('records each call of got $got on Node $label once, and changes nothing', async (line) => {
  const { path, got: major, node } = line;
  const { port, tlsPort, refusedPort } = origin;
  const settings = JSON.stringify({ port, tlsPort, refusedPort, major });
  const args = [major === 11 ? 'main.cjs' : 'main.mjs', folders[major], settings];
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
  const { refusedTwice, ...rest } = tables[major];
  const broken = major < 16 && node >= 24;
  expect(Object.fromEntries(names)).toEqual(broken ? rest : { ...rest, refusedTwice });
  expect(one.split(', ')).toHaveLength(100);
  expect(new Set(callersOf(records, 'one').values())).toEqual(new Set([1]));
});

test.each(['got12', 'got14'])('a promise of %s that nobody handles ends the program as before', async (name) => {
  const args = ['unhandled.mjs', name, String(origin.refusedPort)];
  const plain = await bare(process.execPath, args);
  const { records, ...run } = await traced(process.execPath, args);
  expect(run).toEqual(plain);
  expect(run.code).toBe(7);
  expect(run.stdout).toBe('ECONNREFUSED connect ECONNREFUSED 127.0.0.1, ERR_GOT_REQUEST_ERROR no\n');
  expect(exchangesByFunction(records)).toEqual({
    main: expect.stringMatching(/^got A1 GET \/ -> ! \w+, got B1 GET \/ -> ! \w+$/) as string,
  });
});

/** How many exchanges each call of that function made. */
function callersOf(records: readonly TraceRecord[], func: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const record of records) {
    if (record.type === 'call' && record.func === func) counts.set(record.id, 0);
    if (record.type !== 'http_request' || record.parent === null) continue;
    if (counts.has(record.parent)) counts.set(record.parent, counts.get(record.parent)! + 1);
  }
  return counts;
}
