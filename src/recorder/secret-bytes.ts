import { Uint8Array, bytesIndexOf, charCode, stringIncludes, utf8Bytes } from '../intrinsics.js';
import { HAS_ESCAPES, HAS_NAMES, HAS_TOKENS } from './encoder.js';
import { NAMING, PARAMETER, SECRET, SOFT, type KeyTest } from './key-kinds.js';
import { mayBeginWithScheme, mayHoldShape } from './secret-shapes.js';

// Whether bytes of text may hold a secret: as quickly as can be told, and rather once too often. What may is looked at again,
// as a string: see `redactText`.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const EQUALS = 0x3d;
const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const SPACE = 0x20;
const AT = 0x40;
const AMPERSAND = 0x26;
const QUESTION = 0x3f;
const PERCENT = 0x25;
const OPEN_LIST = 0x5b;
const COMMA = 0x2c;
const DASH = 0x2d;
const LINE_END = 0x0a;
/** The longest name that is looked for, and the longest way to the `@` of an address. */
const MAX_NAME = 64;
const MAX_USER_INFO = 512;
/** Characters of a value that is secret by its length; see `isOpaque`. */
const LEAST_SOFT = 16;

/** Per byte: what a name is made of. */
const IN_NAME = table('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$%[]');
for (let code = 0x80; code < 256; code++) IN_NAME[code] = 1;
/** What comes after a string of JSON. */
const AFTER_STRING = table(',:]}');

function table(characters: string): Uint8Array {
  const marks = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) marks[charCode(characters, i)] = 1;
  return marks;
}

/**
 * Whether a string that has just been written as JSON may hold a secret.
 *
 * @param has what the encoder has found in it
 */
export function stringMayHoldSecret(
  bytes: Uint8Array,
  from: number,
  to: number,
  has: number,
  keyKind: KeyTest,
): boolean {
  if ((has & HAS_NAMES) !== 0 && mayHoldNames(bytes, from, to, keyKind)) return true;
  if ((has & HAS_TOKENS) !== 0 && mayHoldShape(bytes, from, to)) return true;
  if (to - from > 8 && mayBeginWithScheme(bytes, from)) return true;
  // A block of a key without line ends; a list of JSON.
  if ((has & HAS_ESCAPES) === 0) return bytes[from] === DASH;
  return bytes[from] === OPEN_LIST && mayHoldItems(bytes, from, to, keyKind);
}

/** Whether an item of a list may be the name of a secret, which comes next. */
function mayHoldItems(bytes: Uint8Array, from: number, to: number, keyKind: KeyTest): boolean {
  for (let i = from; i < to; i++) {
    if (bytes[i] !== COMMA) continue;
    let end = i - 1;
    while (end > from && (bytes[end] === SPACE || bytes[end] === BACKSLASH)) end--;
    // A line end.
    if (bytes[end - 1] === BACKSLASH && bytes[end] !== QUOTE) return true;
    if (bytes[end] !== QUOTE) continue;
    while (end > from && bytes[end - 1] === BACKSLASH) end--;
    let start = end;
    while (start > from && bytes[start - 1] !== QUOTE && end - start <= MAX_NAME) start--;
    if ((keyKind(bytes, start, end) & SECRET) !== 0) return true;
  }
  return false;
}

function mayHoldNames(bytes: Uint8Array, from: number, to: number, keyKind: KeyTest): boolean {
  let named = from;
  for (let i = from; i < to; i++) {
    const code = bytes[i];
    if (code !== COLON && code !== EQUALS && code !== GREATER) continue;
    if (mayNameSecret(bytes, named, i, to, keyKind)) return true;
    named = i + 1;
  }
  return false;
}

/**
 * Whether the `:` or `=` at `at` may stand between the name and the value of a secret, or in an address with a password;
 * or a `>` end an element with such a name.
 *
 * @param from where a name may begin
 * @param to where the text ends, or later
 */
export function mayNameSecret(bytes: Uint8Array, from: number, at: number, to: number, keyKind: KeyTest): boolean {
  if (bytes[at] === COLON) {
    if (bytes[at + 1] === SLASH && bytes[at + 2] === SLASH) return mayHoldUser(bytes, at + 3, to);
    return maySaySecret(bytes, from, at, to, keyKind);
  }
  const start = startOfName(bytes, from, at);
  if (bytes[at] === GREATER) {
    const before = bytes[start - 1];
    const marked = before === SLASH || before === COLON || before === LESS;
    return marked && start < at && (keyKind(bytes, start, at) & SECRET) !== 0;
  }
  if (start < at && (keyKind(bytes, start, at) & (SECRET | PARAMETER)) !== 0) return true;
  const before = start > from ? bytes[start - 1] : 0;
  return (before === AMPERSAND || before === QUESTION) && mayHoldEscaped(bytes, at + 1, to);
}

