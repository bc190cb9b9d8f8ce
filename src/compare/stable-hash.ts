import { LEAST_FRACTION_DIGITS, type Clocks } from './clocks.js';
import { endOfDate } from './date-texts.js';

/** Class of each byte: what words are made of. */
const DIGIT = 1;
const HEX_LOWER = 2;
const HEX_UPPER = 4;
const LOWER = 8;
const UPPER = 16;
const CLASS = new Uint8Array(256);
for (let byte = 0x30; byte <= 0x39; byte++) CLASS[byte] = DIGIT;
for (let byte = 0x61; byte <= 0x7a; byte++) CLASS[byte] = byte <= 0x66 ? HEX_LOWER : LOWER;
for (let byte = 0x41; byte <= 0x5a; byte++) CLASS[byte] = byte <= 0x46 ? HEX_UPPER : UPPER;

const QUOTE = 0x22;
const SLASH = 0x2f;
const COLON = 0x3a;
const DASH = 0x2d;
const BACKSLASH = 0x5c;
const LESS = 0x3c;
const CLOSE = 0x7d;
const SPACE = 0x20;
const DOT = 0x2e;
const COMMA = 0x2c;

/** What is put in place of something that differs between two runs by nature. */
const Token = {
  time: 1,
  hex: 2,
  uuid: 3,
  random: 4,
  date: 5,
  port: 6,
  folder: 7,
  pid: 8,
  cwd: 9,
  derived: 10,
  stack: 11,
  clock: 12,
} as const;

const HEX_ONLY = DIGIT | HEX_LOWER | HEX_UPPER;
const ANY_LOWER = LOWER | HEX_LOWER;
const ANY_UPPER = UPPER | HEX_UPPER;

/** A preview that was cut carries a hash of the whole value; it says nothing where a part of the value is volatile. */
const HASH_KEY = ascii('hash":"');
/** Header fields that follow from a body, and where this trace is, in an environment that was passed on. */
const DERIVED = ['etag":', 'ETag":', 'content-length":', 'Content-Length":', 'HANDIT_OUTPUT_FILE":'].map(ascii);
const HOSTS = ['localhost:', '127.0.0.1:', '0.0.0.0:', '[::1]:', '[::]:'].map(ascii);
// Also in JSON that is a text within JSON, as lines of a log are.
const PORT_KEYS = ['port":', 'Port":', 'port\\":', 'Port\\":'].map(ascii);
const PID_KEYS = ['pid":', 'Pid":', 'pid\\":', 'Pid\\":'].map(ascii);
const LEAST_PID_DIGITS = 4;
const LEAST_CHANCE_DIGITS = 12;
const TEMPORARY = ['tmp/', 'temp/', 'Temp\\\\', 'T/'].map(ascii);
const BOUNDARY = ascii('boundary=');
/** How undici, which is Node's `fetch`, begins the boundaries of forms. */
const FORM = ascii('formdata-undici-');
/** Others begin them like this. */
const DASHES = ascii('--------');
/** A line of a stack, in a text. */
const NEW_LINE = ascii('\\n');
const FRAME = ascii('\\n    at ');
const STACK = ascii(',"stack":"');
/** In a list: how many frames of Node's own a stack has depends on what the event loop did. */
const NODE_FRAMES = [',"node:internal/', ',{"$type":"CallSite"}'].map(ascii);
const REDACTED = ascii('<redacted>"');

const DAY_MS = 86_400_000;

/** What is known of the process that wrote the bytes. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Ids of the processes of its run, and of those that started them. */
  readonly pids: ReadonlySet<number>;
  readonly cwd: string;
  /** What its clocks showed, as far as it was read. */
  readonly clocks?: Clocks;
}

/**
 * Hashes the bytes of JSON so that two runs of the same program give the same: times of about now, ids made by chance,
 * ports of this machine, temporary folders, the working directory and the process id are each one token.
 */
export class StableHash {
  /** The hash: two times 32 bits. In an array, where a number needs no object. */
  readonly #state = new Int32Array(2);
  /** Tokens put in since `reset`. */
  folded = 0;
  /** Redacted values seen since the object was made. */
  redacted = 0;
  #cwd: Uint8Array = new Uint8Array(0);
  #pids: ReadonlySet<number> = new Set();
  #clocks: Clocks | undefined;
  #fromMs = 0;
  #toMs = 0;
  #fromDay = 0;
  #toDay = 0;

