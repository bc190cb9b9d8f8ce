import * as fs from 'node:fs';

// Taken when the agent starts: programs put file system mocks in their place.
const { openSync, closeSync, fstatSync, readSync } = fs;
const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants;

/** Text of a file of at most `max` bytes; undefined: there is none, it is larger, or it is something else (a FIFO). */
export function readSmall(path: string, max: number): string | undefined {
  let fd: number;
  try {
    // Opening a FIFO waits for its writer unless told not to.
    fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > max) return undefined;
    const bytes = Buffer.allocUnsafe(stats.size);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, stats.size, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
