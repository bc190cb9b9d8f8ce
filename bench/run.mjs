// Measures what recording costs, always beside bare node. Prints a table; nothing here passes or fails.
//   node bench/run.mjs [--node <path of another node>] [--rounds 5]
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: { node: { type: 'string', default: process.execPath }, rounds: { type: 'string', default: '5' } },
});
const rounds = Number(values.rounds);
const register = join(root, 'dist/register.cjs');
if (!existsSync(register)) throw new Error(`${register} is missing: run "npm run build" first`);

// A project of its own: the programs are the user's files there, and the cache has a node_modules to live in.
const project = mkdtempSync(join(tmpdir(), 'handit-bench-'));
cpSync(join(root, 'bench/programs'), project, { recursive: true });
mkdirSync(join(project, 'node_modules'));
const trace = join(project, 'trace.jsonl');

const BURST = 4000;
const LONG = 300_000;
const CPU_CALLS = 1_500_000;
const cases = [
  ['numbers', 'add(number, number)'],
  ['strings', 'greet(string, string)'],
  ['record', 'pick(10-key object)'],
  ['awaited', 'await later(number)'],
];

try {
  const { version } = JSON.parse(
    run(['-p', 'JSON.stringify(process.versions.node)']).stdout.replace(/^/, '{"version":').concat('}'),
  );
  console.log(`Node ${version}, ${rounds} rounds each; median (min to max)\n`);
  console.log('| call, in the loop | bare | recorded | recorded, buffer draining in the loop | beyond the cap |');
  console.log('|---|---|---|---|---|');
  for (const [kind, title] of cases) {
    const bare = [];
    const burst = [];
    const long = [];
    const capped = [];
    for (let i = 0; i < rounds; i++) {
      bare.push(loop(kind, BURST, 200));
      burst.push(loop(kind, BURST, 200, { HANDIT_MAX_CALLS: '0' }, BURST * 200));
      long.push(loop(kind, LONG, 3, { HANDIT_MAX_CALLS: '0' }, LONG * 3));
      capped.push(loop(kind, LONG, 10, { HANDIT_MAX_CALLS: '100' }));
    }
    console.log(`| \`${title}\` | ${ns(bare)} | ${ns(burst)} | ${ns(long)} | ${ns(capped)} |`);
  }

  console.log('\n| whole process, 1.5 million calls of `add` | CPU | per call over bare | bytes a call |');
  console.log('|---|---|---|---|');
  const bareCpu = times(() => cpuOf([]));
  let bytes = 0;
  const recordedCpu = times(() => {
    rmSync(trace, { force: true });
    const cpu = cpuOf(['--require', register], { HANDIT_MAX_CALLS: '0' });
    bytes = statSync(trace).size / CPU_CALLS;
    return cpu;
  });
  const over = recordedCpu.map((cpu, i) => ((cpu - bareCpu[i]) * 1e6) / CPU_CALLS);
  console.log(`| bare | ${spread(bareCpu, 'ms')} | | |`);
  console.log(`| recorded | ${spread(recordedCpu, 'ms')} | ${spread(over, 'ns')} | ${bytes.toFixed(0)} |`);

  console.log('\n| start-up, hello world | wall | over bare |');
  console.log('|---|---|---|');
  const starts = {
    bare: [],
    'handit, warm cache, --require': ['--require', register],
    'handit, warm cache, --import': ['--import', join(root, 'register.mjs')],
    'handit, no cache': ['--require', register],
  };
  const measured = Object.fromEntries(Object.keys(starts).map((name) => [name, []]));
  // In turn, so that a slow moment of the machine meets all of them.
  for (let i = 0; i < rounds * 4; i++) {
    for (const [name, flags] of Object.entries(starts)) {
      const env = name.includes('no cache') ? { HANDIT_CACHE_DIR: 'off' } : {};
      const from = process.hrtime.bigint();
      run([...flags, 'hello.cjs'], env);
      measured[name].push(Number(process.hrtime.bigint() - from) / 1e6);
    }
  }
  for (const [name, list] of Object.entries(measured)) {
    const extra = list.map((ms, i) => ms - measured.bare[i]);
    console.log(`| ${name} | ${spread(list, 'ms')} | ${name === 'bare' ? '' : spread(extra, 'ms')} |`);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}

/** ns per call; with `expected` the trace must hold that many calls at least. */
function loop(kind, burst, bursts, env, expected) {
  rmSync(trace, { force: true });
  const flags = env ? ['--require', register] : [];
  const { stdout } = run([...flags, 'hot-loop.cjs', kind, String(burst), String(bursts)], env);
  if (expected) {
    const { events } = JSON.parse(lastLine(trace));
    if (events < expected * 2) throw new Error(`${kind}: ${events} events for ${expected} calls`);
  }
  return JSON.parse(stdout).median;
}

/** User and system time of one process, in ms. */
function cpuOf(flags, env) {
  return Number(run([...flags, 'cpu.cjs', String(CPU_CALLS)], env).stdout);
}

function run(args, env = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HANDIT_|NODE_)/.test(name)));
  const options = {
    cwd: project,
    encoding: 'utf8',
    env: { ...clean, HANDIT_OUTPUT_FILE: trace, HANDIT_MAX_FILE_MB: '0', ...env },
    maxBuffer: 1 << 26,
  };
  const result = spawnSync(values.node, args, options);
  if (result.status !== 0) throw new Error(`${args.join(' ')} exited with ${result.status}: ${result.stderr}`);
  return result;
}

function lastLine(file) {
  const text = readFileSync(file, 'latin1');
  return text.slice(text.lastIndexOf('\n', text.length - 2) + 1);
}

function times(measure) {
  return Array.from({ length: rounds }, measure);
}

function ns(list) {
  return spread(list, 'ns');
}

function spread(list, unit) {
  const sorted = [...list].sort((a, b) => a - b);
  const digits = sorted.at(-1) < 20 ? 1 : 0;
  const [min, median, max] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((each) => each.toFixed(digits));
  return `${median} ${unit} (${min} to ${max})`;
}
