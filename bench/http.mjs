// Measures what recording costs HTTP, beside bare node: answers a second, and processor time for each. Prints a table.
//   node bench/http.mjs [--node <path of another node>] [--rounds 5] [--seconds 2] [--only http,fetch]
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    node: { type: 'string', default: process.execPath },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: 'http,fetch,undici,axios,got,server' },
  },
});
const rounds = Number(values.rounds);
const register = join(root, 'dist/register.cjs');
if (!existsSync(register)) throw new Error(`${register} is missing: run "npm run build" first`);

// A project of its own: the programs are the user's files there, the clients lie in its node_modules.
const project = mkdtempSync(join(tmpdir(), 'handit-bench-'));
cpSync(join(root, 'bench/programs'), project, { recursive: true });
mkdirSync(join(project, 'node_modules'));
for (const [name, version] of Object.entries({ undici: 'undici8', axios: 'axios', got: 'got' })) {
  const installed = join(root, 'node_modules', version);
  if (existsSync(installed)) symlinkSync(installed, join(project, 'node_modules', name));
}
const trace = join(project, 'trace.jsonl');

try {
  console.log(
    `Node ${run(['-p', 'process.versions.node']).trim()}, ${rounds} rounds each of ${values.seconds} s; median (min to max)\n`,
  );
  console.log(
    '| | body | at once | bare, answers/s | recorded, answers/s | ratio | CPU an answer, bare | recorded | trace, bytes an answer |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const name of values.only.split(',')) {
    if (!['http', 'fetch', 'server'].includes(name) && !existsSync(join(project, 'node_modules', name))) continue;
    for (const bytes of [1000, 100_000]) for (const atOnce of [1, 50]) await compare(name, bytes, atOnce);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}

/** `server`: the server is recorded and the client is not; else the other way round. */
async function compare(name, bytes, atOnce) {
  const client = name === 'server' ? 'http' : name;
  const results = { bare: [], recorded: [] };
  let size = 0;
  // In turn, so that a slow moment of the machine meets both.
  for (let round = 0; round < rounds; round++) {
    for (const kind of ['bare', 'recorded']) {
      const flags = kind === 'recorded' ? ['--require', register] : [];
      const server = await serve(name === 'server' ? flags : []);
      const args = ['http-client.mjs', client, server.port, bytes, atOnce, values.seconds].map(String);
      const result = JSON.parse(run([...(name === 'server' ? [] : flags), ...args]));
      const cpu = await server.stop();
      if (name === 'server') result.cpu = cpu;
      results[kind].push(result);
      if (kind === 'recorded') {
        if (!existsSync(trace)) throw new Error('nothing was recorded');
        size = statSync(trace).size / (result.rate * Number(values.seconds) * 1.3);
        rmSync(trace);
      }
    }
  }
  const ratios = results.recorded.map(({ rate }, i) => rate / results.bare[i].rate);
  const rates = (kind) =>
    spread(
      results[kind].map(({ rate }) => rate),
      0,
    );
  const cpus = (kind) =>
    `${spread(
      results[kind].map(({ cpu }) => cpu),
      0,
    )} us`;
  console.log(
    `| ${name} | ${bytes / 1000} kB | ${atOnce} | ${rates('bare')} | ${rates('recorded')} | ${spread(ratios, 2)} | ${cpus('bare')} | ${cpus('recorded')} | ${size.toFixed(0)} |`,
  );
}

async function serve(flags) {
  const child = spawn(values.node, [...flags, 'http-server.mjs'], options());
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return {
    port: Number(text),
    stop: () =>
      new Promise((done) => {
        let rest = '';
        child.stderr.on('data', (chunk) => (rest += chunk));
        child.on('close', () => done(Number(rest)));
        child.kill('SIGTERM');
      }),
  };
}

function run(args) {
  const { status, stdout, stderr } = spawnSync(values.node, args, { ...options(), encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

function options() {
  return { cwd: project, env: { ...process.env, HANDIT_OUTPUT_FILE: trace, HANDIT_MAX_FILE_MB: '0' } };
}

function spread(numbers, digits) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const show = (number) => number.toFixed(digits);
  return `${show(sorted[sorted.length >> 1])} (${show(sorted[0])} to ${show(sorted.at(-1))})`;
}
