import * as fs from 'node:fs';
import { jsonStringify } from '../intrinsics.js';
import type * as transform from '../transform/index.js';
import type { CodeKind, IncomingMap, Instrumented, InstrumentOptions } from '../transform/types.js';
import { frameworkOutput, HAS_FUNCTION, type FrameworkOutput } from './framework-output.js';
import { findMap, originalFilename, type FoundMap } from './incoming-map.js';
import { textHash } from '../files/text-hash.js';
import { EXPORTS, GLOBAL } from '../probes.js';
import type { Rewritten, SourceCache } from './source-cache.js';
import type { UserModules } from './user-module.js';
import { DEEP, refusal } from './verdict.js';

const { readFileSync } = fs;

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
  /** Called with a file, or a function in it, that stays as it is. */
  skipped: (path: string, reason: string) => void;
  /** Called with each of the user's files of which filters decide. */
  filtered?: (path: string) => void;
  /** Told why a file's source map does not lead to its originals. */
  mapUnusable: (path: string, reason: string) => void;
}

/**
 * Rewrites a user's source, or returns null: not the user's, nothing to rewrite, or unparsable.
 *
 * @param map JSON of its source map, where a tool hands that over beside the source; else the one that the source names
 */
export type Rewrite = (filename: string, source: string, kind: CodeKind, map?: string) => RewrittenFile | null;

export interface RewrittenFile extends Rewritten {
  path: string;
}

/** @returns the step between a loaded source and the one that runs */
export function createRewrite(options: RewriteOptions): Rewrite {
  const rewriter = new ModuleRewriter(options);
  return (filename, source, kind, map) => rewriter.rewrite(filename, source, kind, map);
}

/** A module of the user's that is to be rewritten. */
interface Module {
  filename: string;
  path: string;
  source: string;
  kind: CodeKind;
  map: FoundMap | undefined;
}

class ModuleRewriter {
  private readonly coverage =
    Boolean(process.env.NODE_V8_COVERAGE) || process.execArgv.includes('--experimental-test-coverage');
  private instrument: typeof transform.instrument | undefined;
  private loading = false;
  /** Folders of which it is known whether they have maps. */
  private readonly unmapped = new Set<string>();

  constructor(private readonly options: RewriteOptions) {}

  rewrite(filename: string, source: string, kind: CodeKind, given: string | undefined): RewrittenFile | null {
    // The parser's own modules pass through here while it loads.
    if (this.loading) return null;
    const { options } = this;
    const path = options.userModules.pathOf(filename);
    if (path === null || this.isRewritten(source)) return null;
    const map =
      given === undefined
        ? findMap(filename, source, (reason) => options.mapUnusable(path, reason))
        : { json: given, place: filename };
    const output = frameworkOutput(path);
    if (output && !map) {
      this.reportUnmapped(output, filename, source);
      return null;
    }
    if (options.userModules.functionsOf(path) !== undefined) options.filtered?.(path);
    const rewritten = this.rewritten({ filename, path, source, kind, map });
    if (rewritten === null) return null;
    // Of what a framework has built, that is the user's which a map says was.
    const nothing = output ? rewritten.functions.every((each) => each.path === undefined) : !rewritten.functions.length;
    return nothing ? null : { ...rewritten, path };
  }

  /** A source that came through here before, in another hook of the same chain. */
  private isRewritten(source: string): boolean {
    const { runtimeUrl } = this.options;
    return (runtimeUrl !== null && source.includes(runtimeUrl)) || (source.includes(GLOBAL) && REWRITTEN.test(source));
  }

  private reportUnmapped(output: FrameworkOutput, filename: string, source: string): void {
    if (this.unmapped.has(output.folder) || !HAS_FUNCTION.test(source)) return;
    const reason = output.unmapped(filename);
    if (reason !== undefined) this.options.skipped(output.folder, reason);
    this.unmapped.add(output.folder);
  }