  at({ from, to, pids, cwd, clocks }: Surroundings): void {
    this.#clocks = clocks;
    this.#cwd = cwd.length > 1 ? new TextEncoder().encode(JSON.stringify(cwd).slice(1, -1)) : new Uint8Array(0);
    this.#pids = pids;
    this.#fromMs = from - DAY_MS;
    this.#toMs = to + DAY_MS;
    this.#fromDay = Math.floor(this.#fromMs / DAY_MS);
    this.#toDay = Math.ceil(this.#toMs / DAY_MS);
  }

  reset(seed: number): void {
    this.#state[0] = 0x9747b28c ^ seed;
    this.#state[1] = 0x1b873593 + seed;
    this.folded = 0;
  }

  get high(): number {
    return this.#state[0];
  }

  get low(): number {
    return this.#state[1];
  }

  /** Adds a number, such as a token. */
  add(value: number): void {
    const state = this.#state;
    state[0] = Math.imul(state[0] ^ value, 0x01000193);
    state[1] = Math.imul(((state[1] << 5) | (state[1] >>> 27)) ^ value, 0x85ebca6b);
  }

  bytes(buffer: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const byte = buffer[at];
      if (CLASS[byte] !== 0) at = this.#word(buffer, at, to);
      else if (byte === SLASH && this.#isCwd(buffer, at, to)) at = this.#token(Token.cwd, at + this.#cwd.length);
      else if (byte === COMMA && isFrame(buffer, at)) at = endOfFrame(buffer, at, to);
      else if (byte === COMMA && startsWith(buffer, at, STACK)) at = this.#stack(buffer, at, to);
      else if (byte === BACKSLASH && startsWith(buffer, at, FRAME))
        at = this.#token(Token.stack, endOfStack(buffer, at, to));
      else {
        if (byte === LESS && startsWith(buffer, at, REDACTED)) this.redacted++;
        this.add(byte);
        at++;
      }
    }
  }

