import { existsSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import type * as V8 from 'node:v8';
import type * as Vm from 'node:vm';
import type * as agent from './agent.js';
import { FALSE } from './config.js';
import { putFile } from './files/put-file.js';
import { readPrivate } from './files/read-private.js';
import { build } from './version.js';

type Load = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  file: string,
  folder: string,
) => void;

/**
 * Loads the agent with V8's code cache: to compile its text anew takes 7 to 8 ms of each start. The cache lies where the
 * package does, never where the program runs: who can write there decides what the agent does.
 *
 * @param require of the file that calls this, in the folder of the built files
 * @param start   called with the agent; what it needed to start is compiled then, and goes into the cache
 */
export function withAgent(require: NodeJS.Require, folder: string, start: (loaded: typeof agent) => void): void {
  const file = join(folder, 'agent.cjs');
  const cache = cacheFile(require, folder);
  const script = cache === null ? null : cachedScript(require, file, cache);
  if (cache === null || script === null) {
    const loaded = require('./agent.cjs') as typeof agent;
    forget(require, file);
    return start(loaded);
  }
  const module = { exports: {} };
  (script.runInThisContext() as Load)(module.exports, require, module, file, folder);
  start(module.exports as typeof agent);
  if (script.cachedDataRejected !== false) store(cache, script);
}

/** null: there is to be none. */
function cacheFile(require: NodeJS.Require, folder: string): string | null {
  const named = process.env.HANDIT_CACHE_DIR || '';
  if (FALSE.test(named)) return null;
  const inside = folder.lastIndexOf(`${sep}node_modules${sep}`);
  const modules =
    inside < 0 ? join(folder, '..', 'node_modules') : folder.slice(0, inside + `${sep}node_modules`.length);
  // Nothing is made in somebody's project.
  if (named === '' && !existsSync(modules)) return null;
  const place = named === '' ? join(modules, '.cache', 'handit') : resolve(named);
  // V8 takes what the same version has made with the same flags.
  const { version, arch } = process;
  // Loaded in here, for a package manager is to load no more than it must.
  const { cachedDataVersionTag } = require('node:v8') as typeof V8;
  return join(place, `agent-${build.slice(0, 16)}-${version}-${arch}-${cachedDataVersionTag().toString(16)}`);
}

function cachedScript(require: NodeJS.Require, file: string, cache: string): Vm.Script | null {
  let cachedData: Buffer | undefined;
  try {
    cachedData = unlessDamaged(readPrivate(cache));
  } catch {
    // The first start of this version.
  }
  try {
    const vm = require('node:vm') as typeof Vm;
    const source = readFileSync(file, 'utf8');
    const text = `(function(exports,require,module,__filename,__dirname){${source}\n})`;
    return new vm.Script(text, { filename: file, cachedData });
  } catch {
    // In an archive, say, which only `require` can read.
    return null;
  }
}

/** V8 does not look whether a bit has changed, and crashes or hangs. So it is there twice: to compare costs least. */
function unlessDamaged(bytes: Buffer): Buffer | undefined {
  const half = bytes.length / 2;
  const data = bytes.subarray(0, half);
  return half > 0 && Number.isInteger(half) && data.equals(bytes.subarray(half)) ? data : undefined;
}

function store(cache: string, script: Vm.Script): void {
  try {
    const data = script.createCachedData();
    putFile(cache, Buffer.concat([data, data]));
  } catch {
    // It costs time, nothing else.
  }
}

/**
 * Takes a file of this package out of `require.cache`, which programs walk through and empty: what starts twice finds the
 * first agent running. The `require` that Node 22 has for CommonJS out of an archive of Plug'n'Play has no such cache.
 */
export function forget(require: NodeJS.Require, file: string): void {
  const { cache } = require as { cache?: NodeJS.Dict<NodeModule> };
  if (cache) delete cache[file];
}
