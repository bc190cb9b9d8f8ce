import { readFileSync } from 'node:fs';
import type * as transform from '../transform/index.js';
import type { CodeKind, IncomingMap, InstrumentOptions } from '../transform/types.js';
import { frameworkOutput, HAS_FUNCTION } from './framework-output.js';
import { findMap, originalFilename, type FoundMap } from './incoming-map.js';
import { textHash } from '../files/text-hash.js';
import { EXPORTS } from '../probes.js';
import type { Rewritten, SourceCache } from './source-cache.js';
import type { UserModules } from './user-module.js';
import { DEEP, refusal } from './verdict.js';

/**
 * The module that a rewritten ES module imports its probe functions from where a test runner links modules: it knows no
 * file of ours, and each realm has a global of its own.
 */
export const RUNNER_RUNTIME = `data:text/javascript,${EXPORTS}`;

export interface RewriteOptions {
  /** Names the state of this package's sources. */
  build: string;
  cwd: string;
  /** Loads the parser: asked when the cache does not know a source, since that takes a third of a cold start. */
  loadTransform: () => typeof transform.instrument;
  /** Where ES modules import their probes from; null: these are globals. */
  runtimeUrl: string | null;
  cache: SourceCache | null;
  userModules: UserModules;
  redactParameter: (name: string) => boolean;
  /** Text of what decides on filters and redaction. */
  filters: string;
  /** Told of a file, or a function in it, that stays as it is. */
  skipped: (path: string, reason: string) => void;
  /** Called with each of the user's files of which filters decide. */
  filtered?: (path: string) => void;
  /** Told why a file's source map does not lead to its originals. */
  mapUnusable: (path: string, reason: string) => void;
}

/**
 * Rewrites a user's source, or answers null: not the user's, nothing to rewrite, or unparsable.
 *
 * @param map JSON of its source map, where a tool hands that over beside the source; else the one that the source names
 */
export type Rewrite = (filename: string, source: string, kind: CodeKind, map?: string) => RewrittenFile | null;

export interface RewrittenFile extends Rewritten {
  path: string;
  /** Of the source. */
  hash: string;
}

