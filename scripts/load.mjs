// What each mode of HANDIT_KEEP costs, holds and leaves: a server under load, of which one request in a hundred fails, and a
// suite of tests. The modes take turns of some seconds, so that what else the machine does is shared by all of them.
//   node scripts/load.mjs                       10 minutes each of bare Node, oldest, newest, failed, then 20 rounds of the suite
//   --seconds 20    --modes bare,oldest,failed  --turn 5    --rounds 5    (0: without the server, without the suite)
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drive } from './load/drive.mjs';
import { portOf, processorTime } from './load/server.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const register = join(root, 'dist/register.cjs');
const CONNECTIONS = 16;
/** Ends its own process cleanly, so it is no part of the table. */
const WARM_UP_SECONDS = 2;
/** Bytes of a trace after which `oldest` only counts: 90 % of HANDIT_MAX_FILE_MB. */
const FULL = 0.9 * 256e6;
const SUITE = 'fast-json-stringify';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    turn: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '20' },
    modes: { type: 'string', default: 'bare,oldest,newest,failed' },
  },
});
const modes = values.modes.split(',');

const server = `
const express = require('express');
const app = express();
function priceOf(item) { return item.cents * item.count; }
function total(items) { return items.reduce((sum, item) => sum + priceOf(item), 0); }
async function checkout(body) {
  await new Promise(setImmediate);
  if (body.number % 100 === 7) throw new Error('card refused: ' + body.number);
  return { number: body.number, total: total(body.items), text: 'x'.repeat(1000) };
}
app.use(express.json());
app.post('/checkout', async (request, response) => {
  try { response.json(await checkout(request.body)); } catch (error) { response.status(500).json({ error: error.message }); }
});
app.listen(0, function () { console.log('port ' + this.address().port); });
process.on('SIGTERM', () => process.exit());
`;

/**
 * Files of tests in one process, which says at its end what processor time it took: every fourth, for all of them fill the
 * trace, and `oldest` would only count from then on.
 */
const suite = `
const { readdirSync } = require('node:fs');
const files = readdirSync('test').filter((each) => each.endsWith('.test.js'));
for (const name of files.filter((_, index) => index % 4 === 1)) {
  try { require('./test/' + name); } catch { /* It needs a package that is not here. */ }
}
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeFileSync('cpu', String((user + system) / 1e3));
});
`;

