import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { change, diffUnits, handit, recordTests } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { readTrace } from '../helpers/trace.js';

/** Timers, ports, ids, choices by chance, and requests that are answered in any order. */
const FLAKY = {
  'package.json': '{"type":"module"}',
  'shop.mjs': `
import { createServer, request } from 'node:http';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const short = () => Math.random().toString(36).slice(2, 8);

class Store {
  #rows = new Map();
  add(name) {
    const row = { id: short(), token: randomBytes(6).toString('base64url'), name, at: new Date(), order: this.#rows.size };
    this.#rows.set(row.id, row);
    return row;
  }
  all() { return [...this.#rows.values()]; }
  names() { return this.all().map((row) => row.name).sort(); }
}

const jitter = async () => { await wait(Math.random() * 8); };

async function handle(store, name) {
  await jitter();
  const row = store.add(name);
  if (Math.random() < 0.4) await retry(row);
  await jitter();
  return { ...row, requestId: randomUUID(), load: Math.random(), worker: pick(['a', 'b', 'c']) };
}

async function retry(row) {
  for (let attempt = 0; attempt < 1 + Math.floor(Math.random() * 3); attempt++) await probe(row, attempt);
}
async function probe(row, attempt) { await jitter(); return attempt; }

function listen(store) {
  const server = createServer(async (req, res) => {
    const answer = await handle(store, new URL(req.url, 'http://x').searchParams.get('name'));
    res.setHeader('x-request-id', answer.requestId);
    res.end(JSON.stringify(answer));
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

async function ask(port, name) {
  await jitter();
  const req = request({ port, host: '127.0.0.1', path: \`/items/\${short()}?name=\${name}&t=\${Date.now()}\` });
  req.end();
  const [res] = await once(req, 'response');
  let text = '';
  for await (const chunk of res) text += chunk;
  return summarize(JSON.parse(text));
}

function summarize({ name, order }) { return \`\${name}#\${order}\`; }

async function poll(until) {
  let rounds = 0;
  while (!until() && rounds < 50) { rounds++; await wait(1 + Math.random() * 3); }
  return rounds;
}


export async function serveAll(names) {
  const store = new Store();
  const server = await listen(store);
  const { port } = server.address();
  const answers = Promise.all(names.map((name) => ask(port, name)));
  const rounds = await poll(() => store.all().length === names.length);
  const labels = await answers;
  server.close();
  return { names: store.names().join(), labels: labels.length, waited: rounds > 0 };
}
`,
  'main.mjs': `
import { serveAll } from './shop.mjs';
console.log((await serveAll(['ada', 'bob', 'cy', 'dan', 'eve'])).names);
`,
  'shop.test.mjs': `
import { test } from 'node:test';
import assert from 'node:assert';
import { serveAll } from './shop.mjs';
test('serves all', async () => {
  assert.deepEqual(await serveAll(['eve', 'ada', 'bob']), { names: 'ada,bob,eve', labels: 3, waited: true });
});
test('serves one', async () => { assert.equal((await serveAll(['cy'])).names, 'cy'); });
`,
};

const PAIRS = 20;

/** How often was asked until all were served: the one thing here that two runs may have in common by chance. */
function rounds(folder: string, trace: string): unknown[] {
  const records = readTrace(join(folder, trace)) as { type: string; func?: string; return_preview?: unknown }[];
  return records.filter(({ type, func }) => type === 'return' && func === 'poll').map((each) => each.return_preview);
}

/** Two runs of which something can be learned. */
async function recordPair(folder: string, record: (folder: string, trace: string) => Promise<unknown>): Promise<void> {
  await record(folder, 'one.jsonl');
  do {
    rmSync(join(folder, 'two.jsonl'), { force: true });
    await record(folder, 'two.jsonl');
  } while (rounds(folder, 'one.jsonl').join() === rounds(folder, 'two.jsonl').join());
}

async function runProgram(folder: string, trace: string): Promise<void> {
  const env = { HANDIT_OUTPUT_FILE: join(folder, trace) };
  const args = ['--import', join(repository, 'register.mjs'), 'main.mjs'];
  const { stdout } = await runNode(process.execPath, args, { cwd: folder, env });
  expect(stdout).toBe('ada,bob,cy,dan,eve\n');
}

test('a program that is flaky by design has no cause in 20 green pairs after learning from one', async () => {
  const folder = tempProject(FLAKY);
  await recordPair(folder, runProgram);
  const unlearned = await diffUnits(folder, 'one.jsonl', 'two.jsonl', '--all');
  expect(unlearned.length).toBeGreaterThan(0);
  expect((await handit(folder, 'diff', '--learn', 'one.jsonl', 'two.jsonl')).code).toBe(0);
  let before = 'two.jsonl';
  for (let pair = 0; pair < PAIRS; pair++) {
    const trace = `green-${pair}.jsonl`;
    await runProgram(folder, trace);
    expect(await diffUnits(folder, before, trace, '--all')).toEqual([]);
    before = trace;
  }
}, 120_000);

test('what was learned of flaky tests hides no cause: one that breaks them is found', async () => {
  const folder = tempProject(FLAKY);
  await recordPair(folder, recordTests);
  await recordTests(folder, 'three.jsonl');
  await handit(folder, 'diff', '--learn', 'one.jsonl', 'two.jsonl');
  expect(await diffUnits(folder, 'two.jsonl', 'three.jsonl', '--all')).toEqual([]);
  change(folder, 'shop.mjs', 'row.name).sort()', "row.name.replace('e', 'a')).sort()");
  await recordTests(folder, 'red.jsonl');
  const units = await diffUnits(folder, 'three.jsonl', 'red.jsonl');
  expect(units.map(({ test: name, suspects: [first] }) => [name, first.func])).toEqual([
    ['shop.test.mjs > serves all', 'this.all().map callback'],
  ]);
});
