// How often `handit diff` names the function that was changed: one function of a library is changed in one place, the
// library's own tests run under handit, and the red run is compared with a green one.
//   node scripts/mutants.mjs                      the libraries of the table, from the registry
//   node scripts/mutants.mjs --checkout <folder>  a checkout with its dependencies installed (again for more)
//   --count 10   mutants a library    --seed 1    --only <name>   --without-source: the texts of functions are not used
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { mutationsOf, seeded } from './mutants/operators.mjs';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const cache = join(homedir(), '.cache', 'handit-mutants');

// Packages that ship their tests.
const LIBRARIES = [
  { name: 'find-my-way', version: '9.10.2', sources: ['index.js', 'lib'], tests: ['test'] },
  { name: 'pino', version: '10.4.0', sources: ['lib', 'pino.js'], tests: ['test'] },
  { name: 'fastify', version: '5.12.8', sources: ['lib', 'fastify.js'], tests: ['test'] },
];

const { values: options } = parseArgs({
  options: {
    checkout: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    'without-source': { type: 'boolean', default: false },
  },
});

const projects = [
  ...(options.checkout.length > 0
    ? []
    : LIBRARIES.filter(({ name }) => !options.only || name === options.only).map(installed)),
  ...options.checkout.map(checkout),
];
const results = projects.flatMap((project) => measure(project));
report(results);

