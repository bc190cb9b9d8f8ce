import type { Encoder } from '../../src/recorder/encoder.js';
import type { KeyTest } from '../../src/recorder/key-kinds.js';
import { arrayPush, bufferView, bytesEqual, joinBytes } from '../../src/intrinsics.js';
import { writeEscaped } from './escape-text.js';
import { knownFrom } from './body-tail.js';
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

interface KnownEnd {
  bytes: Buffer;
  json: boolean;
  /** What `knownFrom` said. */
  from: number;
}

const jsons: Known[] = [];
const texts: Known[] = [];
const ends: KnownEnd[] = [];
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

/** The same where these bytes were written before; else false, with nothing written. */
export function writeAgain(bytes: Buffer, out: Encoder, keyKind: KeyTest): boolean {
  const known = find(texts, bytes, keyKind);
  if (known !== null) out.bytes(known.json);
  return known !== null;
}

/** As `knownFrom`. */
export function endFrom(bytes: Buffer, json: boolean): number {
  for (let i = 0; i < ends.length; i++) {
    if (ends[i].json === json && bytesEqual(ends[i].bytes, bytes)) return ends[i].from;
  }
  const from = knownFrom(bytes, json);
  if (isToRemember(bytes)) put(ends, { bytes: joinBytes([bytes]), json, from });
  return from;
}

function find(list: readonly Known[], bytes: Buffer, keyKind: KeyTest): Known | null {
  for (let i = 0; i < list.length; i++) {
    if (list[i].keyKind === keyKind && bytesEqual(list[i].bytes, bytes)) return list[i];
  }
  return null;
}

function remember(list: Known[], bytes: Buffer, json: Buffer, keyKind: KeyTest): void {
  if (isToRemember(bytes)) put(list, { bytes: joinBytes([bytes]), json: joinBytes([json]), keyKind });
}

function isToRemember(bytes: Buffer): boolean {
  return bytes.length <= LONGEST && tries++ % TRIES === 0;
}

function put<T>(list: T[], known: T): void {
  if (list.length < PLACES) arrayPush(list, known);
  else list[((tries / TRIES) | 0) % PLACES] = known;
}
