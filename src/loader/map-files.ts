import * as fs from 'node:fs';
import * as paths from 'node:path';
import { putFile } from '../files/put-file.js';
import { textHash } from '../files/text-hash.js';

const { existsSync } = fs;
const { join } = paths;

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
      place ??= temporaryFolder();
      const path = join(place, `${textHash([build, ...parts].join('\0'))}.map`);
      if (existsSync(path)) return path;
      putFile(path, make());
      return path;
    } catch {
      // The places that the runner prints then have the columns of the rewritten text.
      return null;
    }
  };
}

function temporaryFolder(): string {
  const { tmpdir, userInfo } = process.getBuiltinModule('node:os');
  return join(tmpdir(), `handit-maps-${userInfo().uid}`);
}
