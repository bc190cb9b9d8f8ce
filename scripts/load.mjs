// A server under load for a time, of which one request in a hundred fails: what each mode of HANDIT_KEEP costs, holds and leaves.
//   node scripts/load.mjs                       10 minutes each of bare Node, oldest, newest, failed
//   --seconds 60    --modes bare,failed         shorter, and only these
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CONNECTIONS = 16;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    modes: { type: 'string', default: 'bare,oldest,newest,failed' },
  },
});

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

console.log('| mode | requests a second | held at most | trace | requests that failed |');
console.log('| ---- | ----------------: | -----------: | ----: | -------------------: |');
for (const mode of values.modes.split(',')) console.log(row(mode, await measure(mode, Number(values.seconds))));

async function measure(mode, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'handit-load-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(root, 'node_modules/express'), join(folder, 'node_modules/express'));
    writeFileSync(join(folder, 'app.js'), server);
    const preload = mode === 'bare' ? [] : ['--require', join(root, 'dist/register.cjs')];
    const env = { ...process.env, NODE_ENV: 'production', ...(mode !== 'bare' && { HANDIT_KEEP: mode }) };
    const child = spawn(process.execPath, [...preload, 'app.js'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await portOf(child);
    const { requests, failed } = await load(port, seconds);
    const megabytes = heldAtMost(child.pid);
    const closed = new Promise((done) => child.on('close', done));
    child.kill('SIGTERM');
    await closed;
    const traces = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    const size = traces.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    return { perSecond: requests / seconds, megabytes, size, files: traces.length, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function portOf(child) {
  return new Promise((done, failed) => {
    child.on('close', (code) => failed(new Error(`the server ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const port = /^port (\d+)$/m.exec(text)?.[1];
      if (port) done(Number(port));
    });
  });
}

async function load(port, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const until = Date.now() + seconds * 1000;
  const items = Array.from({ length: 8 }, (_, i) => ({ name: `article ${i}`, cents: 100 * i, count: i }));
  let [requests, failed] = [0, 0];
  const connection = async () => {
    while (Date.now() < until) {
      const status = await post(agent, port, JSON.stringify({ number: requests++, items, note: 'x'.repeat(400) }));
      if (status !== 200) failed++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
  return { requests, failed };
}

function post(agent, port, body) {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((done, failed) => {
    request({ agent, port, path: '/checkout', method: 'POST', headers }, (response) =>
      response.resume().on('end', () => done(response.statusCode)),
    )
      .on('error', failed)
      .end(body);
  });
}

/** In megabytes; only where there is a /proc. */
function heldAtMost(pid) {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return NaN;
  }
}

function row(mode, { perSecond, megabytes, size, files, failed }) {
  const trace = files === 0 ? '' : `${(size / 1e6).toFixed(1)} MB in ${files}`;
  return `| ${mode} | ${perSecond.toFixed(0)} | ${megabytes.toFixed(0)} MB | ${trace} | ${failed} |`;
}
