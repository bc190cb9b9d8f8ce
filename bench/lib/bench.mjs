// A project of its own to measure in, and rounds in which every tool has its turn.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCollector } from './collector.mjs';
import { bytesBelow } from './files.mjs';
import { installed } from './install.mjs';
import { runToEnd, serve } from './processes.mjs';
import { tools } from './tools.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The libraries that the real programs are made of, and the file of each that is copied among the program's own. */
const libraries = {
  acorn: { version: '8.19.0', file: 'dist/acorn.js' },
  marked: { version: '15.0.12', file: 'lib/marked.cjs' },
  handlebars: { version: '4.7.10', file: 'dist/handlebars.js' },
};

/**
 * @typedef {object} Variant one tool's way of running something
 * @property {string} tool
 * @property {string} [label] where a tool has several: 'cold'
 * @property {string[]} args the program and its arguments
 * @property {object | ((out: string) => object)} [env] for this variant; `out` is a folder of the one run
 * @property {string[]} [flags] instead of the tool's own way to start
 * @property {'recorded' | 'exchanges' | 'started'} [proof] what its output must hold, see tools.mjs; the first where nothing is said
 * @property {number} [rounds] that it gets, where fewer will do
 * @property {boolean} [cpu] processor time of the whole run is wanted: `cpu`, ms
 *
 * @typedef {object} Result what all rounds of one variant gave
 * @property {string} case
 * @property {string} tool
 * @property {string} [label]
 * @property {{ [name: string]: number[] }} values by round: what the program measured, and `wall`, `cpu`, `bytes` of its trace
 * @property {number} [recorded] calls, requests or samples in the output of the last round
 * @property {number} [counted] calls that the tool has counted in the last round
 * @property {string} [problem] why there are no figures
 */

/**
 * @param {{ node: string, rounds: number, quick: boolean, full: boolean, progress: (text: string) => void }} options
 *   `quick`: everything once and small; `full`: with all tools and cases
 */
