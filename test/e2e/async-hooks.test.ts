import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import type { TraceRecord } from '../../src/trace-format.js';

const RESOURCES = `
// Where Node loads modules in a thread of its own, that thread's messages arrive in between.
const own = new Set();
function init(id, type) { own.add(id); count('init ' + type); }
function before(id) { if (own.has(id)) count('before'); }
function after(id) { if (own.has(id)) count('after'); }
function promiseResolve() { count('promiseResolve'); }
require('async_hooks').createHook({ init, before, after, promiseResolve }).enable();
`;
const PROMISES = `
const v8 = require('v8');
v8.promiseHooks.onInit(function promiseInit() { count('v8 init'); });
v8.promiseHooks.onSettled(function promiseSettled() { count('v8 settled'); });
`;
// What it counts must be what it counts without us: resources, promises and their turns.
const counting = (hooks: string): string => `
const fs = require('fs');
const counts = {};
function count(name) { counts[name] = (counts[name] ?? 0) + 1; }
${hooks}
async function leaf(n) { await null; return n; }
async function passed(n) { return leaf(n); }
async function guarded(n) { try { return passed(n); } finally { count('finally'); } }
async function work(n) { let sum = 0; for (let i = 0; i < n; i++) sum += await (i % 2 ? leaf(i) : guarded(i)); return sum; }
function tick(n) { return n > 0 && setTimeout(tick, 3, n - 1); }
work(20).then((sum) => {
  tick(5);
  setTimeout(() => work(3), 40);
  process.on('exit', () => fs.writeSync(1, sum + ' ' + JSON.stringify(counts)));
});
`;

// A context for each request, as people wrote it before there was AsyncLocalStorage.
const CONTEXT = `
const contexts = new Map();
function init(id, type, trigger) { contexts.set(id, contexts.get(trigger)); }
function destroy(id) { contexts.delete(id); }
hooks.createHook({ init, destroy }).enable();
const current = () => contexts.get(hooks.executionAsyncId());
async function load(ms) { await new Promise((done) => setTimeout(done, ms)); return current(); }
const server = http.createServer(async (request, response) => {
  contexts.set(hooks.executionAsyncId(), request.url);
  response.end(await load(5));
});
server.listen(0, '127.0.0.1', () => {
  const answers = [];
  for (const path of ['/a', '/b', '/c']) {
    http.get({ port: server.address().port, host: '127.0.0.1', path, agent: false }, async (response) => {
      for await (const chunk of response) answers.push(path + ' ' + chunk);
      if (answers.length < 3) return;
      console.log(answers.sort().join());
      server.close();
    });
  }
});
`;

// Programs that watch asynchronous resources and promises by functions of their own, which are recorded.
const { bare, traced } = programs({
  'context.cjs': `const hooks = require('async_hooks'); const http = require('http'); ${CONTEXT}`,
  'context.mjs': `
import { createHook, executionAsyncId } from 'node:async_hooks';
import http from 'node:http';
const hooks = { createHook, executionAsyncId };
${CONTEXT}`,
  // A session waits for the end of a promise by such hooks.
  ...Object.fromEntries(
    Object.entries({
      required: "require('v8')",
      taken: "process.getBuiltinModule('node:v8')",
      listed: "require(require('module').builtinModules.find((name) => name.length === 2 && name[1] === '8'))",
    }).map(([kind, v8]) => [
      `replaced-${kind}.cjs`,
      `const hooks = ${v8}.promiseHooks;
       for (const name of Object.keys(hooks)) {
         const original = hooks[name];
         hooks[name] = (...args) => {
           // Node calls it for AsyncLocalStorage in some versions.
           if (/handit/.test(new Error().stack.split('\\n')[2])) console.log('called: ' + name);
           return original(...args);
         };
       }
       const { session } = require('handit');
       session({ tag: 's' }, async function work() { await null; return 1; }).then(console.log);`,
    ]),
  ),
  'both.cjs': counting(RESOURCES + PROMISES),
  'resources.cjs': counting(RESOURCES),
  'promises.cjs': counting(PROMISES),
});

describe.each(nodes())('on Node $version', ({ path: node }) => {
  test.each([
    ['--import', 'context.cjs'],
    ['--import', 'context.mjs'],
    ['--require', 'context.cjs'],
    ['--require', 'context.mjs'],
  ] as const)('%s: a context made by async_hooks is kept, and recorded (%s)', async (flag, program) => {
    const alone = await bare(node, [program], { flag });
    expect(alone).toMatchObject({ code: 0, stdout: '/a /a,/b /b,/c /c\n', stderr: '' });
    const { records, ...run } = await traced(node, [program], { flag });
    expect(run).toEqual(alone);
    expect(names(records)).toEqual(expect.arrayContaining(['init', 'load', 'current']));
    // Each is an answer to something that the program did: there is no end to those that handit would cause.
    expect(records.length).toBeLessThan(5000);
    const ids = records.flatMap((record) => (record.type === 'call' ? [record.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    ['--import', 'both', ['init', 'before', 'promiseInit']],
    ['--require', 'both', ['init', 'before', 'promiseInit']],
    ['--import', 'resources', ['init', 'before']],
    ['--import', 'promises', ['promiseInit', 'promiseSettled']],
  ] as const)('%s, %s: hooks are called as often as without us', async (flag, kind, hooks) => {
    const alone = await bare(node, [`${kind}.cjs`], { flag });
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(alone.stdout).toMatch(/^190 \{".*init/);
    const { records, ...run } = await traced(node, [`${kind}.cjs`], { flag });
    expect(run).toEqual(alone);
    expect(names(records)).toEqual(expect.arrayContaining([...hooks, 'leaf', 'tick']));
  });

  test.each(['required', 'taken', 'listed'])(
    'hooks of promises that a program has replaced are not called for a session: %s',
    async (kind) => {
      const { records, ...run } = await traced(node, [`replaced-${kind}.cjs`]);
      expect(run).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
      const ends = records.filter((record) => record.type === 'session_end');
      expect(ends).toHaveLength(1);
    },
  );
});

function names(records: TraceRecord[]): string[] {
  return [...new Set(records.flatMap((record) => (record.type === 'call' ? [record.func] : [])))];
}
