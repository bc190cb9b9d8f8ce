import * as fs from 'node:fs';
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { kindOf, textOf, type LoadResult } from './loaded-source.js';
import type { LoaderOptions, Rewriting } from './loader.js';

type NextLoad = (url: string, context: object) => LoadResult;
type NextResolve = (specifier: string, context: object) => unknown;

/** What a program passes to `module.registerHooks`. */
interface SyncHooks {
  resolve?: (specifier: string, context: { parentURL?: string }, nextResolve: NextResolve) => unknown;
  load?: (url: string, context: object, nextLoad: NextLoad) => LoadResult;
}

const { readFileSync } = fs;

/**
 * Between 22.15 and the versions whose `module.registerHooks` can be used, a program's synchronous hooks run after ours,
 * which have a thread of their own, and would be given what is rewritten. So they get the text of the file instead, and
 * what they make of it is rewritten here.
 *
 * @returns a function that undoes it
 */
export function rewriteAfterHooks(options: LoaderOptions, rewritten: Rewriting): () => void {
  const { Module } = nodeModule as unknown as { Module: { registerHooks?: (hooks: SyncHooks) => object } };
  const native = Module.registerHooks;
  if (native === undefined) return () => undefined;
  const ownUrl = pathToFileURL(join(options.folder, '/')).href;
  const runtimeUrl = new URL('runtime.mjs', ownUrl).href;

  /** What is in the file of a rewritten module. */
  function original(url: string, { source }: LoadResult): Buffer | null {
    if (source == null || !url.startsWith('file:') || !textOf(source).includes(runtimeUrl)) return null;
    try {
      return readFileSync(fileURLToPath(url));
    } catch {
      return null;
    }
  }

  function loaded(url: string, result: LoadResult): LoadResult {
    const filename = url.startsWith('file:') ? fileURLToPath(url) : '';
    const kind = kindOf(result.format);
    // CommonJS is rewritten when it is compiled.
    if (kind !== 'module' || result.source == null) return result;
    const code = rewritten(
      () => filename,
      () => textOf(result.source),
      kind,
    );
    return code === null ? result : { ...result, source: code };
  }

  function around({ resolve, load, ...rest }: SyncHooks): SyncHooks {
    const hooks: SyncHooks = { ...rest };
    if (resolve !== undefined) {
      hooks.resolve = (specifier, context, nextResolve) =>
        specifier.startsWith(ownUrl) || context.parentURL?.startsWith(ownUrl)
          ? nextResolve(specifier, context)
          : resolve(specifier, context, nextResolve);
    }
    if (load !== undefined) {
      hooks.load = (url, context, nextLoad) => {
        if (url.startsWith(ownUrl)) return nextLoad(url, context);
        let before: unknown;
        let shown: unknown = null;
        const result = load(url, context, (...args) => {
          const next = nextLoad(...args);
          shown = original(args[0], next);
          before = next.source;
          return shown === null ? next : { ...next, source: shown };
        });
        if (shown !== null && result.source === shown) return { ...result, source: before };
        // Another of these hooks has had it rewritten.
        return shown === null && result.source === before ? result : loaded(url, result);
      };
    }
    return hooks;
  }

  const { registerHooks } = {
    registerHooks(this: unknown, hooks: SyncHooks): object {
      return Reflect.apply(native, this, [canWrap(hooks) ? around(hooks) : hooks]);
    },
  };
  options.looksLike(native, registerHooks);
  Module.registerHooks = registerHooks;
  nodeModule.syncBuiltinESMExports();
  return () => {
    if (Module.registerHooks !== registerHooks) return;
    Module.registerHooks = native;
    nodeModule.syncBuiltinESMExports();
  };
}

/** Node refuses anything else. */
function canWrap(hooks: unknown): hooks is SyncHooks {
  if (typeof hooks !== 'object' || hooks === null) return false;
  const { resolve, load } = hooks as SyncHooks;
  return [resolve, load].every((hook) => hook === undefined || typeof hook === 'function');
}
