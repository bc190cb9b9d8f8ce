import { join } from 'node:path';
import type { TraceRecord } from '../../src/trace-format.js';
import { nodes } from '../helpers/node-versions.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

const trace = 'handit_events.jsonl';
const only = <T extends TraceRecord['type']>(records: TraceRecord[], type: T) =>
  records.filter((record) => record.type === type) as Extract<TraceRecord, { type: T }>[];

/** What the same program answers bare and under handit, and its trace. */
async function run(files: Record<string, string>, entry: string, node = process.execPath) {
  const cwd = tempProject(files);
  const bare = await runNode(node, [entry], { cwd });
  const traced = await runNode(node, ['--require', join(repository, 'dist/register.cjs'), entry], { cwd });
  expect(traced).toEqual(bare);
  expect(bare).toMatchObject({ stderr: '', code: 0 });
  validateTrace(join(cwd, trace));
  return { stdout: bare.stdout, records: readTrace(join(cwd, trace)) };
}

// The traps are made by `Function`, which is not rewritten: they count, and nothing else.
const hostile = `
globalThis.ran = [];
const trap = new Function('name', 'return function () { ran[ran.length] = name; return name; }');
const names = ['toJSON', 'toString', 'valueOf', 'constructor', 'name', 'message', 'code', 'cause', 'size',
  'source', 'flags', 'global', 'then', 'byteLength', Symbol.for('nodejs.util.inspect.custom'), Symbol.toPrimitive,
  Symbol.iterator, Symbol.toStringTag, Symbol.asyncIterator];
function arm(target, getters) {
  for (const name of names) {
    const found = Object.getOwnPropertyDescriptor(target, name);
    if (found && !found.configurable) continue;
    const text = String(name);
    Object.defineProperty(target, name, getters
      ? { get: trap('get ' + text), configurable: true, enumerable: true }
      : { value: trap(text), configurable: true, enumerable: true });
  }
  return target;
}
const handler = new Proxy({}, { get: (_, name) => { ran[ran.length] = 'trap ' + String(name); } });
const made = () => [{}, [1], new Map([[1, 2]]), new Set([1]), new Date(0), /a/g, new Error('e'), new TypeError('t'),
  new Uint8Array(2), new ArrayBuffer(2), Object(1), Object('s'), Object.create(null), (() => 1).bind()];
const values = [
  ...made().map((value) => arm(value, true)),
  ...made().map((value) => arm(value, false)),
  ...made().map((value) => new Proxy(value, handler)),
  ...made().slice(0, 10).map((value) => Object.setPrototypeOf(value, arm(Object.create(Object.getPrototypeOf(value)), true))),
  Object.create(new Proxy({}, handler)),
];
const error = Object.setPrototypeOf(new Error('own'), new Proxy(Error.prototype, handler));
const revoked = Proxy.revocable({}, {});
revoked.revoke();
values.push(error, revoked.proxy);
ran.length = 0;
`;

const use = `
function passes(value) { return value; }
function throwsIt(value) { throw value; }
class Holder { constructor(value) { this.value = value; } }
async function settles(value) { await null; return { value }; }
async function rejects(value) { await null; throw value; }
function* yields(value) { yield 1; return [value]; }
const deep = (value) => ({ list: [value], map: new Map([[value, value]]) });
async function main() {
  for (let i = 0; i < values.length; i++) {
    passes(values[i]);
    try { throwsIt(values[i]); } catch {}
    new Holder(values[i]);
    deep(values[i]);
    [...yields(values[i])];
    await settles(values[i]);
    try { await rejects(values[i]); } catch {}
  }
  // Past the timer that writes: stacks are asked for then.
  await new Promise((done) => setTimeout(done, 250));
  process.stdout.write(values.length + ' ' + JSON.stringify([...new Set(ran)]));
}
main();
`;

