import type { CompiledBody, LinkedBody, RunnerCode, RunnerSource, SourceKind } from '../transform/types.js';
import { installAsync } from './async-hooks.js';
import type * as compiledBody from './compiled-body.js';
import { FunctionIds } from './function-ids.js';
import { createGlobalProbes } from './global-probes.js';
import { ID_WIDTH, linkedCode, linkedForRunner, mapForRunner } from './linked-code.js';
import type { Loader, LoaderOptions, Rewriting } from './loader.js';
import { requireOwn } from './own-files.js';
import { installSync } from './sync-hooks.js';
import { isLibrary } from './user-module.js';

/** In the place of a loader, where nothing is rewritten. */
export function noLoader(): Loader {
  let next = 0;
  return {
    registerPending: () => undefined,
    finish: () => undefined,
    uninstall: () => undefined,
    rewriteBody: () => null,
    lookOut: () => undefined,
    newFunctionId: () => next++,
    forRunner: () => null,
  };
}

/** Puts the rewriting between Node's loaders and the code they load. */
export function installLoader(options: LoaderOptions): Loader {
  // Two threads hand out function ids where the hooks run in a thread of their own.
  const ids = new FunctionIds(options.register, options.syncHooks ? 1 : 2);
  const modules = new LoadedModules(options, ids);
  const rewriting: Rewriting = (filename, source, kind) => modules.rewritten(filename, source, kind);
  const installed = options.syncHooks ? installSync(options, rewriting) : installAsync(options, rewriting);
  return {
    ...installed,
    rewriteBody: (body) => modules.rewriteBody(body),
    forRunner: (source) => modules.forRunner(source),
    lookOut: (source) => modules.lookOut(source),
    newFunctionId: () => ids.newId(),
  };
}

/** What becomes of a module on its way: from Node's loaders, from a tool, from a test runner. */
class LoadedModules {
  private attempts = 0;
  private readonly publishProbes;
  /** Test runners evaluate a module again for each file of tests: it is the same module. */
  private readonly bodies = new Map<string, { code: string; linked: LinkedBody | null }>();

  constructor(
    private readonly options: LoaderOptions,
    private readonly ids: FunctionIds,
  ) {
    this.publishProbes = createGlobalProbes(options.probes);
  }

  /** The text to run instead of `source`, or null. Whatever fails in here, the program gets its module. */
  rewritten(filename: () => string, source: () => string, kind: SourceKind): string | null {
    try {
      return this.attempt(filename(), source(), kind);
    } catch (error) {
      this.options.broken(error);
      return null;
    }
  }

  /** The same for what a tool has compiled to the body of a function. */
  rewriteBody(body: CompiledBody): LinkedBody | null {
    const known = this.bodies.get(body.filename);
    if (known?.code === body.code) return known.linked;
    this.lookOut(body.code);
    const linked = this.linkedBody(body);
    this.bodies.set(body.filename, { code: body.code, linked });
    return linked;
  }

  /** The same for what a test runner compiles. */
  forRunner({ filename, code: source, kind, map, wrapper = 0 }: RunnerSource): RunnerCode | null {
    this.lookOut(source);
    const { options, ids } = this;
    const library = options.library.edit(filename, source, kind);
    if (library !== null) return { code: library, mapFile: () => null };
    const result = options.rewriteForRunner(filename, source, kind, map);
    if (!result) return null;
    const base = ids.of(filename, source, result, { wrapper, idWidth: ID_WIDTH });
    const { edits } = result;
    return {
      code: linkedForRunner(result, base, ids.stride),
      mapFile: () =>
        options.mapFiles([filename, edits, map ?? source], () =>
          mapForRunner(result, { filename, source, folder: options.folder }, map),
        ),
    };
  }

  lookOut(source: string): void {
    const { lookouts } = this.options;
    for (let i = lookouts.length - 1; i >= 0; i--) {
      if (lookouts[i].isIn(source)) lookouts.splice(i, 1)[0].seen();
    }
  }

  private attempt(filename: string, source: string, kind: SourceKind): string | null {
    const { folder, libraryLoaded } = this.options;
    this.attempts++;
    try {
      // The parser is loaded in here, and is not one of the program's libraries.
      if (this.attempts === 1 && isLibrary(filename, folder)) libraryLoaded();
      this.lookOut(source);
      return this.edited(filename, source, kind);
    } finally {
      this.attempts--;
    }
  }

  private edited(filename: string, source: string, kind: SourceKind): string | null {
    const { options, ids } = this;
    const library = options.library.edit(filename, source, kind);
    if (library !== null) return library;
    const result = options.rewrite(filename, source, kind);
    if (!result) return null;
    if (options.syncHooks && result.kind === 'module') this.publishProbes(result.prefix);
    const base = ids.of(filename, source, result);
    return linkedCode(result, { filename, source, folder: options.folder, base, stride: ids.stride });
  }

  private linkedBody(body: CompiledBody): LinkedBody | null {
    const { options, ids } = this;
    const { filename, code } = body;
    if (DATA.test(filename)) return null;
    const own = requireOwn(options.folder, './compiled-body.cjs') as typeof compiledBody;
    const result = options.rewrite(filename, code, 'body', own.mapOf(body));
    if (!result) return null;
    const source = own.withoutMap(body);
    const linked = own.linkedBody(body, result, ids.baseOf(filename, { source, edits: result.edits }), ids.stride);
    if (linked) ids.of(filename, source, result, { behind: linked.behind });
    return linked;
  }
}

/** What tools make modules of; all functions in there are the tool's. */
const DATA = /\.(json5?|ya?ml|toml|txt|html?|svg|wasm|(post|p|s)?css|sass|less|styl(us)?)$/;
