import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { exchangeText } from '../helpers/exchange-text.js';
import { recordBytes, serveEndpoints, type Endpoints } from '../helpers/http-endpoints.js';
import { nodes } from '../helpers/node-versions.js';
import { eachAtOnce, programs } from '../helpers/programs.js';
import { repository } from '../helpers/run.js';

let endpoints: Endpoints;
beforeAll(async () => {
  endpoints = await serveEndpoints();
});
afterAll(() => endpoints.close());

function withUndici(files: Record<string, string>, major: number): ReturnType<typeof programs> {
  const made = programs(files);
  symlinkSync(join(repository, `node_modules/undici${major}`), join(made.folder, 'node_modules/undici'), 'junction');
  return made;
}

/** Requests of many shapes, one after the other, and some at once. */
const sender = `
const undici = require('undici'), { Readable, PassThrough } = require('stream');
const origin = 'http://127.0.0.1:' + process.argv[2], url = origin + '/p?x=1';
const said = async (response) => console.log(response.status ?? response.statusCode, await (response.body?.text ? response.body.text() : response.text()));
async function* pieces() { yield Buffer.from('a'); await null; yield Buffer.from('b'); }
(async () => {
  for (const fetch of [globalThis.fetch, undici.fetch]) {
    await said(await fetch(url));
    await said(await fetch(url, { headers: [['X-Odd', 'a'], ['x-odd', 'b'], ['Accept', 'text/*']], cache: 'no-store' }));
    await said(await fetch(url, { method: 'POST', body: 'text ü' }));
    await said(await fetch(url, { method: 'POST', body: new URLSearchParams({ a: '1' }) }));
    await said(await fetch(url, { method: 'POST', body: Buffer.from('buffer'), headers: { 'content-type': 'x/y' } }));
    await said(await fetch(url, { method: 'PUT', body: pieces(), duplex: 'half' }));
    await said(await fetch(url, { method: 'PUT', body: new Blob(['blob']).stream(), duplex: 'half' }));
    await said(await fetch(url, { method: 'DELETE' }));
  }
  await said(await undici.request(url));
  await said(await undici.request(url, { method: 'POST', body: 'text', headers: ['X-B', '2', 'x-a', '1'] }));
  await said(await undici.request(url, { method: 'POST', body: Readable.from(['one', 'two'], { objectMode: false }), headers: { 'content-length': '6' } }));
  await said(await undici.request(url, { method: 'POST', body: pieces() }));
  await said(await undici.request(url, { method: 'POST', body: new Uint8Array([33]), reset: true }));
  let all = '';
  await undici.stream(url, { method: 'GET' }, () => new PassThrough().on('data', (chunk) => (all += chunk)));
  for await (const chunk of Readable.from(['in']).pipe(undici.pipeline(url, { method: 'POST' }, ({ body }) => body))) all += chunk;
  console.log(all);
  const pool = new undici.Pool(origin, { connections: 2, pipelining: 1 });
  console.log(...(await Promise.all([1, 2, 3, 4].map(async (n) => (await pool.request({ path: '/' + n, method: 'GET' })).body.text()))));
  await pool.close();
  process.exit();
})();
`;

const memory = `
const [port, bytes] = process.argv.slice(2).map(Number);
(async () => {
  let size = 0, pauses = 0;
  for await (const chunk of (await fetch('http://127.0.0.1:' + port + '/large?bytes=' + bytes)).body) {
    size += chunk.length;
    if (size / 2 ** 24 > pauses) { pauses++; await new Promise((done) => setTimeout(done, 5)); }
  }
  console.log(size, process.resourceUsage().maxRSS);
})();
`;

const unread = `
const net = require('net'), undici = require('undici'), sockets = [], { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) { sockets.push(this); return connect.apply(this, args); };
const url = 'http://127.0.0.1:' + process.argv[2] + '/large?bytes=200000000';
const still = async (socket) => {
  let before = -1;
  while (socket.bytesRead !== before) {
    before = socket.bytesRead;
    await new Promise((done) => setTimeout(done, 100));
  }
  return before < 2e6;
};
(async () => {
  const response = await fetch(url);
  console.log(await still(sockets.at(-1)), response.bodyUsed, response.body.locked);
  await response.body.cancel();
  const { body } = await undici.request(url);
  console.log(await still(sockets.at(-1)), body.readableFlowing, body.bodyUsed, body.listenerCount('data'), body.readableHighWaterMark);
  body.on('error', () => undefined).destroy();
})();
`;

