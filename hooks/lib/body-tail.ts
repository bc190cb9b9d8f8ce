import { bufferView, indexOfByte, isUtf8, Uint8Array } from '../../src/intrinsics.js';
import { isOpening } from '../../src/recorder/json-characters.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const NEWLINE = 0x0a;
const SPACE = 0x20;

/** Per byte: what does not simply go on. */
const TELLS = new Uint8Array(256);
for (const letter of '"\\,{}[]') TELLS[letter.charCodeAt(0)] = 1;

/**
 * Where in the end of a text that was cut it is known what is no secret: what comes before may be the rest of a value
 * whose key was left out, or lie in an object or list under such a key. Of one JSON value that is what follows below its
 * outermost brackets; of other text, whole lines that close no bracket which was opened before them.
 *
 * @param json the text is one JSON value, and this is its end
 * @returns the length of `bytes` where nothing is known
 */
export function knownFrom(bytes: Uint8Array, json: boolean): number {
  return json ? knownJsonFrom(bytes) : knownLinesFrom(bytes);
}

function knownJsonFrom(bytes: Uint8Array): number {
  const { length } = bytes;
  // What begins with backslashes may be one of them after another that was left out.
  let from = 0;
  while (from < length && bytes[from] === BACKSLASH) from++;
  if (from > 0) from++;
  let quotes = 0;
  for (let i = from; i < length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) quotes++;
  }
  // At the end no string is open, so this tells whether one is at the start.
  let inString = quotes % 2 === 1;
  let depth = 0;
  let lowest = 0;
  /** Behind the brackets that close what was open at the start: the last one, and the one before. */
  let last = -1;
  let before = -1;
  let comma = -1;
  for (let i = from; i < length; i++) {
    const code = bytes[i];
    if (TELLS[code] === 0) continue;
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) inString = !inString;
    else if (inString) continue;
    else if (code === COMMA && depth === 0 && lowest === 0 && comma < 0) comma = i;
    else if (isOpening(code)) depth++;
    else if (isClosing(code) && --depth < lowest) {
      lowest = depth;
      before = last;
      last = i + 1;
    }
  }
  // The outermost bracket must be the one at the end.
  if (last < 0 || depth !== lowest || !isBlank(bytes, last)) return length;
  const known = lowest === -1 ? comma : before;
  return known < 0 ? length : known;
}

function knownLinesFrom(bytes: Uint8Array): number {
  const { length } = bytes;
  let from = 0;
  while (from < length && !(bytes[from] === NEWLINE && from > 0 && !isAfterColon(bytes, from))) from++;
  if (from >= length) return knownWordsFrom(bytes);
  let known = ++from;
  let inString = false;
  let depth = 0;
  for (let i = from; i < length; i++) {
    const code = bytes[i];
    if (code === NEWLINE) inString = false;
    else if (code === BACKSLASH) i++;
    else if (code === QUOTE) inString = !inString;
    else if (inString) continue;
    else if (isOpening(code)) depth++;
    else if (isClosing(code) && --depth < 0) {
      depth = 0;
      known = i + 1;
    }
  }
  return known;
}

/** Of one long line: from the next word, if no key of JSON can be in it. */
function knownWordsFrom(bytes: Uint8Array): number {
  if (indexOfByte(bytes, QUOTE) >= 0) return bytes.length;
  const space = indexOfByte(bytes, SPACE);
  return space < 0 ? bytes.length : space + 1;
}

/** `}` and `]`. */
function isClosing(code: number): boolean {
  return code === 0x7d || code === 0x5d;
}

function isBlank(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] > 0x20) return false;
  return true;
}

/** Whether the line before a line end ends in a colon: its value is on the next one. */
function isAfterColon(bytes: Uint8Array, lineEnd: number): boolean {
  let i = lineEnd - 1;
  while (i >= 0 && bytes[i] <= 0x20) i--;
  return i < 0 || bytes[i] === COLON;
}

/** UTF-8 from its first whole character; null: it is something else. */
export function wholeCharacters(bytes: Buffer): Buffer | null {
  let from = 0;
  while (from < 3 && from < bytes.length && (bytes[from] & 0xc0) === 0x80) from++;
  const whole = bufferView(bytes, from);
  return isUtf8(whole) && indexOfByte(whole, 0) < 0 ? whole : null;
}
