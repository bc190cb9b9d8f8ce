import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { hasHooksInWorkers } from '../node-features.js';
import type { CompiledBody, LinkedBody, RunnerCode, RunnerSource, SourceKind } from '../transform/types.js';
import type { LibraryFile } from '../transform/library.js';
import type * as compiledBody from './compiled-body.js';
import type { LibraryFiles } from './library-files.js';
import { ID_WIDTH, linkedCode, linkedForRunner, mapForRunner } from './linked-code.js';
import type { MapFiles } from './map-files.js';
import type { Rewrite } from './rewrite.js';
import type { Rewritten } from './source-cache.js';
import type { SourceFile } from './source-table.js';
import { isLibrary } from './user-module.js';

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
  | { type: 'map unusable'; path: string; reason: string }
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
  /** The same for modules that a test runner compiles: they import the probes from elsewhere. */
  rewriteForRunner: Rewrite;
  mapFiles: MapFiles;
  /** Told of each rewritten module before it runs. */
  register: (file: SourceFile, rewritten: Omit<Rewritten, 'code'>) => void;
  skipped: (path: string, reason: string) => void;
  mapUnusable: (path: string, reason: string) => void;
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
  /** Stands in each text that matches the pattern, and is looked for much faster. */
  word: string;
  pattern: RegExp;
  seen: () => void;
}

export interface Loader {
  /** Takes over what the hooks' thread has rewritten so far. */
  registerPending(): void;
  uninstall(): void;
  /** Rewrites what a tool is about to run by itself; null: it stays as it is. */
  rewriteBody(body: CompiledBody): LinkedBody | null;
  /** Tells lookouts of a text that does not pass through here. */
  lookOut(source: string): void;
  /** An id for a function that is recorded without being rewritten. */
  newFunctionId(): number;
  /** What a test runner is to compile instead of what it has loaded; null: nothing else. */
  forRunner(source: RunnerSource): RunnerCode | null;
}

