import { fileURLToPath } from 'node:url';
import { readConfig } from '../config.js';
import type { SourceKind } from '../transform/types.js';
import { createBases } from './bases.js';
import { linkedCode } from './linked-code.js';
import { kindOf, textOf } from './loaded-source.js';
import type { InnerHooks, ThreadData, ThreadMessage } from './loader.js';
import { createLibraryFiles, type LibraryFiles } from './library-files.js';
import { createRewrite, type Rewrite } from './rewrite.js';
import { rewriteOptions } from './settings.js';
import { isLibrary } from './user-module.js';

// The asynchronous hooks of Node versions without usable `registerHooks`; this file runs in their thread.

const SHARED = Symbol.for('handit:hooks');

type NextLoad = (url: string, context: object) => Promise<Result> | Result;
type NextResolve = (specifier: string, context: object) => unknown;

/** What a program registers. */
interface Hooks {
  initialize?: (data: unknown) => unknown;
  load?: (url: string, context: object, nextLoad: NextLoad) => Promise<Result> | Result;
  resolve?: (specifier: string, context: object, nextResolve: NextResolve) => unknown;
}

/** Each time that this file is registered it is another module; they share what the first one has. */
interface Shared {
  newest: number;
  load: typeof rewritingLoad;
}
const shared = ((globalThis as { [SHARED]?: Shared })[SHARED] ??= { newest: 0, load: rewritingLoad });
let own = 0;
let inner: Hooks = {};

let rewrite: Rewrite;
let library: LibraryFiles;
let send: (message: ThreadMessage) => void;
const stride = 2;
const bases = createBases();
let nextBase = 1;
let ownFolder: string;
let isUserModule: (filename: string) => boolean;

export async function initialize(data: ThreadData | InnerHooks | Record<string, never>): Promise<unknown> {
  if ('port' in data) prepare(data as ThreadData);
  if (!('specifier' in data)) {
    own = ++shared.newest;
    return undefined;
  }
  const { specifier, parentURL, data: theirs } = data as InnerHooks;
  const hooks = (await import(`${INNER}${JSON.stringify([specifier, parentURL])}`)) as Hooks;
  const result: unknown = await hooks.initialize?.(theirs);
  inner = hooks;
  own = ++shared.newest;
  return result;
}

function prepare({ port, folder, libraryRules }: ThreadData): void {
  ownFolder = folder;
  send = (message) => port.postMessage(message);
  // The main thread has complained about wrong variables already.
  const config = readConfig(process.env, process.cwd(), process.pid, () => undefined);
  const options = rewriteOptions(config, folder);
  ({ isUserModule } = options);
  rewrite = createRewrite({
    ...options,
    skipped: (path, reason) => send({ type: 'skipped', path, reason }),
    mapUnusable: (path, reason) => send({ type: 'map unusable', path, reason }),
  });
  library = createLibraryFiles({
    ...options,
    files: libraryRules,
    leftAlone: (filename, reason) => send({ type: 'left alone', filename, reason }),
  });
}

let libraryTold = false;

interface Result {
  format?: string;
  source?: unknown;
}

export function load(url: string, context: object, nextLoad: NextLoad): Promise<Result> | Result {
  const { load: theirs } = inner;
  const next: NextLoad = theirs ? (...args) => theirs(...args, nextLoad) : nextLoad;
  if (own === 1)
    return isForProgram() || own < shared.newest ? withoutCommonJs(url, context, next) : next(url, context);
  return own === shared.newest && isForProgram() ? shared.load(url, context, next) : next(url, context);
}

/** Innermost: Node would run a CommonJS source that comes from a hook by another loader. */
async function withoutCommonJs(url: string, context: object, nextLoad: NextLoad): Promise<Result> {
  const plain: NextLoad = async (...args) => {
    const result = await nextLoad(...args);
    return url.startsWith('file:') && result.format === 'commonjs' ? { ...result, source: null } : result;
  };
  return own === shared.newest ? shared.load(url, context, plain) : plain(url, context);
}

const runtimeUrl = new URL('./runtime.mjs', import.meta.url).href;

/** Without hooks of the program there is nothing to resolve, and stacks would have a frame more. */
export const resolve = new URL(import.meta.url).search === '' ? undefined : resolveOurs;

/** What handit imports is not the program's, whose hooks may refuse it. */
function resolveOurs(specifier: string, context: object, nextResolve: NextResolve): unknown {
  if (specifier === runtimeUrl || (context as { parentURL?: string }).parentURL === runtimeUrl) {
    return { url: new URL(specifier, runtimeUrl).href, format: 'module', shortCircuit: true };
  }
  if (specifier.startsWith(ownUrl)) return nextResolve(specifier, context);
  let [wanted, from] = [specifier, context];
  if (specifier.startsWith(INNER)) {
    const [theirs, parentURL] = JSON.parse(specifier.slice(INNER.length)) as [string, string];
    [wanted, from] = [theirs, { ...context, parentURL }];
  }
  return inner.resolve ? inner.resolve(wanted, from, nextResolve) : nextResolve(wanted, from);
}

const ownUrl = new URL('?', import.meta.url).href;
/** Begins a specifier that means hooks of the program, seen from where it registers them. */
const INNER = 'handit-hooks:';

/**
 * What this thread loads for itself, which are the hooks of the program and what they import, stays as it is: there are no
 * probes here. Node calls the outermost hook in the same turn in which the request of one of the program's threads comes.
 */
function isForProgram(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 20;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return /\n {4}at (?!async ).*\(node:internal\/modules\/esm\/worker:/.test(String(stack));
}

async function rewritingLoad(url: string, context: object, nextLoad: NextLoad): Promise<Result> {
  const result = await nextLoad(url, context);
  if (!url.startsWith('file:')) return result;
  const kind = kindOf(result.format);
  // A CommonJS source is one of the program's hooks.
  if (!kind || result.format == null || result.source == null) return result;
  let filename = url;
  try {
    filename = fileURLToPath(url);
    if (!libraryTold && isLibrary(filename, ownFolder)) {
      libraryTold = true;
      send({ type: 'library' });
    }
    if (!isUserModule(filename) && !library.has(filename)) return result;
    const code = rewritten(filename, textOf(result.source), kind);
    return code === null ? result : { ...result, source: code };
  } catch (error) {
    // Whatever fails in here, the program gets its module.
    send({ type: 'skipped', path: filename, reason: `internal error: ${(error as Error).message}` });
    return result;
  }
}

function rewritten(filename: string, source: string, kind: SourceKind): string | null {
  const edited = library.edit(filename, source, kind);
  if (edited !== null) return edited;
  const result = rewrite(filename, source, kind);
  if (!result) return null;
  const { path, code: _, ...rest } = result;
  const text = { source, edits: rest.edits };
  let base = bases.get(filename, text);
  if (base === undefined) {
    base = nextBase;
    nextBase += rest.functions.length * stride;
    bases.set(filename, text, base);
    send({ type: 'rewritten', filename, path, source, rewritten: rest, base, stride });
  }
  // Tools switch maps on in the thread of the program, which this one is not told.
  const publishMap = source.includes('sourceMappingURL=');
  return linkedCode(result, { filename, source, folder: ownFolder, base, stride, publishMap });
}
