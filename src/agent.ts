import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { hooks } from '../hooks/index.js';
import { otelJson } from '../hooks/lib/trace-context.js';
import type { HookHost } from '../hooks/lib/hook.js';
import { createTests } from '../hooks/lib/tests.js';
import { createApi } from './api/index.js';
import type { Api } from './api/types.js';
import { isEnabled, readConfig } from './config.js';
import { watchCoverageSessions } from './loader/coverage-sessions.js';
import { watchCoverageReports } from './loader/coverage-reports.js';
import { originalCoverage } from './loader/coverage.js';
import { createCoverageFiles } from './loader/coverage-files.js';
import { installLoader, noLoader } from './loader/install.js';
import { showOriginalSource } from './loader/function-source.js';
import { loadSourceMap } from './loader/linked-code.js';
import { createLibraryFiles } from './loader/library-files.js';
import type { Loader, Lookout } from './loader/loader.js';
import { createSourcePlaces } from './loader/source-place.js';
import { createMapFiles } from './loader/map-files.js';
import { createRewrite, RUNNER_RUNTIME } from './loader/rewrite.js';
import { rewriteOptions } from './loader/settings.js';
import { createSourceTable } from './loader/source-table.js';
import { printUncaughtLine } from './loader/uncaught.js';
import { debug, warn } from './log.js';
import { hasSyncHooks } from './node-features.js';
import { noticeAsyncObservers } from './recorder/async-observers.js';
import { now } from './recorder/clock.js';
import { drainWhenIdle } from './recorder/idle.js';
import { GLOBAL } from './probes.js';
import { createJsonlSink } from './recorder/jsonl-sink.js';
import { createPreviewer } from './recorder/preview.js';
import { quote } from './recorder/quote.js';
import { createPromiseEnds } from './recorder/promise-ends.js';
import { knowRealm } from './recorder/realms.js';
import { createSegmentSink } from './recorder/segments.js';
import { createRecorder } from './recorder/recorder.js';
import { argvWithoutSecrets, redactText, secretKeys } from './recorder/redact.js';
import { watchChildren } from './process/children.js';
import { watchCredentials } from './process/credentials.js';
import { avoidWatcher } from './process/watcher.js';
import { watchProcessEnd } from './process/process-end.js';
import { processFacts } from './process/process-facts.js';
import { createModuleRecords } from './loader/module-records.js';
import { textHash } from './files/text-hash.js';
import { simpleName } from './transform/names.js';
import type { FunctionInfo } from './transform/types.js';
import { STARTED_WITHOUT } from './trace-format.js';
import { version } from './version.js';

/** What the running agent offers to the rest of the process, at `globalThis[Symbol.for('handit')]`. */
export interface Agent {
  version: string;
  /** Writes all events so far. */
  flush(): void;
  /** Absent in versions before there was one. */
  api?: Api;
  stop(): void;
}

const AGENT = Symbol.for('handit');
/** It is in the share of the process, whatever loads it. */
const OF_A_FILE = { is: 'note', scope: null } as const;

/**
 * Wires the parts: configuration, sink, recorder, loader. A second copy of the package in one process finds the first
 * one running and does nothing.
 *
 * @param folder where this package's built files lie
 * @param options `loader: false`: no module is rewritten
 */
