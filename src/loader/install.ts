import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { SourceKind } from '../transform/types.js';
import type { LibraryFile } from '../transform/library.js';
import type { LibraryFiles } from './library-files.js';
import { linkedCode } from './linked-code.js';
import type { Rewrite } from './rewrite.js';
import type { Rewritten } from './source-cache.js';
import type { SourceFile } from './source-table.js';

/** What the thread of the asynchronous hooks sends. */
export type ThreadMessage =
  | {
      type: 'rewritten';
      filename: string;
      path: string;
      source: string;
      rewritten: Omit<Rewritten, 'code'>;
      base: number;
      stride: number;
    }
  | { type: 'skipped'; path: string; reason: string }
  | { type: 'library' }
  | { type: 'left alone'; filename: string; reason: string };

/** What the thread is started with. */
export interface ThreadData {
  port: MessagePort;
  folder: string;
  libraryRules: readonly LibraryFile[];
}

export interface LoaderOptions {
  folder: string;
  rewrite: Rewrite;
  /** Told of each rewritten module before it runs. */
  register: (file: SourceFile, rewritten: Omit<Rewritten, 'code'>) => void;
  skipped: (path: string, reason: string) => void;
  /** The rules of `library`, for the hooks' thread. */
  libraryRules: readonly LibraryFile[];
  library: LibraryFiles;
  /** Told of a library's file that stays as it is. */
  leftAlone: (filename: string, reason: string) => void;
  /** Told, more than once, that the program has loaded code from `node_modules`. */
  libraryLoaded: () => void;
  /** Texts that are looked for in each module before it runs, until the first that has one; then it is told. */
  lookouts: Lookout[];
  /** Told of an error in the rewriting itself. */
  broken: (error: unknown) => void;
  /** Use `module.registerHooks`. */
  syncHooks: boolean;
}

export interface Lookout {
  pattern: RegExp;
  seen: () => void;
}

export interface Loader {
  /** Takes over what the hooks' thread has rewritten so far. */
  registerPending(): void;
  uninstall(): void;
  /** Tells lookouts of a text that does not pass through here. */
  lookOut(source: string): void;
  /** An id for a function that is recorded without being rewritten. */
  newFunctionId(): number;
}

/** In the place of a loader, where nothing is rewritten. */
export function noLoader(): Loader {
  let next = 0;
  return {
    registerPending: () => undefined,
    uninstall: () => undefined,
    lookOut: () => undefined,
    newFunctionId: () => next++,
  };
}

/** Puts the rewriting between Node's loaders and the code they load. */
export function installLoader(options: LoaderOptions): Loader {
  const { rewrite, register } = options;
  // Two threads hand out function ids where the hooks run in a thread of their own: the even and the odd ones.
  const stride = options.syncHooks ? 1 : 2;
  let nextBase = 0;

  /** The text to run instead of `source`, or null. Whatever fails in here, the program gets its module. */
  function rewritten(filename: () => string, source: () => string, kind: SourceKind): string | null {
    try {
      return attempt(filename(), source(), kind);
    } catch (error) {
      options.broken(error);
      return null;
    }
  }

  function isLibrary(filename: string): boolean {
    return LIBRARY.test(filename) && !filename.startsWith(dirname(options.folder));
  }

  let attempts = 0;

  function attempt(filename: string, source: string, kind: SourceKind): string | null {
    attempts++;
    try {
      // The parser is loaded in here, and is no library of the program's.
      if (attempts === 1 && isLibrary(filename)) options.libraryLoaded();
      lookOut(source);
      return edited(filename, source, kind);
    } finally {
      attempts--;
    }
  }

  function lookOut(source: string): void {
    const { lookouts } = options;
    for (let i = lookouts.length - 1; i >= 0; i--) {
      if (lookouts[i].pattern.test(source)) lookouts.splice(i, 1)[0].seen();
    }
  }

  function edited(filename: string, source: string, kind: SourceKind): string | null {
    const library = options.library.edit(filename, source, kind);
    if (library !== null) return library;
    const result = rewrite(filename, source, kind);
    if (!result) return null;
    const { path, kind: readAs, prefix, edits, functions } = result;
    const base = nextBase;
    nextBase += functions.length * stride;
    register(
      { filename, path, source, kind: readAs, prefix, edits, base, stride, functions: functions.length },
      result,
    );
    return linkedCode(result, { filename, source, folder: options.folder, base, stride });
  }
  const installed = options.syncHooks ? installSync(rewritten) : installByVersion20(options, rewritten);
  return {
    ...installed,
    lookOut,
    newFunctionId() {
      const id = nextBase;
      nextBase += stride;
      return id;
    },
  };
}

