import type * as transform from '../transform/index.js';
import type { InstrumentOptions, SourceKind } from '../transform/types.js';
import type { Rewritten, SourceCache } from './source-cache.js';
import type { UserModules } from './user-module.js';

export interface RewriteOptions {
  /** Names the state of this package's sources. */
  build: string;
  /** Loads the parser: asked when the cache does not know a source, since that takes a third of a cold start. */
  loadTransform: () => typeof transform.instrument;
  runtimeUrl: string;
  cache: SourceCache | null;
  userModules: UserModules;
  redactParameter: (name: string) => boolean;
  /** Text of what decides on filters and redaction. */
  filters: string;
  /** Told of a file, or a function in it, that stays as it is. */
  skipped: (path: string, reason: string) => void;
}

/** Rewrites a user's source, or answers null: not the user's, nothing to rewrite, or unparsable. */
export type Rewrite = (filename: string, source: string, kind: SourceKind) => (Rewritten & { path: string }) | null;

/** @returns the step between a loaded source and the one that runs */
export function createRewrite(options: RewriteOptions): Rewrite {
  const { cache, userModules } = options;
  let instrument: typeof transform.instrument | undefined;
  let loading = false;

  function transformed(path: string, filename: string, source: string, kind: SourceKind): Rewritten {
    if (!instrument) {
      loading = true;
      try {
        instrument = options.loadTransform();
      } finally {
        loading = false;
      }
    }
    const settings: InstrumentOptions = {
      kind,
      runtimeUrl: options.runtimeUrl,
      includeFunction: withoutCounters(source, userModules.functionsOf(path)),
      redactParameter: options.redactParameter,
    };
    const result = instrument(source, filename, settings);
    if (!result) return { code: '', prefix: '', kind: 'commonjs', functions: [], edits: '[]', leftAlone: [] };
    const { code, prefix, functions } = result;
    // What compilers write for re-exports is nothing that a user misses.
    const leftAlone = result.leftAlone
      .filter(({ reason }) => reason !== 're-export')
      .map(({ name, line, reason }) => `function ${name} in line ${line} is not recorded: ${reason}`);
    return { code, prefix, kind: result.kind, functions, edits: JSON.stringify(result.edits), leftAlone };
  }

  return (filename, source, kind) => {
    // The parser's own modules pass through here while it loads.
    if (loading) return null;
    const path = userModules.pathOf(filename);
    // A source that came through here before, in another hook of the same chain.
    if (path === null || source.includes(options.runtimeUrl) || source.includes('=__handit__;')) return null;
    const extension = /\.\w+$/.exec(filename)?.[0] ?? '';
    const filtered = userModules.functionsOf(path) ? path : '';
    const key = cache?.key([options.build, options.runtimeUrl, options.filters, filtered, extension, kind, source]);
    let rewritten = key && cache ? cache.get(key) : undefined;
    if (!rewritten) {
      try {
        rewritten = transformed(path, filename, source, kind);
      } catch (error) {
        const { name, message } = error as Error;
        options.skipped(
          path,
          name === 'UnparsableSource' ? `cannot be parsed: ${message}` : `internal error: ${message}`,
        );
        return null;
      }
      if (key) cache!.set(key, rewritten);
    }
    for (const reason of rewritten.leftAlone) options.skipped(path, reason);
    return rewritten.functions.length ? { ...rewritten, path } : null;
  };
}

/** Istanbul has put a function into the source that its counters are read by. */
function withoutCounters(source: string, include: ((name: string) => boolean) | undefined): typeof include {
  if (!source.includes('__coverage__')) return include;
  return (name) => !/^cov_[a-z0-9]+$/.test(name) && include?.(name) !== false;
}