const looks = `
const { fetch } = globalThis, { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
console.log(fetch === globalThis.fetch, fetch.name, fetch.length, String(fetch), writable, enumerable, configurable, Object.keys(fetch));
console.log(Reflect.ownKeys(fetch).filter((key) => !String(key).startsWith('__')).sort().join());
const mine = async () => 'mine';
globalThis.fetch = mine;
console.log(globalThis.fetch === mine, fetch === mine);
globalThis.fetch = fetch;
console.log(Object.keys(globalThis).includes('fetch'));
const pending = fetch('data:,x');
console.log(pending.constructor === Promise, pending instanceof Promise);
const dispatcher = Symbol.for('undici.globalDispatcher.1');
console.log(globalThis[dispatcher].eventNames());
const undici = require('undici');
for (const [object, name] of [[undici, 'request'], [undici, 'fetch'], [undici.Client.prototype, 'dispatch'], [undici.Dispatcher.prototype, 'request'], [undici.MockAgent.prototype, 'get']])
  console.log(object[name].name, object[name].length, String(object[name]).length, Object.keys(undici).join());
`;

const crowd = `
const undici = require('undici'), url = 'http://127.0.0.1:' + process.argv[2] + '/text?n=';
const pool = new undici.Pool('http://127.0.0.1:' + process.argv[2], { connections: 3 });
const tasks = {
  async byFetch(n) { await new Promise(setImmediate); return (await fetch(url + n)).text(); },
  async byRequest(n) { return (await undici.request(url + n)).body.text(); },
  async byPool(n) { await new Promise(setImmediate); return (await pool.request({ path: '/text?n=' + n, method: 'GET' })).body.text(); },
};
(async () => {
  for (const task of Object.values(tasks)) await Promise.all(Array.from({ length: 100 }, (_, n) => task(n)));
  await pool.close();
  console.log('done');
})();
`;

const rejections = [
  `fetch('//nowhere')`,
  `fetch('gopher://x')`,
  `fetch('http://127.0.0.1:1/')`,
  `fetch('http://127.0.0.1:' + process.argv[2])`,
  `fetch('http://127.0.0.1/', { signal: AbortSignal.abort() })`,
  `fetch('http://127.0.0.1/', { signal: AbortSignal.abort(new Error('mine')) })`,
  `require('undici').request('http://127.0.0.1:1', { method: '?' })`,
  `require('undici').request('http://127.0.0.1:' + process.argv[2])`,
  `require('undici').fetch('//nowhere')`,
];

/** Which connection of a pool is free first is a matter of chance: its requests are told apart from it. */
function withoutTurns(connections: string[]): unknown {
  const isPooled = (text: string): boolean => /^GET \/[1-4] HTTP/m.test(text);
  const pooled = connections.filter(isPooled);
  return {
    connections: connections.filter((text) => !isPooled(text)),
    pooled: { connections: pooled.length, requests: pooled.flatMap((text) => text.split(/(?=^GET \/)/m)).sort() },
  };
}

/** Those that are tried as the last thing a process does. */
const fatal = [0, 3, 5, 6];

