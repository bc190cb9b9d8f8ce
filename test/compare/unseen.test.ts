import { compareSides } from '../../src/compare/compare.js';
import { lastRun } from '../../src/compare/side.js';
import { traceOf } from '../helpers/reading.js';
import { call, processStart, returned, testEnd } from '../helpers/records.js';
import { byValues, diffUnits, recordTests } from '../helpers/red-and-green.js';
import { tempProject } from '../helpers/run.js';

test('who was given a callback and did not have it called comes before who wrote it', async () => {
  const [{ suspects }] = await byValues(
    `import { EventEmitter } from 'node:events';
export function listen(emitter, done) { if (done) emitter.once('ready', done); return emitter; }
export async function start() {
  const emitter = new EventEmitter();
  const log = [];
  listen(emitter, () => { log.push(name()); });
  await null;
  emitter.emit('ready');
  return log.join();
}
function name() { return 'ready'; }`,
    "test('starts', async () => { assert.equal(await lib.start(), 'ready'); });",
    'if (done)',
    'if (!done)',
  );
  expect(suspects[0]).toMatchObject({ func: 'listen', found: expect.stringContaining('given a callback') });
});

test('who passes on a redacted value that may be another one comes before who got it', async () => {
  const [{ suspects }] = await byValues(
    `export function login(name) { return send(\`\${name}:1\`); }
function send(token) { return show(token); }
function show(line) { shown.push(line); return true; }
export const shown = [];`,
    "test('logs in', () => { lib.login('ada'); assert.deepEqual(lib.shown, ['ada:1']); });",
    '}:1',
    '}:2',
  );
  expect(suspects.map(({ func }) => func).slice(0, 2)).toEqual(['login', 'send']);
  expect(suspects[0].found).toContain('redacted values, which may not be the same');
});

test('after an inner function comes the one around it, whose variables it reads', async () => {
  const [{ suspects }] = await byValues(
    'export function near(list) { let most = 2; return list.filter((value) => value < most); }',
    "test('finds', () => { assert.deepEqual(lib.near([1, 2, 3]), [1]); });",
    'most = 2',
    'most = 3',
  );
  expect(suspects.map(({ func }) => func).slice(0, 2)).toEqual(['list.filter callback', 'near']);
});

const CLOCKS = `export const now = () => performance.now();
export function timed(work) { const from = now(); const result = work(from); return { result, took: elapsed(from, now()) }; }
function elapsed(from, to) { return to - from; }`;
const TIMED = `test('takes time', () => {
  const { result, took } = lib.timed((from) => ({ from }));
  assert.ok(took >= 0 && took < lib.now() - result.from + 1000 && took < lib.now());
});`;

test('what a clock of the process shows, and the time between two looks at it, is no difference', async () => {
  const folder = tempProject({
    ...{ 'package.json': '{"type":"module"}', 'lib.mjs': CLOCKS },
    'lib.test.mjs': `import { test } from 'node:test';\nimport assert from 'node:assert';\nimport * as lib from './lib.mjs';\n${TIMED}`,
  });
  await recordTests(folder, 'one.jsonl');
  await recordTests(folder, 'two.jsonl');
  expect(await diffUnits(folder, 'one.jsonl', 'two.jsonl', '--all')).toEqual([]);
});

test('a changed calculation with such times is a cause', async () => {
  const [{ suspects }] = await byValues(CLOCKS, TIMED, 'to - from', 'to + from');
  expect(suspects[0]).toMatchObject({ func: 'elapsed', reason: 'other_result' });
});

describe('of a test that reached a limit in one run', () => {
  const name = 'a.test.js > calls';
  const scope = { test: name, test_id: 1 };
  const run = (calls: number, outcome: 'passed' | 'failed', ...limits: object[]) =>
    lastRun(
      traceOf(
        ...[processStart(), call(1, null, 0, scope)],
        ...Array.from({ length: calls }, (_, at) => [
          call(at + 2, 1, 1 + at, { ...scope, func: 'step', line: 9 }),
          returned(at + 2, 1 + at, { func: 'step', dt_ns: 10 }),
        ]).flat(),
        ...limits,
        ...[returned(1, 500_000, { dt_ns: 500_000_000 }), testEnd(name, 500_001, { outcome })],
      ),
    );
  const limit = (us: number) => ({
    ...{ type: 'limit', proc: '5f0c9a1e', reason: 'context_share', ...scope },
    ts_ns: 1_767_600_000_000_000_000 + us * 1000,
  });
  const causes = (...limits: object[]) =>
    compareSides(run(5, 'passed'), run(3, 'failed', ...limits)).causes.map(({ suspect }) => suspect.func);

  test('calls that are missing after that are no difference', () => {
    expect(causes()).toEqual(['f1']);
    expect(causes(limit(400_000))).toEqual([]);
  });

  test('calls that are missing long before that are one', () => {
    expect(causes(limit(900_000))).toEqual(['f1']);
  });
});
