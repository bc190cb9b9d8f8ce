import { FIELDS, F, TYPES, Words } from './fields.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;

/** Ids are whole numbers below this one. */
export const NO_ID = 0xffff_ffff;

const fieldWords = new Words(FIELDS);
const typeWords = new Words(TYPES);

/**
 * One line, looked at as bytes: where the values of the known fields begin and end. Only the outermost object is
 * understood; what is inside a value is passed over by its brackets and quotes, without recursion.
 */
export class LineScanner {
  buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  readonly #from = new Int32Array(FIELDS.length);
  readonly #to = new Int32Array(FIELDS.length);
  /** The whole seconds of the last time that was read, and the nanoseconds beyond them. */
  seconds = 0;
  nanoseconds = 0;

  /** Whether these bytes are an object of JSON, as far as brackets, quotes and commas say. */
  scan(buffer: Uint8Array, start: number, end: number): boolean {
    this.buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#to.fill(0);
    let at = blank(buffer, start, end);
    if (buffer[at] !== OPEN_BRACE || at >= end) return false;
    at = blank(buffer, at + 1, end);
    if (buffer[at] === CLOSE_BRACE) return blank(buffer, at + 1, end) === end;
    while (at < end) {
      if (buffer[at] !== QUOTE) return false;
      const keyEnd = afterString(buffer, at, end);
      const field = fieldWords.find(buffer, at + 1, keyEnd - 1);
      at = blank(buffer, keyEnd, end);
      if (at >= end || buffer[at] !== COLON) return false;
      const from = blank(buffer, at + 1, end);
      const to = afterValue(buffer, from, end);
      if (to <= from) return false;
      if (field >= 0) {
        this.#from[field] = from;
        this.#to[field] = to;
      }
      at = blank(buffer, to, end);
      if (at >= end) return false;
      if (buffer[at] === CLOSE_BRACE) return blank(buffer, at + 1, end) === end;
      if (buffer[at] !== COMMA) return false;
      at = blank(buffer, at + 1, end);
    }
    return false;
  }

  has(field: number): boolean {
    return this.#to[field] !== 0;
  }

  from(field: number): number {
    return this.#from[field];
  }

  to(field: number): number {
    return this.#to[field];
  }

  /** Whether the value is a string with something in it. */
  isText(field: number): boolean {
    return this.#to[field] - this.#from[field] > 2 && this.buffer[this.#from[field]] === QUOTE;
  }

  isTrue(field: number): boolean {
    return this.#to[field] !== 0 && this.buffer[this.#from[field]] === 0x74;
  }

  /** The index of the record's type; -1 for an unknown one, -2 for none. */
  type(): number {
    if (!this.isText(F.type)) return -2;
    return typeWords.find(this.buffer, this.#from[F.type] + 1, this.#to[F.type] - 1);
  }

  /** A whole number below 2^32 - 1, else `NO_ID`. */
  id(field: number): number {
    const end = this.#to[field];
    if (end === 0) return NO_ID;
    let value = 0;
    for (let at = this.#from[field]; at < end; at++) {
      const digit = this.buffer[at] - 48;
      if (digit < 0 || digit > 9) return NO_ID;
      value = value * 10 + digit;
      if (value >= NO_ID) return NO_ID;
    }
    return value;
  }

  /** A duration or a count; -1 where there is none, or no number that makes sense. */
  amount(field: number): number {
    const end = this.#to[field];
    if (end === 0) return -1;
    let value = 0;
    for (let at = this.#from[field]; at < end; at++) {
      const digit = this.buffer[at] - 48;
      if (digit < 0 || digit > 9) {
        const other = this.#number(field);
        return other >= 0 && other <= Number.MAX_SAFE_INTEGER ? other : -1;
      }
      value = value * 10 + digit;
    }
    return value <= Number.MAX_SAFE_INTEGER ? value : -1;
  }

  /** Reads a time into `seconds` and `nanoseconds`, for a double cannot hold it; false where it is none. */
  time(field: number): boolean {
    const start = this.#from[field];
    const end = this.#to[field];
    if (end === 0 || end - start > 24) return false;
    const split = end - start > 9 ? end - 9 : start;
    let whole = 0;
    for (let at = start; at < end; at++) {
      if (at === split) {
        this.seconds = whole;
        whole = 0;
      }
      const digit = this.buffer[at] - 48;
      if (digit < 0 || digit > 9) return this.#otherTime(field);
      whole = whole * 10 + digit;
    }
    if (split === start) this.seconds = 0;
    this.nanoseconds = whole;
    return this.seconds < 1e12;
  }

  /** Numbers with a fraction or an exponent. */
  #otherTime(field: number): boolean {
    const value = this.#number(field);
    if (!(value >= 0 && value < 1e21)) return false;
    this.seconds = Math.floor(value / 1e9);
    this.nanoseconds = Math.floor(value - this.seconds * 1e9);
    return true;
  }

  #number(field: number): number {
    let text = '';
    const end = Math.min(this.#to[field], this.#from[field] + 32);
    for (let at = this.#from[field]; at < end; at++) text += String.fromCharCode(this.buffer[at]);
    return /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text) ? Number(text) : NaN;
  }

  /** The whole line, parsed; undefined where it is no object of JSON. */
  record(): Record<string, unknown> | undefined {
    const value = parsed(this.buffer, this.#start, this.#end);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  }

  /** The parsed value of a field; undefined where it is not there, longer than `most` bytes, or no JSON. */
  value(field: number, most = 1 << 16): unknown {
    const end = this.#to[field];
    if (end === 0 || end - this.#from[field] > most) return undefined;
    return parsed(this.buffer, this.#from[field], end);
  }
}

const decoder = new TextDecoder();

export function decode(buffer: Uint8Array, start = 0, end = buffer.length): string {
  return decoder.decode(buffer.subarray(start, end));
}

/** The JSON between two places; undefined where it is none. */
export function parsed(buffer: Uint8Array, start = 0, end = buffer.length): unknown {
  try {
    return JSON.parse(decode(buffer, start, end));
  } catch {
    return undefined;
  }
}

/** The next byte from there on that is no white space. */
export function blank(buffer: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = buffer[at];
    if (byte > SPACE || (byte !== SPACE && byte !== 9 && byte !== 13 && byte !== 10)) return at;
    at++;
  }
  return at;
}

/** `at` is at the opening quote. */
function afterString(buffer: Uint8Array, at: number, end: number): number {
  while (++at < end) {
    const byte = buffer[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return end;
}

function afterValue(buffer: Uint8Array, at: number, end: number): number {
  const first = buffer[at];
  if (first === QUOTE) return afterString(buffer, at, end);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return afterBrackets(buffer, at, end);
  while (at < end) {
    const byte = buffer[at];
    if (byte === COMMA || byte === CLOSE_BRACE || byte <= SPACE || byte === QUOTE || byte === OPEN_BRACE) return at;
    at++;
  }
  return at;
}

function afterBrackets(buffer: Uint8Array, at: number, end: number): number {
  let depth = 0;
  while (at < end) {
    const byte = buffer[at++];
    if (byte === QUOTE) {
      while (at < end) {
        const inside = buffer[at++];
        if (inside === QUOTE) break;
        if (inside === BACKSLASH) at++;
      }
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at;
  }
  return end;
}