  /** From the cache, or made now. Reports what stays as it is; null: all of it does. */
  private rewritten(module: Module): Rewritten | null {
    const { cache, skipped } = this.options;
    const { path } = module;
    const key = cache?.key(path, this.partsOfKey(module), textOfKey(module));
    let rewritten = key && cache ? cache.get(key) : undefined;
    if (!rewritten || rewritten.deep || isOutdated(rewritten)) {
      try {
        rewritten = this.transform(module);
      } catch (error) {
        const { name, message } = error as Error;
        skipped(path, name === 'UnparsableSource' ? `cannot be parsed: ${message}` : `internal error: ${message}`);
        return null;
      }
      if (key) cache!.set(key, rewritten);
    }
    if (rewritten.refused !== undefined) {
      skipped(path, `the original text runs, because V8 refuses the rewritten one: ${rewritten.refused}`);
      return null;
    }
    for (const { reason, path: original = path } of rewritten.leftAlone) skipped(original, reason);
    return rewritten;
  }

  private partsOfKey({ kind, map }: Module): string[] {
    const { build, runtimeUrl, filters, cwd } = this.options;
    const settings = [build, runtimeUrl ?? '', filters, String(this.coverage)];
    const found = map ? [cwd, map.place] : [];
    return [...settings, kind, ...found];
  }

  private transform({ filename, path, source, kind, map }: Module): Rewritten {
    const { runtimeUrl, redactParameter, userModules } = this.options;
    const read: Record<string, string | null> = {};
    const originals: Record<string, string> = {};
    const include = (name: string, original = path): boolean => userModules.functionsOf(original, path)?.(name) ?? true;
    const result = this.loadedTransform()(source, filename, {
      ...{ kind, runtimeUrl, redactParameter, coverage: this.coverage },
      includeFunction: withoutCounters(source, include),
      map: map && this.incoming(map, path, read, originals),
    });
    const hash = contentHash(source);
    const nothing: Rewritten = { ...NOTHING, hash, functions: [], leftAlone: [], read };
    if (!result) return nothing;
    const { code, prefix, functions } = result;
    const deep = result.deepest > DEEP;
    const refused = functions.length === 0 ? undefined : refusal(result.compilable(), deep);
    if (refused !== undefined) return { ...nothing, refused, ...(deep && { deep }) };
    const [leftAlone, edits] = [sentencesOf(result.leftAlone), jsonStringify(result.edits)];
    const made = { code, prefix, kind: result.kind, hash, functions, edits, leftAlone, read, originals };
    return deep ? { ...made, deep } : made;
  }

  private loadedTransform(): typeof transform.instrument {
    if (this.instrument) return this.instrument;
    this.loading = true;
    try {
      return (this.instrument = this.options.loadTransform());
    } finally {
      this.loading = false;
    }
  }

  /**
   * @param read      gets what comes from the disk
   * @param originals gets all originals
   */
  private incoming(
    map: FoundMap,
    path: string,
    read: Record<string, string | null>,
    originals: Record<string, string>,
  ): IncomingMap {
    const { cwd, userModules, mapUnusable } = this.options;
    return {
      json: map.json,
      original(name, content) {
        const filename = originalFilename(name, map.place, cwd);
        const original = filename === null ? null : userModules.pathOf(filename);
        if (filename === null || original === null) return null;
        const text = content ?? textOf(filename);
        if (content === undefined) read[filename] = hashOf(text);
        if (text !== undefined) originals[original] = contentHash(text);
        return { path: original, filename, text };
      },
      unusable: (reason) => mapUnusable(path, reason),
    };
  }
}

/** An inline map is in the source. */
function textOfKey({ source, map }: Module): string {
  return map === undefined || map.inline ? source : `${source}\0${map.json}`;
}

function sentencesOf(leftAlone: Instrumented['leftAlone']): Rewritten['leftAlone'] {
  // What compilers write for re-exports is nothing that a user misses.
  const missed = leftAlone.filter(({ reason }) => reason !== 're-export');
  return missed.map(({ name, line, reason, path }) => ({
    reason: `function ${name} in line ${line} is not recorded: ${reason}`,
    path,
  }));
}

const NOTHING = { code: '', prefix: '', kind: 'commonjs', edits: '[]' } as const;

/** Compilers that run after us may write it in their own way. */
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
