import { call, processStart, request, response, returned } from '../helpers/records.js';
import { outline, traceOf } from '../helpers/reading.js';

const client = { socket: { local_address: '::1', local_port: 5000, remote_address: '::1', remote_port: 80 } } as object;
const server = { socket: { local_address: '::1', local_port: 80, remote_address: '::1', remote_port: 5000 } } as object;
const other = { proc: 'bbbbbbbb' };
const asked = (id: number, parent: number | null, us: number, extra: object = {}) =>
  request(id, parent, us, { url: 'http://localhost/cart/1', ...extra });
const served = (id: number, us: number, extra: object = {}) =>
  request(id, null, us, { side: 'server', url: 'http://127.0.0.1/cart/1', ...server, ...extra });

test('by the ports: test, request, answer and handler are one tree', () => {
  const name = 'a.test.js > gets';
  const trace = traceOf(
    call(1, null, 0, { test: name }),
    asked(2, 1, 1, { test: name }),
    ...[served(3, 2), call(4, 3, 3), returned(4, 4), response(3, 5)],
    response(2, 6, { dt_ns: 5000, ...client }),
  );
  expect(outline(trace)).toEqual(['f1', '  client GET', '    server GET', '      f4']);
  expect(trace.exchanges.map((exchange) => exchange.other)).toEqual([2, 1]);
  expect(trace.tests[trace.testOf(3)].name).toBe(name);
});

test('in two processes, whose clocks differ a little', () => {
  const trace = traceOf(
    processStart(),
    processStart({ ...other, pid: 8 }),
    call(1, null, 0),
    asked(2, 1, 1000),
    ...[served(1, 500, other), call(2, 1, 600, other)],
    response(2, 2000, { dt_ns: 1_000_000, ...client }),
  );
  expect(outline(trace)).toEqual(['f1', '  client GET', '    server GET', '      f2']);
});

test('over one connection, each answer goes to the request that was open then', () => {
  const trace = traceOf(
    ...[asked(1, null, 0), served(2, 1), response(2, 2), response(1, 3, { dt_ns: 3000, ...client })],
    ...[asked(3, null, 10), served(4, 11), response(4, 12), response(3, 13, { dt_ns: 3000, ...client })],
  );
  expect(trace.exchanges.map((exchange) => exchange.other)).toEqual([1, 0, 3, 2]);
});

test('not where the ports are of an earlier connection, or the path is another', () => {
  const early = traceOf(asked(1, null, 0), response(1, 1, { dt_ns: 1000, ...client }), served(2, 90_000));
  expect(early.exchanges.map((exchange) => exchange.other)).toEqual([-1, -1]);
  const path = traceOf(
    asked(1, null, 0),
    served(2, 1, { url: 'http://a/b' }),
    response(1, 2, { dt_ns: 2000, ...client }),
  );
  expect(path.exchanges.map((exchange) => exchange.other)).toEqual([-1, -1]);
});

test('by the traceparent, wherever the two are', () => {
  const ids = { trace_id: 'a'.repeat(32), flags: '01' };
  const trace = traceOf(
    asked(1, null, 0, { trace: { ...ids, span_id: 'b'.repeat(16) } }),
    served(1, 900_000, { ...other, socket: undefined, trace: { ...ids, parent_id: 'b'.repeat(16) } }),
  );
  expect(outline(trace)).toEqual(['client GET', '  server GET']);
});

test('without ports, in one process, where only one request can have led to it', () => {
  const url = { url: 'http://localhost/cart/1', socket: undefined };
  const single = traceOf(asked(1, null, 0), served(2, 1, url), response(2, 2), response(1, 3, { dt_ns: 3000 }));
  expect(outline(single)).toEqual(['client GET', '  server GET']);
  const two = traceOf(asked(1, null, 0), asked(2, null, 1), served(3, 2, url), response(1, 9, { dt_ns: 9000 }));
  expect(outline(two)).toEqual(['client GET', 'client GET', 'server GET']);
});

test('a request without an answer, whose ports are not known, by method and url', () => {
  const url = { url: 'http://localhost/cart/1' };
  const open = traceOf(asked(1, null, 0), served(2, 1, url), call(3, 2, 2));
  expect(outline(open)).toEqual(['client GET', '  server GET', '    f3']);
  const elsewhere = traceOf(asked(1, null, 0, { url: 'http://localhost/cart/2' }), served(2, 1, url));
  expect(outline(elsewhere)).toEqual(['client GET', 'server GET']);
});

test('a made-up file does not become a ring', () => {
  const trace = traceOf(served(1, 5), asked(2, 1, 5), response(2, 9, { dt_ns: 4000, ...client }));
  expect(outline(trace)).toEqual(['server GET', '  client GET']);
});

test('a request that a test returned and that is sent when it is awaited belongs to the test', () => {
  const test = { test: 'a.test.js > gets' };
  const trace = traceOf(
    ...[call(1, null, 0, test), returned(1, 1)],
    ...[asked(2, null, 2), served(3, 3), call(4, 3, 4, test), returned(4, 5), response(3, 6)],
    response(2, 7, { dt_ns: 5000, ...client }),
    asked(5, null, 8),
  );
  expect([...trace.rootsOfTest(0)]).toEqual([0, 1]);
  expect([1, 2].map((node) => trace.exchangeOf(node)!.side)).toEqual(['client', 'server']);
  expect([0, 1, 2, 3, 4].map((node) => trace.scopeOf(node).test)).toEqual([0, 0, 0, 0, -1]);
});
