import * as fs from 'node:fs';

// Taken when the agent starts: `readFileSync` itself calls what programs have put in the place of `readSync`.
const { closeSync, constants, fstatSync, openSync, readSync } = fs;
const { allocUnsafeSlow } = Buffer;

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
    return bytesOf(file, found.size);
  } finally {
    closeSync(file);
  }
}

/** All of it: it came by rename, so it does not grow. */
function bytesOf(file: number, size: number): Buffer {
  const bytes = allocUnsafeSlow(size);
  for (let done = 0; done < size;) {
    const read = readSync(file, bytes, done, size - done, null);
    if (read === 0) throw new Error('it is shorter than it was');
    done += read;
  }
  return bytes;
}
