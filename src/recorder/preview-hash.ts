import type { Encoder } from './encoder.js';
import { charCode, imul, stringIndexOf, stringSlice, Uint8Array } from '../intrinsics.js';

// The hash of what a preview leaves out, by which two values are told apart that look the same.

/** Characters at the end of a long string that go into its hash. */
const TAIL = 512;
/** Digits that may be a time; letters with digits among them that may be an id made by chance. */
const LONG_NUMBER = 10;
const LONG_WORD = 8;
const UUID = 36;
/** Is mixed in for such a word: it differs between two runs that did the same. */
const BY_CHANCE = 0x100;

const DIGIT = 1;
const LETTER = 2;
const KIND = new Uint8Array(256);
for (let code = 0x30; code <= 0x39; code++) KIND[code] = DIGIT;
for (let code = 0x41; code <= 0x5a; code++) KIND[code] = KIND[code | 0x20] = LETTER;

const HEX = '0123456789abcdef';
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const QUOTE = 0x22;

/** 32 bits over text in which each time, and each id that was made by chance, is the same. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  let i = from;
  while (i < to) {
    const start = i;
    let kinds = 0;
    for (let kind; i < to && (kind = KIND[bytes[i]]) !== 0; i++) kinds |= kind;
    const length = i - start;
    if (length === 0) hash = mix(hash, bytes[i++]);
    else if (length === 8 && isUuid(bytes, start, to)) {
      hash = mix(hash, BY_CHANCE);
      i = start + UUID;
    } else if (length === 4 && kinds === DIGIT && isDate(bytes, start)) {
      hash = mix(hash, BY_CHANCE);
      i = endOfDate(bytes, i, to);
    } else if ((kinds & DIGIT) !== 0 && length >= (kinds === DIGIT ? LONG_NUMBER : LONG_WORD)) {
      hash = mix(hash, BY_CHANCE);
    } else hash = mixWord(hash, bytes, start, i);
  }
  return hash;
}

/** Four bytes at a time. */
function mixWord(hash: number, bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  for (; i + 3 < to; i += 4) {
    const four = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    // Multiplying carries upward alone: what is high must come down for the next.
    hash = mix((hash << 13) | (hash >>> 19), four);
  }
  for (; i < to; i++) hash = mix(hash, bytes[i]);
  return hash;
}

function mix(hash: number, value: number): number {
  return imul(hash ^ value, 0x01000193);
}

function isUuid(bytes: Uint8Array, start: number, to: number): boolean {
  if (start + UUID > to) return false;
  for (let k = 8; k <= 23; k += 5) if (bytes[start + k] !== DASH) return false;
  return true;
}

/** `2026-11-27` */
function isDate(bytes: Uint8Array, start: number): boolean {
  return bytes[start + 4] === DASH && bytes[start + 7] === DASH && KIND[bytes[start + 5]] === DIGIT;
}

function endOfDate(bytes: Uint8Array, from: number, to: number): number {
  let end = from;
  while (end < to && (KIND[bytes[end]] !== 0 || bytes[end] === DASH || bytes[end] === COLON || bytes[end] === DOT))
    end++;
  return end;
}

/** Writes the field. */
export function writeHash(out: Encoder, hash: number): void {
  out.text(',"hash":"');
  for (let shift = 28; shift >= 0; shift -= 4) out.byte(charCode(HEX, (hash >>> shift) & 15));
  out.byte(QUOTE);
}

/**
 * The parts of a long text that are hashed: that many characters and some of its end. The end begins with a line: before it
 * may be the name of a secret.
 */
export function hashedPart(text: string, head: number): string {
  const most = (head > TAIL ? head : TAIL) + TAIL;
  if (text.length <= most) return text;
  const tail = stringSlice(text, text.length - TAIL);
  const line = stringIndexOf(tail, '\n');
  return line < 0 ? stringSlice(text, 0, most) : stringSlice(text, 0, most - TAIL) + stringSlice(tail, line);
}
