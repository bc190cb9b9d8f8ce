// What HANDIT_MAX_BODY costs: a server whose answers have 1, 10 and 100 kB, with several limits, which take turns.
//   node scripts/body-limits.mjs [--seconds 20] [--turn 2] [--limits 4096,16384,65536]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { portOf, processorTime } from './load/server.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CONNECTIONS = 16;
const SIZES = [1000, 10_000, 100_000];
/** A turn that nobody measures: code is compiled, connections are made. */
const WARM_UP_SECONDS = 0.5;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    turn: { type: 'string', default: '2' },
    limits: { type: 'string', default: '0,1024,4096,16384,65536,262144' },
  },
});
const turn = Number(values.turn);
const turns = Math.max(1, Math.round(Number(values.seconds) / turn));
const folder = mkdtempSync(join(tmpdir(), 'handit-bodies-'));

try {
  console.log(`Node ${process.version}, ${turns} turns of ${turn} s each`);
  console.log('');
  console.log('| body | limit | of the rate of bare Node | processor time an answer | trace an answer |');
  console.log('| ---: | ----: | -----------------------: | -----------------------: | --------------: |');
  for (const size of SIZES) await measure(size);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(size) {
  const servers = [];
  try {
    for (const limit of ['bare', ...values.limits.split(',')]) servers.push(await start(size, limit));
    for (const each of servers) await load(each, size, WARM_UP_SECONDS);
    for (let i = 0; i < turns; i++) {
      for (let k = 0; k < servers.length; k++) {
        const each = servers[(i + k) % servers.length];
        each.turns.push(await load(each, size, turn));
      }
    }
    const [bare] = servers;
    for (const { limit, turns: own } of servers) {
      const rate = median(own.map(({ rate }, index) => rate / bare.turns[index].rate));
      const [cpu, bytes] = ['cpu', 'bytes'].map((name) => median(own.map((each) => each[name])));
      const cells = [
        `${size / 1000} kB`,
        limit,
        rate.toFixed(2),
        `${cpu.toFixed(0)} µs`,
        limit === 'bare' ? '' : bytes.toFixed(0),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  } finally {
    for (const { child } of servers) child.kill('SIGKILL');
  }
}

async function start(size, limit) {
  const trace = join(folder, `${size}-${limit}.jsonl`);
  const preload = limit === 'bare' ? [] : ['--require', join(root, 'dist/register.cjs')];
  const child = spawn(process.execPath, [...preload, join(root, 'bench/programs/http-server.js')], {
    cwd: join(root, 'bench/programs'),
    env: { ...process.env, HANDIT_OUTPUT_FILE: trace, HANDIT_MAX_FILE_MB: '0', HANDIT_MAX_BODY: limit },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { limit, trace, child, port: await portOf(child), turns: [] };
}

/** One turn: answers a second, microseconds of the server and bytes of its trace for each. */
async function load({ limit, trace, child, port }, size, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const written = () => (limit === 'bare' ? 0 : (statSync(trace, { throwIfNoEntry: false })?.size ?? 0));
  const [cpu, bytes, began] = [processorTime(child.pid), written(), performance.now()];
  let answers = 0;
  const connection = async () => {
    for (; performance.now() < began + seconds * 1000; answers++) {
      await new Promise((done, failed) => {
        get({ agent, port, path: `/${size}` }, (response) => response.resume().on('end', done)).on('error', failed);
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
  return {
    rate: answers / ((performance.now() - began) / 1000),
    cpu: ((processorTime(child.pid) - cpu) / answers) * 1e6,
    bytes: (written() - bytes) / answers,
  };
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
