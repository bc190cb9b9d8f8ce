/** Levels that a reader can walk by recursion. */
const MAX_LEVELS = 200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Places in the table of keys known not to be secret. */
const PLACES = 4096;

/**
 * Makes the question whether text may hold the value of a secret key, in JSON or in JSON inside of its strings. Nearly
 * every body holds none, and the same few keys many times, so that is found out in one pass that makes no string.
 */
export function secretKeyFinder(isSecret: (key: string) => boolean): (text: string) => boolean {
  const clean = new Int32Array(PLACES);
  return (text) => {
    const { length } = text;
    let start = 0;
    let hash = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code !== QUOTE) {
        // The backslash before a quote inside of a string is no part of a key.
        if (code !== BACKSLASH || text.charCodeAt(i + 1) === 0x75) hash = (Math.imul(hash, 31) + code) | 0;
        continue;
      }
      let next = i + 1;
      while (next < length && isSpace(text.charCodeAt(next))) next++;
      if (text.charCodeAt(next) === COLON) {
        const place = hash & (PLACES - 1);
        // A hash of 0 is never taken for known.
        if (hash === 0 || clean[place] !== hash) {
          let end = i;
          while (text.charCodeAt(end - 1) === BACKSLASH && end > start) end--;
          const key = text.slice(start, end);
          if (key.includes('\\') || isSecret(key)) return true;
          clean[place] = hash;
        }
      }
      start = i + 1;
      hash = 0;
    }
    return false;
  };
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** What may come next. */
const VALUE = 0;
const FIRST_ITEM = 1;
const FIRST_KEY = 2;
const KEY = 3;
const AFTER_VALUE = 4;

/**
 * Whether text is one JSON array or object, of not too many levels: exactly what `JSON.parse` takes, but without making
 * anything of it.
 */
export function isJsonText(text: string): boolean {
  const { length } = text;
  // Per level, whether it is an object.
  const objects = new Uint8Array(MAX_LEVELS + 1);
  let depth = 0;
  let expected = VALUE;
  let i = 0;
  while (i < length) {
    const code = text.charCodeAt(i);
    if (isSpace(code)) {
      i++;
      continue;
    }
    if (expected === AFTER_VALUE) {
      if (depth === 0) return false;
      if (code === 0x2c) expected = objects[depth] === 1 ? KEY : VALUE;
      else if (code === (objects[depth] === 1 ? 0x7d : 0x5d)) depth--;
      else return false;
      i++;
      continue;
    }
    if ((code === 0x5d && expected === FIRST_ITEM) || (code === 0x7d && expected === FIRST_KEY)) {
      depth--;
      expected = AFTER_VALUE;
      i++;
      continue;
    }
    if (expected === KEY || expected === FIRST_KEY) {
      if (code !== QUOTE) return false;
      i = behindString(text, i + 1);
      while (i < length && isSpace(text.charCodeAt(i))) i++;
      if (i < 0 || text.charCodeAt(i) !== COLON) return false;
      expected = VALUE;
      i++;
      continue;
    }
    if (code === QUOTE) i = behindString(text, i + 1);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_LEVELS) return false;
      objects[depth] = code === 0x7b ? 1 : 0;
      expected = code === 0x7b ? FIRST_KEY : FIRST_ITEM;
      i++;
      continue;
    } else if (code === 0x74) i = text.startsWith('true', i) ? i + 4 : -1;
    else if (code === 0x66) i = text.startsWith('false', i) ? i + 5 : -1;
    else if (code === 0x6e) i = text.startsWith('null', i) ? i + 4 : -1;
    else i = behindNumber(text, i);
    if (i < 0 || depth === 0) return false;
    expected = AFTER_VALUE;
  }
  return depth === 0 && expected === AFTER_VALUE;
}

/** Behind the closing quote; -1 where the string is none. */
function behindString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i + 1;
    if (code < 0x20) return -1;
    if (code !== BACKSLASH) continue;
    const escaped = text[++i];
    if (escaped === 'u') {
      for (let digit = 0; digit < 4; digit++) if (!isHex(text.charCodeAt(++i))) return -1;
    } else if (escaped === undefined || !'"\\/bfnrt'.includes(escaped)) return -1;
  }
  return -1;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Behind the number; -1 where it is none. */
function behindNumber(text: string, from: number): number {
  let i = text.charCodeAt(from) === 0x2d ? from + 1 : from;
  if (text.charCodeAt(i) === 0x30) i++;
  else {
    const start = i;
    while (isDigit(text.charCodeAt(i))) i++;
    if (i === start) return -1;
  }
  if (text.charCodeAt(i) === 0x2e) {
    const start = ++i;
    while (isDigit(text.charCodeAt(i))) i++;
    if (i === start) return -1;
  }
  if (text.charCodeAt(i) === 0x65 || text.charCodeAt(i) === 0x45) {
    i++;
    if (text.charCodeAt(i) === 0x2b || text.charCodeAt(i) === 0x2d) i++;
    const start = i;
    while (isDigit(text.charCodeAt(i))) i++;
    if (i === start) return -1;
  }
  return i;
}
