import { ofType } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const trace = 'ab'.repeat(16);
const parent = 'cd'.repeat(8);

const SERVER = `
  const http = require('node:http');
  const { session } = require('handit');
  const get = (options) => new Promise((done, failed) =>
    http.get({ agent: false, ...options }, (r) => { let text = ''; r.on('data', (d) => (text += d)).on('end', () => done(text)); }).on('error', failed));
  const inner = http.createServer((request, response) => response.end(String(request.headers.traceparent)));
  const outer = http.createServer(async (request, response) => {
    await null;
    response.end(await get({ port: inner.address().port }));
  });
  inner.listen(0, () => outer.listen(0, async () => {
    const port = outer.address().port;
    console.log(await get({ port, headers: { traceparent: '00-${trace}-${parent}-00' } }));
    for (const wrong of ['00-${'0'.repeat(32)}-${parent}-01', 'ff-${trace}-${parent}-01', '00-${trace}-${parent}-01-x', 'nonsense'])
      await get({ port, headers: { traceparent: wrong } });
    console.log(await get({ port: inner.address().port, headers: ['host', 'x', 'traceparent', '00-${trace}-${parent}-01'] }));
    await session({ tag: 's' }, () => get({ port: inner.address().port }));
    inner.close(); outer.close();
  }));
`;

describe.each(nodes())('on Node $label', ({ path }) => {
  test('an incoming traceparent is kept, and none is sent', async () => {
    const { records, stdout, stderr } = await programs({ 'app.cjs': SERVER }).traced(path, ['app.cjs']);
    expect([stdout, stderr]).toEqual([`undefined\n00-${trace}-${parent}-01\n`, '']);
    const requests = ofType(records, 'http_request');
    const traced = requests.filter((request) => request.trace);
    const kept = { trace_id: trace, parent_id: parent };
    expect(traced).toMatchObject([
      { side: 'server', trace: { ...kept, flags: '00' } },
      { side: 'server', trace: { ...kept, flags: '01' } },
    ]);
    const ends = ofType(records, 'http_response').filter((response) => response.trace);
    expect(ends.map(({ id }) => id).sort()).toEqual(traced.map(({ id }) => id).sort());
    expect(requests).toHaveLength(24);
  });

  test('HANDIT_PROPAGATE sends it with fetch and undici too, unless the program has set its own', async () => {
    const source = `
      const http = require('node:http');
      const server = http.createServer((request, response) => response.end(String(request.headers.traceparent)));
      server.listen(0, async () => {
        const url = 'http://localhost:' + server.address().port;
        console.log(await (await fetch(url)).text());
        console.log(await (await fetch(url, { headers: { Traceparent: '00-${trace}-${parent}-01' } })).text());
        server.close();
        server.closeAllConnections();
      });
    `;
    const env = { HANDIT_PROPAGATE: 'true' };
    const { records, stdout, stderr } = await programs({ 'app.cjs': source }).traced(path, ['app.cjs'], { env });
    const [sent, own] = stdout.split('\n');
    expect([stderr, own]).toEqual(['', `00-${trace}-${parent}-01`]);
    const [first] = ofType(records, 'http_request').filter(({ side }) => side === 'client');
    expect(sent).toBe(`00-${first.trace?.trace_id}-${first.trace?.span_id}-01`);
    expect(first.headers.traceparent).toBe(sent);
  });

  test('HANDIT_PROPAGATE sends the trace on, as a child of it', async () => {
    const env = { HANDIT_PROPAGATE: 'true' };
    const { records, stdout, stderr } = await programs({ 'app.cjs': SERVER }).traced(path, ['app.cjs'], { env });
    const [passedOn, own] = stdout.split('\n');
    expect([stderr, own]).toEqual(['', `00-${trace}-${parent}-01`]);
    const [, id, span, flags] = passedOn.split('-');
    expect([id, span === parent, flags]).toEqual([trace, false, '00']);
    const requests = ofType(records, 'http_request');
    const bySpan = requests.filter((request) => request.trace?.span_id === span);
    expect(bySpan).toMatchObject([{ side: 'client', trace: { trace_id: trace, parent_id: parent, flags: '00' } }]);
    expect(requests.filter((request) => request.trace?.parent_id === span)).toMatchObject([{ side: 'server' }]);
    // Every other request begins a trace of its own.
    const last = requests.filter(({ side }) => side === 'client').at(-1)!;
    expect(last.trace).toEqual({
      ...{ trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, flags: '01' },
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    expect(last.trace!.trace_id).not.toBe(trace);
  });
});

test('a request over HTTP/2 keeps its traceparent too', async () => {
  const source = `
    const http2 = require('node:http2');
    const server = http2.createServer((request, response) => response.end()).listen(0, () => {
      const client = http2.connect('http://localhost:' + server.address().port);
      const stream = client.request({ ':path': '/', traceparent: '00-${trace}-${parent}-01' });
      stream.resume().on('end', () => { client.close(); server.close(); }).end();
    });
  `;
  const { records } = await programs({ 'app.cjs': source }).traced(nodes().at(-1)!.path, ['app.cjs']);
  expect(ofType(records, 'http_request').find(({ side }) => side === 'server')).toMatchObject({
    ...{ client: 'http2', trace: { trace_id: trace, parent_id: parent, flags: '01' } },
  });
});

test('the active span of OpenTelemetry is on requests and sessions', async () => {
  // What @opentelemetry/api 1.x puts where others find it.
  const source = `
    const http = require('node:http');
    const { session } = require('handit');
    const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');
    let active = new Map();
    globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.9.0', context: { active: () => ({ getValue: (key) => active.get(key) }) } };
    const server = http.createServer((request, response) => response.end()).listen(0, () => {
      active = new Map([[SPAN, { spanContext: () => ({ traceId: '${trace}', spanId: '${parent}', traceFlags: 1 }) }]]);
      const request = http.get({ port: server.address().port, agent: false }, (r) => r.resume().on('end', () => {
        session({ tag: 'in' }, () => {});
        active = new Map([[SPAN, { spanContext() { throw new Error('broken'); } }]]);
        session({ tag: 'out' }, () => {});
        server.close();
      }));
    });
  `;
  const { records, stderr } = await programs({ 'app.cjs': source }).traced(process.execPath, ['app.cjs']);
  expect(stderr).toBe('');
  const otel = { trace_id: trace, span_id: parent };
  expect(ofType(records, 'http_request').find(({ side }) => side === 'client')).toMatchObject({ otel });
  expect(ofType(records, 'session_start').map((start) => [start.tag, start.otel])).toEqual([
    ['in', otel],
    ['out', undefined],
  ]);
});
