import { charCode, Uint8Array } from '../../src/intrinsics.js';
import { isSpace } from '../../src/recorder/json-characters.js';
import { mayBeginWithScheme, mayHoldShape } from '../../src/recorder/secret-shapes.js';
import { mayHoldBlock, mayNameSecret } from '../../src/recorder/secret-bytes.js';
import { NAMING, SECRET, SOFT, type KeyTest } from '../../src/recorder/key-kinds.js';

/** Levels that a reader can walk by recursion. */
const MAX_LEVELS = 200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const EQUALS = 0x3d;
/** The longest name of a value beside it, and the shortest value that is known by its form. */
const MAX_NAME = 64;
const SHORTEST = 8;

/** Per byte: what does not simply go on in a string. */
const IN_STRING = new Uint8Array(256);
IN_STRING.fill(1, 0, 0x20);
IN_STRING[QUOTE] = 1;
IN_STRING[BACKSLASH] = 1;
// A name may end there.
IN_STRING[COLON] = 1;
IN_STRING[EQUALS] = 1;

/** Per byte: what may come after a backslash. */
const ESCAPED = new Uint8Array(256);
for (const letter of '"\\/bfnrtu') ESCAPED[letter.charCodeAt(0)] = 1;

/** What `scanJson` found, as a sum. */
export const JSON_TEXT = 1;
/** There may be a secret in it, or JSON in a string. */
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
export function scanJson(bytes: Buffer, keyKind: KeyTest): number {
  return new Scan(bytes, keyKind).run();
}

/** Per level, whether it is an object. To make one for each text would cost as much as to look through a short one. */
const objects = new Uint8Array(MAX_LEVELS + 1);

class Scan {
  private found = JSON_TEXT;
  private at = 0;
  private depth = 0;
  private expected = VALUE;
  /** What the key is whose value comes next. */
  private kind = 0;
  constructor(
    private readonly bytes: Buffer,
    private readonly keyKind: KeyTest,
  ) {}

  run(): number {
    const { bytes } = this;
    const { length } = bytes;
    while (this.at < length) {
      const code = bytes[this.at];
      if (isSpace(code)) {
        if (code < 0x20 && code !== 0x09) this.found |= LINES;
        this.at++;
      } else if (!this.token(code)) return 0;
    }
    if (this.depth !== 0 || this.expected !== AFTER_VALUE) return 0;
    if ((this.found & CAREFUL) === 0 && mayHoldBlock(bytes)) this.found |= CAREFUL;
    return this.found;
  }

  private token(code: number): boolean {
    if (code === QUOTE && this.expected !== AFTER_VALUE) {
      if (this.depth === 0) return false;
      return this.expected === KEY || this.expected === FIRST_KEY ? this.key() : this.text();
    }
    if (this.expected === AFTER_VALUE) return this.afterValue(code);
    if ((code === 0x5d && this.expected === FIRST_ITEM) || (code === 0x7d && this.expected === FIRST_KEY)) {
      this.close();
      return true;
    }
    if (this.expected === KEY || this.expected === FIRST_KEY) return false;
    if (code === 0x7b || code === 0x5b) return this.open(code === 0x7b);
    if (this.depth === 0) return false;
    this.at =
      code === 0x74 || code === 0x66 || code === 0x6e
        ? afterWord(this.bytes, this.at)
        : afterNumber(this.bytes, this.at);
    this.expected = AFTER_VALUE;
    return this.at >= 0;
  }

  private afterValue(code: number): boolean {
    if (this.depth === 0) return false;
    const isObject = objects[this.depth] === 1;
    if (code === 0x2c) this.expected = isObject ? KEY : VALUE;
    else if (code === (isObject ? 0x7d : 0x5d)) this.depth--;
    else return false;
    this.at++;
    return true;
  }

  private open(isObject: boolean): boolean {
    if (++this.depth > MAX_LEVELS) return false;
    objects[this.depth] = isObject ? 1 : 0;
    this.expected = isObject ? FIRST_KEY : FIRST_ITEM;
    this.at++;
    return true;
  }

  private close(): void {
    this.depth--;
    this.expected = AFTER_VALUE;
    this.at++;
  }

  private key(): boolean {
    const { bytes } = this;
    const start = this.at + 1;
    const end = this.endOfString(start);
    if (end < 0) return false;
    this.kind = this.keyKind(bytes, start, end);
    if ((this.kind & SECRET) !== 0) this.found |= CAREFUL;
    let i = end + 1;
    while (isSpace(bytes[i])) if (isLineEnd(bytes[i++])) this.found |= LINES;
    if (bytes[i] !== COLON) return false;
    this.at = i + 1;
    this.expected = VALUE;
    return true;
  }

  private text(): boolean {
    const start = this.at + 1;
    const end = this.endOfString(start);
    if (end < 0) return false;
    this.at = end + 1;
    this.expected = AFTER_VALUE;
    if ((this.found & CAREFUL) !== 0) return true;
    const length = end - start;
    const isItem = objects[this.depth] === 0;
    // What names the value beside it.
    const naming = length >= 3 && length <= MAX_NAME && (isItem || (this.kind & NAMING) !== 0);
    if (naming && (this.keyKind(this.bytes, start, end) & SECRET) !== 0) this.found |= CAREFUL;
    if (length < SHORTEST) return true;
    if (!isItem && (this.kind & SOFT) !== 0) this.found |= CAREFUL;
    else if (mayBeginWithScheme(this.bytes, start) || mayHoldShape(this.bytes, start, end)) this.found |= CAREFUL;
    return true;
  }

  /** Where its closing quote is; -1: it is none of JSON. */
  private endOfString(start: number): number {
    const { bytes } = this;
    const { length } = bytes;
    let i = start;
    let named = start;
    for (; ; i++) {
      if (i >= length) return -1;
      const unit = bytes[i];
      if (IN_STRING[unit] === 0) continue;
      if (unit === QUOTE) return i;
      if (unit === COLON || unit === EQUALS) {
        if ((this.found & CAREFUL) === 0 && mayNameSecret(bytes, named, i, length, this.keyKind)) this.found |= CAREFUL;
        named = i + 1;
        continue;
      }
      if (unit !== BACKSLASH || ++i >= length || ESCAPED[bytes[i]] === 0) return -1;
      if (bytes[i] === QUOTE) this.found |= CAREFUL;
      if (bytes[i] !== 0x75) continue;
      if (i + 4 >= length) return -1;
      for (let digit = 0; digit < 4; digit++) if (!isHex(bytes[++i])) return -1;
    }
  }
}

function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const WORDS = ['true', 'false', 'null'];

/** After `true`, `false` or `null`; -1 where it is none. */
function afterWord(bytes: Buffer, from: number): number {
  for (let i = 0; i < WORDS.length; i++) {
    const word = WORDS[i];
    let same = 0;
    while (same < word.length && bytes[from + same] === charCode(word, same)) same++;
    if (same === word.length) return from + same;
  }
  return -1;
}

/** After the number; -1 where it is none. */
function afterNumber(bytes: Buffer, from: number): number {
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
