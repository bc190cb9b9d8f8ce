import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How often a text occurs in a file, which may be larger than memory; 0 where there is none. */
export function countIn(file, text) {
  if (!existsSync(file)) return 0;
  const needle = Buffer.from(text);
  const chunk = Buffer.alloc(1 << 22);
  const source = openSync(file, 'r');
  let found = 0;
  // The end of one chunk is kept before the next: the text may lie across.
  let kept = 0;
  try {
    for (;;) {
      const length = kept + readSync(source, chunk, kept, chunk.length - kept, null);
      if (length === kept) return found;
      const part = chunk.subarray(0, length);
      let after = 0;
      for (let at = part.indexOf(needle); at !== -1; at = part.indexOf(needle, after)) {
        found++;
        after = at + needle.length;
      }
      kept = Math.min(needle.length - 1, length - after);
      part.copy(chunk, 0, length - kept);
    }
  } finally {
    closeSync(source);
  }
}

export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export function bytesBelow(folder) {
  return filesBelow(folder).reduce((sum, file) => sum + statSync(file).size, 0);
}

/** The last bytes of a file, as text. */
export function endOf(file, bytes) {
  const source = openSync(file, 'r');
  try {
    const { size } = fstatSync(source);
    const end = Buffer.alloc(Math.min(bytes, size));
    readSync(source, end, 0, end.length, size - end.length);
    return end.toString();
  } finally {
    closeSync(source);
  }
}
