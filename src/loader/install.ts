import type { CompiledBody, LinkedBody, RunnerCode, RunnerSource, SourceKind } from '../transform/types.js';
import { installAsync } from './async-hooks.js';
import { createBases } from './bases.js';
import type * as compiledBody from './compiled-body.js';
import { createGlobalProbes } from './global-probes.js';
import { ID_WIDTH, linkedCode, linkedForRunner, mapForRunner } from './linked-code.js';
import type { Loader, LoaderOptions } from './loader.js';
import { requireOwn } from './own-files.js';
import type { RewrittenFile } from './rewrite.js';
import type { SourceFile } from './source-table.js';
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
    if (options.syncHooks && result.kind === 'module') publishProbes(result.prefix);
    const base = registered(filename, source, result);
    return linkedCode(result, { filename, source, folder: options.folder, base, stride });
  }

  const bases = createBases();
  const publishProbes = createGlobalProbes(options.probes);

  /** Returns where the ids of that file begin: where they did when the same text was loaded from there before. */
  function registered(
    filename: string,
    source: string,
    result: RewrittenFile,
    ran: Pick<SourceFile, 'behind' | 'wrapper' | 'idWidth'> = {},
  ): number {
    const { path, kind: readAs, prefix, edits, functions } = result;
    const text = { source, edits, ...ran };
    const known = bases.get(filename, text);
    if (known !== undefined) return known;
    const base = nextBase;
    nextBase += functions.length * stride;
    bases.set(filename, text, base);
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
    lookOut(body.code);
    const { linkedBody, mapOf, withoutMap } = requireOwn(options.folder, './compiled-body.cjs') as typeof compiledBody;
    const result = DATA.test(body.filename) ? null : rewrite(body.filename, body.code, 'body', mapOf(body));
    const source = withoutMap(body);
    const base = (result && bases.get(body.filename, { source, edits: result.edits })) ?? nextBase;
    const answer = result && linkedBody(body, result, base, stride);
    if (answer) registered(body.filename, source, result, { behind: answer.behind });
    bodies.set(body.filename, { code: body.code, answer });
    return answer;
  }

  function forRunner({ filename, code: source, kind, map, wrapper = 0 }: RunnerSource): RunnerCode | null {
    lookOut(source);
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

  const installed = options.syncHooks ? installSync(options, rewritten) : installAsync(options, rewritten);
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
