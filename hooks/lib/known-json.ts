import type { Encoder } from '../../src/recorder/encoder.js';
import type { KeyTest } from '../../src/recorder/key-kinds.js';
import { arrayPush, bufferView, bytesEqual, joinBytes } from '../../src/intrinsics.js';
import { writeEscaped } from './escape-text.js';
import { JSON_TEXT, scanJson } from './scan-json.js';

// What one side of a process sends is what the other side receives, and pages, scripts and lists are sent again and again: to
// compare bytes takes a fiftieth of looking through them. No secret is remembered.

interface Known {
  bytes: Buffer;
  /** The same as it was written, of text. */
  json: Buffer;
  keyKind: KeyTest;
}

/** Bodies of each kind that are remembered, and bytes of the longest. */
const PLACES = 8;
const LONGEST = 48 * 1024;
/** Of those that are not known, one of that many is remembered: what is sent often is among them soon. */
const TRIES = 16;

const jsons: Known[] = [];
const texts: Known[] = [];
let tries = 0;

/** As `scanJson`. */
export function scanBody(bytes: Buffer, keyKind: KeyTest): number {
  if (find(jsons, bytes, keyKind) !== null) return JSON_TEXT;
  const found = scanJson(bytes, keyKind);
  if (found === JSON_TEXT) remember(jsons, bytes, bufferView(bytes, 0, 0), keyKind);
  return found;
}

/** As `writeEscaped`. */
export function writeKnown(bytes: Buffer, out: Encoder, keyKind: KeyTest): boolean {
  const known = find(texts, bytes, keyKind);
  const from = out.at;
  if (known !== null) out.bytes(known.json);
  else if (!writeEscaped(bytes, out, keyKind)) return false;
  else remember(texts, bytes, bufferView(out.room(0), from, out.at), keyKind);
  return true;
}

function find(list: readonly Known[], bytes: Buffer, keyKind: KeyTest): Known | null {
  for (let i = 0; i < list.length; i++) {
    if (list[i].keyKind === keyKind && bytesEqual(list[i].bytes, bytes)) return list[i];
  }
  return null;
}

function remember(list: Known[], bytes: Buffer, json: Buffer, keyKind: KeyTest): void {
  if (bytes.length > LONGEST || tries++ % TRIES > 0) return;
  const known = { bytes: joinBytes([bytes]), json: joinBytes([json]), keyKind };
  if (list.length < PLACES) arrayPush(list, known);
  else list[((tries / TRIES) | 0) % PLACES] = known;
}
