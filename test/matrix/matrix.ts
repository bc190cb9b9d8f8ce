import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Call, TestEnd, TraceRecord } from '../../src/trace-format.js';
import { installed } from '../helpers/installed.js';
import { isFrom, nodes, type NodeBinary } from '../helpers/node-versions.js';
import { cleanEnv, installHandit, repository } from '../helpers/run.js';
import { readTrace, validateTrace } from '../helpers/trace.js';

// Small real projects, run by their own tools without and with handit: everything but the trace has to be the same.

/** The headings of docs/compatibility.md, in their order. */
export const GROUPS = [
  'Test runners',
  'Coverage',
  'TypeScript tools',
  'Built code',
  'Frameworks',
  'Package managers',
  'Other agents',
] as const;

export interface MatrixRun {
  /**
   * Folder in fixtures/apps: a package.json with exact versions, and sources. Several runs of one test file may share it;
   * two test files may not, since they run at the same time.
   */
  app: string;
  /** The row of the table: `Vitest 4, threads`. */
  title: string;
  group: (typeof GROUPS)[number];
  /** Major versions of Node on which this is known to run by itself; default: all. */
  nodes?: readonly number[];
  /** The first version of these on which it does, where that is not their first. */
  since?: string;
  /** Why not on the others. */
  because?: string;
  /** Commands before, without handit. */
  build?: readonly (readonly string[])[];
  /** The first word is `node` for the Node under test, else the name of something in `node_modules/.bin`, run by that Node. */
  command: readonly string[];
  env?: Record<string, string>;
  /** Where NODE_OPTIONS brings handit in; `none`: the command does it by itself, and HANDIT_ENABLED=false is "without". */
  preload?: 'import' | 'require' | 'none';
  /** Default 0. */
  exitCode?: number;
  /** Files that the run writes, which must be the same; in each, `normalise` is applied. */
  compare?: readonly string[];
  /** Takes durations and the like out of what is compared. */
  normalise?: (text: string) => string;
  /** What must be in the trace. */
  expect: (trace: MatrixTrace) => void;
  /** What does not work, as a sentence for the table. */
  partial?: string;
}

export interface MatrixTrace {
  records: TraceRecord[];
  /** Recorded calls, of one file or of all. */
  calls(file?: string): Call[];
  /** The first recorded call of a function. Throws where there is none. */
  call(func: string): Call;
  tests: TestEnd[];
  /** The version of Node. */
  node: string;
  folder: string;
}

/** One line of results, of which docs/compatibility.md is made. */
export interface MatrixResult extends Pick<MatrixRun, 'app' | 'title' | 'group' | 'because' | 'partial'> {
  /** Its label. */
  node: string;
  outcome: 'same' | 'differs' | 'not run';
}

const TRACE = 'handit_events.jsonl';
/** Milliseconds for one run of a tool, and for the installation of an app. */
const RUN = 180_000;
const INSTALL = 420_000;

// Tools that do several things at a time tell of them in the order in which they end, handit or not. What differs twice
// differs.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** Declares the tests of one row: one for each Node. */
export function matrix(run: MatrixRun): void {
  const { app, title, group, because, partial } = run;
  describe(title, () => {
    for (const node of nodes()) {
      const { label, major } = node;
      const row = { app, title, group, because, partial, node: label };
      if ((run.nodes && !run.nodes.includes(major)) || (run.since && !isFrom(node.version, run.since))) {
        if (because === undefined) throw new Error(`${title}: say in "because" why it does not run on Node ${major}`);
        report({ ...row, outcome: 'not run' });
        continue;
      }
      // The page as it has to be when all rows are the same, for a test that does not wait for them.
      if (PLAN) report({ ...row, outcome: 'same' });
      test(
        `Node ${node.version}`,
        async () => {
          let outcome: MatrixResult['outcome'] = 'differs';
          try {
            await compareRuns(run, node);
            outcome = 'same';
          } finally {
            report({ ...row, outcome });
          }
        },
        INSTALL + 2 * RUN,
      );
    }
  });
}

