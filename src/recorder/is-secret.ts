import { MAY_BE_SECRET, MAY_BE_SOFT, nameMayBe } from './name-gate.js';
import {
  ALWAYS,
  CONSTANT_KEY,
  DIGITS,
  OPAQUE,
  PLAIN_CONSTANT,
  READABLE,
  SECRET,
  SOFT_FRAGMENTS,
} from './secret-names.js';
import { createSlowGuard } from './slow-pattern.js';
import {
  SafeMap,
  charCode,
  regExpExec,
  stringEndsWith,
  stringIncludes,
  stringSlice,
  stringToLowerCase,
} from '../intrinsics.js';

/** Whether the value of a key is not to be recorded. */
export type IsSecret = (key: string) => boolean;

/** A longer key is recognized by its beginning and its end. */
const MAX_KEY = 256;
/** Keys of which the answer is remembered, and characters of one. */
const MAX_KNOWN = 10_000;
const MAX_KNOWN_KEY = 64;

/**
 * @param extra more keys, compared with the key as it is written and with the key in lower case without `-`, `_`, `.`,
 * `$`, `@`, `:`, brackets and spaces
 * @param complain is called with a line about a pattern that takes too long
 */
export function secretKeys(extra: RegExp | null, complain: (line: string) => void = () => undefined): IsSecret {
  const known = new SafeMap<string, boolean>();
  let size = 0;
  const isExtra = extra === null ? null : createSlowGuard(extra, complain);
  const ask = (key: string): boolean => {
    const short = key.length <= MAX_KEY ? key : stringSlice(key, 0, MAX_KEY / 2) + stringSlice(key, -MAX_KEY / 2);
    if (isSecretName(short)) return true;
    return isExtra !== null && (isExtra(joined(short)) || isExtra(short));
  };
  return (key) => {
    if (key.length > MAX_KNOWN_KEY) return ask(key);
    let secret = known.get(key);
    if (secret === undefined) {
      secret = ask(key);
      if (size++ < MAX_KNOWN) known.set(key, secret);
    }
    return secret;
  };
}

function isSecretName(key: string): boolean {
  // `_KEY` has a fragment in it too.
  const kinds = nameMayBe(key) & MAY_BE_SECRET;
  if (kinds === 0) return false;
  const name = wordsOf(key);
  // In an odd spelling, as `passworD`, capitals tell nothing.
  const whole = stringToLowerCase(key) === key ? name : wordsOf(key, false);
  if (isOfSecretKind(name, kinds) || (whole !== name && isOfSecretKind(whole, kinds))) {
    return regExpExec(READABLE, name) === null || regExpExec(ALWAYS, name) !== null;
  }
  return (
    stringEndsWith(key, '_KEY') && regExpExec(CONSTANT_KEY, key) !== null && regExpExec(PLAIN_CONSTANT, name) === null
  );
}

/** @param kinds the bits of those that come into question */
function isOfSecretKind(name: string, kinds: number): boolean {
  for (let i = 0; i < SECRET.length; i++) {
    if (((kinds >> i) & 1) === 0) continue;
    const { fragments, also, pattern } = SECRET[i];
    if (hasAny(name, fragments) && (also === null || hasAny(name, also)) && regExpExec(pattern, name) !== null)
      return true;
  }
  return false;
}

function hasAny(name: string, fragments: readonly string[]): boolean {
  for (let i = 0; i < fragments.length; i++) if (stringIncludes(name, fragments[i])) return true;
  return false;
}

const UPPER = 1;
const LOWER = 2;
const DIGIT = 3;
const SEPARATOR = 0;
/** A letter beyond ASCII, of either case: no word is recognized by it. */
const LETTER = 4;

function kindOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return LOWER;
  if (code >= 0x41 && code <= 0x5a) return UPPER;
  if (code >= 0x30 && code <= 0x39) return DIGIT;
  return code > 0x7f ? LETTER : SEPARATOR;
}

/** `userAPIKey` becomes `_user_api_key_`; where capitals begin no words, `_userapikey_`. */
function wordsOf(key: string, capitals = true): string {
  let words = '_';
  let from = 0;
  let before = SEPARATOR;
  for (let i = 0; i <= key.length; i++) {
    const kind = i < key.length ? kindOf(charCode(key, i)) : SEPARATOR;
    // `aB`, and the last capital of `ABc`.
    const begins =
      (kind === UPPER && (before === LOWER || before === DIGIT)) ||
      (kind === UPPER && i + 1 < key.length && kindOf(charCode(key, i + 1)) === LOWER);
    if (kind === SEPARATOR || (capitals && begins)) {
      if (i > from) words += `${stringSlice(key, from, i)}_`;
      from = kind === SEPARATOR ? i + 1 : i;
    }
    before = kind;
  }
  return stringToLowerCase(words);
}

/** Without what separates words. */
function joined(key: string): string {
  let text = '';
  for (let i = 0; i < key.length; i++) {
    let ignored = false;
    for (let j = 0; j < IGNORED.length && !ignored; j++) ignored = key[i] === IGNORED[j];
    if (!ignored) text += key[i];
  }
  return stringToLowerCase(text);
}

const IGNORED = '-_.$@ :[]';

/** Whether a value says something that may be a secret: what is no more than yes, no, nothing or a few does not. */
export function mayBeSecret(value: unknown): boolean {
  switch (typeof value) {
    case 'boolean':
    case 'undefined':
      return false;
    case 'number':
      return !(value > -100 && value < 100);
    case 'object':
      return value !== null;
    default:
      return true;
  }
}

/** What makes a value of a key secret that is none by itself. */
export type Softness = 0 | typeof IF_OPAQUE | typeof IF_DIGITS;
export const IF_OPAQUE = 1;
export const IF_DIGITS = 2;

export function softness(key: string): Softness {
  if (key.length > MAX_KNOWN_KEY || (nameMayBe(key) & MAY_BE_SOFT) === 0) return 0;
  const name = wordsOf(key);
  if (!hasAny(name, SOFT_FRAGMENTS)) return 0;
  if (regExpExec(OPAQUE, name) !== null) return IF_OPAQUE;
  return regExpExec(DIGITS, name) !== null ? IF_DIGITS : 0;
}

/** Whether a value of such a key is secret. */
export function isSoftSecret(soft: Softness, value: unknown): boolean {
  if (soft === 0) return false;
  if (typeof value === 'number') return soft === IF_DIGITS && value >= 1000;
  if (typeof value !== 'string') return false;
  return soft === IF_OPAQUE ? isOpaque(value) : value.length <= 12 && regExpExec(PIN, value) !== null;
}

const PIN = /^\d{4,12}$/;
const TOKEN = /^[\w.~+/=:%-]{16,8192}$/;

/** `ERR_HTTP2_STREAM` is none. */
export function isOpaque(value: string): boolean {
  if (value.length < 16 || value.length > 8192) return false;
  return regExpExec(TOKEN, value) !== null && regExpExec(/\d/, value) !== null && regExpExec(/[a-z]/, value) !== null;
}
