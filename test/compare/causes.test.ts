import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareSides } from '../../src/compare/compare.js';
import { lastRun } from '../../src/compare/side.js';
import { compareWithin } from '../../src/compare/within.js';
import { openTrace } from '../../src/reader/node/open-trace.js';
import { byValues, change, diffUnits, handit, IMPORTS, recordTests } from '../helpers/red-and-green.js';
import { tempProject } from '../helpers/run.js';

test('who made a callback that did not run later is no cause, where something else differs', async () => {
  const [{ suspects }] = await byValues(
    'const closed = [];\nexport function open(name) { return () => closed.push(name); }\nexport function tax(value) { return value * 2; }',
    `test('closes', async () => {
  const close = lib.open('a');
  await null;
  assert.equal(lib.tax(2), 4);
  await new Promise((done) => { setTimeout(() => done(), 5); setImmediate(close); });
});`,
    'value * 2',
    'value * 3',
  );
  expect(suspects[0]).toMatchObject({ func: 'tax', reason: 'other_result' });
});

test('who left a call out before anything below it differs is the cause, and not who reads the state first', async () => {
  const [{ suspects }] = await byValues(
    `export class Answer {
  headers = {};
  set(name, value) { this.headers[name] = value; }
  get(name) { return this.headers[name]; }
  format(body) { this.set('type', 'text'); return this.send(body); }
  send(body) { return this.get('type') + body; }
}`,
    "test('formats', () => { assert.equal(new lib.Answer().format('!'), 'text!'); });",
    "this.set('type', 'text');",
    '',
  );
  expect(suspects[0]).toMatchObject({ func: 'Answer.format', differences: expect.anything() });
  expect(suspects[1]).toMatchObject({ func: 'Answer.get' });
});

test('a cause that an earlier test shows is first where its arguments differ by what it did to them', async () => {
  const units = await byValues(
    `const SHARED = { name: 'x' };
export class Table {
  constructor(all) { this.all = {}; for (const one of all) this.add(one); }
  add(one) { one.isKnown = true; this.all[one.name] = one; }
  find(name) { if (!this.all[name]) throw new Error('no ' + name); return name; }
}
export function print(names) { const table = new Table([SHARED]); return names.map((name) => table.find(name)).join(); }`,
    "test('nothing', () => { assert.equal(lib.print([]), ''); });\ntest('one', () => { assert.equal(lib.print(['x']), 'x'); });",
    'this.add(one);',
    ';',
  );
  expect(units.map((unit) => unit.test)).toEqual(['lib.test.mjs > one']);
  expect(units[0].suspects[0]).toMatchObject({ func: 'Table.constructor', file: 'lib.mjs' });
  expect(units[0].suspects[0].found).toMatch(/its arguments differ already; earlier, .*lib\.test\.mjs > nothing$/);
});

test('a test that failed by a test within it has the suspects of that one', async () => {
  const units = await byValues(
    'export function double(value) { return value * 2; }',
    "test('outer', async (t) => { await t.test('inner', () => { assert.equal(lib.double(2), 4); }); });",
    'value * 2',
    'value * 3',
  );
  const outer = units.find((unit) => unit.test === 'lib.test.mjs > outer');
  expect(outer?.suspects[0]).toMatchObject({ func: 'double', found: expect.stringMatching(/^in a test within it: /) });
});

test('what a module computed when it was loaded is the cause where the test has none of its own', async () => {
  const [{ suspects }] = await byValues(
    'export const TABLE = build(3);\nfunction build(count) { return Array.from({ length: count }, (_, place) => 2 * place); }',
    "test('reads', () => { assert.deepEqual(lib.TABLE, [0, 2, 4]); });",
    'return Array.from({ length: count }',
    'return Array.from({ length: count + 1 }',
  );
  expect(suspects[0]).toMatchObject({ func: 'build', file: 'lib.mjs', reason: 'other_result' });
  expect(suspects[0].found).toMatch(/^outside of any test, before this one: /);
});