/** `name: value`, `"name": value` */
function maySaySecret(bytes: Uint8Array, from: number, colon: number, to: number, keyKind: KeyTest): boolean {
  let end = colon;
  if (end > from && bytes[end - 1] === SPACE) end--;
  const last = end > from ? bytes[end - 1] : 0;
  const quoted = last === QUOTE || last === 0x27 || last === 0x60;
  if (quoted) end--;
  while (quoted && end > from && bytes[end - 1] === BACKSLASH) end--;
  const start = startOfName(bytes, from, end);
  // A key with an escape in it, as `\u0070`.
  if (quoted && start > from && bytes[start - 1] === BACKSLASH) return true;
  // No name begins with a digit, but times do.
  if (start === end || (bytes[start] >= 0x30 && bytes[start] <= 0x39)) return false;
  const kind = keyKind(bytes, start, end);
  if ((kind & SECRET) !== 0) return true;
  // Between quotes it may be a key of JSON.
  if (!quoted || (kind & (NAMING | SOFT)) === 0) return false;
  return last !== QUOTE || mayHoldNamed(bytes, colon + 1, to, kind, keyKind);
}

/** Whether the string that is the value of such a key may be the name of a secret, or one by its length. */
function mayHoldNamed(bytes: Uint8Array, from: number, to: number, kind: number, keyKind: KeyTest): boolean {
  let start = from;
  while (start < to && (bytes[start] <= SPACE || bytes[start] === BACKSLASH)) start++;
  if (start === to) return false;
  if (bytes[start] !== QUOTE) return bytes[start - 1] === BACKSLASH;
  start++;
  let end = start;
  while (end < to && bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end++;
  if ((kind & SOFT) !== 0 && end - start >= LEAST_SOFT) return true;
  if ((kind & NAMING) !== 0 && (keyKind(bytes, start, end) & SECRET) !== 0) return true;
  while (end < to && bytes[end] === BACKSLASH) end++;
  // An escape in the middle of it.
  return end < to && bytes[end] !== QUOTE;
}

function startOfName(bytes: Uint8Array, from: number, end: number): number {
  const least = end - MAX_NAME > from ? end - MAX_NAME : from;
  let start = end;
  while (start > least && IN_NAME[bytes[start - 1]] === 1) start--;
  return start;
}

/** Whether an address may have a user and a password: up to the end of the line, or of a string of JSON. */
function mayHoldUser(bytes: Uint8Array, from: number, to: number): boolean {
  const most = from + MAX_USER_INFO < to ? from + MAX_USER_INFO : to;
  for (let i = from; i < most; i++) {
    const code = bytes[i];
    if (code === AT) return true;
    if (code === LINE_END || (code === QUOTE && AFTER_STRING[bytes[i + 1]] === 1)) return false;
  }
  return false;
}

/** Whether a parameter may hold an address with a password, parameters or JSON: `%40`, `%3D`, `%22`. */
function mayHoldEscaped(bytes: Uint8Array, from: number, to: number): boolean {
  const most = from + MAX_USER_INFO < to ? from + MAX_USER_INFO : to;
  for (let i = from; i < most && bytes[i] > SPACE && bytes[i] !== AMPERSAND && bytes[i] !== QUOTE; i++) {
    if (bytes[i] !== PERCENT) continue;
    const code = bytes[i + 1] * 256 + (bytes[i + 2] | 0x20);
    if (code === 0x3430 || code === 0x3364 || code === 0x3232) return true;
  }
  return false;
}

const PEM = '-----BEGIN ';
const PEM_BYTES = utf8Bytes(PEM);
/** A block of a key is longer. */
const SHORTEST_BLOCK = 48;

/** Whether a block of a key may be in bytes. */
export function mayHoldBlock(bytes: Uint8Array): boolean {
  return bytes.length >= SHORTEST_BLOCK && bytesIndexOf(bytes, PEM_BYTES, 0) >= 0;
}

/** The same of a string. */
export function textMayHoldBlock(text: string, has: number): boolean {
  return (has & HAS_ESCAPES) !== 0 && text.length >= SHORTEST_BLOCK && stringIncludes(text, PEM);
}

/** Whether text may hold a secret that is known by its form. */
export function mayHoldFormed(bytes: Uint8Array): boolean {
  return mayBeginWithScheme(bytes, 0) || mayHoldShape(bytes, 0, bytes.length) || mayHoldBlock(bytes);
}
