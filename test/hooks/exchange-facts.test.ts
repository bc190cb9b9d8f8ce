import type { BodyPreview, HttpError, HttpRequest, HttpResponse, TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

/** One server with an answer of each kind; each is asked by `http`, `fetch` and, where it is recorded, `http2`. */
const program = `
const http = require('http'), http2 = require('http2'), zlib = require('zlib');
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const item = (id) => ({ id, name: 'item ' + id });
let headSeen;
/** Until the client has the head, and then some time. */
const afterHead = () => new Promise((done) => (headSeen = done)).then(() => wait(120));
const answers = {
  async '/slow'(response) {
    await wait(60);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('first');
    await afterHead();
    response.end('last');
  },
  async '/early'(response) {
    response.setHeader('content-type', 'text/plain');
    response.flushHeaders();
    await afterHead();
    response.end('late');
  },
  async '/stream'(response) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let n = 0; n < 5; n++) {
      response.write('data: {"n":' + n + ',"text":"' + 'x'.repeat(30000) + '"}\\n\\n');
      await wait(10);
    }
    response.end('data: {"usage":{"total_tokens":7}}\\n\\n');
  },
  '/long'(response) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ items: Array.from({ length: 5000 }, (_, id) => item(id)), total: 5000 }));
  },
  '/broken'(response) {
    const whole = zlib.gzipSync(JSON.stringify(Array.from({ length: 500 }, (_, id) => item(id * 7919))));
    const cut = whole.subarray(0, whole.length - 200);
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': cut.length });
    response.end(cut);
  },
};
const server = http.createServer((request, response) => {
  request.resume().on('end', () => (answers[request.url] ?? answers['/stream'])(response));
}).listen(0, '127.0.0.1', main);
const get = (url, body) => new Promise((done, failed) => {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const request = http.request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
    headSeen?.();
    let size = 0;
    response.on('data', (chunk) => (size += chunk.length)).on('end', () => done(size)).on('error', failed);
  });
  request.on('error', failed);
  request.end(body);
});
async function byHttp2() {
  const plain = http2.createServer((request, response) => response.end('two')).listen(0, '127.0.0.1');
  await new Promise((done) => plain.once('listening', done));
  const session = http2.connect('http://127.0.0.1:' + plain.address().port);
  await new Promise((done) => session.request({ ':path': '/two' }).on('end', done).resume().end());
  session.close();
  plain.close();
}
async function main() {
  const origin = 'http://127.0.0.1:' + server.address().port;
  for (const path of Object.keys(answers)) console.log(path, await get(origin + path));
  for (const path of ['/slow', '/stream', '/long']) {
    const response = await fetch(origin + path);
    headSeen?.();
    console.log(path, (await response.arrayBuffer()).byteLength);
  }
  const messages = Array.from({ length: 50 }, (_, n) => ({ role: 'user', content: n + ' ' + 'y'.repeat(5000) }));
  const asked = [
    ['/messages', { messages, model: 'm' }],
    ['/responses', { model: 'm', input: messages, nested: { contents: 1 } }],
    ['/v1/models/g:generate', { contents: messages }],
    ['/none', { model: 'm', nested: { messages } }],
    ['/neither', { messages }],
  ];
  for (const [path, body] of asked) console.log(path, await get(origin + path, JSON.stringify(body)));
  await (await fetch(origin + '/fetched', { method: 'POST', body: JSON.stringify({ model: 'm', messages }) })).text();
  await byHttp2();
  server.close();
  server.closeAllConnections?.();
}
`;

interface Exchange {
  request: HttpRequest;
  end: HttpResponse | HttpError;
}

function exchanges(records: readonly TraceRecord[]): Exchange[] {
  return records
    .filter((record) => record.type === 'http_request')
    .map((request) => {
      const ends = records.filter(
        (record): record is HttpResponse | HttpError =>
          (record.type === 'http_response' || record.type === 'http_error') && record.id === request.id,
      );
      expect(ends).toHaveLength(1);
      return { request, end: ends[0] };
    });
}

const pathOf = ({ request }: Exchange): string => new URL(request.url).pathname;
const requestBody = ({ request, end }: Exchange): BodyPreview => (request.request_body ?? end.request_body)!;

describe.each(nodes())('on Node $version', ({ path, version }) => {
  const { bare, traced } = programs({ 'app.cjs': program });
  const [major, minor] = version.split('.').map(Number);
  const hasHttp2 = major > 22 || (major === 22 && minor >= 17);
  let all: Exchange[] = [];
  beforeAll(async () => {
    const plain = await bare(path, ['app.cjs']);
    expect(plain).toMatchObject({ stderr: '', code: 0 });
    const { records, ...result } = await traced(path, ['app.cjs']);
    expect(result).toEqual(plain);
    all = exchanges(records);
    expect(all).toHaveLength(hasHttp2 ? 30 : 28);
  });
  const of = (name: string, side: string): Exchange[] =>
    all.filter((exchange) => pathOf(exchange) === name && exchange.request.side === side);

  test('both sides of an exchange name the two ends of its connection', () => {
    for (const client of all.filter(({ request }) => request.side === 'client')) {
      const name = pathOf(client);
      const mirrored = of(name, 'server').map(({ request }) => request.socket!);
      const { local_address, local_port, remote_address, remote_port } = client.end.socket!;
      expect([local_address, remote_address]).toEqual(['127.0.0.1', '127.0.0.1']);
      expect(mirrored).toContainEqual({
        ...{ local_address: remote_address, local_port: remote_port },
        ...{ remote_address: local_address, remote_port: local_port },
      });
      expect(client.request).not.toHaveProperty('socket');
    }
  });

  test('the time to the first byte is that of the head', () => {
    for (const { request, end } of all) {
      expect(end.ttfb_ns).toBeGreaterThan(0);
      expect(end.ttfb_ns).toBeLessThanOrEqual(end.dt_ns);
      const name = new URL(request.url).pathname;
      const [wait, rest] = name === '/slow' ? [60, 120] : name === '/early' ? [0, 120] : [0, 0];
      expect(end.ttfb_ns! / 1e6).toBeGreaterThan(wait - 2);
      expect((end.dt_ns - end.ttfb_ns!) / 1e6).toBeGreaterThan(rest - 2);
    }
  });

  test('streams have both ends, their size and the number of their pieces', () => {
    const streams = of('/stream', 'server');
    expect(streams).toHaveLength(2);
    for (const { end } of [...streams, ...of('/stream', 'client')]) {
      const body = end.response_body!;
      expect(body.size).toBe(
        5 * (30_000 + '{"n":0,"text":""}'.length + 'data: \n\n'.length) +
          'data: {"usage":{"total_tokens":7}}\n\n'.length,
      );
      expect(body.chunks).toBeGreaterThanOrEqual(6);
      expect(body.text).toMatch(/^data: \{"n":0,/);
      expect(body.tail).toMatch(/data: \{"usage":\{"total_tokens":7\}\}\n\n$/);
      expect(body.text!.length + body.omitted! + body.tail!.length).toBe(body.size);
    }
    for (const { end } of streams) expect(end.response_body!.chunks).toBe(6);
  });

  test('long JSON has its beginning and its end', () => {
    for (const { end } of [...of('/long', 'server'), ...of('/long', 'client')]) {
      const body = end.response_body!;
      expect(body).toMatchObject({ truncated: true, tail: '],"total":5000}'.slice(1) });
      expect(body.text).toHaveLength(12_288);
      expect(body.size).toBe(12_288 + body.omitted! + body.tail!.length);
    }
  });

  test('a compressed body that breaks off is truncated', () => {
    const both = [...of('/broken', 'server'), ...of('/broken', 'client')];
    expect(both).toHaveLength(2);
    for (const { end } of both) expect(end.response_body).toMatchObject({ truncated: true, encoding: 'gzip' });
  });

  test('of an exchange with a language model all is kept', () => {
    for (const name of ['/messages', '/responses', '/v1/models/g:generate', '/fetched']) {
      for (const side of ['client', 'server']) {
        const [exchange, more] = of(name, side);
        expect(more).toBeUndefined();
        expect(requestBody(exchange)).toMatchObject({ truncated: false });
        expect(JSON.stringify(requestBody(exchange).json)).toMatch(/"content":"49 y{5000}"/);
        const { size, text } = exchange.end.response_body!;
        expect(text).toHaveLength(size);
      }
    }
  });

  test('of another one, which names the same keys elsewhere, as much as of all', () => {
    for (const name of ['/none', '/neither']) {
      for (const side of ['client', 'server']) {
        const [exchange] = of(name, side);
        expect(requestBody(exchange).text).toHaveLength(12_288);
        expect(exchange.end.response_body!.text).toHaveLength(12_288);
      }
    }
  });
});
