import type { Encoder } from '../../src/recorder/encoder.js';
import { isSpace } from './scan-json.js';
import type { SecretKeyTest } from './secret-keys.js';
import { charCode } from '../../src/intrinsics.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** A control character becomes six. */
const LONGEST = 6;
/** Bytes for which room is made at once. */
const PIECE = 64 * 1024;

/** Per byte: 0 stands for itself, else what stands behind the backslash; 1: a number does. */
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
const HEX = '0123456789abcdef';

/**
 * Writes bytes of valid UTF-8 as a JSON string, in one pass which also looks for keys of JSON: nearly no body has a
 * secret one.
 *
 * @returns false, with nothing written, when there may be the value of a secret key in the text
 */
export function writeEscaped(bytes: Buffer, out: Encoder, isSecretKey: SecretKeyTest): boolean {
  const { length } = bytes;
  const from = out.position();
  /** Behind the last quote. */
  let start = 0;
  out.byte(QUOTE);
  for (let i = 0; i < length;) {
    const end = i + PIECE < length ? i + PIECE : length;
    const target = out.room((end - i) * LONGEST);
    let at = out.position();
    for (; i < end; i++) {
      const code = bytes[i];
      const escape = ESCAPES[code];
      if (escape === 0) {
        target[at++] = code;
        continue;
      }
      target[at++] = BACKSLASH;
      if (escape === 1) {
        target[at++] = 0x75;
        target[at++] = 0x30;
        target[at++] = 0x30;
        target[at++] = charCode(HEX, code >> 4);
        target[at++] = charCode(HEX, code & 15);
        continue;
      }
      target[at++] = escape;
      if (code !== QUOTE) continue;
      if (isBeforeColon(bytes, i + 1) && isSecretKey(bytes, start, endOfKey(bytes, start, i))) {
        out.cut(from);
        return false;
      }
      start = i + 1;
    }
    out.cut(at);
  }
  out.byte(QUOTE);
  return true;
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
