import * as fs from 'node:fs';
import * as paths from 'node:path';
import * as urls from 'node:url';
import type { Config } from '../config.js';
import { debug, warn } from '../log.js';
import { hasSyncHooks } from '../node-features.js';
import { secretKeys } from '../recorder/redact.js';
import type * as transform from '../transform/index.js';
import { build } from '../version.js';
import type { LibraryFilesOptions } from './library-files.js';
import { requireOwn } from './own-files.js';
import type { RewriteOptions } from './rewrite.js';
import { createSourceCache } from './source-cache.js';
import { createUserModules } from './user-module.js';

const { existsSync } = fs;
const { join, sep } = paths;
const { pathToFileURL } = urls;

/** What the configuration means for rewriting; the same in each thread that does it. */
export function rewriteOptions(
  config: Config,
  folder: string,
): Omit<RewriteOptions, 'skipped' | 'mapUnusable'> &
  Pick<LibraryFilesOptions, 'loadEditor' | 'isUserModule'> & { cacheFolder: string | null } {
  const { cwd, include, exclude, redact, cacheDir } = config;
  // Without a node_modules folder to put it in there is no cache: nothing is made in the user's project.
  const cached = cacheDir !== null && (!config.defaultCacheDir || existsSync(`${cwd}${sep}node_modules`));
  const load = (): typeof transform => requireOwn(folder, './transform.cjs') as typeof transform;
  const userModules = createUserModules({
    ...config,
    ownFolder: folder,
    outside: config.debug
      ? (filename) => debug(`left ${filename} as it is: outside of the working directory and its workspace`)
      : undefined,
  });
  return {
    build,
    cwd,
    loadTransform: () => load().instrument,
    loadEditor: () => load().editLibrary,
    runtimeUrl: hasSyncHooks(process.versions.node) ? null : pathToFileURL(join(folder, 'runtime.mjs')).href,
    cache: cached ? createSourceCache(cacheDir) : null,
    cacheFolder: cached ? cacheDir : null,
    userModules,
    isUserModule: (filename) => userModules.pathOf(filename) !== null,
    redactParameter: secretKeys(redact, warn),
    filters: [include, exclude, redact, config.captureOnlyCwd, config.captureWorkspace].join('\n'),
  };
}