export async function createBench({ node, rounds, quick, full, progress }) {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'handit-bench-')));
  const collector = await startCollector();
  const fetch = !quick;
  const homes = {};
  for (const [name, { packages }] of Object.entries(tools)) {
    if (packages && full) homes[name] = installed(packages, fetch);
  }
  const present = Object.keys(tools).filter((name) => !tools[name].packages || homes[name]);
  makeProject(project, fetch);

  /** One process from its start to its end. */
  async function run(variant) {
    const out = mkdtempSync(join(project, 'node_modules/.out-'));
    try {
      const started = start(variant, out);
      const { wall, cpu, problem } = await runToEnd({ ...started, cpu: variant.cpu, seconds: quick ? 30 : 60 });
      const values = { wall };
      if (cpu !== undefined) values.cpu = cpu;
      return { values, ...(problem ? { problem } : outcome(variant, out, values)) };
    } finally {
      tidy(variant, out);
    }
  }

  /**
   * A server, and what `meanwhile(port)` does with it.
   *
   * @returns what both of them measured
   */
  async function runServer(variant, meanwhile) {
    const out = mkdtempSync(join(project, 'node_modules/.out-'));
    try {
      const server = await serve({ ...start(variant, out), seconds: 60 });
      const client = await meanwhile(server.port).finally(server.stop);
      const values = {};
      return { server: { values, ...outcome(variant, out, values) }, client };
    } catch (error) {
      const failed = { values: {}, problem: error.message };
      return { server: failed, client: failed };
    } finally {
      tidy(variant, out);
    }
  }

  function start({ tool, args, env = {}, flags, proving }, out) {
    collector.taken();
    const launch = { node, args, home: homes[tool], out, project, port: collector.port };
    const started = tools[tool].start(launch);
    if (flags) started.args = [...flags, ...args];
    const own = {
      ...started.env,
      ...(typeof env === 'function' ? env(out) : env),
      BENCH_RESULT: join(out, 'result.json'),
      ...(proving && { BENCH_PROVE: '1' }),
    };
    return { ...started, env: { ...cleanEnv(), ...own }, cwd: project };
  }

  /** What the program said, and what the tool can show for itself. */
  function outcome({ tool, proof = 'recorded' }, out, values) {
    const file = join(out, 'result.json');
    const { globals, ...said } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    rmSync(file, { force: true });
    Object.assign(values, said);
    if (tool === 'bare') return {};
    const { counted, started, [proof]: recorded } = tools[tool];
    const output = { out, project, spans: collector.taken(), globals };
    if (proof === 'started' && started) return started(output) ? {} : { problem: 'did not start' };
    const found = (recorded ?? tools[tool].recorded)(output);
    if (found === 0) return { problem: 'did not record' };
    values.bytes = bytesBelow(out) + bytesBelow(join(project, 'tmp'));
    return { recorded: found, counted: counted?.(output) };
  }

  function tidy({ tool }, out) {
    rmSync(out, { recursive: true, force: true });
    // A bare client ends while the tool of its server is still writing there.
    if (tool !== 'bare') rmSync(join(project, 'tmp'), { recursive: true, force: true });
  }

  /**
   * All variants in turn, round by round, so that a slow moment of the machine meets all of them. One that cannot do it is
   * left out from then on.
   *
   * @param {string} title of the case
   * @param {Variant[]} variants those of tools that are not there are passed over
   * @param {{ times?: number, warmUp?: boolean, once?: typeof run }} [options] `times`: rounds for each round; `warmUp`: one
   *   more before, which does not count
   * @returns {Promise<Result[]>}
   */
  async function compare(title, variants, { times = 1, warmUp = false, once = run } = {}) {
    const entries = variants
      .filter(({ tool }) => present.includes(tool))
      .map((variant) => ({ variant, result: { case: title, tool: variant.tool, label: variant.label, values: {} } }));
    for (let round = warmUp ? -1 : 0; round < (quick ? 1 : rounds * times); round++) {
      for (const { variant, result } of entries) {
        if (result.problem || round >= (variant.rounds ?? Infinity)) continue;
        progress(`${title}: ${tools[variant.tool].title} ${variant.label ?? ''}, round ${round + 1}`);
        const { values, ...rest } = await once(round < 0 ? { ...variant, proving: true } : variant);
        Object.assign(result, rest);
        if (rest.problem) result.values = {};
        else if (round >= 0)
          for (const [name, value] of Object.entries(values)) (result.values[name] ??= []).push(value);
      }
    }
    return entries.map(({ result }) => result);
  }

  return {
    node,
    project,
    full,
    compare,
    run,
    runServer,
    /** How many of something: all of it, or few where only the benchmark itself is tried. */
    size: (full, small) => (quick ? small : full),
    has: (library) => existsSync(join(project, 'libraries', `${library}.js`)),
    hasPackage: (name) => existsSync(join(project, 'node_modules', name)),
    tools: present,
    close() {
      collector.stop();
      rmSync(project, { recursive: true, force: true });
    },
  };
}

function makeProject(project, fetch) {
  cpSync(join(root, 'bench/programs'), project, { recursive: true });
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'some-library'), { recursive: true });
  writeFileSync(join(modules, 'some-library/index.js'), 'exports.nothing = null;\n');
  // HTTP clients and frameworks are those that the tests run on.
  const folders = { undici: 'undici8', axios: 'axios', got: 'got', express: 'express', fastify: 'fastify' };
  for (const [name, folder] of Object.entries(folders)) {
    const target = join(root, 'node_modules', folder);
    if (existsSync(target)) symlinkSync(target, join(modules, name));
  }
  mkdirSync(join(project, 'libraries'));
  const versions = Object.fromEntries(Object.entries(libraries).map(([name, { version }]) => [name, version]));
  const home = installed(versions, fetch);
  if (!home) return;
  for (const [name, { file }] of Object.entries(libraries)) {
    cpSync(join(home, 'node_modules', name, file), join(project, 'libraries', `${name}.js`));
  }
}

/** Without what npm and test runners put there: of a folder in node_modules they would make handit stay away. */
export function cleanEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HANDIT_|NODE_|npm_|JEST_)/.test(name)));
}