describe.each(nodes())('on Node $version', ({ path, label, major }) => {
  test('fetch and undici send the same bytes over the same number of connections', async () => {
    for (const version of { 20: [6], 22: [7], 24: [6, 7, 8] }[major] ?? [8]) {
      const { bare, traced } = withUndici({ 'app.cjs': sender }, version);
      const outcome = async (run: typeof bare): Promise<unknown> => {
        const recorder = await recordBytes();
        const { stdout, stderr, code } = await run(path, ['app.cjs', String(recorder.port)]);
        await recorder.close();
        return { stdout, stderr, code, bytes: withoutTurns(recorder.bytes()) };
      };
      const [plain, recorded] = await Promise.all([outcome(bare), outcome(traced)]);
      expect(plain).toMatchObject({
        ...{ code: 0, stderr: '' },
        stdout: expect.stringMatching(/^(200 ok\n){21}okok\nok ok ok ok\n$/) as string,
      });
      expect(recorded).toEqual(plain);
    }
  });

  test('a slow reader of a large body holds the sender up, and the memory stays the same', async () => {
    const bytes = label === '24' ? 1e9 : 1e8;
    const { bare, traced } = programs({ 'app.cjs': memory });
    const args = ['app.cjs', String(endpoints.port), String(bytes)];
    // When the garbage of so many chunks is collected differs from run to run by about as much as is allowed.
    let recorded = await traced(path, args);
    const grown = async (): Promise<number> =>
      Number(recorded.stdout.split(' ')[1]) - Number((await bare(path, args)).stdout.split(' ')[1]);
    let kilobytes = await grown();
    for (let tries = 1; kilobytes >= 50 * 1024 && tries < 3; tries++) {
      recorded = await traced(path, args);
      kilobytes = await grown();
    }
    expect(recorded.stdout).toMatch(new RegExp(`^${bytes} \\d+\n$`));
    expect(kilobytes).toBeLessThan(50 * 1024);
    const [end] = recorded.records.filter((record) => record.type === 'http_response');
    expect(end).toMatchObject({ bytes_in: bytes, response_body: { size: bytes, truncated: true } });
  });

  test('a body that nobody reads is not drained', async () => {
    const { bare, traced } = withUndici({ 'app.cjs': unread }, 7);
    const args = ['app.cjs', String(endpoints.port)];
    const [plain, { records, ...result }] = await Promise.all([bare(path, args), traced(path, args)]);
    expect(plain.stdout).toMatch(/^true false false\ntrue (null|false) false 0 \d+\n$/);
    expect(result).toEqual(plain);
    const aborted = (client: string): string =>
      expect.stringMatching(
        new RegExp(`^${client}.* GET /large\\?bytes=200000000 ! 200 "xxx.* truncated \\(\\d+\\) \\w+ aborted$`),
      ) as string;
    expect(exchangeText(records, endpoints.origin)).toEqual([aborted('.*fetch'), aborted('.*undici')]);
  });

  test('functions look as before', async () => {
    const { bare, traced } = withUndici({ 'app.cjs': looks }, 7);
    const plain = await bare(path, ['app.cjs']);
    expect(plain.stdout.split('\n').length).toBeGreaterThan(9);
    const { stdout, stderr, code, signal } = await traced(path, ['app.cjs']);
    expect({ stdout, stderr, code, signal }).toEqual(plain);
  });

  test('100 requests at once hang below the call that made each', async () => {
    const { traced } = withUndici({ 'app.cjs': crowd }, 6);
    const { records, stdout, stderr } = await traced(path, ['app.cjs', String(endpoints.port)]);
    expect({ stdout, stderr }).toEqual({ stdout: 'done\n', stderr: '' });
    const callers = new Map(
      records.flatMap((record) => (record.type === 'call' ? [[record.id, record] as const] : [])),
    );
    const requests = records.filter((record) => record.type === 'http_request');
    expect(requests.length).toBe(300);
    const wrong = requests.filter(({ parent, url, client }) => {
      const { func, args_preview } = callers.get(parent!)!;
      return (
        JSON.stringify(args_preview.n) !== url.split('=')[1] || (client === 'fetch') !== (func === 'tasks.byFetch')
      );
    });
    expect(wrong).toEqual([]);
    expect(new Set(requests.map(({ parent }) => parent)).size).toBe(300);
    expect(new Set(requests.map(({ call }) => call)).size).toBe(300);
  });

  test('a rejection that nobody handles is told of as before', async () => {
    const { bare, traced } = withUndici(
      {
        'fatal.cjs': `(async () => { switch (process.argv[3]) {${rejections.map((code, index) => `case '${index}': await ${code};`).join('\n')} } })();`,
        'told.cjs': `const made = [${rejections.join(', ')}];
          process.on('unhandledRejection', (error, promise) => console.log('unhandled', made.indexOf(promise), error.name, error.message, error.cause?.message));
          process.on('rejectionHandled', (promise) => console.log('handled', made.indexOf(promise)));
          setTimeout(() => made.forEach((promise) => promise.catch(() => undefined)), 300);`,
      },
      7,
    );
    const outcome = async (args: string[]): Promise<[plain: unknown, recorded: unknown, errors: number]> => {
      const [plain, { records, ...recorded }] = await Promise.all([bare(path, args), traced(path, args)]);
      // Stacks have a frame of ours, and are cut after ten.
      const withoutStacks = ({ stdout, stderr, code }: typeof plain): object => ({
        ...{ code, stdout: stdout.split('\n').sort() },
        stderr: stderr.split('\n').filter((line) => !/^\s+at /.test(line)),
      });
      const errors = records.filter((record) => record.type === 'http_error').length;
      return [withoutStacks(plain), withoutStacks(recorded), errors];
    };
    const port = String(endpoints.closedPort);
    const [plain, recorded, errors] = await outcome(['told.cjs', port]);
    expect(plain).toMatchObject({ code: 0, stderr: [''] });
    expect((plain as { stdout: string[] }).stdout.length).toBe(rejections.length * 2 + 1);
    expect(recorded).toEqual(plain);
    expect(errors).toBe(rejections.length);
    await eachAtOnce(fatal, 2, async (index) => {
      const [alone, below] = await outcome(['fatal.cjs', port, String(index)]);
      expect(alone).toMatchObject({ code: 1 });
      expect(below).toEqual(alone);
    });
  });
});
