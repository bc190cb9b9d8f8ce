import type { SecretKeyTest } from './secret-keys.js';
import { charCode, each, Uint8Array } from '../../src/intrinsics.js';

/** Levels that a reader can walk by recursion. */
const MAX_LEVELS = 200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Per byte: what does not simply go on in a string. */
const IN_STRING = new Uint8Array(256);
IN_STRING.fill(1, 0, 0x20);
IN_STRING[QUOTE] = 1;
IN_STRING[BACKSLASH] = 1;

/** Per byte: what may stand behind a backslash. */
const ESCAPED = new Uint8Array(256);
for (const letter of '"\\/bfnrtu') ESCAPED[letter.charCodeAt(0)] = 1;

/** What `scanJson` found, as a sum. */
export const JSON_TEXT = 1;
/** There may be the value of a secret key, or JSON in a string. */
export const CAREFUL = 2;
/** Line ends stand between its parts. */
export const LINES = 4;

/** What may come next. */
const VALUE = 0;
const FIRST_ITEM = 1;
const FIRST_KEY = 2;
const KEY = 3;
const AFTER_VALUE = 4;

/**
 * Whether bytes of valid UTF-8 are one JSON array or object, of not too many levels: exactly what `JSON.parse` takes,
 * but without making anything of it.
 *
 * @returns 0: no; else `JSON_TEXT` and what else there is to be known of it
 */
export function scanJson(bytes: Buffer, isSecretKey: SecretKeyTest): number {
  const { length } = bytes;
  // Per level, whether it is an object.
  const objects = new Uint8Array(MAX_LEVELS + 1);
  let found = JSON_TEXT;
  let depth = 0;
  let expected = VALUE;
  let i = 0;
  while (i < length) {
    const code = bytes[i];
    if (code === 0x20 || code === 0x09) {
      i++;
      continue;
    }
    if (code === 0x0a || code === 0x0d) {
      found |= LINES;
      i++;
      continue;
    }
    if (expected === AFTER_VALUE) {
      if (depth === 0) return 0;
      if (code === 0x2c) expected = objects[depth] === 1 ? KEY : VALUE;
      else if (code === (objects[depth] === 1 ? 0x7d : 0x5d)) depth--;
      else return 0;
      i++;
      continue;
    }
    if ((code === 0x5d && expected === FIRST_ITEM) || (code === 0x7d && expected === FIRST_KEY)) {
      depth--;
      expected = AFTER_VALUE;
      i++;
      continue;
    }
    if (code === QUOTE) {
      if (depth === 0) return 0;
      const start = ++i;
      // To the closing quote.
      for (; ; i++) {
        if (i >= length) return 0;
        const unit = bytes[i];
        if (IN_STRING[unit] === 0) continue;
        if (unit === QUOTE) break;
        if (unit !== BACKSLASH || ++i >= length || ESCAPED[bytes[i]] === 0) return 0;
        if (bytes[i] === QUOTE) found |= CAREFUL;
        if (bytes[i] !== 0x75) continue;
        if (i + 4 >= length) return 0;
        for (let digit = 0; digit < 4; digit++) if (!isHex(bytes[++i])) return 0;
      }
      const end = i++;
      if (expected !== KEY && expected !== FIRST_KEY) {
        expected = AFTER_VALUE;
        continue;
      }
      if ((found & CAREFUL) === 0 && isSecretKey(bytes, start, end)) found |= CAREFUL;
      while (i < length && isSpace(bytes[i])) if (bytes[i++] < 0x20) found |= LINES;
      if (i >= length || bytes[i] !== COLON) return 0;
      expected = VALUE;
      i++;
      continue;
    }
    if (expected === KEY || expected === FIRST_KEY) return 0;
    if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_LEVELS) return 0;
      objects[depth] = code === 0x7b ? 1 : 0;
      expected = code === 0x7b ? FIRST_KEY : FIRST_ITEM;
      i++;
      continue;
    }
    if (depth === 0) return 0;
    i = code === 0x74 || code === 0x66 || code === 0x6e ? behindWord(bytes, i) : behindNumber(bytes, i);
    if (i < 0) return 0;
    expected = AFTER_VALUE;
  }
  return depth === 0 && expected === AFTER_VALUE ? found : 0;
}

/** White space of JSON. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const WORDS = ['true', 'false', 'null'];

/** Behind `true`, `false` or `null`; -1 where it is none. */
function behindWord(bytes: Buffer, from: number): number {
  for (const word of each(WORDS)) {
    let same = 0;
    while (same < word.length && bytes[from + same] === charCode(word, same)) same++;
    if (same === word.length) return from + same;
  }
  return -1;
}

/** Behind the number; -1 where it is none. */
function behindNumber(bytes: Buffer, from: number): number {
  let i = bytes[from] === 0x2d ? from + 1 : from;
  if (bytes[i] === 0x30) i++;
  else {
    const start = i;
    while (isDigit(bytes[i])) i++;
    if (i === start) return -1;
  }
  if (bytes[i] === 0x2e) {
    const start = ++i;
    while (isDigit(bytes[i])) i++;
    if (i === start) return -1;
  }
  if (bytes[i] === 0x65 || bytes[i] === 0x45) {
    i++;
    if (bytes[i] === 0x2b || bytes[i] === 0x2d) i++;
    const start = i;
    while (isDigit(bytes[i])) i++;
    if (i === start) return -1;
  }
  return i;
}
