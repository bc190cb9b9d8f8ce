import { charCode } from '../../src/intrinsics.js';
import type { Encoder } from '../../src/recorder/encoder.js';
import { isSpace } from '../../src/recorder/json-characters.js';
import { mayHoldFormed, mayNameSecret } from '../../src/recorder/secret-bytes.js';
import { SECRET, type KeyTest } from '../../src/recorder/key-kinds.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** A control character becomes six. */
const LONGEST = 6;
/** Bytes for which room is made at once. */
const PIECE = 64 * 1024;

/** Per byte: 0 means itself, else what comes after the backslash; 1: a number does; 2: itself, and a name may end there. */
const ESCAPES = new Uint8Array(256);
for (let code = 0; code < 0x20; code++) ESCAPES[code] = 1;
ESCAPES[QUOTE] = QUOTE;
ESCAPES[BACKSLASH] = BACKSLASH;
for (const [code, letter] of [
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
] as const) {
  ESCAPES[code] = letter.charCodeAt(0);
}
ESCAPES[COLON] = 2;
ESCAPES[0x3d] = ESCAPES[0x3e] = 2;
const HEX = '0123456789abcdef';

/**
 * Writes bytes of valid UTF-8 as a JSON string, in one pass which also looks for names: nearly no body has a secret one.
 *
 * @returns false, with nothing written, when there may be a secret in the text
 */
export function writeEscaped(bytes: Buffer, out: Encoder, keyKind: KeyTest): boolean {
  if (mayHoldFormed(bytes)) return false;
  const { length } = bytes;
  const from = out.at;
  /** After the last quote, and after the last sign between a name and a value. */
  let start = 0;
  let named = 0;
  out.byte(QUOTE);
  for (let i = 0; i < length;) {
    const end = i + PIECE < length ? i + PIECE : length;
    const target = out.room((end - i) * LONGEST);
    let at = out.at;
    for (; i < end; i++) {
      const code = bytes[i];
      const escape = ESCAPES[code];
      if (escape === 0) {
        target[at++] = code;
        continue;
      }
      if (escape === 2) {
        if (mayNameSecret(bytes, named, i, length, keyKind)) return nothing(out, from);
        named = i + 1;
        target[at++] = code;
        continue;
      }
      at = writeEscape(target, at, code, escape);
      if (code !== QUOTE) continue;
      if (isBeforeColon(bytes, i + 1) && (keyKind(bytes, start, endOfKey(bytes, start, i)) & SECRET) !== 0) {
        return nothing(out, from);
      }
      start = i + 1;
    }
    out.cut(at);
  }
  out.byte(QUOTE);
  return true;
}

function nothing(out: Encoder, from: number): false {
  out.cut(from);
  return false;
}

function writeEscape(target: Uint8Array, from: number, code: number, escape: number): number {
  let at = from;
  target[at++] = BACKSLASH;
  if (escape !== 1) {
    target[at++] = escape;
    return at;
  }
  target[at++] = 0x75;
  target[at++] = 0x30;
  target[at++] = 0x30;
  target[at++] = charCode(HEX, code >> 4);
  target[at++] = charCode(HEX, code & 15);
  return at;
}

function isBeforeColon(bytes: Buffer, from: number): boolean {
  let i = from;
  while (isSpace(bytes[i])) i++;
  return bytes[i] === COLON;
}

/** The backslash before a quote inside of a string is no part of a key. */
function endOfKey(bytes: Buffer, start: number, quote: number): number {
  let end = quote;
  while (end > start && bytes[end - 1] === BACKSLASH) end--;
  return end;
}
