import { fileURLToPath } from 'node:url';
import { readConfig } from '../config.js';
import type * as transform from '../transform/index.js';
import { linkedCode } from './linked-code.js';
import { textOf, type ThreadData, type ThreadMessage } from './install.js';
import { createLibraryFiles, type LibraryFiles } from './library-files.js';
import { createRewrite, type Rewrite } from './rewrite.js';
import { rewriteOptions } from './settings.js';
import { isLibrary } from './user-module.js';

// The asynchronous hooks of Node versions without usable `registerHooks`; this file runs in their thread.

/** Beside this file when both are built. */
const TRANSFORM = './transform.mjs' as string;

let rewrite: Rewrite;
let library: LibraryFiles;
let send: (message: ThreadMessage) => void;
const stride = 2;
let nextBase = 1;
let ownFolder: string;
let isUserModule: (filename: string) => boolean;
let parser: typeof transform;

export function initialize({ port, folder, libraryRules }: ThreadData): void {
  ownFolder = folder;
  send = (message) => port.postMessage(message);
  // The main thread has complained about wrong variables already.
  const config = readConfig(process.env, process.cwd(), process.pid, () => undefined);
  const options = rewriteOptions(config, folder);
  ({ isUserModule } = options);
  rewrite = createRewrite({
    ...options,
    loadTransform: () => parser.instrument,
    skipped: (path, reason) => send({ type: 'skipped', path, reason }),
    mapUnusable: (path, reason) => send({ type: 'map unusable', path, reason }),
  });
  library = createLibraryFiles({
    ...options,
    files: libraryRules,
    loadEditor: () => parser.editLibrary,
    leftAlone: (filename, reason) => send({ type: 'left alone', filename, reason }),
  });
}

let libraryTold = false;

interface Result {
  format?: string;
  source?: unknown;
}

export async function load(
  url: string,
  context: object,
  nextLoad: (url: string, context: object) => Promise<Result>,
): Promise<Result> {
  const result = await nextLoad(url, context);
  if (!url.startsWith('file:')) return result;
  if (result.format === 'commonjs') return { ...result, source: null };
  if ((result.format !== 'module' && result.format !== 'module-typescript') || result.source == null) return result;
  let filename = url;
  try {
    filename = fileURLToPath(url);
    if (!libraryTold && isLibrary(filename, ownFolder)) {
      libraryTold = true;
      send({ type: 'library' });
    }
    if (!isUserModule(filename) && !library.has(filename)) return result;
    // Not by `require`: in this thread some versions cannot require an ES module, as the parser is.
    parser ??= (await import(TRANSFORM)) as typeof transform;
    const code = rewritten(filename, textOf(result.source));
    return code === null ? result : { ...result, source: code };
  } catch (error) {
    // Whatever fails in here, the program gets its module.
    send({ type: 'skipped', path: filename, reason: `internal error: ${(error as Error).message}` });
    return result;
  }
}

function rewritten(filename: string, source: string): string | null {
  const edited = library.edit(filename, source, 'module');
  if (edited !== null) return edited;
  const result = rewrite(filename, source, 'module');
  if (!result) return null;
  const { path, code: _, ...rest } = result;
  const base = nextBase;
  nextBase += rest.functions.length * stride;
  send({ type: 'rewritten', filename, path, source, rewritten: rest, base, stride });
  // Tools switch maps on in the thread of the program, which this one is not told.
  const publishMap = source.includes('sourceMappingURL=');
  return linkedCode(result, { filename, source, folder: ownFolder, base, stride, publishMap });
}