test('how often a timer fires is no difference, and what it does the last time is', async () => {
  const folder = tempProject({
    'package.json': '{"type":"module"}',
    'lib.mjs': `const TIMES = 3;
export function poll() {
  let left = TIMES;
  return new Promise((done) => { const timer = setInterval(() => { if (--left === 0) { clearInterval(timer); done(ready('now')); } }, 1); });
}
function ready(when) { return when; }`,
    'lib.test.mjs': `${IMPORTS}test('polls', async () => { assert.equal(await lib.poll(), 'now'); });`,
  });
  await recordTests(folder, 'three.jsonl');
  change(folder, 'lib.mjs', 'TIMES = 3', 'TIMES = 5');
  await recordTests(folder, 'five.jsonl');
  expect(await diffUnits(folder, 'three.jsonl', 'five.jsonl', '--all')).toEqual([]);
  change(folder, 'lib.mjs', 'return when;', 'return when + 1;');
  await recordTests(folder, 'other.jsonl');
  const [{ suspects }] = await diffUnits(folder, 'three.jsonl', 'other.jsonl');
  expect(suspects[0]).toMatchObject({ func: 'ready' });
});

test('where there is no time, twenty failed tests are looked at, and all else', async () => {
  const folder = tempProject({
    'package.json': '{"type":"module"}',
    'lib.mjs': 'export function double(value) { return value * 2; }',
    'lib.test.mjs': `${IMPORTS}for (let i = 1; i <= 25; i++) test('test ' + i, () => { assert.equal(lib.double(i), 2 * i); });`,
  });
  await recordTests(folder, 'green.jsonl');
  change(folder, 'lib.mjs', 'value * 2', 'value * 3');
  await recordTests(folder, 'red.jsonl');
  const [green, red] = [await openTrace(join(folder, 'green.jsonl')), await openTrace(join(folder, 'red.jsonl'))];
  const [base, next] = [lastRun(green), lastRun(red)];
  expect(compareSides(base, next)).toMatchObject({ compared: 25, failed: 25 });
  const short = compareSides(base, next, { until: performance.now() });
  expect(short).toMatchObject({ compared: 20, failed: 25 });
  expect(short.causes).toMatchObject([{ suspect: { func: 'double' } }]);
  expect(short.causes[0].units).toHaveLength(20);
  expect(compareWithin(next)).toHaveLength(25);
  expect(compareWithin(next, undefined, performance.now())).toHaveLength(20);
});

test('of a trace that takes longer to read, the end of a red run says how to see why', async () => {
  const folder = tempProject({ 'package.json': '{}', 'fail.js': 'process.exitCode = 1;' });
  const file = join(folder, 'handit_events.jsonl');
  writeFileSync(file, '');
  truncateSync(file, 300 * 1024 * 1024);
  const { stderr, code } = await handit(folder, '--', process.execPath, 'fail.js');
  expect(code).toBe(1);
  expect(stderr).toContain(
    'handit: 300 MB of trace take longer to read; why tests failed, if any did, says: handit diff, or handit diff --within',
  );
});

test('of functions of one name that changed places, each is known by its text', async () => {
  const folder = tempProject({
    'package.json': '{"type":"module"}',
    'lib.mjs': 'export function settle(work) { return work().then((value) => ({ value }), (error) => ({ error })); }',
    'lib.test.mjs': `${IMPORTS}test('settles', async () => { assert.deepEqual(await lib.settle(async () => 1), { value: 1 }); });
test('fails', async () => { assert.deepEqual(await lib.settle(async () => { throw 2; }), { error: 2 }); });`,
  });
  await recordTests(folder, 'green.jsonl');
  change(
    folder,
    'lib.mjs',
    '(value) => ({ value }), (error) => ({ error })',
    '(error) => ({ error }), (value) => ({ value })',
  );
  await recordTests(folder, 'red.jsonl');
  const [{ suspects }] = await diffUnits(folder, 'green.jsonl', 'red.jsonl');
  expect(suspects[0]).toMatchObject({ func: 'settle' });
});