/** @returns the step between a loaded source and the one that runs */
export function createRewrite(options: RewriteOptions): Rewrite {
  const { cache, userModules } = options;
  const coverage = Boolean(process.env.NODE_V8_COVERAGE) || process.execArgv.includes('--experimental-test-coverage');
  let instrument: typeof transform.instrument | undefined;
  let loading = false;
  /** Folders of which it is known whether they have maps. */
  const unmapped = new Set<string>();

  function transformed(
    path: string,
    filename: string,
    source: string,
    kind: CodeKind,
    map: FoundMap | undefined,
  ): Rewritten {
    if (!instrument) {
      loading = true;
      try {
        instrument = options.loadTransform();
      } finally {
        loading = false;
      }
    }
    const read: Record<string, string | null> = {};
    const originals: Record<string, string> = {};
    const settings: InstrumentOptions = {
      kind,
      runtimeUrl: options.runtimeUrl,
      includeFunction: withoutCounters(
        source,
        (name, original = path) => userModules.functionsOf(original, path)?.(name) ?? true,
      ),
      redactParameter: options.redactParameter,
      coverage,
      map: map && incoming(map, path, read, originals),
    };
    const result = instrument(source, filename, settings);
    const nothing: Rewritten = { ...NOTHING, functions: [], leftAlone: [], read };
    if (!result) return nothing;
    const { code, prefix, functions } = result;
    const deep = result.deepest > DEEP;
    const refused = functions.length === 0 ? undefined : refusal(result.compilable(), deep);
    if (refused !== undefined) return { ...nothing, refused, ...(deep && { deep }) };
    // What compilers write for re-exports is nothing that a user misses.
    const leftAlone = result.leftAlone
      .filter(({ reason }) => reason !== 're-export')
      .map(({ name, line, reason, path: original }) => ({
        reason: `function ${name} in line ${line} is not recorded: ${reason}`,
        path: original,
      }));
    const edits = JSON.stringify(result.edits);
    return { code, prefix, kind: result.kind, functions, edits, leftAlone, read, originals, ...(deep && { deep }) };
  }

  /**
   * @param read      is told what comes from the disk
   * @param originals is told of all originals
   */
  function incoming(
    map: FoundMap,
    path: string,
    read: Record<string, string | null>,
    originals: Record<string, string>,
  ): IncomingMap {
    return {
      json: map.json,
      original(name, content) {
        const filename = originalFilename(name, map.place, options.cwd);
        const original = filename === null ? null : userModules.pathOf(filename);
        if (filename === null || original === null) return null;
        const text = content ?? textOf(filename);
        if (content === undefined) read[filename] = hashOf(text);
        if (text !== undefined) originals[original] = contentHash(text);
        return { path: original, filename, text };
      },
      unusable: (reason) => options.mapUnusable(path, reason),
    };
  }

  /** A source that came through here before, in another hook of the same chain. */
  const isRewritten = (source: string): boolean =>
    (options.runtimeUrl !== null && source.includes(options.runtimeUrl)) || REWRITTEN.test(source);

  return (filename, source, kind, map) => {
    // The parser's own modules pass through here while it loads.
    if (loading) return null;
    const path = userModules.pathOf(filename);
    if (path === null || isRewritten(source)) return null;
    const found =
      map === undefined
        ? findMap(filename, source, (reason) => options.mapUnusable(path, reason))
        : { json: map, place: filename };
    const output = frameworkOutput(path);
    if (output && !found) {
      if (!unmapped.has(output.folder) && HAS_FUNCTION.test(source)) {
        const reason = output.unmapped(filename);
        if (reason !== undefined) options.skipped(output.folder, reason);
        unmapped.add(output.folder);
      }
      return null;
    }
    const extension = /\.\w+$/.exec(filename)?.[0] ?? '';
    const filtered = userModules.functionsOf(path) ? path : '';
    if (filtered) options.filtered?.(path);
    // Hashed once, for the key and for the trace, which says which text it was.
    const hash = contentHash(source);
    const parts: (string | number)[] = [
      options.build,
      options.runtimeUrl ?? '',
      options.filters,
      String(coverage),
      filtered,
      extension,
      kind,
      hash,
      source.length,
    ];
    if (found) parts.push(path, options.cwd, found.place, found.json);
    const key = cache?.key(parts);
    let rewritten = key && cache ? cache.get(key) : undefined;
    if (!rewritten || rewritten.deep || isOutdated(rewritten)) {
      try {
        rewritten = transformed(path, filename, source, kind, found);
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
    if (rewritten.refused !== undefined) {
      options.skipped(path, `the original text runs, because V8 refuses the rewritten one: ${rewritten.refused}`);
      return null;
    }
    for (const { reason, path: original = path } of rewritten.leftAlone) options.skipped(original, reason);
    // Of what a framework has built, that is the user's which a map says was.
    const nothing = output ? rewritten.functions.every((each) => each.path === undefined) : !rewritten.functions.length;
    return nothing ? null : { ...rewritten, path, hash };
  };
}

const NOTHING = { code: '', prefix: '', kind: 'commonjs', edits: '[]' } as const;

/** Compilers that come behind us may write it in their own way. */
const REWRITTEN = /[=;]\s*__handit__\s*;/;

function isOutdated({ read = {} }: Rewritten): boolean {
  return Object.entries(read).some(([filename, hashed]) => hashOf(textOf(filename)) !== hashed);
}

function textOf(filename: string): string | undefined {
  try {
    return readFileSync(filename, 'utf8');
  } catch {
    return undefined;
  }
}

/** The same with and without the mark that some ways of loading leave out. */
function contentHash(text: string): string {
  return textHash(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
}

const BYTE_ORDER_MARK = 0xfeff;

function hashOf(text: string | undefined): string | null {
  return text === undefined ? null : textHash(text);
}

/** Istanbul has put a function into the source that its counters are read by. */
function withoutCounters(source: string, include: NonNullable<InstrumentOptions['includeFunction']>): typeof include {
  if (!source.includes('__coverage__')) return include;
  return (name, original) => !/^cov_[a-z0-9]+$/.test(name) && include(name, original);
}
