import { resolve } from 'node:path';
import { warn } from './log.js';

/** Everything that the environment decides; this file is its only reader. */
export interface Config {
  enabled: boolean;
  /** Absolute; `%p` and `%t` are filled in. */
  outputFile: string;
  /** `HANDIT_OUTPUT_FILE` was not given. */
  defaultOutputFile: boolean;
  cwd: string;
  include: RegExp | null;
  exclude: RegExp | null;
  /** 0 to 1. */
  sampleRate: number;
  captureOnlyCwd: boolean;
  /** Of the monorepo that `cwd` is part of, all is the user's: unless the user asked for cwd alone. */
  captureWorkspace: boolean;
  /** Node takes links to modules for what they are called, by a flag or variable of its own. */
  preserveSymlinks: boolean;
  /** Characters of a string. */
  maxString: number;
  /** Arguments, keys and items of one value. */
  maxItems: number;
  /** Levels of a nested value. */
  maxDepth: number;
  /** Bytes kept of an HTTP body. */
  maxBody: number;
  /** Calls of one function recorded in full in each root context; Infinity: no limit. */
  maxCalls: number;
  /** Bytes of the trace file; Infinity: no limit. */
  maxFileBytes: number;
  /** What is kept in detail where not everything is; null: the oldest, as much as there is room for. */
  keep: KeepSetting | null;
  /** The newest are kept, in segments; else the oldest. */
  keepNewest: boolean;
  redact: RegExp | null;
  /** Requests that the program makes get the header `traceparent`. */
  propagate: boolean;
  /** null: rewritten sources are not kept on disk. */
  cacheDir: string | null;
  /** `HANDIT_CACHE_DIR` was not given. */
  defaultCacheDir: boolean;
  debug: boolean;
}

export interface KeepSetting {
  /** Root contexts that failed. */
  failed: boolean;
  /** Those that took as long, in nanoseconds. */
  slowNs: number | null;
}

const TRUE = /^(1|true|on|yes)$/i;
const FALSE = /^(0|false|off|no)$/i;

/** Whether a variable switches something off. Most are not set, and V8 compiles a pattern when it meets it. */
export function isOff(text: string | undefined): boolean {
  return Boolean(text) && FALSE.test(text!);
}

/** Whether handit is to do anything, told without a word. */
export function isEnabled(env: NodeJS.ProcessEnv): boolean {
  return !isOff(env.HANDIT_ENABLED);
}

function preservesSymlinks(env: NodeJS.ProcessEnv): boolean {
  const flag = '--preserve-symlinks';
  return (
    env.NODE_PRESERVE_SYMLINKS === '1' || process.execArgv.includes(flag) || Boolean(env.NODE_OPTIONS?.includes(flag))
  );
}

/** Reads the `HANDIT_*` variables. */
export function readConfig(env: NodeJS.ProcessEnv, cwd: string, pid: number, complain = warn): Config {
  const enabled = new Variables(env, complain).flag('HANDIT_ENABLED', true);
  // Switched off, handit says nothing.
  const read = new Variables(env, enabled ? complain : () => undefined);
  const output = (env.HANDIT_OUTPUT_FILE || 'handit_events.jsonl')
    .replaceAll('%p', String(pid))
    .replaceAll('%t', String(Date.now()));
  const cache = env.HANDIT_CACHE_DIR || '';
  return {
    enabled,
    outputFile: resolve(cwd, output),
    defaultOutputFile: !env.HANDIT_OUTPUT_FILE,
    cwd,
    include: read.pattern('HANDIT_INCLUDE'),
    exclude: read.pattern('HANDIT_EXCLUDE'),
    sampleRate: read.share('HANDIT_SAMPLE_RATE'),
    captureOnlyCwd: read.flag('HANDIT_CAPTURE_ONLY_CWD', true),
    captureWorkspace: !env.HANDIT_CAPTURE_ONLY_CWD || !TRUE.test(env.HANDIT_CAPTURE_ONLY_CWD),
    preserveSymlinks: preservesSymlinks(env),
    maxString: read.whole('HANDIT_MAX_STR', 256),
    maxItems: read.whole('HANDIT_MAX_LOCALS', 64),
    maxDepth: read.whole('HANDIT_MAX_DEPTH', 4),
    maxBody: read.whole('HANDIT_MAX_BODY', 16_384),
    maxCalls: read.limit('HANDIT_MAX_CALLS', 10_000),
    maxFileBytes: read.limit('HANDIT_MAX_FILE_MB', 256, 1024 * 1024),
    keep: read.keep('HANDIT_KEEP'),
    keepNewest: env.HANDIT_KEEP === 'newest',
    redact: read.pattern('HANDIT_REDACT', 'i'),
    propagate: read.flag('HANDIT_PROPAGATE', false),
    cacheDir: isOff(cache) ? null : resolve(cwd, cache || 'node_modules/.cache/handit'),
    defaultCacheDir: cache === '',
    debug: read.flag('HANDIT_DEBUG', false),
  };
}

/** Reads single variables. A wrong value is one line on stderr and counts as not given. */
class Variables {
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly complain: (line: string) => void,
  ) {}

  flag(name: string, fallback: boolean): boolean {
    const text = this.env[name];
    if (text === undefined || text === '') return fallback;
    if (TRUE.test(text)) return true;
    if (isOff(text)) return false;
    this.wrong(name, 'one of 1, true, on, yes, 0, false, off, no', String(fallback));
    return fallback;
  }

  whole(name: string, fallback: number): number {
    const text = this.env[name];
    if (text === undefined || text === '') return fallback;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    this.wrong(name, 'a whole number of at least 0', String(fallback));
    return fallback;
  }

  /** Where 0 means without limit. */
  limit(name: string, fallback: number, unit = 1): number {
    return this.whole(name, fallback) * unit || Infinity;
  }

  pattern(name: string, flags = ''): RegExp | null {
    const text = this.env[name];
    if (text === undefined || text === '') return null;
    try {
      return new RegExp(text, flags);
    } catch (error) {
      this.wrong(name, `a regular expression (${(error as Error).message})`, 'none');
      return null;
    }
  }

  share(name: string): number {
    const text = this.env[name];
    if (text === undefined || text === '') return 1;
    const value = Number(text);
    if (text.trim() !== '' && value >= 0 && value <= 1) return value;
    this.wrong(name, 'a number from 0 to 1', '1');
    return 1;
  }

  keep(name: string): KeepSetting | null {
    const text = this.env[name];
    if (text === undefined || text === '' || text === 'oldest' || text === 'newest') return null;
    const setting: KeepSetting = { failed: false, slowNs: null };
    for (const part of text.split(',')) {
      const slow = /^slow:(\d{1,9})(ms|s)$/.exec(part);
      if (part === 'failed') setting.failed = true;
      else if (slow) setting.slowNs = Number(slow[1]) * (slow[2] === 's' ? 1e9 : 1e6);
      else {
        this.wrong(name, 'oldest, newest, failed, slow:<time> as in slow:250ms, or failed,slow:<time>', 'oldest');
        return null;
      }
    }
    return setting;
  }

  private wrong(name: string, allowed: string, fallback: string): void {
    this.complain(`${name}=${JSON.stringify(this.env[name])} is not ${allowed}; using ${fallback}`);
  }
}
