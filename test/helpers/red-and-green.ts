import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository, runNode, tempProject, type RunResult } from './run.js';

const register = join(repository, 'register.mjs');
const cli = join(repository, 'dist/cli.cjs');

/** Runs the tests of a folder (`*.test.mjs`, by node:test) under handit. */
export async function recordTests(folder: string, trace: string): Promise<void> {
  const env = { HANDIT_OUTPUT_FILE: join(folder, trace) };
  await runNode(process.execPath, ['--import', register, '--test', '--test-reporter=dot'], { cwd: folder, env });
}

/** Replaces a text in a file; it must be there once. */
export function change(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${from} is not there once in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

export function handit(folder: string, ...args: string[]): Promise<RunResult> {
  return runNode(process.execPath, [cli, ...args], { cwd: folder });
}

/** The units of `handit diff --json`. */
export async function diffUnits(folder: string, ...args: string[]): Promise<DiffUnit[]> {
  const { stdout, stderr } = await handit(folder, 'diff', '--json', ...args);
  if (stderr.includes('Error')) throw new Error(stderr);
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as DiffUnit).filter(({ type }) => type === 'unit');
}

/** At the top of tests of `lib.mjs`. */
export const IMPORTS =
  "import { test } from 'node:test';\nimport assert from 'node:assert';\nimport * as lib from './lib.mjs';\n";

/** What is found where one place of `lib.mjs` was changed and the traces do not tell the sources of functions. */
export async function byValues(lib: string, tests: string, from: string, to: string): Promise<DiffUnit[]> {
  const folder = tempProject({ 'package.json': '{"type":"module"}', 'lib.mjs': lib, 'lib.test.mjs': IMPORTS + tests });
  await recordTests(folder, 'green.jsonl');
  change(folder, 'lib.mjs', from, to);
  await recordTests(folder, 'red.jsonl');
  const red = join(folder, 'red.jsonl');
  const lines = readFileSync(red, 'utf8').split('\n');
  expect(lines.filter((line) => line.startsWith('{"type":"module"')).length).toBeGreaterThan(0);
  writeFileSync(red, lines.filter((line) => !line.startsWith('{"type":"module"')).join('\n'));
  return diffUnits(folder, 'green.jsonl', 'red.jsonl');
}

export interface DiffUnit {
  type: string;
  test?: string;
  root?: string;
  base: string | null;
  new: string | null;
  differing: number;
  suspects: {
    func: string;
    file: string;
    line: number;
    column: number;
    reason: string;
    found: string;
    source?: string;
    differences: { path: string; base?: unknown; new?: unknown }[];
    follows: string[];
  }[];
}
