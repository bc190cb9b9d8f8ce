import type { TraceRecord } from '../../src/trace-format.js';
import { callOf, importedOnly, ofType, sessionsOf } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const node = process.execPath;

const CONCURRENT = `
import { session, currentCall } from 'handit';
import { EventEmitter, once } from 'node:events';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function visit(n) {
  await pause(n % 7);
  step(n, 'awaited');
  await deeper(n);
  await new Promise((done) => setTimeout(() => { step(n, 'timer'); done(); }, (n * 3) % 5));
  const emitter = new EventEmitter();
  emitter.on('go', () => step(n, 'emitter'));
  const gone = once(emitter, 'go');
  setImmediate(() => emitter.emit('go'));
  await gone;
  await Promise.all([nested(n), deeper(n)]);
  process.nextTick(() => step(n, 'tick'));
  queueMicrotask(() => step(n, 'microtask'));
  await pause(1);
}
async function deeper(n) { await null; await pause(n % 3); step(n, 'deeper'); }
function nested(n) { return session({ tag: 'inner ' + n }, async () => { await pause(n % 4); inside(n); }); }
function inside(n) { return currentCall().session_id; }
function step(n, what) {}
async function main() {
  await Promise.all(Array.from({ length: 100 }, (_, n) => session({ tag: 'outer ' + n }, () => visit(n))));
  console.log('done', currentCall().session_id);
}
await main();
`;

describe.each(nodes())('on Node $label', ({ path }) => {
  test('100 concurrent sessions with nested awaits, timers and emitters do not mix', async () => {
    const { records, stdout, stderr } = await programs({ 'app.mjs': CONCURRENT }).traced(path, ['app.mjs']);
    expect([stdout, stderr]).toEqual(['done undefined\n', '']);
    const sessions = sessionsOf(records);
    expect(Object.keys(sessions)).toHaveLength(200);
    const calls = ofType(records, 'call');
    const tagOf = Object.fromEntries(Object.values(sessions).map(({ start }) => [start.session_id, start.tag]));
    const seen = (func: string) =>
      calls.filter((call) => call.func === func).map(({ args_preview: { n }, session_id }) => [n, tagOf[session_id!]]);
    // awaited, deeper twice, timer, emitter, tick, microtask
    expect(seen('step')).toHaveLength(700);
    expect(seen('step').filter(([n, tag]) => tag !== `outer ${n as number}`)).toEqual([]);
    expect(seen('inside')).toHaveLength(100);
    expect(seen('inside').filter(([n, tag]) => tag !== `inner ${n as number}`)).toEqual([]);
    for (let n = 0; n < 100; n++) {
      const inner = sessions[`inner ${n}`];
      expect(inner.start.outer_session_id).toBe(sessions[`outer ${n}`].start.session_id);
      expect(inner.end?.error).toBeUndefined();
      expect(sessions[`outer ${n}`].end!.dt_ns).toBeGreaterThan(inner.end!.dt_ns);
    }
  });

  test('a session ends when its promise does, whoever waits for it and however', async () => {
    const source = `
      import { annotate, session } from 'handit';
      const after = (tag, error) => new Promise((ok, no) => setTimeout(() => {
        annotate({ fired: tag });
        if (error) no(new RangeError(error)); else ok(tag);
      }, 2));
      const went = (tag) => annotate({ went: tag });
      await session({ tag: 'top-level await' }, () => after('top-level await'));
      went('top-level await');
      async function inFunction() { await session({ tag: 'await' }, () => after('await')); went('await'); }
      await inFunction();
      await session({ tag: 'then' }, () => after('then')).then(went);
      await Promise.all([session({ tag: 'all' }, () => after('all'))]);
      went('all');
      await session({ tag: 'catch' }, () => after('catch', 'caught')).catch(() => went('catch'));
      await session({ tag: 'adopted' }, async () => after('adopted', 'passed on')).catch(() => went('adopted'));
      const later = session({ tag: 'later' }, () => after('later'));
      await after('');
      await new Promise((done) => setImmediate(done));
      went('later');
      await later;
      session({ tag: 'sync' }, () => 1);
      try { session({ tag: 'threw' }, () => { throw new TypeError('no'); }); } catch {}
      const kept = session({ tag: 'nobody waits' }, () => after('nobody waits'));
      session({ tag: 'thenable' }, () => ({ then() { console.log('never called'); } }));
      await after('');
      const exiting = session({ tag: 'exit' }, () => after('exit'));
      exiting.then(() => process.exit());
    `;
    for (const run of ['traced', 'imported'] as const) {
      const project = programs({ 'app.mjs': source });
      const result =
        run === 'traced' ? await project.traced(path, ['app.mjs']) : await importedOnly(project, path, ['app.mjs']);
      expect(result).toMatchObject({ stdout: '', stderr: '', code: 0 });
      const sessions = sessionsOf(result.records);
      const marks = ofType(result.records, 'annotation');
      const timeOf = (data: object) => marks.find((mark) => JSON.stringify(mark.data) === JSON.stringify(data))?.ts_ns;
      const tags = ['top-level await', 'await', 'then', 'all', 'catch', 'adopted', 'later', 'nobody waits', 'exit'];
      for (const tag of tags) {
        // A double holds a time to 0.3 us.
        const ended = sessions[tag].end?.t1_ns ?? 0;
        expect([tag, ended >= timeOf({ fired: tag })! - 500]).toEqual([tag, true]);
        if (tag !== 'nobody waits' && tag !== 'exit') {
          expect([tag, ended <= timeOf({ went: tag })! + 500]).toEqual([tag, true]);
        }
      }
      const open = Object.values(sessions).filter(({ end }) => end === undefined);
      expect([Object.keys(sessions).length, open]).toEqual([12, []]);
      const errors = Object.values(sessions).map(({ start, end }) => [start.tag, end?.error?.message]);
      expect(errors.filter(([, message]) => message !== undefined)).toEqual([
        ['catch', 'caught'],
        ['adopted', 'passed on'],
        ['threw', 'no'],
      ]);
    }
  });

  test('using and end() hold a session open for their function, and no longer', async () => {
    // Down-levelled as compilers do it: Node 20 and 22 have no \`using\`.
    const source = `
      import { session, tracing } from 'handit';
      const pause = (ms) => new Promise((done) => setTimeout(done, ms));
      function sync() {
        const s = session({ tag: 'sync' });
        try { inSync(); } finally { s[Symbol.dispose](); }
        behind();
      }
      async function job(n) {
        const s = session({ tag: 'job ' + n });
        try { inJob(n); await pause(n); inJob(n); setTimeout(() => inJob(n), 1); await pause(5); } finally { await s[Symbol.asyncDispose](); }
        behind();
      }
      function failing() {
        const s = session({ tag: 'failing' });
        try { throw new RangeError('no'); } catch (error) { s.end(error); s.end(); }
      }
      function inSync() {} function inJob(n) {} function behind() {}
      sync();
      behind();
      failing();
      const jobs = [job(3), job(2), job(1)];
      behind();
      await Promise.all(jobs);
    `;
    const { records, stderr } = await programs({ 'app.mjs': source }).traced(path, ['app.mjs']);
    expect(stderr).toBe('');
    const sessions = sessionsOf(records);
    const id = (tag: string) => sessions[tag].start.session_id;
    expect(callOf(records, 'inSync').call.session_id).toBe(id('sync'));
    const calls = ofType(records, 'call');
    const jobs = calls.filter(({ func }) => func === 'inJob');
    expect(jobs).toHaveLength(9);
    expect(jobs.filter(({ args_preview: { n }, session_id }) => session_id !== id(`job ${n as number}`))).toEqual([]);
    const behind = calls.filter(({ func }) => func === 'behind');
    expect(behind).toHaveLength(6);
    expect(behind.filter(({ session_id }) => session_id !== undefined)).toEqual([]);
    expect(sessions.failing.end?.error).toMatchObject({ name: 'RangeError', message: 'no' });
    expect(sessions['job 3'].start.outer_session_id).toBeUndefined();
    expect(Object.values(sessions).filter(({ end }) => !end)).toEqual([]);
    const parent = (func: string): TraceRecord | undefined => calls.find((call) => call.func === func);
    expect(sessions.sync.start.parent).toBe((parent('sync') as { id: number }).id);
  });
});

