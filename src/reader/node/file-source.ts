import { closeSync, openSync, readSync } from 'node:fs';
import type { SyncSource } from '../source.js';

const WINDOW = 1 << 15;
const WINDOWS = 8;

/** Lines of a file, read back where they are. */
export function fileSource(
  name: string,
  descriptor = openSync(name, 'r'),
): SyncSource & { readonly descriptor: number } {
  // Neighbors are asked for one after the other, the beginnings of calls here and their ends there.
  const windows: { at: number; length: number; bytes: Buffer }[] = [];
  return {
    name,
    descriptor,
    read(offset, length) {
      const known = windows.findIndex(({ at, length: size }) => offset >= at && offset + length <= at + size);
      if (known === -1 && length > WINDOW) return readAt(descriptor, Buffer.allocUnsafe(length), offset);
      // The one that was not asked for longest is used again.
      const used = windows.splice(known === -1 ? WINDOWS - 1 : known, 1).at(0) ?? newWindow();
      if (known === -1) {
        used.at = offset;
        used.length = readAt(descriptor, used.bytes, offset).length;
      }
      windows.unshift(used);
      return used.bytes.subarray(offset - used.at, Math.min(offset - used.at + length, used.length));
    },
    close: () => closeSync(descriptor),
  };
}

function newWindow(): { at: number; length: number; bytes: Buffer } {
  return { at: -1, length: 0, bytes: Buffer.allocUnsafe(WINDOW) };
}

/** As many bytes as there are, up to the size of the buffer. */
export function readAt(descriptor: number, buffer: Buffer, offset: number): Buffer {
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, offset + length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}
