import { closeSync, openSync, readSync } from 'node:fs';
import type { SyncSource } from '../source.js';

const SMALL = 1 << 16;

/** Lines of a file, read back where they are. */
export function fileSource(
  name: string,
  descriptor = openSync(name, 'r'),
): SyncSource & { readonly descriptor: number } {
  // Neighbors are asked for one after the other.
  const near = Buffer.allocUnsafe(SMALL);
  let nearAt = -1;
  let nearLength = 0;
  return {
    name,
    descriptor,
    read(offset, length) {
      if (nearAt !== -1 && offset >= nearAt && offset + length <= nearAt + nearLength) {
        return near.subarray(offset - nearAt, offset - nearAt + length);
      }
      if (length > SMALL) return readAt(descriptor, Buffer.allocUnsafe(length), offset);
      nearLength = readAt(descriptor, near, offset).length;
      nearAt = offset;
      return near.subarray(0, Math.min(length, nearLength));
    },
    close: () => closeSync(descriptor),
  };
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
