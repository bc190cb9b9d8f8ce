import { Buffer } from 'node:buffer';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const PLACES = 4096;
/** A control character becomes six. */
const LONGEST = 6;

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
 * Makes the step that most large bodies take: bytes of valid UTF-8 to a JSON string, in one pass which also looks for
 * keys of JSON. Nearly no body has a secret one, and the same few keys come many times.
 *
 * @returns null when there may be the value of a secret key in the text
 */
export function textEscaper(isSecret: (key: string) => boolean): (bytes: Buffer) => string | null {
  const clean = new Int32Array(PLACES);
  let out = Buffer.allocUnsafeSlow(1 << 17);

  /** Whether what stands between two quotes is a key, and may be a secret one. */
  function isSecretKey(bytes: Buffer, start: number, quote: number, hash: number): boolean {
    const place = hash & (PLACES - 1);
    // A hash of 0 is never taken for known.
    if (hash !== 0 && clean[place] === hash) return false;
    let end = quote;
    while (end > start && bytes[end - 1] === BACKSLASH) end--;
    const key = bytes.toString('utf8', start, end);
    if (key.includes('\\') || isSecret(key)) return true;
    clean[place] = hash;
    return false;
  }

  return (bytes) => {
    const { length } = bytes;
    if (out.length < length * LONGEST + 2) out = Buffer.allocUnsafeSlow(length * LONGEST + 2);
    const target = out;
    let at = 0;
    let start = 0;
    let hash = 0;
    target[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const code = bytes[i];
      const escape = ESCAPES[code];
      if (escape === 0) {
        target[at++] = code;
        hash = (Math.imul(hash, 31) + code) | 0;
        continue;
      }
      target[at++] = BACKSLASH;
      if (escape === 1) {
        target[at++] = 0x75;
        target[at++] = 0x30;
        target[at++] = 0x30;
        target[at++] = HEX.charCodeAt(code >> 4);
        target[at++] = HEX.charCodeAt(code & 15);
        continue;
      }
      target[at++] = escape;
      if (code === QUOTE) {
        let next = i + 1;
        while (bytes[next] === 0x20 || bytes[next] === 0x0a || bytes[next] === 0x0d || bytes[next] === 0x09) next++;
        if (bytes[next] === COLON && isSecretKey(bytes, start, i, hash)) return null;
        start = i + 1;
        hash = 0;
      } else if (code === BACKSLASH && bytes[i + 1] === 0x75) hash = (Math.imul(hash, 31) + code) | 0;
    }
    target[at++] = QUOTE;
    return target.toString('utf8', 0, at);
  };
}