/** In the place of a loader, where nothing is rewritten. */
export function noLoader(): Loader {
  let next = 0;
  return {
    registerPending: () => undefined,
    uninstall: () => undefined,
    rewriteBody: () => null,
    lookOut: () => undefined,
    newFunctionId: () => next++,
    forRunner: () => null,
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

  let attempts = 0;

  function attempt(filename: string, source: string, kind: SourceKind): string | null {
    attempts++;
    try {
      // The parser is loaded in here, and is no library of the program's.
      if (attempts === 1 && isLibrary(filename, options.folder)) options.libraryLoaded();
      lookOut(source);
      return edited(filename, source, kind);
    } finally {
      attempts--;
    }
  }

  function lookOut(source: string): void {
    const { lookouts } = options;
    for (let i = lookouts.length - 1; i >= 0; i--) {
      const { word, pattern } = lookouts[i];
      if (source.includes(word) && pattern.test(source)) lookouts.splice(i, 1)[0].seen();
    }
  }

  function edited(filename: string, source: string, kind: SourceKind): string | null {
    const library = options.library.edit(filename, source, kind);
    if (library !== null) return library;
    const result = rewrite(filename, source, kind);
    if (!result) return null;
    return linkedCode(result, {
      filename,
      source,
      folder: options.folder,
      base: registered(filename, source, result),
      stride,
    });
  }

  /** Answers where the ids of that file begin. */
  function registered(
    filename: string,
    source: string,
    result: Rewritten & { path: string },
    ran: Pick<SourceFile, 'behind' | 'wrapper' | 'idWidth'> = {},
  ): number {
    const { path, kind: readAs, prefix, edits, functions } = result;
    const base = nextBase;
    nextBase += functions.length * stride;
    register(
      { filename, path, source, kind: readAs, prefix, edits, base, stride, functions: functions.length, ...ran },
      result,
    );
    return base;
  }

  // Test runners evaluate a module anew for each file of tests: it is the same module.
  const bodies = new Map<string, { code: string; answer: LinkedBody | null }>();

  function rewriteBody(body: CompiledBody): LinkedBody | null {
    const known = bodies.get(body.filename);
    if (known?.code === body.code) return known.answer;
    const { linkedBody, mapOf, withoutMap } = nodeModule.createRequire(join(options.folder, 'register.cjs'))(
      './compiled-body.cjs',
    ) as typeof compiledBody;
    const result = DATA.test(body.filename) ? null : rewrite(body.filename, body.code, 'body', mapOf(body));
    const base = nextBase;
    const answer = result && linkedBody(body, result, base, stride);
    if (answer) registered(body.filename, withoutMap(body), result, { behind: answer.behind });
    bodies.set(body.filename, { code: body.code, answer });
    return answer;
  }

  function forRunner({ filename, code: source, kind, map, wrapper = 0 }: RunnerSource): RunnerCode | null {
    const library = options.library.edit(filename, source, kind);
    if (library !== null) return { code: library, mapFile: () => null };
    const result = options.rewriteForRunner(filename, source, kind, map);
    if (!result) return null;
    const base = registered(filename, source, result, { wrapper, idWidth: ID_WIDTH });
    const { edits } = result;
    return {
      code: linkedForRunner(result, base, stride),
      mapFile: () =>
        options.mapFiles([filename, edits, map ?? source], () =>
          mapForRunner(result, { filename, source, folder: options.folder }, map),
        ),
    };
  }

  const installed = options.syncHooks ? installSync(options, rewritten) : installByVersion20(options, rewritten);
  return {
    ...installed,
    rewriteBody,
    forRunner,
    lookOut,
    newFunctionId() {
      const id = nextBase;
      nextBase += stride;
      return id;
    },
  };
}

/** What tools make modules of; all functions in there are the tool's. */
const DATA = /\.(json5?|ya?ml|toml|txt|html?|svg|wasm|(post|p|s)?css|sass|less|styl(us)?)$/;

type Installed = Pick<Loader, 'registerPending' | 'uninstall'>;
type Rewriting = (filename: () => string, source: () => string, kind: SourceKind) => string | null;

function installSync(options: LoaderOptions, rewritten: Rewriting): Installed {
  const { registerHooks } = nodeModule as unknown as { registerHooks(hooks: object): { deregister(): void } };
  const compiling = watchCompile(options, rewritten);

  function loaded(url: string, result: LoadResult): LoadResult {
    const kind = kindOf(result.format);
    if (!kind) return result;
    const filename = url.startsWith('file:') ? fileURLToPath(url) : '';
    if (result.source == null) {
      compiling.unseen(filename);
      return result;
    }
    if (compiling.byTool(filename)) return result;
    const code = rewritten(
      () => filename,
      () => textOf(result.source),
      kind,
    );
    return code === null ? result : { ...result, source: code };
  }

  const hooks = registerHooks({
    load(url: string, context: object, nextLoad: NextLoad): LoadResult {
      const result = nextLoad(url, context);
      try {
        return loaded(url, result);
      } catch (error) {
        options.broken(error);
        return result;
      }
    },
  });
  return {
    registerPending: () => undefined,
    uninstall() {
      hooks.deregister();
      compiling.undo();
    },
  };
}

/**
 * What tools compile (ts-node, @babel/register, tsx) they hand to `module._compile`, most of them behind the load hooks.
 * So who asks for that method gets one that rewrites. Node itself, where the hooks have seen the text, gets its own: its
 * stacks get no frame more. They have not where asynchronous hooks of the program's are registered as well (as by Yarn's
 * Plug'n'Play): Node reads a CommonJS module that is imported only when it compiles it then.
 */
function watchCompile({ broken }: LoaderOptions, rewritten: Rewriting): CompileWatch {
  const { Module } = nodeModule as unknown as { Module: ModuleClass };
  const { prototype, _cache: cache } = Module;
  const native = Object.getOwnPropertyDescriptor(prototype, '_compile')!;
  const nativeCompile = native.value as Compile;
  const nativeName = Object.getOwnPropertyDescriptor(nativeCompile, 'name')!;
  // V8 names the frame of a function without a name by the property that holds it, which is an accessor now.
  if (nativeCompile.name === '') Object.defineProperty(nativeCompile, 'name', { ...nativeName, value: '_compile' });
  const rewriting = rewritingCompile(nativeCompile, rewritten);
  let current = nativeCompile;
  const unseen = new Set<unknown>();
  const descriptor: PropertyDescriptor = {
    configurable: true,
    enumerable: native.enumerable,
    get(this: { filename?: unknown }) {
      if (current !== nativeCompile) return current;
      try {
        return unseen.delete(this.filename) || !isAskedByNode() ? rewriting : nativeCompile;
      } catch (error) {
        broken(error);
        return nativeCompile;
      }
    },
    set(this: object, value: Compile) {
      if (this === (prototype as object)) current = value;
      else Object.defineProperty(this, '_compile', { ...native, value });
    },
  };
  Object.defineProperty(prototype, '_compile', descriptor);
  return {
    unseen: (filename) => void unseen.add(filename),
    byTool: (filename) => Object.hasOwn(cache[filename] ?? {}, '_compile'),
    undo() {
      Object.defineProperty(nativeCompile, 'name', nativeName);
      if (Object.getOwnPropertyDescriptor(prototype, '_compile')?.get !== descriptor.get) return;
      Object.defineProperty(prototype, '_compile', {
        ...native,
        value: current === rewriting ? nativeCompile : current,
      });
    },
  };
}

/** Whether the function around a getter is one of Node's. */
function isAskedByNode(): boolean {
  // This one, the getter, and who reads it.
  const asking = (
    process.getBuiltinModule('node:util') as unknown as { getCallSites(count: number): { scriptName: string }[] }
  ).getCallSites(3)[2];
  return asking !== undefined && asking.scriptName.startsWith('node:');
}

interface CompileWatch {
  /** Node has been given no text of a file by the hooks. */
  unseen(filename: string): void;
  /** Whether a tool has put itself between Node and the compiling of a file. */
  byTool(filename: string): boolean;
  undo(): void;
}

interface ModuleClass {
  prototype: { _compile: Compile };
  _cache: Record<string, object | undefined>;
}

/** The last step before compiling CommonJS, with another text. */
function rewritingCompile(original: Compile, rewritten: Rewriting): Compile {
  return function _compile(this: object, content: unknown, filename: string, ...rest: unknown[]): unknown {
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
  };
}

function installByVersion20(options: LoaderOptions, rewritten: Rewriting): Installed {
  // CommonJS: a source given to the asynchronous hook would be run by another loader.
  const { prototype } = (nodeModule as unknown as { Module: ModuleClass }).Module;
  const original = prototype._compile;
  const _compile = rewritingCompile(original, rewritten);
  prototype._compile = _compile;
  const undo = (): void => {
    if (prototype._compile === _compile) prototype._compile = original;
  };

  // ES modules: hooks in a thread of their own, which tells this one what it rewrote.
  if (!isMainThread && !hasHooksInWorkers(process.versions.node))
    return { registerPending: () => undefined, uninstall: undo };
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
    else if (message.type === 'map unusable') options.mapUnusable(message.path, message.reason);
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
