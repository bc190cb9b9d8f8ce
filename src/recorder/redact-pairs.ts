import { isOpaque, mayBeSecret, type IsSecret } from './is-secret.js';
import { isSecretParameter, redactEncoded } from './redact-url.js';
import { REDACTED } from './replacement.js';
import { isHeaderName } from './secret-pairs.js';
import {
  Number,
  Uint8Array,
  charCode,
  regExpExec,
  stringIndexOf,
  stringSlice,
  stringStartsWith,
  stringTrim,
} from '../intrinsics.js';

// Names and values in text: parameters of addresses, assignments, connection strings, lines of headers, printed objects.

/** Characters that decide whether a value is a secret. */
const MAX_PLAIN = 1024;
/** The longest name that is looked for. */
const MAX_NAME = 200;
const EQUALS = 0x3d;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** What a name is made of; besides, all letters beyond ASCII. */
const IN_NAME = new Uint8Array(128);
for (const letter of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$%[]') {
  IN_NAME[letter.charCodeAt(0)] = 1;
}

interface Found {
  /** Of the value. */
  start: number;
  end: number;
}

/** Text without the values that have a secret name there. */
export function redactPairs(text: string, isSecret: IsSecret, inside: (text: string) => string): string {
  const pairs = new Pairs(text, isSecret);
  let out = '';
  let from = 0;
  /** No name reaches over it. */
  let bound = 0;
  for (let at = 0; at < text.length; at++) {
    const code = charCode(text, at);
    if (code !== EQUALS && code !== COLON) continue;
    if (at + 1 >= text.length) break;
    const found = code === EQUALS ? pairs.assigned(at, bound) : pairs.said(at, bound);
    bound = at + 1;
    if (found === null) continue;
    const value = stringSlice(text, found.start, found.end);
    const shown = pairs.hidden ? REDACTED : redactEncoded(value, inside);
    if (shown !== value && value !== '') {
      out += stringSlice(text, from, found.start) + shown;
      from = found.end;
    }
    if (found.end > bound && pairs.hidden) bound = found.end;
    if (pairs.hidden && found.end > at) at = found.end - 1;
  }
  return from === 0 ? text : out + stringSlice(text, from);
}

class Pairs {
  /** Whether the value found last is secret; else it may hold more. */
  hidden = false;
  private readonly list: boolean;

  constructor(
    private readonly text: string,
    private readonly isSecret: IsSecret,
  ) {
    // `Server=a;User Id=b;Password=c d`.
    this.list = stringIndexOf(text, '&') < 0 && regExpExec(CONNECTION, text) !== null;
  }

  /** `name=value` */
  assigned(at: number, bound: number): Found | null {
    const { text } = this;
    const after = charCode(text, at + 1);
    // `==`, `=>`
    if (after === EQUALS || after === 0x3e || after === SPACE) return null;
    const from = this.startOfName(at, bound);
    if (from === at) return null;
    const before = from === 0 ? 0 : charCode(text, from - 1);
    const name = stringSlice(text, from, at);
    const start = at + 1;
    this.hidden = true;
    if (before === 0x3f || before === AMPERSAND || before === 0x23 || (before === SEMICOLON && !this.list)) {
      const value = stringSlice(text, start, endOf(text, start, PARAMETER, MAX_PLAIN));
      this.hidden = value !== '' && isSecretParameter(name, value, this.isSecret);
      // One that is no secret may hold others, which are in this text too.
      const end = this.hidden ? endOf(text, start, PARAMETER) : endOf(text, start, PLAIN_PARAMETER, MAX_PLAIN);
      return { start, end };
    }
    if (this.list && (this.isSecret(name) || this.isSecret(this.wholeName(from, at)))) {
      const quote = charCode(text, start);
      if (isQuote(quote)) return { start: start + 1, end: endOfQuoted(text, start + 1, quote) };
      return { start, end: endOf(text, start, LISTED) };
    }
    return this.isSecret(name) ? this.quotedOr(start, ASSIGNED) : null;
  }

  /** A name of several words: back to the semicolon before it. */
  private wholeName(from: number, at: number): string {
    const { text } = this;
    let start = from;
    while (start > 0 && at - start < 40 && charCode(text, start - 1) !== SEMICOLON) start--;
    return stringTrim(stringSlice(text, start, at));
  }

  /** `name: value` */
  said(at: number, bound: number): Found | null {
    const { text } = this;
    if (charCode(text, at + 1) === 0x2f) return null;
    let end = at;
    if (end > bound && charCode(text, end - 1) === SPACE) end--;
    const quoted = end > bound && isQuote(charCode(text, end - 1));
    if (quoted) end--;
    while (quoted && end > bound && charCode(text, end - 1) === BACKSLASH) end--;
    const from = this.startOfName(end, bound);
    if (end - from < 2) return null;
    const name = stringSlice(text, from, end);
    if (!this.isSecret(name)) return null;
    let start = at + 1;
    while (charCode(text, start) === SPACE || charCode(text, start) === 0x09) start++;
    this.hidden = true;
    if (!quoted && isHeaderName(name)) return this.headerValue(name, start);
    const found = this.quotedOr(start, ASSIGNED, MAX_PLAIN);
    if (found === null || found.start > start) return found;
    // `password: must be longer` says no password.
    const value = stringSlice(text, found.start, found.end);
    return quoted ? (mayBeSecret(literal(value)) ? found : null) : looksLikeSecret(value) ? found : null;
  }

