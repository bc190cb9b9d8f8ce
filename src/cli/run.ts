import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { existsSync, renameSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { warn } from './output.js';

export interface RunOptions {
  /** The agent to preload: a file that `--require` takes. */
  register: string;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Where to append; taken from the environment if that names one. */
  defaultFile: string;
}

export interface RunResult {
  /** As a shell would see it; null when a signal ended the command. */
  code: number | null;
  signal: NodeJS.Signals | null;
  file: string;
  /** The size the file had before. */
  from: number;
}

/** Nothing could be started: one line says why. */
export class StartError extends Error {}

/** Runs a Node program, `app.js` and what follows, under the agent; processes that it starts are their own. */
export function runProgram(args: readonly string[], options: RunOptions): Promise<RunResult> {
  return run(process.execPath, ['--require', options.register, ...args], {}, options);
}

/** Runs any command; every Node process below it that keeps the environment is under the agent. */
export function runCommand([command, ...args]: readonly string[], options: RunOptions): Promise<RunResult> {
  const before = options.env.NODE_OPTIONS;
  const NODE_OPTIONS = `${before ? `${before} ` : ''}--require ${quoteForNodeOptions(options.register)}`;
  return run(command, args, { NODE_OPTIONS }, options);
}

/** Node splits the variable at spaces, except in double quotes, where a backslash escapes. */
export function quoteForNodeOptions(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&')}"`;
}

/** Those that a terminal or a supervisor ends commands with. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

function run(
  command: string,
  args: readonly string[],
  added: NodeJS.ProcessEnv,
  { env, cwd, defaultFile }: RunOptions,
): Promise<RunResult> {
  // One file for all of them, wherever they go.
  const pattern = resolve(cwd, env.HANDIT_OUTPUT_FILE || defaultFile);
  makeRoom(pattern);
  const from = sizeOf(pattern);
  return new Promise((done, failed) => {
    const child = spawn(command, args, {
      stdio: 'inherit',
      cwd,
      env: { ...env, ...added, HANDIT_OUTPUT_FILE: pattern },
      // `npm` is a script there, which only the shell starts.
      shell: process.platform === 'win32' && command !== process.execPath,
    });
    const forwards = FORWARDED.map((signal) => {
      const forward = (): void => {
        // Ctrl-C and the like reach the whole group of a terminal: the command has it already.
        if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
      };
      process.on(signal, forward);
      return () => process.removeListener(signal, forward);
    });
    const end = (): void => {
      for (const stop of forwards) stop();
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      end();
      const reason = error.code === 'ENOENT' ? 'there is no such command' : error.message;
      failed(new StartError(`cannot start "${command}": ${reason}`));
    });
    child.on('close', (code, signal) => {
      end();
      done({ code, signal, file: pattern, from });
    });
  });
}

/** Bytes from which on a file is put aside: runs append, and nobody cleans up. */
const LARGE = 1e9;

function makeRoom(file: string): void {
  if (sizeOf(file) <= LARGE) return;
  const aside = (index: number): string => file.replace(/(\.jsonl)?$/, `.${index}$1`);
  let index = 1;
  while (existsSync(aside(index))) index++;
  try {
    renameSync(file, aside(index));
  } catch {
    // Appending works as well.
    return;
  }
  warn(`${relative('', file)} is over 1 GB; it is now ${relative('', aside(index))}`);
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** Ends this process the way the command ended. */
export function mirror({ code, signal }: Pick<RunResult, 'code' | 'signal'>): void {
  if (signal === null) {
    process.exitCode = code ?? 0;
    return;
  }
  // Of a signal that cannot end this process, as on Windows, the code that a shell would give.
  process.exitCode = 128 + (constants.signals[signal] ?? 0);
  process.kill(process.pid, signal);
}
