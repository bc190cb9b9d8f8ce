// The tests of a library: how they are started under handit, and what a trace says of them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(fileURLToPath(import.meta.url), '../../..');

/** How long a run may take at most; of a changed library, that is as many times what the unchanged one took. */
const LONGEST_MS = 240_000;
const LONGEST_TIMES = 5;
const LEAST_MS = 20_000;

/** How the tests of a project are started, with the files to take at the end. */
export function testCommand(folder, tests) {
  const { scripts = {}, devDependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const bin = (name) => [process.execPath, binOf(join(folder, 'node_modules', name), name)];
  const files = filesIn(folder, tests).filter((file) =>
    /\.(test|spec)\.[cm]?[jt]sx?$|(^|\/)(tests?|__tests__)\/[^/]+\.[cm]?js$/.test(file),
  );
  // A test that a change made hang is ended, and what it left open too.
  const limits = ['--test-timeout=20000', '--test-force-exit'];
  const nodes = { args: [process.execPath, '--test', '--test-concurrency=2', ...limits], files };
  const runner = runnerOf(scripts, devDependencies);
  if (runner === 'vitest') {
    const off = ['--coverage.enabled=false', '--typecheck.enabled=false'];
    return { args: [...bin('vitest'), 'run', '--reporter=dot', ...off], files };
  }
  if (runner === 'jest') return { args: [...bin('jest'), '--silent'], files };
  if (runner === 'mocha') {
    const script = scripts.test ?? Object.values(scripts).find((text) => text.includes('mocha')) ?? '';
    const setup = /--require (\S+)/.exec(script)?.[1];
    const args = [...bin('mocha'), '--reporter', 'dot', ...(setup ? ['--require', setup] : [])];
    return { args, files: ofMocha(files, script, tests) };
  }
  return nodes;
}

/** It looks into the folders that it is given, and not below them. */
function ofMocha(files, script, tests) {
  if (script.includes('--recursive')) return files;
  const folders = new Set([...tests, ...script.split(/\s+/)].map((word) => word.replace(/^\.\/|\/$/g, '')));
  return files.filter((file) => folders.has(dirname(file)));
}

/** Where several are installed, the one that runs all tests; borp starts Node's own. */
function runnerOf(scripts, devDependencies) {
  const known = ['borp', 'node --test', 'vitest', 'jest', 'mocha'];
  const texts = Object.entries(scripts).sort(([a], [b]) => Number(b === 'test') - Number(a === 'test'));
  const named = texts.filter(([name]) => /^(test|unit)/.test(name)).flatMap(([, text]) => firstIn(text, known));
  return named[0] ?? known.find((name) => devDependencies[name]);
}

function firstIn(text, names) {
  const found = names.filter((name) => text.includes(name));
  return found.sort((a, b) => text.indexOf(a) - text.indexOf(b)).slice(0, 1);
}

/** The file of a package's command. */
function binOf(folder, name) {
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[name]);
}

/**
 * Runs the tests in some files, or in all, and writes the trace.
 *
 * @returns how long it took
 */
export function record(folder, { args, files }, only, trace, through = [], usualMs = LONGEST_MS) {
  const from = performance.now();
  rmSync(trace, { force: true });
  const env = { ...process.env, HANDIT_OUTPUT_FILE: trace, NODE_ENV: 'test' };
  env.NODE_OPTIONS = `--import=${pathToFileURL(join(root, 'register.mjs'))}`;
  delete env.CI;
  const [command, ...rest] = [...through, ...args, ...(only.length > 0 ? only : files)];
  const { pid, error } = spawnSync(command, rest, {
    ...{ cwd: folder, env, stdio: 'ignore', timeout: longestMs(usualMs) },
    // A group of its own, so that what it started ends with it.
    detached: process.platform !== 'win32',
  });
  if (error) endGroup(pid);
  return performance.now() - from;
}

function longestMs(usualMs) {
  return Math.min(LONGEST_MS, Math.ceil(LEAST_MS + LONGEST_TIMES * usualMs));
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** The last outcome of each test. */
export function outcomes(trace) {
  const found = new Map();
  for (const line of linesOf(trace, '{"type":"test_end"')) found.set(line.test, line.outcome);
  return found;
}

/** The test files in which the function was called; of a process that called it outside of any test, all of its files. */
export function testFilesOf(trace, file, { line }) {
  const files = new Set();
  const outside = new Set();
  for (const call of linesOf(trace, '{"type":"call"', `"file":"${file}","line":${line},`)) {
    if (call.test) files.add(fileOf(call.test));
    else outside.add(call.proc);
  }
  if (files.size > 0) return [...files];
  if (outside.size > 0)
    for (const { test, proc } of linesOf(trace, '{"type":"test_end"')) if (outside.has(proc)) files.add(fileOf(test));
  return [...files];
}

function fileOf(test) {
  return test.split(' > ')[0];
}

function* linesOf(trace, start, text = '') {
  const bytes = readFileSync(trace);
  for (let from = 0, to; (to = bytes.indexOf(10, from)) !== -1; from = to + 1) {
    const line = bytes.toString('utf8', from, to);
    if (line.startsWith(start) && line.includes(text)) yield JSON.parse(line);
  }
}

/** All files in folders, and those files that are named themselves. */
export function filesIn(folder, names) {
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