const LIBRARY = /[/\\]node_modules[/\\]/;

type Installed = Omit<Loader, 'newFunctionId' | 'lookOut'>;
type Rewriting = (filename: () => string, source: () => string, kind: SourceKind) => string | null;

function installSync(rewritten: Rewriting): Installed {
  const { registerHooks } = nodeModule as unknown as { registerHooks(hooks: object): { deregister(): void } };
  const hooks = registerHooks({
    load(url: string, context: object, nextLoad: NextLoad): LoadResult {
      const result = nextLoad(url, context);
      const kind = kindOf(result.format);
      if (!kind || result.source == null) return result;
      const code = rewritten(
        () => (url.startsWith('file:') ? fileURLToPath(url) : ''),
        () => textOf(result.source),
        kind,
      );
      return code === null ? result : { ...result, source: code };
    },
  });
  return { registerPending: () => undefined, uninstall: () => hooks.deregister() };
}

function installByVersion20(options: LoaderOptions, rewritten: Rewriting): Installed {
  // CommonJS: the last step before compiling; a source given to the asynchronous hook would be run by another loader.
  const prototype = (nodeModule.Module as unknown as { prototype: { _compile: Compile } }).prototype;
  const original = prototype._compile;
  function _compile(this: object, content: unknown, filename: string, ...rest: unknown[]): unknown {
    let code: string | null = null;
    const kind = kindOf(rest[0] as string | undefined);
    if (typeof content === 'string' && typeof filename === 'string' && kind) {
      code = rewritten(
        () => filename,
        () => content,
        filename.endsWith('.cjs') ? 'commonjs' : kind,
      );
    }
    return original.call(this, code ?? content, filename, ...rest);
  }
  prototype._compile = _compile;
  const undo = (): void => {
    if (prototype._compile === _compile) prototype._compile = original;
  };

  // ES modules: hooks in a thread of their own, which tells this one what it rewrote.
  if (!isMainThread) return { registerPending: () => undefined, uninstall: undo };
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  const url = pathToFileURL(join(options.folder, 'hooks-thread.mjs'));
  const data: ThreadData = { port: port2, folder: options.folder, libraryRules: options.libraryRules };
  nodeModule.register(url, { data, transferList: [port2] });
  return { registerPending: () => receive(port1, options), uninstall: undo };
}

function receive(port: MessagePort, options: LoaderOptions): void {
  for (;;) {
    const message = receiveMessageOnPort(port)?.message as ThreadMessage | undefined;
    if (!message) return;
    if (message.type === 'library') options.libraryLoaded();
    else if (message.type === 'skipped') options.skipped(message.path, message.reason);
    else if (message.type === 'left alone') options.leftAlone(message.filename, message.reason);
    else {
      const { filename, path, source, rewritten, base, stride } = message;
      const { kind, prefix, edits, functions } = rewritten;
      options.register(
        { filename, path, source, kind, prefix, edits, base, stride, functions: functions.length },
        rewritten,
      );
    }
  }
}

type Compile = (this: object, content: unknown, filename: string, ...rest: unknown[]) => unknown;
interface LoadResult {
  format?: string | null;
  source?: unknown;
}
type NextLoad = (url: string, context: object) => LoadResult;

/** How Node is going to read a source; undefined: not JavaScript. */
export function kindOf(format: string | null | undefined): SourceKind | undefined {
  switch (format) {
    case 'module':
    case 'module-typescript':
      return 'module';
    case 'commonjs':
    case 'commonjs-typescript':
      return 'commonjs';
    case undefined:
    case null:
    case 'typescript':
      return 'unambiguous';
    default:
      return undefined;
  }
}

/** Hooks get strings and byte arrays. */
export function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(source as Uint8Array);
}