  /** To the end of the line, and of those that are folded; of an authorization, its scheme and what comes after that. */
  private headerValue(name: string, start: number): Found | null {
    const { text } = this;
    const quote = charCode(text, start);
    if (isQuote(quote)) return { start: start + 1, end: endOfQuoted(text, start + 1, quote) };
    if (quote === 0x5b || quote === 0x7b || stringStartsWith(text, REDACTED, start)) return null;
    const value = stringSlice(text, start, endOf(text, start, HEADER, MAX_PLAIN));
    if (regExpExec(COOKIES, name) !== null) {
      const holds = isFolded(text, start) || stringIndexOf(value, '=') > 0 || looksLikeSecret(value);
      return holds ? { start, end: this.endOfHeader(start) } : null;
    }
    if (regExpExec(NOTHING, value) !== null) return null;
    const words = regExpExec(CREDENTIALS, value);
    if (words !== null && words[0].length < value.length) return { start, end: start + words[0].length };
    return mayBeSecret(literal(value)) ? { start, end: this.endOfHeader(start) } : null;
  }

  private endOfHeader(start: number): number {
    const { text } = this;
    let end = endOf(text, start, HEADER);
    while (isFolded(text, end)) end = endOf(text, end + (charCode(text, end) === 0x0d ? 2 : 1), HEADER);
    return end;
  }

  private quotedOr(start: number, ends: Uint8Array, most = Infinity): Found | null {
    const { text } = this;
    let first = start;
    while (charCode(text, first) === BACKSLASH) first++;
    const quote = charCode(text, first);
    if (isQuote(quote)) return { start: first + 1, end: endOfQuoted(text, first + 1, quote) };
    const end = endOf(text, start, ends, most);
    return end > start ? { start, end } : null;
  }

  private startOfName(end: number, bound: number): number {
    const { text } = this;
    const least = end - MAX_NAME > bound ? end - MAX_NAME : bound;
    let from = end;
    while (from > least) {
      const code = charCode(text, from - 1);
      if (code < 128 && IN_NAME[code] === 0) break;
      from--;
    }
    return from;
  }
}

const COOKIES = /cookies?$/i;
/** Said of a header that is not there, or is wrong. */
const NOTHING = /^(?:not?|none|null|undefined|missing|required|invalid|expired|is|was|must|should|header)\b/i;
const CONNECTION = /^[^=;]{1,40}=[^;]*;\s*(?:[^=;]{1,40}=|$)/;
/** A scheme, and one word. */
const CREDENTIALS = /^(?:(?:bearer|basic|token|apikey|negotiate|ntlm|dpop)\s+)?[^\s,;)]+/i;

function literal(value: string): unknown {
  if (value === 'true' || value === 'false') return true;
  if (value === 'null' || value === 'undefined') return undefined;
  const number = Number(value);
  return number === number ? number : value;
}

/** It has a digit or a sign in it, and some length. */
function looksLikeSecret(value: string): boolean {
  if (value.length < 6) return false;
  return isOpaque(value) || (regExpExec(/\d/, value) !== null && regExpExec(/[a-z]/i, value) !== null);
}

function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60;
}

/** Of a quoted value: also before the quote's own backslash. */
function endOfQuoted(text: string, start: number, quote: number): number {
  for (let at = start; at < text.length; at++) {
    const code = charCode(text, at);
    if (code === quote) {
      let end = at;
      while (end > start && charCode(text, end - 1) === BACKSLASH) end--;
      return end;
    }
    if (code === BACKSLASH && charCode(text, at + 1) !== quote) at++;
  }
  return text.length;
}

function endOf(text: string, start: number, ends: Uint8Array, most = Infinity): number {
  const last = start + most < text.length ? start + most : text.length;
  let end = start;
  for (; end < last; end++) {
    const code = charCode(text, end);
    if (code < 128 && ends[code] === 1) break;
  }
  return end;
}

function isFolded(text: string, end: number): boolean {
  const next = charCode(text, end) === 0x0d && charCode(text, end + 1) === 0x0a ? end + 2 : end + 1;
  const code = charCode(text, end);
  return (code === 0x0a || code === 0x0d) && (charCode(text, next) === SPACE || charCode(text, next) === 0x09);
}

function table(characters: string, controls: number): Uint8Array {
  const ends = new Uint8Array(128);
  for (let code = 0; code < controls; code++) ends[code] = 1;
  for (let i = 0; i < characters.length; i++) ends[charCode(characters, i)] = 1;
  return ends;
}

// What ends a value: of a parameter, an assignment, one of a list, a header.
const PARAMETER = table('&#"\'<>\\', 0x21);
const PLAIN_PARAMETER = table('&#"\'<>\\=', 0x21);
const ASSIGNED = table('&"\'`<>\\,;)}]', 0x21);
const LISTED = table(';<', 0x20);
const HEADER = table('"\'`<\\', 0x20);
