import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import type * as Module from 'node:module';
import type * as Vm from 'node:vm';
import type * as agent from './agent.js';
import { isOff } from './config.js';
import { putFile } from './files/put-file.js';
import { readPrivate } from './files/read-private.js';
import { isAlone } from './preloads.js';
import { isMainThread } from './thread.js';
import { build } from './version.js';

type Load = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  file: string,
  folder: string,
) => void;
type Start = (loaded: typeof agent, warm: () => void) => void;

/** When the cache was stored: the last byte of its file. */
const STARTED = Uint8Array.of(0);
const RECORDED = Uint8Array.of(1);

// The end of the process finds what the program has put in their place.
const { concat } = Buffer;

/**
 * Loads the agent with V8's code cache: to compile its text again takes 7 to 8 ms of each start. The cache lies where the
 * package does, never where the program runs: who can write there decides what the agent does. It has the functions that
 * have run when it is stored: first those of a start, as a process may be killed, then those of the first process that has
 * recorded something for a while.
 *
 * @param require of the file that calls this; at least of Node's modules
 * @param start   called with the agent, and what it has to call when most of it that a program needs has run
 */
export function withAgent(require: NodeJS.Require, folder: string, start: Start): void {
  const file = `${folder}${sep}agent.cjs`;
  const cache = cacheFile(require, folder);
  const stored = cache === null ? null : readStored(cache);
  const script = cache === null ? null : compile(require, file, stored?.data);
  if (cache === null || script === null) {
    const own = (require('node:module') as typeof Module).createRequire(file);
    const loaded = own(file) as typeof agent;
    forget(own, file);
    return start(loaded, () => undefined);
  }
  const isUsable = script.cachedDataRejected === false;
  const stores = storing(cache, script, isUsable ? stored!.data.length : 0);
  const module = { exports: {} };
  (script.runInThisContext() as Load)(module.exports, require, module, file, folder);
  start(module.exports as typeof agent, () => {
    if (isMainThread && !(isUsable && stored!.stage === RECORDED[0])) stores(RECORDED);
  });
  if (!isUsable) stores(STARTED);
}

/** null: there is to be none. */
function cacheFile(require: NodeJS.Require, folder: string): string | null {
  const named = process.env.HANDIT_CACHE_DIR || '';
  if (isOff(named)) return null;
  const inside = folder.lastIndexOf(`${sep}node_modules${sep}`);
  const modules =
    inside < 0 ? `${dirname(folder)}${sep}node_modules` : folder.slice(0, inside + `${sep}node_modules`.length);
  // Nothing is created in a project that is not being recorded.
  if (named === '' && !existsSync(modules)) return null;
  const place = named === '' ? `${modules}${sep}.cache${sep}handit` : resolve(named);
  // V8 takes what the same version has made with the same flags: to ask for them takes 0.4 ms.
  const { version, arch } = process;
  return `${place}${sep}agent-${build}-${version}-${arch}${isAlone() ? '' : `-${flags(require)}`}`;
}

/**
 * What the beginning of all that V8 stores says about its own version and its flags. `v8.cachedDataVersionTag` says the same,
 * but to load that module takes 2 ms, with all of Node's streams.
 */
function flags(require: NodeJS.Require): string {
  // Loaded in here, for a package manager is to load no more than it must.
  const { Script } = require('node:vm') as typeof Vm;
  return new Script('').createCachedData().toString('hex', 4, 16);
}

function compile(require: NodeJS.Require, file: string, cachedData: Buffer | undefined): Vm.Script | null {
  try {
    const vm = require('node:vm') as typeof Vm;
    // ASCII, as the bundler makes it.
    return new vm.Script(readFileSync(file, 'latin1'), { filename: file, cachedData });
  } catch {
    // In an archive, say, which only `require` can read.
    return null;
  }
}

interface Stored {
  data: Buffer;
  stage: number;
}

/** V8 does not look whether a bit has changed, and crashes or hangs. So it is there twice: to compare costs least. */
function readStored(cache: string): Stored | null {
  let bytes: Buffer;
  try {
    bytes = readPrivate(cache);
  } catch {
    // The first start of this version.
    return null;
  }
  const half = (bytes.length - 1) / 2;
  const data = bytes.subarray(0, half);
  const isWhole = half > 0 && Number.isInteger(half) && data.equals(bytes.subarray(half, -1));
  return isWhole ? { data, stage: bytes[bytes.length - 1] } : null;
}

/** @param size of what is stored */
function storing(cache: string, script: Vm.Script, size: number): (stage: Uint8Array) => void {
  const cachedData = script.createCachedData.bind(script);
  return (stage) => {
    try {
      const data = cachedData();
      // After some collections V8 has forgotten the functions that ran once. To compile them again takes 15 ms of each start.
      if (data.length < size) return;
      size = data.length;
      putFile(cache, concat([data, data, stage]));
    } catch {
      // It costs time, nothing else.
    }
  };
}

/**
 * Takes a file of this package out of `require.cache`, which programs walk through and empty: what starts twice finds the
 * first agent running. The `require` that Node 22 has for CommonJS out of an archive of Plug'n'Play has no such cache.
 */
export function forget(require: NodeJS.Require, file: string): void {
  const { cache } = require as { cache?: NodeJS.Dict<NodeModule> };
  if (cache) delete cache[file];
}