test('a session keeps attributes without secrets, and what it is given wrongly is a TypeError with and without the agent', async () => {
  const source = `
    const { session } = require('handit');
    session({ tag: 'x'.repeat(2000), attrs: { customer: 'ada', apiKey: 'hunter2' } }, () => {});
    for (const args of [[], [{}], [{ tag: '' }], [{ tag: 7 }], [{ tag: 'a' }, 5], [{ tag: 'a', attrs: 'b' }]]) {
      try { session(...args); } catch (error) { console.log(error.name, error.message); }
    }
  `;
  const project = programs({ 'app.cjs': source });
  const { records, stdout } = await project.traced(node, ['app.cjs']);
  expect(stdout).toBe(
    [
      "TypeError session() was given undefined; its first argument must be an object: session({ tag: 'checkout' }, () => ...)",
      "TypeError session() was given tag undefined; it must be a non-empty string: session({ tag: 'checkout' }, () => ...)",
      `TypeError session() was given tag ""; it must be a non-empty string: session({ tag: 'checkout' }, () => ...)`,
      "TypeError session() was given tag 7; it must be a non-empty string: session({ tag: 'checkout' }, () => ...)",
      'TypeError session() was given 5 as its second argument; it must be a function',
      `TypeError session() was given attrs "b"; it must be an object, as in { customer: 'ada' }`,
      '',
    ].join('\n'),
  );
  const off = await project.bare(node, ['app.cjs'], { env: { HANDIT_ENABLED: 'off' } });
  expect(off.stdout).toBe(stdout);
  expect(ofType(records, 'session_start')).toMatchObject([
    { tag: 'x'.repeat(1000), attrs: { customer: 'ada', apiKey: '<redacted>' }, parent: null },
  ]);
});
