import { allocUnsafeSlow, bufferView, bytesEqual, setBytes } from '../../src/intrinsics.js';
import type { KeyTest } from '../../src/recorder/key-kinds.js';
import { JSON_TEXT, scanJson } from './scan-json.js';

// What one side of a process sends is what the other side receives, and many answers are the same: to compare bytes costs a
// twentieth of looking through them.

interface Known {
  memory: Buffer;
  /** The part of it that is in use. */
  bytes: Buffer;
  keyKind: KeyTest;
}

/** Bodies that are remembered, and bytes of the longest. */
const PLACES = 8;
const LONGEST = 8 * 1024;

const known: (Known | undefined)[] = [];
let next = 0;

/** As `scanJson`, which it does not ask again about the bodies that it was last asked about, if there was no secret in them. */
export function scanBody(bytes: Buffer, keyKind: KeyTest): number {
  const { length } = bytes;
  if (length > LONGEST) return scanJson(bytes, keyKind);
  for (let i = 0; i < known.length; i++) {
    const each = known[i]!;
    if (each.bytes.length !== length || each.keyKind !== keyKind) continue;
    if (bytesEqual(each.bytes, bytes)) return JSON_TEXT;
  }
  const found = scanJson(bytes, keyKind);
  if (found === JSON_TEXT) remember(bytes, keyKind);
  return found;
}

function remember(bytes: Buffer, keyKind: KeyTest): void {
  const place = next++ % PLACES;
  const memory = known[place]?.memory ?? allocUnsafeSlow(LONGEST);
  setBytes(memory, bytes, 0);
  known[place] = { memory, bytes: bufferView(memory, 0, bytes.length), keyKind };
}
