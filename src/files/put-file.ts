import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.js';

/**
 * Writes a file that is there as a whole or not at all, however many processes do so at once, and the folder for it.
 *
 * @throws what the file system says; nothing is left behind then
 */
export function putFile(path: string, content: string | Uint8Array): void {
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  makeFolder(dirname(path));
  try {
    writeFileSync(draft, content, { mode: 0o600 });
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
