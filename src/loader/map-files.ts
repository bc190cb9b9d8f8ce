import { hash } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../make-folder.js';

/**
 * Keeps a source map in a file, for test runners that ask for the name of one.
 *
 * @param parts all that decides on the map
 * @returns null where it cannot be kept
 */
export type MapFiles = (parts: readonly string[], make: () => string) => string | null;

/** @param folder null: there is no cache, and maps go where temporary files do */
export function createMapFiles(folder: string | null, build: string): MapFiles {
  let place = folder;
  return (parts, make) => {
    try {
      const { tmpdir, userInfo } = process.getBuiltinModule('node:os');
      place ??= join(tmpdir(), `handit-maps-${userInfo().uid}`);
      const path = join(place, `${hash('sha256', [build, ...parts].join('\0'), 'hex')}.map`);
      if (existsSync(path)) return path;
      makeFolder(place);
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, make(), { mode: 0o600 });
      renameSync(draft, path);
      return path;
    } catch {
      // The places that the runner prints then have the columns of the rewritten text.
      return null;
    }
  };
}
