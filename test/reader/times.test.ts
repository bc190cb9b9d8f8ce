import { timesOf } from '../../src/reader/times.js';
import { call, request, response, returned } from '../helpers/records.js';
import { traceOf } from '../helpers/reading.js';

const us = (...values: number[]) => values.map((value) => value * 1000);

test('own time is what no child was running, also where children overlap, outlive it or never end', () => {
  const { own } = timesOf(
    traceOf(
      ...[call(1, null, 0), call(2, 1, 1), call(3, 1, 2), returned(2, 4, { dt_ns: 3000 })],
      ...[returned(3, 5, { dt_ns: 3000 }), call(4, 1, 8), returned(1, 10, { dt_ns: 10_000 })],
      ...[returned(4, 20, { dt_ns: 12_000 }), call(5, null, 30), call(6, 5, 33), returned(5, 40, { dt_ns: 10_000 })],
    ),
  );
  expect([...own]).toEqual([...us(4, 3, 3, 12, 3), -1]);
});

test('own time of a call leaves out the exchanges it made', () => {
  const trace = traceOf(
    ...[call(1, null, 0), request(2, 1, 2), response(2, 8, { dt_ns: 6000 }), returned(1, 10, { dt_ns: 10_000 })],
  );
  expect(timesOf(trace).own[0]).toBe(4000);
});

test('of a recursion the outermost call counts', () => {
  const f = { func: 'f', line: 1 };
  const trace = traceOf(call(1, null, 0, f), call(2, 1, 1), call(3, 2, 2, f), call(4, 1, 3, f), call(5, null, 9, f));
  expect([...timesOf(trace).outermost]).toEqual([1, 1, 0, 0, 1]);
});