  /** The stack of an error is left out whole: not all of equal errors have it in the trace. */
  #stack(buffer: Uint8Array, at: number, to: number): number {
    const from = at + STACK.length;
    let isStack = false;
    let next = from;
    while (next < to && buffer[next] !== QUOTE) {
      isStack ||= startsWith(buffer, next, FRAME);
      next += buffer[next] === BACKSLASH ? 2 : 1;
    }
    if (isStack) return next + 1;
    // A value of the program that is called so.
    for (let i = at; i < from; i++) this.add(buffer[i]);
    return from;
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.bytes(bytes, 0, bytes.length);
  }

  #token(token: number, next: number): number {
    this.add(0x100 + token);
    this.folded++;
    return next;
  }

  #isCwd(buffer: Uint8Array, at: number, to: number): boolean {
    if (this.#cwd.length === 0 || buffer[at] !== this.#cwd[0] || !startsWith(buffer, at, this.#cwd)) return false;
    const next = at + this.#cwd.length;
    return next >= to || buffer[next] === SLASH || buffer[next] === QUOTE || buffer[next] === BACKSLASH;
  }

  /** A run of letters and digits that begins at `at`. */
  #word(buffer: Uint8Array, at: number, to: number): number {
    let end = at;
    let classes = 0;
    for (let is; end < to && (is = CLASS[buffer[end]]) !== 0; end++) classes |= is;
    const length = end - at;
    if (this.#cwd[0] === buffer[at] && this.#isCwd(buffer, at, to))
      return this.#token(Token.cwd, at + this.#cwd.length);
    if (classes === DIGIT) return this.#digits(buffer, at, end, to);
    if (at > 0 && buffer[at - 1] === QUOTE) {
      const next = this.#key(buffer, at, to);
      if (next !== -1) return next;
    }
    if (length >= 8 && (classes & ~HEX_ONLY) === 0) {
      if (length === 8 && isUuid(buffer, at, to)) return this.#token(Token.uuid, at + 36);
      if ((classes & DIGIT) !== 0) return this.#token(Token.hex, end);
    }
    if (length >= 16 && (classes & DIGIT) !== 0 && (classes & ANY_LOWER) !== 0 && (classes & ANY_UPPER) !== 0) {
      return this.#token(Token.random, end);
    }
    if (length === 8 && startsWith(buffer, at, BOUNDARY)) return this.#boundary(buffer, at, to);
    if (length === 3) {
      const next = endOfDate(buffer, at, to, this.#fromMs, this.#toMs);
      if (next !== -1) return this.#token(Token.date, next);
    }
    for (let i = at; i < end; i++) this.add(buffer[i]);
    return end < to && (buffer[end] === SLASH || buffer[end] === BACKSLASH) ? this.#folder(buffer, at, end, to) : end;
  }

  /** Below a folder for temporary files, names are made by chance. */
  #folder(buffer: Uint8Array, at: number, end: number, to: number): number {
    if (!TEMPORARY.some((name) => startsWith(buffer, at, name))) return end;
    const name = end + (buffer[end] === BACKSLASH ? 2 : 1);
    let next = name;
    while (next < to && buffer[next] > SPACE && !isSeparator(buffer[next])) next++;
    if (next === name) return end;
    for (let i = end; i < name; i++) this.add(buffer[i]);
    return this.#token(Token.folder, next);
  }

  #key(buffer: Uint8Array, at: number, to: number): number {
    if (buffer[at] === HASH_KEY[0] && startsWith(buffer, at, HASH_KEY)) {
      let next = at + HASH_KEY.length;
      for (; next < to && buffer[next] !== QUOTE; next++) if (this.folded === 0) this.add(buffer[next]);
      return next;
    }
    for (const name of DERIVED) {
      if (buffer[at] !== name[0] || !startsWith(buffer, at, name)) continue;
      let next = at + name.length;
      // A string or a number: to the comma or bracket after it.
      const isText = buffer[next] === QUOTE;
      if (isText) for (next++; next < to && buffer[next] !== QUOTE; next++) if (buffer[next] === BACKSLASH) next++;
      while (next < to && buffer[next] !== COMMA && buffer[next] !== CLOSE) next++;
      return this.#token(Token.derived, next);
    }
    return -1;
  }

  /** What parts of a form are told apart by is made by chance. */
  #boundary(buffer: Uint8Array, at: number, to: number): number {
    let next = at + BOUNDARY.length;
    for (let i = at; i < next; i++) this.add(buffer[i]);
    while (next < to && (buffer[next] === BACKSLASH || buffer[next] === QUOTE)) next++;
    while (next < to && buffer[next] > SPACE && buffer[next] !== QUOTE && !isEndOfBoundary(buffer[next])) next++;
    return this.#token(Token.random, next);
  }

  #digits(buffer: Uint8Array, at: number, end: number, to: number): number {
    const length = end - at;
    if (length >= 10 && (endsWith(buffer, at, FORM) || endsWith(buffer, at, DASHES)))
      return this.#token(Token.random, end);
    if (length === 8 && isUuid(buffer, at, to)) return this.#token(Token.uuid, at + 36);
    if (length === 1 && isSuffixByChance(buffer, at)) {
      const next = endOfFraction(buffer, end, to);
      if (next - end > LEAST_CHANCE_DIGITS) return this.#token(Token.random, next);
    }
    if (length === 4 && end < to && buffer[end] === DASH) {
      const next = this.#isoDate(buffer, at, to);
      if (next !== -1) return this.#token(Token.date, next);
    }
    if (this.#clocks?.hasAny === true) {
      const next = endOfFraction(buffer, end, to);
      if (next - end > LEAST_FRACTION_DIGITS && this.#clocks.knows(numberIn(buffer, at, next)))
        return this.#token(Token.clock, next);
    }
    if (length >= 10 && this.#isNear(buffer, at, length))
      return this.#token(Token.time, endOfFraction(buffer, end, to));
    if ((length === 4 || length === 5) && buffer[at - 1] === COLON && isPort(buffer, at)) {
      return this.#token(Token.port, end);
    }
    if (length < 8 && this.#isPid(buffer, at, end)) return this.#token(Token.pid, end);
    for (let i = at; i < end; i++) this.add(buffer[i]);
    return end;
  }

  /** A short number is equal to one by chance: it has to be called that. */
  #isPid(buffer: Uint8Array, at: number, end: number): boolean {
    if (end - at < LEAST_PID_DIGITS ? !PID_KEYS.some((key) => endsWith(buffer, at, key)) : buffer[at - 1] === DOT)
      return false;
    let value = 0;
    for (let i = at; i < end; i++) value = value * 10 + buffer[i] - 48;
    return this.#pids.has(value);
  }

  /** Seconds, milliseconds, microseconds or nanoseconds since 1970, of about the time of the run. */
  #isNear(buffer: Uint8Array, at: number, length: number): boolean {
    if (length > 19 || (length - 10) % 3 !== 0) return false;
    let seconds = 0;
    for (let i = at; i < at + 10; i++) seconds = seconds * 10 + buffer[i] - 48;
    return seconds * 1000 >= this.#fromMs && seconds * 1000 <= this.#toMs;
  }

  /** After a date such as `2026-11-27`, with the time of day where there is one; -1 where it is none of about now. */
  #isoDate(buffer: Uint8Array, at: number, to: number): number {
    if (at + 10 > to || buffer[at + 7] !== DASH) return -1;
    const number = (from: number, length: number): number => {
      let value = 0;
      for (let i = from; i < from + length; i++) value = CLASS[buffer[i]] === DIGIT ? value * 10 + buffer[i] - 48 : NaN;
      return value;
    };
    const day = Date.UTC(number(at, 4), number(at + 5, 2) - 1, number(at + 8, 2)) / DAY_MS;
    if (!(day >= this.#fromDay && day <= this.#toDay)) return -1;
    let next = at + 10;
    if (next + 3 < to && (buffer[next] === 0x54 || buffer[next] === SPACE) && buffer[next + 3] === COLON) {
      next++;
      while (next < to && (CLASS[buffer[next]] === DIGIT || buffer[next] === COLON || buffer[next] === DOT)) next++;
      if (next < to && buffer[next] === 0x5a) next++;
    }
    return next;
  }
}