function installed({ name, version, sources, tests }) {
  const folder = join(cache, `${name}-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const draft = mkdtempSync(join(cache, '.draft-'));
    run('npm', ['pack', `${name}@${version}`, '--silent'], draft);
    run('tar', ['xzf', readdirSync(draft)[0]], draft);
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], join(draft, 'package'));
    renameSync(join(draft, 'package'), folder);
    rmSync(draft, { recursive: true, force: true });
  }
  return { name, folder, sources, tests };
}

function checkout(folder) {
  const sources = ['src', 'lib', 'index.js'].filter((name) => existsSync(join(folder, name)));
  const tests = ['test', '__tests__', 'src'].filter((name) => existsSync(join(folder, name))).slice(0, 1);
  return { name: basename(resolve(folder)), folder: resolve(folder), sources, tests };
}

/** Works in a copy: the folder stays as it is. */
function measure({ name, folder, sources, tests }) {
  const work = mkdtempSync(join(tmpdir(), `handit-mutants-${name}-`));
  cpSync(folder, work, { recursive: true, verbatimSymlinks: true });
  const command = testCommand(work, tests);
  const green = join(work, '..', `${basename(work)}-green.jsonl`);
  record(work, command, [], green);
  const passed = outcomes(green);
  console.error(`${name}: ${[...passed.values()].filter((outcome) => outcome === 'passed').length} tests pass`);
  const random = seeded(Number(options.seed));
  const isTest = /(^|\/)(tests?|__tests__|node_modules|fixtures)\/|\.(test|spec)\.\w+$|\.d\.[cm]?ts$/;
  const candidates = filesIn(work, sources)
    .filter((file) => /\.([cm]?js|[cm]?ts)x?$/.test(file) && !isTest.test(file))
    .flatMap((file) =>
      mutationsOf(file, readFileSync(join(work, file), 'utf8')).map((mutation) => ({ file, ...mutation })),
    );
  const rows = [];
  for (let tries = 0; rows.length < Number(options.count) && tries < Number(options.count) * 12; tries++) {
    const [mutation] = candidates.splice(Math.floor(random() * candidates.length), 1);
    if (!mutation) break;
    const row = tryMutation({ name, work, command, green, passed }, mutation);
    if (row) rows.push(row);
  }
  rmSync(work, { recursive: true, force: true });
  rmSync(green, { force: true });
  return rows;
}

/** Undefined where it breaks no test, or more than half of them. */
function tryMutation({ name, work, command, green, passed }, { file, operator, start, end, text, func }) {
  const path = join(work, file);
  const source = readFileSync(path, 'utf8');
  const files = testFilesOf(green, file, func);
  if (files.length === 0) return undefined;
  writeFileSync(path, source.slice(0, start) + text + source.slice(end));
  const red = join(work, '..', `${basename(work)}-red.jsonl`);
  try {
    record(work, command, files, red);
    const now = outcomes(red);
    const broken = [...now].filter(([test, outcome]) => outcome === 'failed' && passed.get(test) === 'passed');
    if (broken.length === 0 || broken.length > passed.size / 2) return undefined;
    const { units, seconds } = compare(green, red);
    const isChanged = (suspect) => suspect.file === file && suspect.line === func.line;
    const places = units.map(({ suspects }) => suspects.findIndex(isChanged));
    const row = {
      ...{ name, operator, file, line: func.line, seconds, change: `${source.slice(start, end)} -> ${text}` },
      ...{ broken: units.length, first: places.filter((place) => place === 0).length },
      inThree: places.filter((place) => place >= 0 && place < 3).length,
      instead: units.find((_, at) => places[at] !== 0)?.suspects[0],
    };
    console.error(
      `${name} ${operator} ${file}:${func.line}: first in ${row.first} of ${row.broken} (${seconds.toFixed(1)} s)`,
    );
    if (row.first < row.broken)
      console.error(`  ${row.change.replace(/\s+/g, ' ').slice(0, 160)}\n  instead: ${told(row.instead)}`);
    return row;
  } finally {
    writeFileSync(path, source);
    rmSync(red, { force: true });
  }
}

function told(suspect) {
  return suspect ? `${suspect.func} ${suspect.file}:${suspect.line} ${suspect.reason}; ${suspect.found}` : 'nothing';
}

function compare(green, red) {
  const before = process.hrtime.bigint();
  const args = [join(root, 'dist/cli.cjs'), 'diff', green, red, '--json'];
  const env = { ...process.env, ...(options['without-source'] ? { HANDIT_DIFF_WITHOUT_SOURCE: '1' } : {}) };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 30, env });
  if (status !== 1) throw new Error(`handit diff ended with ${status}: ${stderr}`);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const units = lines.filter(
    ({ type, base, new: outcome }) => type === 'unit' && base === 'passed' && outcome === 'failed',
  );
  return { units, seconds: Number(process.hrtime.bigint() - before) / 1e9 };
}

// ----------------------------------------------------------------------- tests

/** How the tests of a project are started, with the files to take at the end. */
function testCommand(folder, tests) {
  const { scripts = {}, devDependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const bin = (path) => [process.execPath, join(folder, 'node_modules', path)];
  const files = filesIn(folder, tests).filter((file) =>
    /\.(test|spec)\.[cm]?[jt]sx?$|(^|\/)(test|__tests__)\/[^/]+\.[cm]?js$/.test(file),
  );
  if (devDependencies.vitest) return { args: [...bin('vitest/vitest.mjs'), 'run', '--reporter=dot'], files };
  if (devDependencies.jest) return { args: [...bin('jest/bin/jest.js'), '--silent'], files };
  if (devDependencies.mocha) {
    const setup = /--require (\S+)/.exec(Object.values(scripts).find((script) => script.includes('mocha')) ?? '')?.[1];
    return { args: [...bin('mocha/bin/mocha.js'), '--reporter', 'dot', ...(setup ? ['--require', setup] : [])], files };
  }
  return { args: [process.execPath, '--test', '--test-concurrency=2'], files };
}

function record(folder, { args, files }, only, trace) {
  rmSync(trace, { force: true });
  const env = { ...process.env, HANDIT_OUTPUT_FILE: trace, NODE_ENV: 'test' };
  env.NODE_OPTIONS = `--import=${pathToFileURL(join(root, 'register.mjs'))}`;
  delete env.CI;
  const [command, ...rest] = [...args, ...(only.length > 0 ? only : files)];
  spawnSync(command, rest, { cwd: folder, env, stdio: 'ignore', timeout: 300_000 });
  if (!existsSync(trace)) throw new Error(`nothing was recorded by ${command} ${rest.join(' ')}`);
}

/** The last outcome of each test. */
function outcomes(trace) {
  const found = new Map();
  for (const line of linesOf(trace, '{"type":"test_end"')) found.set(line.test, line.outcome);
  return found;
}

/** The test files in which the function was called. */
function testFilesOf(trace, file, { line }) {
  const files = new Set();
  for (const call of linesOf(trace, '{"type":"call"', `"file":"${file}","line":${line},`))
    if (call.test) files.add(call.test.split(' > ')[0]);
  return [...files];
}

function* linesOf(trace, start, text = '') {
  const bytes = readFileSync(trace);
  for (let from = 0, to; (to = bytes.indexOf(10, from)) !== -1; from = to + 1) {
    const line = bytes.toString('utf8', from, to);
    if (line.startsWith(start) && line.includes(text)) yield JSON.parse(line);
  }
}

// ---------------------------------------------------------------------- report

function report(rows) {
  const groups = (key) => Object.entries(Object.groupBy ? Object.groupBy(rows, key) : groupBy(rows, key));
  const share = (part, all) => (all === 0 ? '-' : `${((100 * part) / all).toFixed(0)} %`);
  const line = ([name, group]) => {
    const sum = (field) => group.reduce((total, row) => total + row[field], 0);
    const whole = group.filter(({ first, broken }) => first === broken).length;
    return `| ${name} | ${group.length} | ${sum('broken')} | ${share(sum('first'), sum('broken'))} | ${share(sum('inThree'), sum('broken'))} | ${share(whole, group.length)} |`;
  };
  console.log(
    '| | mutants | broken tests | first | in three | mutants named first in all tests |\n|---|---|---|---|---|---|',
  );
  for (const group of [...groups(({ name }) => name), ...groups(({ operator }) => operator), ['all', rows]])
    console.log(line(group));
}

function groupBy(rows, key) {
  const found = {};
  for (const row of rows) (found[key(row)] ??= []).push(row);
  return found;
}

// ----------------------------------------------------------------------- files

function filesIn(folder, names) {
  return names.flatMap((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    if (/\.\w+$/.test(name)) return [name];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'))
      .filter((file) => !file.includes('node_modules/'));
  });
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? status}`);
}
