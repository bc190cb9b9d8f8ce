import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const repository = resolve(__dirname, '../..');

export interface RunOptions {
  cwd?: string;
  /** Added to the cleaned environment of the test process; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  /** Written to standard input, which is then closed. */
  input?: string;
  /** The child is killed (SIGKILL) after this many milliseconds. */
  timeout?: number;
}

export interface RunResult {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Runs a real Node to its end; resolves whatever the exit code. */
export function runNode(nodePath: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd, env = {}, input = '', timeout = 45_000 } = options;
  return new Promise((done, failed) => {
    const child = spawn(nodePath, args, { cwd, env: { ...cleanEnv(), ...env } });
    // The option `timeout` of spawn() leaves its timer behind when there is no such file.
    const deadline = setTimeout(() => child.kill('SIGKILL'), timeout);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // A child that ends before it reads its input is no failure of the run.
    child.stdin.on('error', () => undefined).end(input);
    child.on('error', (error) => {
      clearTimeout(deadline);
      failed(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      done({ stdout, stderr, code, signal });
    });
  });
}

/**
 * The environment of this process without what Jest, npm's Node options or a traced parent put there; and without the
 * word that this is CI, where test runners write no snapshots and tell of it in other ways.
 */
export function cleanEnv(): NodeJS.ProcessEnv {
  const foreign =
    /^(NODE_OPTIONS|NODE_ENV|NODE_V8_COVERAGE|NODE_TEST_CONTEXT|FORCE_COLOR|CI|GITHUB_ACTIONS|HANDIT_.*|JEST_.*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** A folder outside the repository that holds these files (path -> text); removed when the test file has ended. */
export function tempProject(files: Record<string, string>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'handit-test-')));
  temporary.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Puts the built package into the project's node_modules as files of its own, the way npm installs it. */
export function installHandit(folder: string): void {
  if (!existsSync(join(repository, 'dist/register.cjs'))) throw new Error('dist/ is not built: node scripts/setup.mjs');
  const modules = join(folder, 'node_modules');
  const target = join(modules, 'handit');
  mkdirSync(target, { recursive: true });
  for (const name of ['package.json', 'register.mjs', 'register', 'dist'])
    cpSync(join(repository, name), join(target, name), { recursive: true });
  // Below it, as npm does where the project has another version for itself.
  mkdirSync(join(target, 'node_modules'));
  for (const name of ['oxc-parser', '@oxc-parser', '@oxc-project']) {
    const source = join(repository, 'node_modules', name);
    if (existsSync(source)) symlinkSync(source, join(target, 'node_modules', name), 'junction');
  }
}

const temporary: string[] = [];

afterAll(() => {
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
