import { randomInt } from 'node:crypto';
import { COLUMNS, indexFrom, type IndexData } from '../../src/reader/index-data.js';
import { packIndex, unpackIndex } from '../../src/reader/pack-index.js';
import { indexDataOf } from '../../src/reader/take-index.js';
import { openTrace } from '../../src/reader/node/open-trace.js';
import { Trace } from '../../src/reader/trace.js';
import { join } from 'node:path';
import { redShop } from '../helpers/shop.js';

test('an index that was packed is the same when it is unpacked', async () => {
  const trace = await openTrace(join(await redShop(), 'red.jsonl'));
  const data = indexDataOf(trace);
  expect(data.count).toBeGreaterThan(10);
  const again = unpackIndex(packIndex(data));
  for (const name of COLUMNS) expect([...again.columns[name]]).toEqual([...data.columns[name].subarray(0, data.count)]);
  expect(again.settles).toEqual(data.settles);
  expect(again.tables).toEqual(JSON.parse(JSON.stringify(data.tables)));

  const other = new Trace(indexFrom(again), []);
  expect(other.roots).toEqual(trace.roots);
  expect(other.missing).toEqual(trace.missing);
  for (let node = 0; node < trace.nodes.count; node++) {
    expect(other.nodeNamed(trace.nameOf(node))).toBe(node);
    expect(other.placesOf(node)).toEqual(trace.placesOf(node));
    expect(other.testOf(node)).toBe(trace.testOf(node));
  }
});

test('a packed column may hold any number of its kind, in any order', async () => {
  const { tables } = indexDataOf(await openTrace(join(await redShop(), 'red.jsonl')));
  const count = 3000;
  const of = (least: number, most: number): number[] =>
    Array.from({ length: count }, (_, row) => (row === 0 ? least : row === 1 ? most - 1 : randomInt(least, most)));
  const columns: IndexData['columns'] = {
    ...{ id: Uint32Array.from(of(0, 2 ** 32)), parent: Int32Array.from(of(-1, 2 ** 31)) },
    ...{ func: Int32Array.from(of(0, 2 ** 31)), scope: Int32Array.from(of(0, 2 ** 31)) },
    ...{ t0: Float64Array.from(of(0, 2 ** 47)), dt: Float64Array.from(of(-1, 2 ** 46)) },
    ...{ flags: Uint16Array.from(of(0, 2 ** 16)), beginAt: Float64Array.from(of(-1, 2 ** 40)) },
    ...{ beginLength: Uint32Array.from(of(0, 2 ** 26)), endAt: Float64Array.from(of(-1, 2 ** 40)) },
    // As expected throughout.
    endLength: new Uint32Array(count).fill(1),
  };
  const settles = {
    ...{ node: Int32Array.of(0, 7, 2999), at: Float64Array.of(0, 2 ** 40, 5) },
    ...{ length: Uint32Array.of(1, 2, 3), dt: Float64Array.of(-1, 0, 2 ** 45) },
  };
  const data = { count, columns, settles, tables };
  const again = unpackIndex(packIndex(data));
  for (const name of COLUMNS) expect(again.columns[name]).toEqual(columns[name]);
  expect(again.settles).toEqual(settles);
});
