import { imul, Int32Array, SafeWeakMap, stringIncludes, utf8Text } from '../../src/intrinsics.js';
const BACKSLASH = 0x5c;

/** Places in the table of keys known not to be secret. */
const PLACES = 4096;
/** A longer key is asked about each time. */
const MAX_HASHED = 200;

/** Whether the value of a key may be a secret: the key stands there in text of JSON, between its quotes. */
export type SecretKeyTest = (bytes: Buffer, start: number, end: number) => boolean;

const tests = new SafeWeakMap<(key: string) => boolean, SecretKeyTest>();

/** The same few keys come many times, so most are told by a hash, without a string of each. */
export function secretKeyTest(isSecret: (key: string) => boolean): SecretKeyTest {
  let test = tests.get(isSecret);
  if (test === undefined) tests.set(isSecret, (test = createTest(isSecret)));
  return test;
}

function createTest(isSecret: (key: string) => boolean): SecretKeyTest {
  const clean = new Int32Array(PLACES);
  return (bytes, start, end) => {
    let hash = 0;
    if (end - start <= MAX_HASHED) {
      for (let i = start; i < end; i++) {
        const code = bytes[i];
        // What is written with escapes has to be looked at more closely.
        if (code === BACKSLASH) return true;
        hash = (imul(hash, 31) + code) | 0;
      }
    }
    const place = hash & (PLACES - 1);
    // A hash of 0 is never taken for known.
    if (hash !== 0 && clean[place] === hash) return false;
    const key = utf8Text(bytes, start, end);
    if (stringIncludes(key, '\\') || isSecret(key)) return true;
    clean[place] = hash;
    return false;
  };
}
