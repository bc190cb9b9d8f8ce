import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { readConfig } from '../config.js';
import type * as transform from '../transform/index.js';
import { linkedCode } from './linked-code.js';
import { textOf, type ThreadMessage } from './install.js';
import { createRewrite, type Rewrite } from './rewrite.js';
import { rewriteOptions } from './settings.js';

// The asynchronous hooks of Node versions without usable `registerHooks`; this file runs in their thread.

/** Beside this file when both are built. */
const TRANSFORM = './transform.mjs' as string;

let rewrite: Rewrite;
let send: (message: ThreadMessage) => void;
const stride = 2;
let nextBase = 1;
let ownFolder: string;
let isUserModule: (filename: string) => boolean;
let parser: typeof transform;

export function initialize({ port, folder }: { port: MessagePort; folder: string }): void {
  ownFolder = folder;
  send = (message) => port.postMessage(message);
  // The main thread has complained about wrong variables already.
  const config = readConfig(process.env, process.cwd(), process.pid, () => undefined);
  const options = rewriteOptions(config, folder);
  isUserModule = (filename) => options.userModules.pathOf(filename) !== null;
  rewrite = createRewrite({
    ...options,
    loadTransform: () => parser.instrument,
    skipped: (path, reason) => send({ type: 'skipped', path, reason }),
  });
}

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
    if (!isUserModule(filename)) return result;
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
  const result = rewrite(filename, source, 'module');
  if (!result) return null;
  const { path, code: _, ...rest } = result;
  const base = nextBase;
  nextBase += rest.functions.length * stride;
  send({ type: 'rewritten', filename, path, source, rewritten: rest, base, stride });
  return linkedCode(result, { filename, source, folder: ownFolder, base, stride });
}
