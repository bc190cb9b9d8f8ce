import * as fs from 'node:fs';
import * as nodeModule from 'node:module';
import * as paths from 'node:path';
import * as urls from 'node:url';
import { filenameOf, kindOf, textOf, type LoadResult } from './loaded-source.js';
import type { LoaderOptions, Rewriting } from './loader.js';

const { readFileSync } = fs;
const { syncBuiltinESMExports } = nodeModule;
const { join } = paths;
const { pathToFileURL } = urls;

type Load = (url: string, context: object, nextLoad: NextLoad) => LoadResult;
type NextLoad = (url: string, context: object) => LoadResult;
type NextResolve = (specifier: string, context: object) => unknown;

/** What a program passes to `module.registerHooks`. */
interface SyncHooks {
  resolve?: (specifier: string, context: { parentURL?: string }, nextResolve: NextResolve) => unknown;
  load?: Load;
}

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
  const inner = new InnerHooks(options.folder, rewritten);
  const { registerHooks } = {
    registerHooks(this: unknown, hooks: SyncHooks): object {
      return Reflect.apply(native, this, [canWrap(hooks) ? inner.around(hooks) : hooks]);
    },
  };
  options.looksLike(native, registerHooks);
  Module.registerHooks = registerHooks;
  syncBuiltinESMExports();
  return () => {
    if (Module.registerHooks !== registerHooks) return;
    Module.registerHooks = native;
    syncBuiltinESMExports();
  };
}

class InnerHooks {
  private readonly ownUrl: string;
  /** Each rewritten module imports from there. */
  private readonly runtimeUrl: string;

  constructor(
    folder: string,
    private readonly rewritten: Rewriting,
  ) {
    this.ownUrl = pathToFileURL(join(folder, '/')).href;
    this.runtimeUrl = new URL('runtime.mjs', this.ownUrl).href;
  }

  /** They are not asked for what handit imports. */
  around({ resolve, load, ...rest }: SyncHooks): SyncHooks {
    const hooks: SyncHooks = { ...rest };
    const { ownUrl } = this;
    if (resolve !== undefined) {
      hooks.resolve = (specifier, context, nextResolve) =>
        specifier.startsWith(ownUrl) || context.parentURL?.startsWith(ownUrl)
          ? nextResolve(specifier, context)
          : resolve(specifier, context, nextResolve);
    }
    if (load !== undefined) {
      hooks.load = (url, context, nextLoad) =>
        url.startsWith(ownUrl) ? nextLoad(url, context) : this.load(load, url, context, nextLoad);
    }
    return hooks;
  }

  private load(load: Load, url: string, context: object, nextLoad: NextLoad): LoadResult {
    let before: unknown;
    let shown: unknown = null;
    const result = load(url, context, (...args) => {
      const next = nextLoad(...args);
      shown = this.original(args[0], next);
      before = next.source;
      return shown === null ? next : { ...next, source: shown };
    });
    if (shown === null) return result.source === before ? result : this.loaded(url, result);
    return result.source === shown ? { ...result, source: before } : this.loaded(url, result);
  }

  /** What is in the file of a module that has been rewritten. */
  private original(url: string, { source }: LoadResult): Buffer | null {
    if (source == null || !url.startsWith('file:') || !textOf(source).includes(this.runtimeUrl)) return null;
    try {
      return readFileSync(filenameOf(url));
    } catch {
      return null;
    }
  }

  /** CommonJS is rewritten when it is compiled. */
  private loaded(url: string, result: LoadResult): LoadResult {
    const kind = kindOf(result.format);
    if (kind !== 'module' || result.source == null) return result;
    const code = this.rewritten(
      () => filenameOf(url),
      () => textOf(result.source),
      kind,
    );
    return code === null ? result : { ...result, source: code };
  }
}

/** Node refuses anything else. */
function canWrap(hooks: unknown): hooks is SyncHooks {
  if (typeof hooks !== 'object' || hooks === null) return false;
  const { resolve, load } = hooks as SyncHooks;
  return [resolve, load].every((hook) => hook === undefined || typeof hook === 'function');
}
