import * as nodeModule from 'node:module';
import { isAlone } from '../preloads.js';
import { isMainThread } from '../thread.js';
import { watchCompile } from './compile-watch.js';
import type { Installed, LoaderOptions, Rewriting } from './loader.js';
import { filenameOf, kindOf, textOf, type LoadResult } from './loaded-source.js';

const { syncBuiltinESMExports } = nodeModule;

/** In the program's own thread, by `module.registerHooks`. */
export function installSync(options: LoaderOptions, rewritten: Rewriting): Installed {
  const compiling = watchCompile(options, rewritten);
  /** The module to come is the program's first: no code of others runs before Node compiles it. */
  let isFirst = isMainThread && process.argv[1] !== undefined && isAlone();

  function loaded(url: string, result: LoadResult, required: boolean): LoadResult {
    const kind = kindOf(result.format);
    if (!kind) return result;
    const isNext = required || isFirst;
    isFirst = false;
    const filename = filenameOf(url);
    if (result.source == null) {
      compiling.unseen(filename);
      return result;
    }
    if (kind !== 'module' && compiling.byTool(filename)) return result;
    const code = rewritten(
      () => filename,
      () => textOf(result.source),
      kind,
    );
    // Last: rewriting may load something itself.
    if (kind !== 'module') compiling.seen(filename, isNext);
    return code === null ? result : { ...result, source: code };
  }

  const undo = registerOutermost(options, {
    load(url: string, context: LoadContext, nextLoad: NextLoad): LoadResult {
      const result = nextLoad(url, context);
      try {
        return loaded(url, result, context.conditions?.[0] === 'require');
      } catch (error) {
        options.broken(error);
        return result;
      }
    },
  });
  return {
    registerPending: () => undefined,
    finish: () => compiling.finish(),
    uninstall() {
      undo();
      compiling.undo();
    },
  };
}

interface LoadContext {
  conditions?: readonly string[];
}
type NextLoad = (url: string, context: LoadContext) => LoadResult;

type RegisterHooks = (hooks: object) => { deregister(): void };

/**
 * Hooks registered later are called first, and would be given what is rewritten. So ours are registered again after each of
 * the program's: those get the text of the file, and what they make of it is rewritten.
 */
function registerOutermost({ looksLike, broken }: LoaderOptions, ours: object): () => void {
  const { Module } = nodeModule as unknown as { Module: { registerHooks: RegisterHooks } };
  const descriptor = Object.getOwnPropertyDescriptor(Module, 'registerHooks')!;
  const native = descriptor.value as RegisterHooks;
  let handle = native(ours);
  const { registerHooks } = {
    registerHooks(this: unknown, hooks: object): { deregister(): void } {
      const theirs = Reflect.apply(native, this, [hooks]);
      try {
        handle.deregister();
        handle = native(ours);
      } catch (error) {
        broken(error);
      }
      return theirs;
    },
  };
  looksLike(native, registerHooks);
  Object.defineProperty(Module, 'registerHooks', { ...descriptor, value: registerHooks });
  // Another preload may have imported it.
  if (!isMainThread || !isAlone()) syncBuiltinESMExports();
  return () => {
    handle.deregister();
    if (Module.registerHooks === registerHooks) Object.defineProperty(Module, 'registerHooks', descriptor);
    syncBuiltinESMExports();
  };
}
