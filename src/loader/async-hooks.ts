import * as nodeModule from 'node:module';
import * as paths from 'node:path';
import * as urls from 'node:url';
import { hasHooksInWorkers } from '../node-features.js';
import { isMainThread, workerThreads } from '../thread.js';
import { rewritingCompile, type ModuleClass } from './compile-watch.js';
import type { InnerHooks, Installed, LoaderOptions, Rewriting, ThreadData, ThreadMessage } from './loader.js';
import { leadsToModules, startsWithModules } from './module-use.js';
import { requireOwn } from './own-files.js';
import { rewriteAfterHooks } from './program-hooks.js';

const { syncBuiltinESMExports } = nodeModule;
const { join } = paths;
const { pathToFileURL } = urls;

/**
 * Where `module.registerHooks` cannot be used. CommonJS is rewritten when it is compiled, for a source that the asynchronous
 * hook returns would be run by another loader; ES modules by hooks in a thread of their own, which tells this one what it
 * rewrote.
 */
export function installAsync(options: LoaderOptions, rewritten: Rewriting): Installed {
  const thread = isMainThread || hasHooksInWorkers(process.versions.node) ? createThread(options) : null;
  const { prototype } = (nodeModule as unknown as { Module: ModuleClass }).Module;
  const original = prototype._compile;
  const own = join(options.folder, '/');
  const _compile = rewritingCompile(original, (filename, source, kind) => {
    // Not by the text of our own parser.
    try {
      if (thread && !filename().startsWith(own) && leadsToModules(source(), kind)) thread.start();
    } catch (error) {
      options.broken(error);
    }
    return rewritten(filename, source, kind);
  });
  prototype._compile = _compile;
  const unwrap = rewriteAfterHooks(options, rewritten);
  if (thread && startsWithModules()) thread.start();
  return {
    registerPending: () => thread?.receive(),
    finish: () => undefined,
    uninstall() {
      thread?.undo();
      unwrap();
      if (prototype._compile === _compile) prototype._compile = original;
    },
  };
}

interface Thread {
  /** Does nothing when it runs. */
  start(): void;
  receive(): void;
  undo(): void;
}

interface RegisterOptions {
  parentURL?: string | URL;
  data?: unknown;
  transferList?: unknown;
}

/** As Node reads them; undefined: Node refuses them. */
function registerOptions(specifier: unknown, [parentURL, options]: unknown[]): RegisterOptions | undefined {
  if (typeof specifier !== 'string' && !(specifier instanceof URL)) return undefined;
  if (typeof parentURL === 'object' && parentURL !== null && !(parentURL instanceof URL)) return parentURL;
  if (parentURL !== undefined && typeof parentURL !== 'string' && !(parentURL instanceof URL)) return undefined;
  if (options !== undefined && (typeof options !== 'object' || options === null)) return undefined;
  return { ...options, parentURL };
}

type Register = (this: unknown, specifier: unknown, ...rest: unknown[]) => unknown;

/**
 * The hooks' thread takes 20 to 30 ms to start, and pipes its output into that of the program, where a reader that has gone
 * is an error then. So it is started by what may load an ES module.
 */
function createThread(options: LoaderOptions): Thread {
  const { Module } = nodeModule as unknown as { Module: { register: Register } };
  const native = Module.register;
  const url = pathToFileURL(join(options.folder, 'hooks-thread.mjs'));
  let nextMessage: (() => ThreadMessage | undefined) | null = null;
  let others = 0;

  function start(): void {
    if (nextMessage !== null) return;
    const { MessageChannel, receiveMessageOnPort } = workerThreads();
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    nextMessage = () => receiveMessageOnPort(port1)?.message as ThreadMessage | undefined;
    evaluateProbes(options.folder);
    const data: ThreadData = { port: port2, folder: options.folder, libraryRules: options.libraryRules };
    withoutPipes(() => native(url, { data, transferList: [port2] }));
  }

  /** The last that are registered are called first, and would be given what is rewritten: so ours go around them. */
  function registerInside(specifier: string, { parentURL, data, transferList }: RegisterOptions): unknown {
    start();
    if (others === 0) native(new URL('?', url), { data: {} });
    const inner: InnerHooks = { specifier, parentURL: String(parentURL ?? 'data:'), data };
    return native(new URL(`?${++others}`, url), { data: inner, transferList });
  }

  const { register } = {
    register(this: unknown, specifier: unknown, ...rest: unknown[]): unknown {
      const known = registerOptions(specifier, rest);
      return known ? registerInside(String(specifier), known) : Reflect.apply(native, this, [specifier, ...rest]);
    },
  };
  options.looksLike(native, register);
  Module.register = register;
  syncBuiltinESMExports();
  return {
    start,
    receive() {
      for (let message = nextMessage?.(); message; message = nextMessage?.()) take(message, options);
    },
    undo() {
      if (Module.register !== register) return;
      Module.register = native;
      syncBuiltinESMExports();
    },
  };
}

/**
 * Evaluates the module that rewritten ones have their probes from before any of them. In a cycle of imports it would come
 * after functions that need it.
 */
function evaluateProbes(folder: string): void {
  const { features } = process as { features: { require_module?: boolean } };
  if (features.require_module) requireOwn(folder, './probes.mjs');
  else void import(pathToFileURL(join(folder, 'probes.mjs')).href).catch(() => undefined);
}

/**
 * Node pipes what the thread prints into these streams, with listeners that a program without hooks does not have: by one of
 * them a reader that has gone is an uncaught error.
 */
function withoutPipes(step: () => void): void {
  const streams = [process.stdout, process.stderr];
  const listenersOf = (stream: NodeJS.WriteStream, name: string | symbol): unknown[] => stream.rawListeners(name);
  const before = streams.map((stream) => PIPED.map((name) => listenersOf(stream, name)));
  step();
  streams.forEach((stream, i) =>
    PIPED.forEach((name, j) => {
      for (const listener of listenersOf(stream, name)) {
        if (!before[i][j].includes(listener)) stream.removeListener(name, listener as () => void);
      }
    }),
  );
}

const PIPED = ['error', 'close', 'finish', 'unpipe', 'drain'];

function take(message: ThreadMessage, options: LoaderOptions): void {
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
