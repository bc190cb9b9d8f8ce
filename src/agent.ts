import * as fs from 'node:fs';
import { hooks } from '../hooks/index.js';
import type { Api } from './api/types.js';
import { showOriginalCoverage } from './agent/coverage.js';
import { hookHost, programApi, type HostParts } from './agent/for-hooks.js';
import { createGuards, type Guards } from './agent/guards.js';
import { loadRewritten } from './agent/load-modules.js';
import { createLookouts } from './agent/lookouts.js';
import { watchEnd } from './agent/process-ends.js';
import { createRecording, type Recording } from './agent/recording.js';
import { createUnmatched } from './agent/unmatched.js';
import { createWarmUp } from './agent/warm-up.js';
import { isEnabled, readConfig, type Config } from './config.js';
import { showOriginalSource, type Disguise } from './loader/function-source.js';
import { noLoader } from './loader/install.js';
import type { Loader } from './loader/loader.js';
import { rewriteOptions } from './loader/settings.js';
import { createSourceTable } from './loader/source-table.js';
import { debug } from './log.js';
import { hasSyncHooks } from './node-features.js';
import { GLOBAL } from './probes.js';
import { watchChildren, type Children, type ChildrenOptions } from './process/children.js';
import { avoidWatcher } from './process/watcher.js';
import { noticeAsyncObservers } from './recorder/async-observers.js';
import { now } from './recorder/clock.js';
import { createPromiseEnds } from './recorder/promise-ends.js';
import { knowRealm } from './recorder/realms.js';
import { version } from './version.js';

const { readFileSync } = fs;

/** What the running agent offers to the rest of the process, at `globalThis[Symbol.for('handit')]`. */
export interface Agent {
  version: string;
  /** Writes all events so far. */
  flush(): void;
  /** Absent in versions before there was one. */
  api?: Api;
  stop(): void;
}

interface StartOptions {
  loader?: boolean;
  warm?: () => void;
}

const AGENT = Symbol.for('handit');

/**
 * Starts the agent. A second copy of the package in one process finds the first one running and does nothing.
 *
 * @param folder where this package's built files are
 * @param options `loader: false`: no module is rewritten; `warm`: called once, when most of the agent that a program needs has run
 */
export function startAgent(folder: string, options: StartOptions = {}): Agent | null {
  const shared = globalThis as { [AGENT]?: Agent };
  if (shared[AGENT]) return shared[AGENT];
  // Wherever the program goes by `chdir`, paths are those of the start.
  const config = readConfig(process.env, process.cwd(), process.pid);
  if (!config.enabled) return null;
  if (config.defaultOutputFile) avoidWatcher(config, process.env, process.ppid, debug);
  const agent = wire(folder, config, options);
  Object.defineProperty(shared, AGENT, { value: agent, configurable: true });
  return agent;
}

/** Makes the parts, each with those before it. */
function wire(folder: string, config: Config, { loader: rewrites = true, warm }: StartOptions): Agent {
  const guards = createGuards();
  const registerPending = guards.guarded(() => loader.registerPending());
  const sources = createSourceTable();
  const warmUp = createWarmUp(warm);
  const recording = createRecording(config, guards, {
    registerPending,
    hasObservers: () => observers.present,
    beforeIdle: () => void (children.look(), warmUp.drain()),
  });
  const { recorder } = recording;
  if (rewrites) Object.defineProperty(globalThis, GLOBAL, { value: recorder.probes, configurable: true });
  const disguise = showOriginalSource(sources, registerPending);
  const observers = noticeAsyncObservers(disguise.looksLike);
  const forLoader = rewriteOptions(config, folder);
  const { userModules } = forLoader;
  const unmatched = createUnmatched(config, (filename) => userModules.pathOf(filename) !== null);
  const { lookouts, whenImported, beforeUse } = createLookouts(guards);
  const children = childrenOf(recording, { cwd: config.cwd, folder, whenImported });
  const shared = { folder, config, guards, recording, sources, disguise, unmatched };
  const loader: Loader = rewrites ? loadRewritten({ ...shared, forLoader, lookouts }) : noLoader();
  const ends = createPromiseEnds(now, (builtin, step) =>
    beforeUse(builtin, () => {
      step();
      observers.lookAt(process.getBuiltinModule('node:v8').promiseHooks);
    }),
  );
  const rest = (): void => {
    ends.sweep(false);
    recorder.rest();
  };
  const enterRealm = realmEntry(recording, disguise, () => agent);
  const hostParts = { ...shared, loader, whenImported, nameOf: userModules.nameOf, ends, rest, enterRealm };
  const api = programApi(hostParts);
  recorder.probes.pending = registerPending;
  const uninstallHooks = installHooks(hostParts, guards);
  const coverage = showOriginalCoverage({ ...shared, whenImported, registerPending: () => loader.registerPending() });
  // There the loader does not see the text of ES modules in time.
  if (rewrites && !hasSyncHooks(process.versions.node)) loader.lookOut(entryText());
  const atEnd = { ended: warmUp.end, finishCoverage: coverage.finish };
  const { end, unwatch } = watchEnd({ ...shared, loader, children, ends, rest, ...atEnd });
  const agent: Agent = {
    version,
    flush: recorder.drain,
    api,
    stop() {
      end(undefined);
      recording.stop();
      loader.uninstall();
      uninstallHooks();
      observers.stop();
      disguise.undo();
      coverage.undo();
      children.stop();
      unwatch();
    },
  };
  return agent;
}

/** Node processes that the program starts without handit are named, beside something that is recorded: a line makes a trace. */
function childrenOf(recording: Recording, options: Omit<ChildrenOptions, 'isEnabled' | 'found'>): Children {
  return watchChildren({
    ...options,
    isEnabled,
    found: (script, pid) =>
      recording.hasSeen
        ? recording.skipped(script, `started without handit, for NODE_OPTIONS was not passed on (pid ${pid})`)
        : undefined,
  });
}

function installHooks(parts: HostParts, { guarded }: Guards): () => void {
  const host = hookHost(parts);
  const uninstalls: (() => void)[] = [];
  for (const hook of hooks) guarded(() => uninstalls.push(hook.install(host)))();
  return () => {
    for (const uninstall of uninstalls.reverse()) uninstall();
  };
}

/** What is put there is frozen: a test runner may empty what it finds in a realm that it has done with. */
function realmEntry({ recorder }: Recording, disguise: Disguise, agent: () => Agent): HostParts['enterRealm'] {
  return (realm, probes) => {
    const own = Object.freeze({ ...recorder.probes, ...probes });
    Object.defineProperty(realm, GLOBAL, { value: own, configurable: true });
    if (realm === globalThis) return;
    Object.defineProperty(realm, AGENT, { value: Object.freeze({ ...agent() }), configurable: true });
    knowRealm(realm);
    disguise.inRealm(realm);
  };
}

/** The program's first module. */
function entryText(): string {
  try {
    return readFileSync(process.argv[1] ?? '', 'utf8');
  } catch {
    return '';
  }
}
