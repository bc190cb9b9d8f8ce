import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import type { TraceRecord } from '../../src/trace-format.js';

// Programs that watch asynchronous resources and promises by functions of their own, which are recorded.
const { bare, traced } = programs({
  // A context for each request, as people wrote it before there was AsyncLocalStorage.
  'context.cjs': `
const hooks = require('async_hooks');
const http = require('http');
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
`,
  // What it counts must be what it counts without us: resources, promises and their turns.
  'counts.cjs': `
const hooks = require('async_hooks');
const v8 = require('v8');
const fs = require('fs');
const counts = {};
function count(name) { counts[name] = (counts[name] ?? 0) + 1; }
// Where Node loads modules in a thread of its own, that thread's messages arrive in between.
const own = new Set();
function init(id, type) { own.add(id); count('init ' + type); }
function before(id) { if (own.has(id)) count('before'); }
function after(id) { if (own.has(id)) count('after'); }
function promiseResolve() { count('promiseResolve'); }
hooks.createHook({ init, before, after, promiseResolve }).enable();
v8.promiseHooks.onInit(function promiseInit() { count('v8 init'); });
v8.promiseHooks.onSettled(function promiseSettled() { count('v8 settled'); });
async function leaf(n) { await null; return n; }
async function work(n) { let sum = 0; for (let i = 0; i < n; i++) sum += await leaf(i); return sum; }
function tick(n) { return n > 0 && setTimeout(tick, 3, n - 1); }
work(20).then((sum) => {
  tick(5);
  setTimeout(() => work(3), 40);
  process.on('exit', () => fs.writeSync(1, sum + ' ' + JSON.stringify(counts)));
});
`,
});

describe.each(nodes())('on Node $version', ({ path: node }) => {
  test.each(['--import', '--require'] as const)(
    '%s: a context made by async_hooks is kept, and recorded',
    async (flag) => {
      const alone = await bare(node, ['context.cjs'], { flag });
      expect(alone).toMatchObject({ code: 0, stdout: '/a /a,/b /b,/c /c\n', stderr: '' });
      const { records, ...run } = await traced(node, ['context.cjs'], { flag });
      expect(run).toEqual(alone);
      expect(names(records)).toEqual(expect.arrayContaining(['init', 'load', 'current']));
      // Each is an answer to something that the program did: there is no end to those that handit would cause.
      expect(records.length).toBeLessThan(5000);
      const ids = records.flatMap((record) => (record.type === 'call' ? [record.id] : []));
      expect(new Set(ids).size).toBe(ids.length);
    },
  );

  test.each(['--import', '--require'] as const)('%s: hooks are called as often as without us', async (flag) => {
    const alone = await bare(node, ['counts.cjs'], { flag });
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(alone.stdout).toMatch(/^190 .*"v8 settled":/);
    const { records, ...run } = await traced(node, ['counts.cjs'], { flag });
    expect(run).toEqual(alone);
    expect(names(records)).toEqual(expect.arrayContaining(['init', 'before', 'promiseInit', 'leaf', 'tick']));
  });
});

function names(records: TraceRecord[]): string[] {
  return [...new Set(records.flatMap((record) => (record.type === 'call' ? [record.func] : [])))];
}
