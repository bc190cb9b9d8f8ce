import { hooks } from '../../hooks/index.js';
import { installLoader } from '../loader/install.js';
import { createLibraryFiles } from '../loader/library-files.js';
import type { Loader, Lookout } from '../loader/loader.js';
import { createMapFiles } from '../loader/map-files.js';
import { createModuleRecords } from '../loader/module-records.js';
import { createRewrite, RUNNER_RUNTIME } from '../loader/rewrite.js';
import type { rewriteOptions } from '../loader/settings.js';
import { debug } from '../log.js';
import { hasSyncHooks } from '../node-features.js';
import type { FunctionInfo } from '../transform/types.js';
import type { Parts } from './parts.js';
import type { Unmatched } from './unmatched.js';

export interface LoadParts extends Parts {
  forLoader: ReturnType<typeof rewriteOptions>;
  lookouts: Lookout[];
  unmatched: Unmatched;
}

/** From now on, modules of the program are rewritten when they are loaded. */
export function loadRewritten(parts: LoadParts): Loader {
  const { folder, config, guards, recording, sources, disguise, forLoader, lookouts, unmatched } = parts;
  const { recorder, skipped } = recording;
  const say = (text: string): void => {
    if (config.debug) debug(text);
  };
  const leftAlone = (filename: string, reason: string): void => say(`left ${filename} as it is: ${reason}`);
  const mapUnusable = (path: string, reason: string): void =>
    say(`recording ${path} at the places of its generated text, the source map is of no use: ${reason}`);
  const rewriting = { ...forLoader, filtered: unmatched.filtered, skipped, mapUnusable };
  const libraryRules = hooks.flatMap(({ libraryFiles }) => libraryFiles ?? []);
  /** Test runners load a file many times: it has a line for each text of it. */
  const moduleRecords = createModuleRecords((record) => recording.note({ type: 'module', ...record }));
  return installLoader({
    ...{ folder, skipped, mapUnusable, leftAlone, libraryRules, lookouts },
    rewrite: createRewrite(rewriting),
    rewriteForRunner: createRewrite({ ...rewriting, runtimeUrl: RUNNER_RUNTIME }),
    mapFiles: createMapFiles(forLoader.cacheFolder, forLoader.build),
    library: createLibraryFiles({ ...forLoader, files: libraryRules, leftAlone }),
    register(file, rewritten) {
      const { functions } = rewritten;
      recording.seen();
      moduleRecords(file.path, rewritten);
      sources.add(file);
      recorder.register({ path: file.path, functions }, file.base, file.stride);
      if (config.debug) debug(instrumented(file.path, functions));
    },
    skippedFile(filename, reason) {
      const path = forLoader.userModules.pathOf(filename);
      if (path !== null) skipped(path, reason);
    },
    probes: () => recorder.probes,
    looksLike: disguise.looksLike,
    libraryLoaded: () => recorder.follow(),
    broken: guards.broken,
    syncHooks: hasSyncHooks(process.versions.node),
  });
}

function instrumented(path: string, functions: FunctionInfo[]): string {
  const originals = [...new Set(functions.flatMap((each) => each.path ?? []))].filter((each) => each !== path);
  const some = originals.slice(0, 5).join(', ') + (originals.length > 5 ? ` and ${originals.length - 5} more` : '');
  return `instrumented ${path}: ${functions.length} functions${some && ` of ${some}`}`;
}
