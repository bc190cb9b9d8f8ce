import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesSource, type SyncSource } from '../source.js';
import { fileSource } from './file-source.js';

/** Bytes that are kept in memory; more go to a temporary file. */
const IN_MEMORY = 32 * 1024 * 1024;

/**
 * Keeps the bytes of what cannot be read twice, a pipe or a packed file, so that lines can be read back: up to 32 MB in
 * memory, else in a private file of the temporary folder, which is removed at once or with the source.
 */
export function createSpool(name: string): { write(block: Uint8Array): void; source(): SyncSource } {
  let blocks: Uint8Array[] = [];
  let size = 0;
  let file: SyncSource | undefined;
  let descriptor = -1;
  const put = (block: Uint8Array): void => {
    for (let done = 0; done < block.length;) done += writeSync(descriptor, block, done, block.length - done);
  };
  return {
    write(block) {
      size += block.length;
      if (descriptor !== -1) return put(block);
      blocks.push(Uint8Array.from(block));
      if (size <= IN_MEMORY) return;
      ({ descriptor, file } = openFile(name));
      for (const kept of blocks) put(kept);
      blocks = [];
    },
    source() {
      if (file) return file;
      return bytesSource(Buffer.concat(blocks), name);
    },
  };
}

function openFile(name: string): { descriptor: number; file: SyncSource } {
  const folder = mkdtempSync(join(tmpdir(), 'handit-'));
  const path = join(folder, 'trace.jsonl');
  const descriptor = openSync(path, 'wx+', 0o600);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    // An open file goes on without a name, and is gone with the process, however that ends.
    remove();
  } catch {
    // Not on Windows.
    process.once('exit', remove);
  }
  const source = fileSource(name, descriptor);
  return { descriptor, file: { ...source, close: () => closeSync(descriptor) } };
}
