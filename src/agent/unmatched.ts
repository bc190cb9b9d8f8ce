import * as paths from 'node:path';
import type { Config } from '../config.js';
import { warn } from '../log.js';
import { hasSyncHooks } from '../node-features.js';

const { resolve } = paths;

export interface Unmatched {
  /** `HANDIT_INCLUDE` does not name that file. */
  filtered(path: string): void;
  /** To be called at the end, where no module was recorded. */
  tell(skipped: (path: string, reason: string) => void): void;
}

/** A pattern that names nothing is a mistake, except in the programs of tools that load a file of the user's. */
export function createUnmatched({ include, cwd }: Config, isUserModule: (filename: string) => boolean): Unmatched {
  const paths: Record<string, true> = Object.create(null) as object as Record<string, true>;
  let different = 0;
  return {
    filtered(path) {
      if (!(path in paths)) different++;
      paths[path] = true;
    },
    tell(skipped) {
      // Asynchronous hooks see the files of ES modules in another thread.
      const count = different || (hasSyncHooks(process.versions.node) ? 0 : 'the');
      if (include === null || count === 0 || !isUserModule(resolve(cwd, process.argv[1] ?? ''))) return;
      const reason = `HANDIT_INCLUDE=${include.source.replaceAll('\\/', '/')} matched none of ${count} file${count === 1 ? '' : 's'}`;
      skipped('.', reason);
      warn(`nothing is recorded: ${reason}`);
    },
  };
}