async function compareRuns(run: MatrixRun, node: NodeBinary): Promise<void> {
  const { build = [], command, env = {}, preload = 'import', exitCode = 0, compare = [], normalise = same } = run;
  const folder = await install(run.app);
  refresh(run.app, folder);
  for (const step of build) {
    const built = await execute(node, folder, step, env);
    if (built.code !== 0) throw new Error(`${step.join(' ')} ended with ${built.code}\n${built.stdout}${built.stderr}`);
  }

  const perform = async (added: Record<string, string>): Promise<unknown> => {
    for (const path of compare) rmSync(join(folder, path), { force: true, recursive: true });
    const { stdout, stderr, code } = await execute(node, folder, command, { ...env, ...added });
    const files = compare.map((path) => [path, existsSync(join(folder, path)) ? contents(join(folder, path)) : null]);
    const cleaned = files.map(([path, text]) => [path, text === null ? null : normalise(text)]);
    return { code, stdout: normalise(stdout), stderr: normalise(stderr), files: Object.fromEntries(cleaned) };
  };
  const trace = join(folder, TRACE);
  const without = await perform(preload === 'none' ? { HANDIT_ENABLED: 'false' } : {});
  expect({ code: exitCode, trace: existsSync(trace) }).toEqual({ code: exitCode, trace: false });
  const options: Record<string, string> =
    preload === 'none' ? {} : { NODE_OPTIONS: `${env.NODE_OPTIONS ?? ''} --${preload} handit/register`.trim() };
  const withHandit = await perform(options);

  expect(withHandit).toEqual(without);
  expect(without).toMatchObject({ code: exitCode });
  for (const path of compare) expect((without as { files: Record<string, unknown> }).files[path]).not.toBeNull();
  validateTrace(trace);
  run.expect(readable(readTrace(trace), node.version, folder));
}

const same = (text: string): string => text;

/** A file, or all files of a folder with their names. */
function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    const names = readdirSync(path, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return files
      .sort()
      .map((file) => `--- ${file.slice(path.length + 1)}\n${readFileSync(file, 'utf8')}`)
      .join('\n');
  }
}

function readable(records: TraceRecord[], node: string, folder: string): MatrixTrace {
  const all = records.filter((record): record is Call => record.type === 'call');
  return {
    records,
    node,
    folder,
    calls: (file) => (file === undefined ? all : all.filter((call) => call.file === file)),
    call(func) {
      const found = all.find((call) => call.func === func);
      if (!found) throw new Error(`no call of ${func}; there are: ${[...new Set(all.map((c) => c.func))].join(', ')}`);
      return found;
    },
    tests: records.filter((record): record is TestEnd => record.type === 'test_end'),
  };
}

// ------------------------------------------------------------------ running

interface Executed {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Both streams go into pipes; the process and all it has started are ended after a while. */
function execute(
  node: NodeBinary,
  folder: string,
  [name, ...args]: readonly string[],
  env: Record<string, string>,
): Promise<Executed> {
  const bin = join(folder, 'node_modules', '.bin');
  const [file, rest] = name === 'node' ? [node.path, args] : [node.path, [realpathSync(join(bin, name)), ...args]];
  // Tools start others as `node`.
  const path = [dirname(node.path), bin, process.env.PATH].join(process.platform === 'win32' ? ';' : ':');
  return new Promise((done, failed) => {
    const child = spawn(file, rest, {
      cwd: folder,
      env: { ...cleanEnv(), PATH: path, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    const deadline = setTimeout(() => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    }, RUN);
    const result = { code: null as number | null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    child.on('error', (error) => {
      clearTimeout(deadline);
      failed(error);
    });
    child.on('close', (code) => {
      clearTimeout(deadline);
      done({ ...result, code });
    });
  });
}

// --------------------------------------------------------------- installing

/** Installs what the app's package.json asks for, once; answers the folder to run it in. */
function install(app: string): Promise<string> {
  return installed(app, readFileSync(join(repository, 'fixtures/apps', app, 'package.json'), 'utf8'));
}

/** Puts the fixture's files, and the package as it is built now, into the installed folder; all else goes. */
function refresh(app: string, folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!['node_modules', '.installed'].includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  rmSync(join(folder, 'node_modules', '.cache'), { recursive: true, force: true });
  const source = join(repository, 'fixtures/apps', app);
  cpSync(source, folder, { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
  rmSync(join(folder, 'node_modules', 'handit'), { recursive: true, force: true });
  installHandit(folder);
}

// ------------------------------------------------------------------ results

const PLAN = process.env.HANDIT_TEST_PLAN;

/** Where results go; scripts/compatibility.mjs makes the document of them. */
export const RESULTS = PLAN ?? join(repository, 'node_modules', '.cache', 'compatibility.jsonl');

function report(result: MatrixResult): void {
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(result)}\n`, { flag: 'a' });
}
