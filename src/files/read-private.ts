import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * Reads a file that only this user, or root, can have written. Its text is run as code: where a folder is everyone's, what lies
 * there may be another's. The opened file is checked: it cannot be swapped after the check.
 *
 * @throws what the file system says, or that it is not such a file
 */
export function readPrivate(path: string): Buffer {
  // A pipe without a writer would be waited for.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error(`${path} is not a file`);
    const own = process.getuid?.();
    // Windows has neither.
    if (own !== undefined && ((found.uid !== own && found.uid !== 0) || (found.mode & 0o022) !== 0)) {
      throw new Error(`${path} can be written by others`);
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
