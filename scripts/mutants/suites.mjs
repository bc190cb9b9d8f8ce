// The tests of a library: how they are started under handit, and what a trace says of them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(fileURLToPath(import.meta.url), '../../..');

const LONGEST_MS = 240_000;

/** How the tests of a project are started, with the files to take at the end. */
export function testCommand(folder, tests) {
  const { scripts = {}, devDependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const bin = (path) => [process.execPath, join(folder, 'node_modules', path)];
  const files = filesIn(folder, tests).filter((file) =>
    /\.(test|spec)\.[cm]?[jt]sx?$|(^|\/)(test|__tests__)\/[^/]+\.[cm]?js$/.test(file),
  );
  // A test that a change made hang is ended, and what it left open too.
  const limits = ['--test-timeout=20000', '--test-force-exit'];
  const nodes = { args: [process.execPath, '--test', '--test-concurrency=2', ...limits], files };
  // A starter of Node's own runner; beside it, others are there for a single test.
  if (devDependencies.borp) return nodes;
  if (devDependencies.vitest) {
    return { args: [...bin('vitest/vitest.mjs'), 'run', '--reporter=dot', '--coverage.enabled=false'], files };
  }
  if (devDependencies.jest) return { args: [...bin('jest/bin/jest.js'), '--silent'], files };
  if (devDependencies.mocha) {
    const setup = /--require (\S+)/.exec(Object.values(scripts).find((script) => script.includes('mocha')) ?? '')?.[1];
    return { args: [...bin('mocha/bin/mocha.js'), '--reporter', 'dot', ...(setup ? ['--require', setup] : [])], files };
  }
  return nodes;
}

/** Runs the tests in some files, or in all, and writes the trace. */
export function record(folder, { args, files }, only, trace, through = []) {
  rmSync(trace, { force: true });
  const env = { ...process.env, HANDIT_OUTPUT_FILE: trace, NODE_ENV: 'test' };
  env.NODE_OPTIONS = `--import=${pathToFileURL(join(root, 'register.mjs'))}`;
  delete env.CI;
  const [command, ...rest] = [...through, ...args, ...(only.length > 0 ? only : files)];
  const { pid, error } = spawnSync(command, rest, {
    ...{ cwd: folder, env, stdio: 'ignore', timeout: LONGEST_MS },
    // A group of its own, so that what it started ends with it.
    detached: process.platform !== 'win32',
  });
  if (error) endGroup(pid);
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