describe.each(nodes())('on Node $label', ({ path: node }) => {
  test('no code of the program runs for arguments, results and thrown values', async () => {
    const { stdout, records } = await run({ 'app.js': hostile + use }, 'app.js', node);
    expect(stdout).toBe('55 []');
    expect(only(records, 'call').filter(({ func }) => func === 'throwsIt')).toHaveLength(55);
    expect(only(records, 'exception').filter(({ func }) => func === 'rejects')).toHaveLength(55);
  });

  test('no patched built-in runs more often than without handit', async () => {
    const patch = `
const count = new Function('holder', 'name', \`
  const before = Object.getOwnPropertyDescriptor(holder, name);
  const { apply } = Reflect;
  const change = before.get
    ? { get() { counts[label]++; return apply(before.get, this, []); } }
    : { value(...args) { counts[label]++; return apply(before.value, this, args); } };
  const label = String(name);
  counts[label] = 0;
  Object.defineProperty(holder, name, { configurable: true, ...change });
\`);
globalThis.counts = {};
const iterator = Object.getPrototypeOf(new Set().values());
const values = [new Map([['a', new Set(['b'])]]), new Set([/a"b/gi]), /c/, new Date(0), ['x'.repeat(300)], { ['k'.repeat(70)]: 1 }];
function passes(value) { return value; }
function fails(value) { throw value; }
count(Map.prototype, 'entries');
count(Map.prototype, 'size');
count(Set.prototype, 'values');
count(RegExp.prototype, 'flags');
count(RegExp.prototype, 'source');
count(RegExp.prototype, 'exec');
count(Date.prototype, 'toISOString');
count(Date.prototype, 'getTime');
count(Array.prototype, 'includes');
count(String.prototype, 'replace');
count(iterator, 'next');
for (let i = 0; i < values.length; i++) { passes(values[i]); try { fails(values[i]); } catch {} }
let text = '';
for (const name in counts) text += name + '=' + counts[name] + ' ';
require('fs').writeSync(1, text);
`;
    const { stdout } = await run({ 'app.js': patch }, 'app.js', node);
    expect(stdout).toBe(
      'entries=0 size=0 values=0 flags=0 source=0 exec=0 toISOString=0 getTime=0 includes=0 replace=0 next=0 ',
    );
  });

  test('a value is shown as it was at the moment of the call', async () => {
    const source = `
function change(list, map) { list.push('late'); map.set('b', 2); list[0].id = 2; return list; }
const list = [{ id: 1 }];
const map = new Map([['a', 1]]);
const same = change(list, map);
same.length = 0;
map.clear();
`;
    const { records } = await run({ 'app.js': source }, 'app.js', node);
    expect(only(records, 'call')[0].args_preview).toEqual({
      list: [{ id: 1 }],
      map: { $type: 'Map', size: 1, entries: [['a', 1]] },
    });
    expect(only(records, 'return')[0].return_preview).toEqual([{ id: 2 }, 'late']);
  });

  test('a module namespace is told by its kind, also before its bindings are initialised', async () => {
    const source = `
import * as self from './app.mjs';
function look(namespace) { return typeof namespace; }
look(self);
export const later = 1;
`;
    const { records } = await run({ 'app.mjs': source }, 'app.mjs', node);
    expect(only(records, 'call')[0].args_preview).toEqual({ namespace: { $type: 'Module' } });
  });

  test('the memory that records take does not bring the collections of the program closer', async () => {
    const source = `
const text = 'y'.repeat(100);
function take(values) { return values; }
for (let i = 0; i < 20_000; i++) take([i, text]);
process.stdout.write(String(process.memoryUsage().external < 6e6));
`;
    const { stdout, records } = await run({ 'app.js': source }, 'app.js', node);
    expect(only(records, 'call').length).toBeGreaterThan(9_000);
    expect(stdout).toBe('true');
  });

  test('huge values cost lines of bounded length', async () => {
    const source = `
const rope = 'x'.repeat(1e8);
const cyclic = [];
for (let id = 0; id < 1e5; id++) cyclic.push({ id, next: [] });
for (const node of cyclic) node.next.push(cyclic[(node.id * 7 + 1) % 1e5], cyclic[(node.id * 3) % 1e5], node);
let deep = null;
for (let i = 0; i < 1e5; i++) deep = { deep };
let wide = 'y'.repeat(256);
for (let i = 0; i < 5; i++) wide = new Array(64).fill(wide);
const empty = new Array(1e7);
const large = new Map(Object.entries(cyclic));
const before = process.memoryUsage().heapUsed;
function take(value) { return value; }
function refuse(value) { throw value; }
for (const value of [rope, [rope], { [1]: rope }, cyclic, cyclic[0], deep, wide, empty, large]) {
  take(value);
  try { refuse(value); } catch {}
}
process.stdout.write(String(process.memoryUsage().heapUsed - before < 80e6));
`;
    const { stdout, records } = await run({ 'app.js': source }, 'app.js', node);
    expect(stdout).toBe('true');
    const taken = only(records, 'call').filter(({ func }) => func === 'take');
    expect(taken).toHaveLength(9);
    for (const record of records) expect(JSON.stringify(record).length).toBeLessThan(200_000);
    expect(taken[0].args_preview).toEqual({ value: { $type: 'string', length: 1e8 } });
  });
});
