import * as fs from 'node:fs';
import * as paths from 'node:path';
import { makeFolder } from './make-folder.js';

// Taken when the agent starts: programs put file system mocks in their place. `writeFileSync` itself calls what has been put
// in the place of `openSync`.
const { closeSync, openSync, renameSync, unlinkSync, writeSync } = fs;
const { dirname } = paths;
const { from: bytesOf } = Buffer;
const { pid, hrtime } = process;
const { bigint } = hrtime;

/**
 * Writes a file that is there as a whole or not at all, however many processes do so at once, and the folder for it.
 *
 * @throws what the file system says; nothing is left behind then
 */
export function putFile(path: string, content: string | Uint8Array): void {
  const draft = `${path}.${pid}.${bigint()}`;
  makeFolder(dirname(path));
  try {
    write(draft, typeof content === 'string' ? bytesOf(content) : content);
    renameSync(draft, path);
  } catch (error) {
    try {
      unlinkSync(draft);
    } catch {
      // It was never made.
    }
    throw error;
  }
}

function write(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w', 0o600);
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  } finally {
    closeSync(file);
  }
}
