import * as fs from 'node:fs';
import { atomicsWait } from '../intrinsics.js';

// Taken when the agent starts: programs put file system mocks in their place.
const { openSync, closeSync, fstatSync, readSync, writeSync } = fs;
const { O_RDONLY, O_NONBLOCK = 0 } = fs.constants;

const NEWLINE = 10;
const PATIENCE_MS = 1;
/** A file that still grows after so many looks has writers that see to it. */
const LOOKS = 10;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));
const byte = new Uint8Array(1);
const text = new Uint8Array(64);

/**
 * Whether the file ends in the middle of a line: of a process that was killed while it wrote, or by a full disk. Another
 * process may be writing right now, and on a busy machine be stopped in it for long: on Linux, a write of nothing waits
 * until that is done.
 *
 * @param fd the file, opened for writing
 */
export function endsTorn(path: string, fd: number): boolean {
  for (let look = 0; look < LOOKS; look++) {
    const { size } = fstatSync(fd);
    if (size === 0 || byteAt(path, fd, size - 1) === NEWLINE) return false;
    // Elsewhere only the wait tells.
    atomicsWait(PAUSE, 0, 0, PATIENCE_MS);
    writeSync(fd, byte, 0, 0);
    if (fstatSync(fd).size === size) return true;
  }
  return false;
}

/**
 * Whether what was just appended came after a line without an end: another process was killed in the middle of its write
 * while this one waited to write.
 *
 * @param before size of the file when it was opened
 * @param after and after the write
 * @param length of what was written by one write
 */
export function wasGlued(path: string, fd: number, before: number, after: number, length: number): boolean {
  const start = after === before + length ? before : placeOf(fd) - length;
  // Where the system does not say the place, this is not known.
  return start > 0 && byteAt(path, fd, start - 1) !== NEWLINE;
}

/** Where the last write of this descriptor ended: Node has no `lseek`, but Linux has a file for it. */
function placeOf(fd: number): number {
  let info = -1;
  try {
    info = openSync(`/proc/self/fdinfo/${fd}`, O_RDONLY);
    const length = readSync(info, text, 0, text.length, 0);
    let place = 0;
    // "pos:", a tab, and the digits.
    for (let i = 5; i < length && text[i] !== NEWLINE; i++) place = place * 10 + text[i] - 48;
    return place;
  } catch {
    return -1;
  } finally {
    if (info !== -1) closeSync(info);
  }
}

/** What cannot be read counts as the end of a line. */
function byteAt(path: string, fd: number, at: number): number {
  let reading = -1;
  try {
    reading = openSync(path, O_RDONLY | O_NONBLOCK);
    // The path may lead to another file by now.
    if (fstatSync(reading).ino !== fstatSync(fd).ino) return NEWLINE;
    return readSync(reading, byte, 0, 1, at) === 1 ? byte[0] : NEWLINE;
  } catch {
    return NEWLINE;
  } finally {
    if (reading !== -1) closeSync(reading);
  }
}