export function startAgent(folder: string, options: { loader?: boolean } = {}): Agent | null {
  const shared = globalThis as { [AGENT]?: Agent };
  if (shared[AGENT]) return shared[AGENT];
  // Wherever the program goes by `chdir`, paths are those of the start.
  const config = readConfig(process.env, process.cwd(), process.pid);
  if (!config.enabled) return null;
  if (config.defaultOutputFile) avoidWatcher(config, process.env, process.ppid, debug);

  const proc = textHash(`${process.pid} ${threadId} ${process.hrtime.bigint()} ${Date.now()}`).slice(0, 8);
  const isSecret = secretKeys(config.redact, warn);
  const sources = createSourceTable();
  const sinkOptions = {
    path: config.outputFile,
    followLinks: !config.defaultOutputFile,
    opening: () => opening,
    failed: (reason: string) =>
      warn(
        `cannot write ${config.outputFile} (${reason}); nothing is recorded until that works. Set HANDIT_OUTPUT_FILE to a file that can be written`,
      ),
  };
  const inSegments = config.keepNewest && config.maxFileBytes < Infinity;
  const segments = inSegments ? createSegmentSink(sinkOptions, proc, config.maxFileBytes) : null;
  const sink = segments ?? createJsonlSink(sinkOptions);
  let reasons = 0;
  const preview = createPreviewer(
    { maxString: config.maxString, maxItems: config.maxItems, maxDepth: config.maxDepth },
    isSecret,
  );
  const recorder = createRecorder({
    proc,
    sink,
    preview,
    maxString: config.maxString,
    maxCalls: config.maxCalls,
    sampleRate: config.sampleRate,
    maxFileBytes: config.maxFileBytes,
    ...{ keep: config.keep, segments },
    waiting: () => idle.waiting(),
    broken,
    registerPending: guarded(() => loader.registerPending()),
  });

  let saidBroken = false;
  /** An error of our own: said once, and the program goes on. */
  function broken(error: unknown): void {
    if (saidBroken) return;
    saidBroken = true;
    warn(`internal error, please report it: ${error instanceof Error ? error.stack : String(error)}`);
  }
  const idle = drainWhenIdle(
    (newTurn) => {
      children.look();
      return recorder.idle(newTurn);
    },
    broken,
    () => observers.present,
  );
  function guarded<A extends unknown[]>(step: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      try {
        step(...args);
      } catch (error) {
        broken(error);
      }
    };
  }

  function orNull<S, R>(step: (source: S) => R): (source: S) => R | null {
    return (source) => {
      try {
        return step(source);
      } catch (error) {
        broken(error);
        return null;
      }
    };
  }

  const program = process.argv[1] ?? '';
  function processStart(): string {
    return line({
      type: 'process_start',
      proc,
      ts_ns: started,
      schema: 1,
      handit: version,
      node: process.version,
      pid: process.pid,
      ppid: process.ppid,
      tid: threadId,
      argv: argvWithoutSecrets(process.argv, isSecret),
      cwd: config.cwd,
      platform: process.platform,
      ...processFacts({
        ...{ cwd: config.cwd, env: process.env, program, execArgv: process.execArgv, broken },
        withoutSecrets: (text) => redactText(text, isSecret),
      }),
    });
  }
  const started = recorder.epoch(now());
  // Made now, for at the first drain the program may have patched what this uses.
  const opening = processStart();

  const skipped = (path: string, reason: string): void => {
    reasons++;
    recorder.raw(line({ type: 'skipped', proc, ts_ns: recorder.epoch(now()), file: path, reason }), 0, OF_A_FILE);
    if (config.debug) debug(`skipped ${path}: ${reason}`);
  };
  const rewrites = options.loader !== false;
  if (rewrites) Object.defineProperty(globalThis, GLOBAL, { value: recorder.probes, configurable: true });
  const disguise = showOriginalSource(
    sources,
    guarded(() => loader.registerPending()),
  );
  const observers = noticeAsyncObservers(disguise.looksLike);
  /** Test runners load a file many times: it has a line for each text of it. */
  const moduleRecords = createModuleRecords((record) =>
    recorder.raw(line({ type: 'module', proc, ts_ns: recorder.epoch(now()), ...record }), 0, OF_A_FILE),
  );
  const forLoader = rewriteOptions(config, folder);
  const { nameOf } = forLoader.userModules;
  const libraryRules = hooks.flatMap(({ libraryFiles }) => libraryFiles ?? []);
  /** Files of which `HANDIT_INCLUDE` names no whole one. */
  const unmatched: Record<string, true> = Object.create(null) as object as Record<string, true>;
  let unmatchedCount = 0;
  const filtered = (path: string): void => {
    if (!(path in unmatched)) unmatchedCount++;
    unmatched[path] = true;
  };
  const leftAlone = (filename: string, reason: string): void => {
    if (config.debug) debug(`left ${filename} as it is: ${reason}`);
  };
  const mapUnusable = (path: string, reason: string): void => {
    if (config.debug)
      debug(`recording ${path} at the places of its generated text, the source map is of no use: ${reason}`);
  };
  const lookouts: Lookout[] = [];
  const whenImported: HookHost['whenImported'] = (builtin, step) => {
    // A list of all modules is no import. The name comes first: engines look for fixed text fastest.
    const name = `${builtin}(?:/promises)?['"\`]`;
    const before = `(?:\\b(?:from|import)\\s*|(?:import|[rR]equire|getBuiltinModule)[\\w$]*\\s*\\(\\s*)['"\`](?:node:)?`;
    const pattern = new RegExp(`${name}(?<=${before}${name})`);
    lookouts.push({ word: builtin, pattern, seen: guarded(step) });
  };
  // Only beside something that is recorded, for a line makes a trace.
  const children = watchChildren({
    ...{ cwd: config.cwd, folder, whenImported },
    isEnabled,
    found: (script, pid) => (reasons > 0 ? skipped(script, `${STARTED_WITHOUT} (pid ${pid})`) : undefined),
  });
  const loader: Loader = !rewrites
    ? noLoader()
    : installLoader({
        folder,
        rewrite: createRewrite({ ...forLoader, filtered, skipped, mapUnusable }),
        rewriteForRunner: createRewrite({ ...forLoader, runtimeUrl: RUNNER_RUNTIME, filtered, skipped, mapUnusable }),
        mapFiles: createMapFiles(forLoader.cacheFolder, forLoader.build),
        mapUnusable,
        libraryRules,
        library: createLibraryFiles({ ...forLoader, files: libraryRules, leftAlone }),
        leftAlone,
        register(file, rewritten) {
          const { functions } = rewritten;
          seen();
          moduleRecords(file.path, rewritten);
          sources.add(file);
          recorder.register({ path: file.path, functions }, file.base, file.stride);
          if (config.debug) debug(instrumented(file.path, functions));
        },
        skipped,
        skippedFile(filename, reason) {
          const path = forLoader.userModules.pathOf(filename);
          if (path !== null) skipped(path, reason);
        },
        probes: () => recorder.probes,
        looksLike: disguise.looksLike,
        libraryLoaded: recorder.follow,
        lookouts,
        broken,
        syncHooks: hasSyncHooks(process.versions.node),
      });

  // ------------------------------------------------------------------ the end

  /** With the first module of the user's or the first exchange there is something to write; other processes leave no trace. */
  function seen(): void {
    reasons++;
  }

  function rest(): void {
    ends.sweep(false);
    recorder.rest();
  }

  const forHooks = {
    proc,
    recorder,
    now,
    isSecret,
    errorJson: (error, withStack) => preview.error(error).toJson(withStack),
    failureJson: (error, stack) => preview.error(error, stack).toJson(false),
    previewJson: preview.value,
    maxBody: config.maxBody,
    propagate: config.propagate,
    flush: guarded(rest),
    save: guarded(recorder.drain),
    seen,
    broken,
    looksLike: disguise.looksLike,
    whenImported,
    originalPlace: createSourcePlaces(nameOf, sources, () => undefined),
    probe: (name, step) => void (recorder.probes[name] = step),
    runners: {
      rewrite: orNull((source) => loader.forRunner(source)),
      rewriteBody: orNull((body) => loader.rewriteBody(body)),
      enterRealm: guarded(enterRealm),
    },
  } satisfies Omit<HookHost, 'tests'>;
  const host: HookHost = { ...forHooks, tests: createTests(forHooks, nameOf) };
  const ends = createPromiseEnds(now);
  const api = createApi({
    ...{ proc, recorder, preview, ends, now, isSecret, seen, broken, warn, otelJson },
    returnsSecret: (name) => isSecret(simpleName(name)),
    looksLike: disguise.looksLike,
    textOf: disguise.textOf,
    rewrittenId: (fn) =>
      disguise.idOf(fn, (id) => {
        const known = recorder.functionOf(id);
        return known?.generated ?? known;
      }),
    newFunctionId: loader.newFunctionId,
    sourcePlace: createSourcePlaces(nameOf, sources, (file, line, column) =>
      loadSourceMap(folder).originalPlace(file, config.cwd, line, column),
    ),
    outputFiles: () => segments?.files() ?? [config.outputFile],
  });
  recorder.probes.pending = guarded(() => loader.registerPending());
  const uninstalls: (() => void)[] = [];
  for (const hook of hooks) guarded(() => uninstalls.push(hook.install(host)))();

  const watchSessions = (): void =>
    watchCoverageSessions((result) => {
      try {
        loader.registerPending();
        return originalCoverage(result, sources);
      } catch (error) {
        broken(error);
        return result;
      }
    }, disguise.looksLike);
  // Another preload may have loaded it before; and vitest's vm pools import it past the loader.
  const { moduleLoadList = [] } = process as { moduleLoadList?: string[] };
  if (process.env.VITEST !== undefined || moduleLoadList.includes('NativeModule inspector')) guarded(watchSessions)();
  else whenImported('inspector', watchSessions);
  const coverageFiles = createCoverageFiles(folder, sources);
  const finishCoverage = guarded(coverageFiles.finish);
  const unwatchReports = watchCoverageReports(guarded(coverageFiles.translate));
  // There the loader does not see the text of ES modules in time.
  if (rewrites && !hasSyncHooks(process.versions.node)) loader.lookOut(entryText());
  /** A pattern that names nothing is a mistake, except in the programs of tools that load a file of the user's. */
  function tellUnmatched(): void {
    const { include, cwd } = config;
    // Asynchronous hooks see the files of ES modules in another thread.
    const count = unmatchedCount || (hasSyncHooks(process.versions.node) ? 0 : 'the');
    if (ended || include === null || count === 0 || sources.size > 0) return;
    if (forLoader.userModules.pathOf(resolve(cwd, program)) === null) return;
    const reason = `HANDIT_INCLUDE=${include.source.replaceAll('\\/', '/')} matched none of ${count} file${count === 1 ? '' : 's'}`;
    skipped('.', reason);
    warn(`nothing is recorded: ${reason}`);
  }

  let ended = false;
  const end = guarded((code: number | undefined): void => {
    loader.registerPending();
    loader.finish();
    children.look();
    tellUnmatched();
    if (ended || (reasons === 0 && recorder.counts.events === 0)) return;
    ended = true;
    ends.sweep(true);
    recorder.finish();
    const totals = recorder.summaries();
    // The first batch brings the opening, and that may be this one.
    const events = recorder.counts.events - sink.lost + (sink.openings || 1);
    sink.write(
      Buffer.from(
        totals +
          line({
            type: 'process_end',
            proc,
            ts_ns: recorder.epoch(now()),
            exit_code: code ?? null,
            events,
            files: sources.size,
            dropped: recorder.dropped(),
          }),
      ),
    );
  });

  // Afterwards the file may be out of reach.
  const unwatchCredentials = watchCredentials(
    guarded(() => {
      recorder.drain();
      if (reasons > 0) sink.keepOpen();
    }),
  );
  const unwatch = watchProcessEnd({
    guarded,
    drain: guarded(rest),
    save: guarded(recorder.drain),
    end(code) {
      end(code);
      finishCoverage();
    },
    uncaught: guarded((error: unknown, fromPromise: boolean) => {
      loader.registerPending();
      recorder.restoreAssertion(error);
      printUncaughtLine(error, fromPromise, sources, recorder.lastThrow(), (file, name) =>
        loadSourceMap(folder).originalNamed(file, name),
      );
    }),
  });

  /** What is put there is frozen: a test runner may empty what it finds in a realm that it has done with. */
  function enterRealm(realm: typeof globalThis, probes: Record<string, (...args: never[]) => unknown>): void {
    const own = Object.freeze({ ...recorder.probes, ...probes });
    Object.defineProperty(realm, GLOBAL, { value: own, configurable: true });
    if (realm === globalThis) return;
    Object.defineProperty(realm, AGENT, { value: Object.freeze({ ...agent }), configurable: true });
    knowRealm(realm);
    disguise.inRealm(realm);
  }

  const agent: Agent = {
    version,
    flush: recorder.drain,
    api,
    stop() {
      end(undefined);
      idle.stop();
      loader.uninstall();
      for (const uninstall of uninstalls.reverse()) uninstall();
      observers.stop();
      disguise.undo();
      unwatchReports();
      unwatchCredentials();
      children.stop();
      unwatch();
    },
  };
  Object.defineProperty(shared, AGENT, { value: agent, configurable: true });
  return agent;
}

function instrumented(path: string, functions: FunctionInfo[]): string {
  const originals = [...new Set(functions.flatMap((each) => each.path ?? []))].filter((each) => each !== path);
  const some = originals.slice(0, 5).join(', ') + (originals.length > 5 ? ` and ${originals.length - 5} more` : '');
  return `instrumented ${path}: ${functions.length} functions${some && ` of ${some}`}`;
}

/** The program's first module. */
function entryText(): string {
  try {
    return readFileSync(process.argv[1] ?? '', 'utf8');
  } catch {
    return '';
  }
}

/** A record as a line; `_ns` fields are digits already and go in as numbers. */
function line(record: Record<string, unknown>): string {
  const fields = Object.entries(record).flatMap(([key, value]) =>
    value === undefined ? [] : [`"${key}":${key === 'ts_ns' ? (value as string) : toJson(value)}`],
  );
  return `{${fields.join(',')}}\n`;
}

function toJson(value: unknown): string {
  return typeof value === 'string' ? quote(value) : JSON.stringify(value);
}
