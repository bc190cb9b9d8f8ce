import * as fs from 'node:fs';
import * as paths from 'node:path';
import { textHash } from '../files/text-hash.js';

const { readFileSync } = fs;
const { basename, join } = paths;

type Env = Readonly<Record<string, string | undefined>>;

/** Between a watcher and the program there may be a shell, and npm. */
const MAX_PARENTS = 3;

/**
 * Whether what started this process starts it again when the trace changes, for that is in a folder that it watches. Told by
 * the command lines of the processes above, where there are any to read. A watcher of imported files alone never does.
 */
export function restartsOnTrace(env: Env, ppid: number): boolean {
  const byNode = env.WATCH_REPORT_DEPENDENCIES !== undefined;
  let pid = ppid;
  for (let level = 0; level < MAX_PARENTS && pid > 1; level++) {
    const command = read(`/proc/${pid}/cmdline`);
    // Not known: Node's may watch folders.
    if (command === undefined) return byNode && level === 0;
    if (watchesTrace(command.split('\0'))) return true;
    pid = Number(/\) \S (\d+) /.exec(read(`/proc/${pid}/stat`) ?? '')?.[1] ?? 0);
  }
  return false;
}

/** Moves the trace to where it starts nothing. */
export function avoidWatcher(
  config: { outputFile: string; cwd: string; debug: boolean },
  env: Env,
  ppid: number,
  debug: (message: string) => void,
): void {
  if (!restartsOnTrace(env, ppid)) return;
  config.outputFile = outputWhileWatched(config.cwd, env);
  if (config.debug) debug(`a watcher would start the program again: writing to ${config.outputFile}`);
}

/** A place that no watcher of a project looks at: below the user's own folder for what can be made again. */
export function outputWhileWatched(cwd: string, env: Env): string {
  const cache = env.XDG_CACHE_HOME || env.LOCALAPPDATA || join(process.getBuiltinModule('node:os').homedir(), '.cache');
  return join(cache, 'handit', `${basename(cwd)}-${textHash(cwd).slice(0, 8)}`, 'handit_events.jsonl');
}

function watchesTrace(command: readonly string[]): boolean {
  const named = (pattern: RegExp): boolean => command.slice(0, 3).some((word) => pattern.test(word));
  const has = (pattern: RegExp): boolean => command.some((word) => pattern.test(word));
  if (has(/^--watch-path(=|$)/)) return true;
  if (named(/[\\/]nodemon(\.js)?$/)) return has(/jsonl|^\*$/);
  return named(/[\\/]tsx([\\/]dist[\\/]cli\.[cm]js)?$/) && has(/^watch$/) && has(/^--include(=|$)/);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