/** Before what `Math.random()` gave: `plugin-0.8730107607454682`, `/0.8730107607454682`. A number alone is a value. */
function isSuffixByChance(buffer: Uint8Array, at: number): boolean {
  if (buffer[at] === 0x30 && buffer[at - 1] === SLASH) return true;
  if (buffer[at] !== 0x30 || (buffer[at - 1] !== DASH && buffer[at - 1] !== 0x5f)) return false;
  return (CLASS[buffer[at - 2]] & (ANY_LOWER | ANY_UPPER)) !== 0 || CLOSING.has(buffer[at - 2]);
}

/** What a text of code ends with, of which a name was made: `)`, `]`, `{`, `}`. Before a negative number is none of them. */
const CLOSING = new Set([0x29, 0x5d, 0x7b, 0x7d]);

/** Times have parts of a millisecond: `atimeMs` of a file. */
function endOfFraction(buffer: Uint8Array, end: number, to: number): number {
  let next = end;
  if (buffer[next] === DOT) next++;
  while (next < to && CLASS[buffer[next]] === DIGIT) next++;
  return next > end + 1 ? next : end;
}

function numberIn(buffer: Uint8Array, from: number, to: number): number {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(buffer[i]);
  return Number(text);
}

function isPort(buffer: Uint8Array, at: number): boolean {
  return HOSTS.some((host) => endsWith(buffer, at, host)) || PORT_KEYS.some((key) => endsWith(buffer, at, key));
}

function isFrame(buffer: Uint8Array, at: number): boolean {
  return NODE_FRAMES.some((start) => startsWith(buffer, at, start));
}

function endOfFrame(buffer: Uint8Array, at: number, to: number): number {
  const end = buffer[at + 1] === QUOTE ? QUOTE : CLOSE;
  let next = at + 2;
  while (next < to && buffer[next] !== end) next += buffer[next] === BACKSLASH ? 2 : 1;
  return Math.min(next + 1, to);
}

/** After all lines of a stack. */
function endOfStack(buffer: Uint8Array, at: number, to: number): number {
  let next = at;
  while (next < to && startsWith(buffer, next, FRAME)) {
    next += FRAME.length;
    while (next < to && buffer[next] !== QUOTE && !startsWith(buffer, next, NEW_LINE)) {
      next += buffer[next] === BACKSLASH && buffer[next + 1] !== NEW_LINE[1] ? 2 : 1;
    }
  }
  return Math.min(next, to);
}

function isUuid(buffer: Uint8Array, at: number, to: number): boolean {
  if (at + 36 > to) return false;
  for (let i = 0; i < 36; i++) {
    const isDash = i === 8 || i === 13 || i === 18 || i === 23;
    if (isDash ? buffer[at + i] !== DASH : (CLASS[buffer[at + i]] & HEX_ONLY) === 0) return false;
  }
  return at + 36 >= to || CLASS[buffer[at + 36]] === 0;
}

function isEndOfBoundary(byte: number): boolean {
  return byte === BACKSLASH || byte === 0x3b || byte === COMMA;
}

function isSeparator(byte: number): boolean {
  return byte === SLASH || byte === BACKSLASH || byte === QUOTE || byte === COLON || byte === 0x27 || byte === 0x29;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function startsWith(buffer: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (buffer[at + i] !== text[i]) return false;
  return true;
}

function endsWith(buffer: Uint8Array, end: number, text: Uint8Array): boolean {
  return end >= text.length && startsWith(buffer, end - text.length, text);
}
