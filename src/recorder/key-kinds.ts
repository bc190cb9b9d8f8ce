import {
  Int32Array,
  imul,
  SafeWeakMap,
  stringEndsWith,
  stringIncludes,
  stringToLowerCase,
  Uint8Array,
  utf8Text,
} from '../intrinsics.js';
import { IF_DIGITS, IF_OPAQUE, softness, type IsSecret } from './is-secret.js';
import { NAME, roleOf } from './secret-pairs.js';

const BACKSLASH = 0x5c;

/** Places in the table of keys of which it is known what they are. */
const PLACES = 4096;
/** A longer key is asked about each time. */
const MAX_HASHED = 200;

/** What a key may be, as a sum. */
export const SECRET = 1;
/** Its value is the name of another value. */
export const NAMING = 2;
/** Only long values of it are secret. */
export const SOFT = 4;
/** As a parameter of an address it is secret. */
export const PARAMETER = 8;

/** What is to be known of a key that is there, between its quotes or before a `=`. */
export type KeyTest = (bytes: Uint8Array, start: number, end: number) => number;

const tests = new SafeWeakMap<IsSecret, KeyTest>();

/** The same few keys come many times, so most are told by a hash, without a string of each. */
export function keyTest(isSecret: IsSecret): KeyTest {
  let test = tests.get(isSecret);
  if (test === undefined) tests.set(isSecret, (test = createTest(isSecret)));
  return test;
}

function createTest(isSecret: IsSecret): KeyTest {
  const known = new Int32Array(PLACES);
  const kinds = new Uint8Array(PLACES);
  return (bytes, start, end) => {
    let hash = 0;
    if (end - start <= MAX_HASHED) {
      for (let i = start; i < end; i++) {
        const code = bytes[i];
        // What is written with escapes has to be looked at more closely.
        if (code === BACKSLASH) return SECRET;
        hash = (imul(hash, 31) + code) | 0;
      }
    }
    const place = hash & (PLACES - 1);
    // A hash of 0 is never taken for known.
    if (hash !== 0 && known[place] === hash) return kinds[place];
    const kind = kindOf(utf8Text(bytes, start, end), isSecret);
    known[place] = hash;
    kinds[place] = kind;
    return kind;
  };
}

function kindOf(key: string, isSecret: IsSecret): number {
  if (stringIncludes(key, '\\') || isSecret(key)) return SECRET | PARAMETER;
  const soft = softness(key);
  if (soft === IF_DIGITS) return SECRET;
  return (
    (roleOf(key) === NAME ? NAMING : 0) | (soft === IF_OPAQUE ? SOFT | PARAMETER : 0) | (isSigned(key) ? PARAMETER : 0)
  );
}

/** `X-Amz-Signature`, and names with escapes in them. */
function isSigned(key: string): boolean {
  const name = stringToLowerCase(key);
  return stringIncludes(key, '%') || stringEndsWith(name, 'sig') || stringEndsWith(name, 'signature');
}
