import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';
import type { Call, TraceRecord } from '../../src/trace-format.js';

// Programs that know their own logical parents. Each job says for whom it works, by its argument `user`; whatever the shape
// of the queue, it must lie below the request, session or call that was made for that user, with its labels.

/** Queues as programs write them, each a function that takes a job and returns the promise of its result. */
const queues = {
  // As a worker that empties a list.
  list: `
const jobs = [];
let running = false;
async function work() {
  if (running) return;
  running = true;
  for (let job = jobs.shift(); job; job = jobs.shift()) await job();
  running = false;
}
const queue = (job) => new Promise((done, failed) => { jobs.push(() => job().then(done, failed)); work(); });`,
  // As fastq: the next job is started by the end of the one before.
  chained: `
const jobs = [];
let free = 1;
function next() { while (free > 0 && jobs.length) { free--; run(jobs.shift()); } }
function release() { free++; next(); }
function run([job, done, failed]) { job().then((value) => { done(value); release(); }, (error) => { failed(error); release(); }); }
const queue = (job) => new Promise((done, failed) => { jobs.push([job, done, failed]); next(); });`,
  // As p-limit.
  limit: `
let last = Promise.resolve();
const queue = (job) => { const result = last.then(() => job()); last = result.catch(() => {}); return result; };`,
  // As async.queue: a tick of its own.
  ticking: `
const jobs = [];
let ticking = false;
function tick() { ticking = false; const all = jobs.splice(0); for (const [job, done] of all) done(job()); }
const queue = (job) => new Promise((done) => { jobs.push([job, done]); if (!ticking) { ticking = true; setImmediate(tick); } });`,
  // As generic-pool: one resource, last in, first out.
  pool: `
const waiting = [];
let free = { name: 'connection' };
const acquire = () => new Promise((got) => { if (free) { const one = free; free = null; got(one); } else waiting.push(got); });
const release = (one) => { const got = waiting.pop(); if (got) got(one); else free = one; };
const queue = async (job) => { const one = await acquire(); try { return await job(); } finally { release(one); } };`,
  // One emitter for all.
  emitter: `
const bus = new (require('events'))();
bus.on('job', (job, done) => done(job()));
let chain = Promise.resolve();
const queue = (job) => new Promise((done) => { chain = chain.then(() => { bus.emit('job', job, done); return new Promise((go) => setTimeout(go, 2)); }); });`,
};

const work = `
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
async function query(user) { const found = step(user, 'begin'); await wait(2); return step(user, 'end') + found; }
function step(user, name) { setTimeout(later, 1, user); return user + name; }
function later(user) { return user; }
async function handle(user) { return queue(() => query(user)); }
`;

const { traced } = programs({
  ...Object.fromEntries(
    Object.entries(queues).flatMap(([name, queue]) => [
      [
        `requests-${name}.cjs`,
        `const http = require('http');${queue}${work}
const server = http.createServer(async (request, response) => response.end(await handle(request.url.slice(1))));
server.listen(0, '127.0.0.1', async () => {
  const get = (name) => new Promise((done) => http.get({ port: server.address().port, path: '/' + name, agent: false }, (r) => r.resume().on('end', done)));
  await Promise.all(['ada', 'bob', 'cy', 'dan'].map(get));
  server.close();
});`,
      ],
      [
        `sessions-${name}.mjs`,
        `import { createRequire } from 'node:module'; import { session } from 'handit';
const require = createRequire(import.meta.url);
if (process.env.LIBRARY) require('some-library');${queue}${work}
await Promise.all(['ada', 'bob', 'cy', 'dan'].map((name) => session({ tag: name }, () => handle(name))));`,
      ],
    ]),
  ),
  'node_modules/some-library/index.js': 'exports.a = 1;',
  'late.mjs': `
import { session } from 'handit';
let kept;
function outer(user) { kept = () => inner(user); }
function inner(user) { return user; }
session({ tag: 'ada' }, () => outer('ada'));
session({ tag: 'bob' }, () => kept());
`,
  'nested.mjs': `
import { session } from 'handit';
function outer(user) { const inner = () => leaf(user); return session({ tag: 'within' }, () => inner()); }
function leaf(user) { return user; }
session({ tag: 'around' }, () => outer('ada'));
`,
});

describe.each(nodes())('on Node $version', ({ path: node }) => {
  test.each(Object.keys(queues))('requests that share a queue (%s) do not mix', async (name) => {
    const { records, ...run } = await traced(node, [`requests-${name}.cjs`]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const roots = new Map(
      records.flatMap((record) =>
        record.type === 'http_request' && record.side === 'server' ? [[record.id, record.url.split('/').at(-1)!]] : [],
      ),
    );
    expect(roots.size).toBe(4);
    expect(owners(records, roots)).toEqual(expected());
  });
});

// Each of them on one of the Node lines.
const lines = nodes();
test.each(
  Object.keys(queues).flatMap((name, index) => [
    { name, library: '', line: lines[(2 * index) % lines.length] },
    { name, library: 'yes', line: lines[(2 * index + 1) % lines.length] },
  ]),
)('sessions that share a queue ($name) do not mix; a library is loaded: $library', async ({ name, library, line }) => {
  const { records, ...run } = await traced(line.path, [`sessions-${name}.mjs`], { env: { LIBRARY: library } });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const tags = tagsOf(records);
  const calls = records.filter((record): record is Call => record.type === 'call' && 'user' in record.args_preview);
  expect(calls.map((call) => [call.func, call.args_preview.user, tags.get(call.session_id!)])).toEqual(
    calls.map((call) => [call.func, call.args_preview.user, call.args_preview.user]),
  );
  expect(calls.filter(({ func }) => func === 'later')).toHaveLength(8);
});

test('what was written in a session that is over belongs to the one in which it is called', async () => {
  const { records } = await traced(process.execPath, ['late.mjs']);
  expect(sessionsOf(records, 'inner')).toEqual(['bob']);
});

test('a session around a function that was written outside of it, in one that is open, is the session of its calls', async () => {
  const { records } = await traced(process.execPath, ['nested.mjs']);
  expect(sessionsOf(records, 'leaf')).toEqual(['within']);
});

function tagsOf(records: TraceRecord[]): Map<string, string> {
  return new Map(
    records.flatMap((record) => (record.type === 'session_start' ? [[record.session_id, record.tag]] : [])),
  );
}

function sessionsOf(records: TraceRecord[], func: string): (string | undefined)[] {
  const tags = tagsOf(records);
  return records.flatMap((record) =>
    record.type === 'call' && record.func === func ? [tags.get(record.session_id!)] : [],
  );
}

/** For each user the functions that are below its request. */
function owners(records: TraceRecord[], roots: Map<number, string>): string[] {
  const calls = new Map(records.flatMap((record) => (record.type === 'call' ? [[record.id, record]] : [])));
  const rootOf = (call: Call): string | undefined => {
    for (let id = call.parent; id !== null; id = calls.get(id)?.parent ?? null) {
      if (roots.has(id)) return roots.get(id);
    }
    return undefined;
  };
  return [...calls.values()]
    .flatMap((call) =>
      'user' in call.args_preview ? [`${call.func}(${call.args_preview.user as string}) in ${rootOf(call)}`] : [],
    )
    .sort();
}

function expected(): string[] {
  const each = ['handle', 'later', 'later', 'query', 'step', 'step'];
  return ['ada', 'bob', 'cy', 'dan'].flatMap((user) => each.map((func) => `${func}(${user}) in ${user}`)).sort();
}