const folders = [];
process.on('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

if (Number(values.seconds) > 0) await serverTable(Number(values.seconds), Number(values.turn));
if (Number(values.rounds) > 0) await suiteTable(Number(values.rounds));

// ------------------------------------------------------------------ the server

async function serverTable(seconds, turn) {
  const servers = [];
  try {
    for (const mode of modes) servers.push(await startServer(mode));
    for (const each of servers) await load(each, WARM_UP_SECONDS);
    for (const each of servers) each.turns = [];
    const turns = Math.max(1, Math.round(seconds / turn));
    for (let i = 0; i < turns; i++) {
      // Each begins as often as the others.
      for (let k = 0; k < servers.length; k++) {
        const each = servers[(i + k) % servers.length];
        each.turns.push(await load(each, Math.min(turn, seconds)));
      }
      if ((i + 1) % 10 === 0) console.error(`${i + 1} of ${turns} turns`);
    }
    for (const each of servers) await stop(each);
  } finally {
    for (const { child } of servers) child.kill('SIGKILL');
  }
  const bare = servers.find(({ mode }) => mode === 'bare');
  console.log(
    `A server (express, bodies of 1 kB, ${CONNECTIONS} connections), ${seconds} s each in turns of ${turn} s, Node ${process.version}`,
  );
  console.log('');
  console.log(
    '| mode | requests a second | processor time a request | held at most | over bare | trace | that failed |',
  );
  console.log(
    '| ---- | ----------------: | -----------------------: | -----------: | --------: | ----: | ----------: |',
  );
  for (const each of servers) console.log(serverRow(each, bare));
  console.log('');
  console.log('Only turns in which `oldest` still recorded count where it is compared:');
  compare(servers, 'requests a second', ({ perSecond }) => perSecond);
  compare(servers, 'processor time a request', ({ cpu }) => cpu);
}

async function startServer(mode) {
  const folder = makeFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/express'), join(folder, 'node_modules/express'));
  writeFileSync(join(folder, 'app.js'), server);
  const child = spawn(process.execPath, [...preloadOf(mode), 'app.js'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', ...envOf(mode) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { mode, folder, child, port: await portOf(child), number: 0, turns: [] };
}

/** One turn: requests a second, how many failed, and microseconds of the server for each. */
async function load(server, seconds) {
  const items = Array.from({ length: 8 }, (_, i) => ({ name: `article ${i}`, cents: 100 * i, count: i }));
  const cpu = processorTime(server.child.pid);
  const began = performance.now();
  const { requests, failed } = await drive({
    ...{ port: server.port, path: '/checkout', connections: CONNECTIONS, until: began + seconds * 1000 },
    next: () => JSON.stringify({ number: server.number++, items, note: 'x'.repeat(400) }),
  });
  const took = (performance.now() - began) / 1000;
  return {
    full: sizeOf(server.folder) > FULL,
    requests,
    failed,
    perSecond: requests / took,
    cpu: ((processorTime(server.child.pid) - cpu) / requests) * 1e6,
  };
}

async function stop(server) {
  server.megabytes = heldAtMost(server.child.pid);
  const closed = new Promise((done) => server.child.on('close', done));
  server.child.kill('SIGTERM');
  await closed;
  server.files = tracesIn(server.folder).length;
  server.size = sizeOf(server.folder);
}

function tracesIn(folder) {
  return readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
}

function sizeOf(folder) {
  return tracesIn(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function serverRow({ mode, turns, megabytes, size, files }, bare) {
  const sum = (of) => turns.reduce((all, turn) => all + of(turn), 0);
  const trace = files === 0 ? '' : `${(size / 1e6).toFixed(1)} MB in ${files}`;
  const over = bare && mode !== 'bare' ? `+${(megabytes - bare.megabytes).toFixed(0)} MB` : '';
  const rate = quantile(
    turns.map(({ perSecond }) => perSecond),
    0.5,
  );
  const cpu = quantile(
    turns.map((turn) => turn.cpu),
    0.5,
  );
  const failed = `${sum(({ failed }) => failed)} of ${sum(({ requests }) => requests)}`;
  return `| ${mode} | ${rate.toFixed(0)} | ${cpu.toFixed(0)} µs | ${megabytes.toFixed(0)} MB | ${over} | ${trace} | ${failed} |`;
}

// ------------------------------------------------------------------- the suite

async function suiteTable(rounds) {
  const runs = modes.map((mode) => ({ mode, folder: suiteFolder(), turns: [], size: 0 }));
  for (let round = -1; round < rounds; round++) {
    for (let k = 0; k < runs.length; k++) {
      const run = runs[(k + round + runs.length) % runs.length];
      const cpu = await runSuite(run);
      // The first fills the cache of rewritten sources.
      if (round >= 0) run.turns.push({ cpu });
    }
    if ((round + 1) % 5 === 0) console.error(`${round + 1} of ${rounds} rounds`);
  }
  console.log('');
  console.log(`A fourth of the suite of ${SUITE} in one process, ${rounds} rounds`);
  console.log('');
  console.log('| mode | processor time | trace |');
  console.log('| ---- | -------------: | ----: |');
  for (const { mode, turns, size } of runs) {
    const cpu = quantile(
      turns.map((turn) => turn.cpu),
      0.5,
    );
    console.log(`| ${mode} | ${cpu.toFixed(0)} ms | ${mode === 'bare' ? '' : `${(size / 1e6).toFixed(1)} MB`} |`);
  }
  console.log('');
  compare(runs, 'processor time', ({ cpu }) => cpu);
}

function suiteFolder() {
  const folder = makeFolder();
  cpSync(join(root, 'node_modules', SUITE), folder, { recursive: true, dereference: true });
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'all.js'), suite);
  return folder;
}

/** Milliseconds of the processor. */
async function runSuite(run) {
  const { mode, folder } = run;
  const child = spawn(process.execPath, [...preloadOf(mode), 'all.js'], {
    cwd: folder,
    env: { ...process.env, ...envOf(mode), HANDIT_CACHE_DIR: join(folder, '.cache') },
    stdio: 'ignore',
  });
  await new Promise((done) => child.on('close', done));
  for (const name of readdirSync(folder).filter((each) => /^handit_events.*\.jsonl$/.test(each))) {
    run.size = statSync(join(folder, name)).size;
    rmSync(join(folder, name));
  }
  return Number(readFileSync(join(folder, 'cpu'), 'utf8'));
}

// ---------------------------------------------------------------------- shared

/** Turn by turn, each mode beside bare Node, and `failed` beside `oldest`. */
function compare(measured, what, of) {
  const pairs = [...modes.map((mode) => [mode, 'bare']), ['failed', 'oldest'], ['newest', 'oldest']];
  for (const [one, other] of pairs) {
    const [a, b] = [one, other].map((mode) => measured.find((each) => each.mode === mode));
    if (!a || !b || a === b) continue;
    const ratios = a.turns
      .map((turn, index) => of(turn) / of(b.turns[index]))
      .filter((_, index) => other !== 'oldest' || !b.turns[index].full);
    if (ratios.length === 0) continue;
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(ratios, part).toFixed(3));
    console.log(`${one} over ${other}, ${what}: ${middle} (${low} to ${high}), ${ratios.length} pairs`);
  }
}

function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = Math.floor(at);
  return sorted[below] + ((sorted[below + 1] ?? sorted[below]) - sorted[below]) * (at - below);
}

function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'handit-load-'));
  folders.push(folder);
  return folder;
}

function preloadOf(mode) {
  return mode === 'bare' ? [] : ['--require', register];
}

function envOf(mode) {
  return mode === 'bare' ? {} : { HANDIT_KEEP: mode };
}

/** In megabytes; only where there is a /proc. */
function heldAtMost(pid) {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return NaN;
  }
}
