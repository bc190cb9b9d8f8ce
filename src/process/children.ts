import diagnostics from 'node:diagnostics_channel';
import * as fs from 'node:fs';
import * as paths from 'node:path';
import { isPackageManager } from './package-manager.js';

const { subscribe, unsubscribe } = diagnostics;
const { readFileSync, readlinkSync } = fs;
const { basename, relative, resolve } = paths;

/** Children that are looked at between two drains; those of a program that starts more are told by these. */
const MAX_PENDING = 100;
const CHANNEL = 'child_process';

interface Child {
  pid?: number;
}

export interface ChildrenOptions {
  cwd: string;
  /** Where this package's built files lie: a child that loads one of them is recorded. */
  folder: string;
  /** Calls back when the program imports the built-in module. */
  whenImported: (builtin: string, step: () => void) => void;
  /** Whether handit would run with such an environment. */
  isEnabled: (env: NodeJS.ProcessEnv) => boolean;
  /** Is called with what one without handit runs. */
  found: (script: string, pid: number) => void;
}

export interface Children {
  /** Looks at those that were started since. */
  look(): void;
  stop(): void;
}

/**
 * Notices the Node processes that the program starts without handit: with an environment of their own, as clients of MCP
 * servers do. Node tells of a child without its environment, so this is known on Linux alone, and only of those that
 * still run when it is looked for.
 */
export function watchChildren({ cwd, folder, whenImported, isEnabled, found }: ChildrenOptions): Children {
  let pending: Child[] = [];
  const started = (message: unknown): void => {
    if (pending.length < MAX_PENDING) pending.push((message as { process: Child }).process);
  };
  if (process.platform === 'linux') whenImported(CHANNEL, () => subscribe(CHANNEL, started));
  return {
    look() {
      if (pending.length === 0) return;
      const children = pending;
      pending = [];
      for (const { pid } of children) {
        if (pid === undefined) continue;
        const script = scriptWithout(pid, folder, isEnabled);
        if (script !== null) found(script === '' ? 'node' : nameOf(script, cwd), pid);
      }
    },
    stop: () => void unsubscribe(CHANNEL, started),
  };
}

/** What a process runs that is Node's, the program's and without handit; null: it is none of these, or has ended. */
function scriptWithout(pid: number, folder: string, isEnabled: ChildrenOptions['isEnabled']): string | null {
  try {
    if (!/^node(js)?$/.test(basename(readlinkSync(`/proc/${pid}/exe`)))) return null;
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1);
    const env = environmentOf(pid);
    const isNamed = (text: string): boolean => text.includes(folder) || text.includes('handit');
    if (args.some(isNamed) || isNamed(env.NODE_OPTIONS ?? '') || !isEnabled(env)) return null;
    const childCwd = readlinkSync(`/proc/${pid}/cwd`);
    const program = args.find((arg) => !arg.startsWith('-'));
    const path = program === undefined ? undefined : resolve(childCwd, program);
    return isPackageManager({ program: path, cwd: () => childCwd, env }) ? null : (path ?? '');
  } catch {
    return null;
  }
}

function environmentOf(pid: number): NodeJS.ProcessEnv {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

function nameOf(script: string, cwd: string): string {
  const name = relative(cwd, script);
  return name.startsWith('..') ? script : name;
}
