import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../make-folder.js';
import type { Sink } from './recorder.js';

// Taken when the agent starts: programs put file system mocks in their place.
const { openSync, writeSync, closeSync } = fs;

/**
 * Appends whole lines to a file, mode 0600. The file is opened for each batch and closed again: no descriptor of the
 * program's is taken away, a file that was moved or deleted comes anew, and `fork` inherits nothing.
 *
 * @param path   absolute
 * @param failed told once, when the file cannot be written; writing ends there
 */
export function createJsonlSink(path: string, failed: (message: string) => void): Sink {
  const sink = {
    bytes: 0,
    failed: false,
    write(lines: Uint8Array): void {
      if (sink.failed) return;
      try {
        append(path, lines);
      } catch (error) {
        sink.failed = true;
        failed((error as Error).message);
      }
    },
  };

  function append(file: string, data: Uint8Array): void {
    const fd = open(file);
    try {
      // One write per batch: other processes append to the same file.
      let done = 0;
      while (done < data.length) done += writeSync(fd, data, done, data.length - done);
      sink.bytes += data.length;
    } finally {
      closeSync(fd);
    }
  }
  return sink;
}

function open(file: string): number {
  try {
    return openSync(file, 'a', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolder(dirname(file));
    return openSync(file, 'a', 0o600);
  }
}
