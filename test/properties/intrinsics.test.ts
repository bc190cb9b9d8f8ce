import { nodes } from '../helpers/node-versions.js';
import { eachAtOnce, programs } from '../helpers/programs.js';
import type { TraceRecord } from '../../src/trace-format.js';

// Each function of each built-in is replaced, one after the other in one process, by one that counts its calls and is recorded
// itself. The counts, what the program prints and what is recorded of it must be as if it had been alone.

const NAMES =
  'Array Object Map Set WeakMap WeakSet Number String RegExp JSON Reflect Promise Math Function Date Error Symbol ' +
  'Buffer ArrayBuffer DataView Uint8Array Float64Array TypedArray process EventEmitter AsyncLocalStorage types';

const { bare, traced } = programs({
  'spied.cjs': `
const { EventEmitter } = require('events');
const { AsyncLocalStorage } = require('async_hooks');
const { types } = require('util');
const { writeSync } = require('fs');
const TypedArray = Object.getPrototypeOf(Uint8Array);
const extra = { EventEmitter, AsyncLocalStorage, types, TypedArray };
const { apply, construct, ownKeys, defineProperty, getOwnPropertyDescriptor } = Reflect;
// What the program below does not use, and Node cannot do without while it is replaced.
const left = new Set(['constructor', 'prototype', 'caller', 'arguments', 'callee']);

function work(n) {
  const cart = { items: [1, 2, n], user: 'ada', when: new Date(0), tags: new Set(['a']), map: new Map([['k', 1]]) };
  try { fail(cart, 'x'.repeat(300) + '\\u00e9"'); } catch (error) {}
  return total(cart.items, { password: 'geheim', deep: [{ a: { b: [1.5, -0, 12345678901] } }] });
}
function total(items, options) { let sum = 0; for (let i = 0; i < items.length; i++) sum += items[i]; return sum; }
function fail(cart, text) { throw new TypeError(text); }
async function later(n) { await null; return work(n); }

function places() {
  const all = [];
  for (const name of ${JSON.stringify(NAMES.split(' '))}) {
    const holder = extra[name] ?? globalThis[name];
    for (const [object, path] of [[holder, name], [holder.prototype, name + '.prototype']]) {
      if (object === undefined || object === null) continue;
      for (const key of ownKeys(object)) {
        const own = getOwnPropertyDescriptor(object, key);
        if (left.has(key) || !own.configurable || typeof own.value !== 'function') continue;
        all.push({ object, key, own, path: path + '.' + String(key) });
      }
    }
  }
  return all;
}

/** It is recorded, as all that the program defines. */
function spy(place, counts) {
  const original = place.own.value;
  function replacement(...args) { counts.calls++; return new.target ? construct(original, args) : apply(original, this, args); }
  return replacement;
}

const [from, to] = process.env.RANGE.split('-').map(Number);
const all = places();
const lines = [];
(async () => {
  for (let i = from; i < to && i < all.length; i++) {
    const place = all[i];
    const counts = { calls: 0 };
    defineProperty(place.object, place.key, { ...place.own, value: spy(place, counts) });
    let result;
    try {
      result = work(i) + (await later(i));
      // Time for a drain, in the midst of it.
      const flush = globalThis[Symbol.for('handit')]?.flush;
      if (flush) flush();
    } finally {
      defineProperty(place.object, place.key, place.own);
    }
    lines.push(place.path + ' ' + counts.calls + ' ' + result);
  }
  writeSync(1, lines.join('\\n') + '\\n' + all.length + '\\n');
})();
`,
});

const STEP = 150;

describe.each(nodes().filter((_, index, { length }) => index === 0 || index === length - 1))(
  'on Node $major',
  ({ path: node }) => {
    test('no function that a program puts in the place of a built-in one is called by handit', async () => {
      const size = Number((await bare(node, ['spied.cjs'], { env: { RANGE: '0-0' } })).stdout);
      expect(size).toBeGreaterThan(500);
      const ranges = Array.from({ length: Math.ceil(size / STEP) }, (_, i) => `${i * STEP}-${(i + 1) * STEP}`);
      const results = await eachAtOnce(ranges, 2, async (RANGE) => {
        const alone = await bare(node, ['spied.cjs'], { env: { RANGE } });
        const { records, ...run } = await traced(node, ['spied.cjs'], { env: { RANGE, HANDIT_MAX_CALLS: '0' } });
        return { alone, run, records };
      });
      let lines = 0;
      for (const { alone, run, records } of results) {
        expect(alone).toMatchObject({ code: 0, stderr: '' });
        expect(run).toEqual(alone);
        const own = alone.stdout.trimEnd().split('\n').slice(0, -1);
        lines += own.length;
        const counted = own.reduce((sum, line) => sum + Number(line.split(' ').at(-2)), 0);
        expect(callsOf(records, 'replacement')).toHaveLength(counted);
        expect(callsOf(records, 'work')).toHaveLength(own.length * 2);
        expect(callsOf(records, 'total').every((call) => JSON.stringify(call.args_preview) !== '{}')).toBe(true);
        expect(
          new Set(callsOf(records, 'total').map(({ args_preview }) => JSON.stringify(args_preview.options))),
        ).toEqual(
          new Set(['{"password":"<redacted>","deep":[{"a":{"b":{"$type":"Array","length":3,"hash":"e3941520"}}}]}']),
        );
      }
      expect(lines).toBe(size);
    }, 300_000);
  },
);

function callsOf(records: TraceRecord[], func: string) {
  return records.flatMap((record) => (record.type === 'call' && record.func === func ? [record] : []));
}
