import { isOpening, isSpace } from './json-characters.js';
import { isSoftSecret, mayBeSecret, softness, type IsSecret } from './is-secret.js';
import { REDACTED } from './replacement.js';
import { NAME, VALUE, namesNext, roleOf } from './secret-pairs.js';
import {
  Number,
  arraySlice,
  fromCharCode,
  jsonParse,
  jsonStringify,
  charCode,
  regExpExec,
  stringIndexOf,
  stringSlice,
} from '../intrinsics.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
/** Levels of JSON that are looked through at once. */
const MAX_LEVELS = 200;
/** JSON in a string of JSON, and so on. */
const MAX_NESTED = 8;
/** A string that a name or a softly secret value may be. */
const MAX_VALUE = 8192;

interface Edit {
  start: number;
  end: number;
  by: string;
}

type Redact = (text: string, nested: number) => string;

/**
 * Text that holds JSON, whole or cut, one value or many, without the values of secret keys. What is valid JSON stays valid.
 *
 * @param inside redacts what a string of JSON holds
 * @param outside redacts what stands around JSON
 */
export function redactJsonText(
  text: string,
  isSecret: IsSecret,
  inside: Redact = (held) => held,
  outside: Redact = (rest) => rest,
  nested = 0,
): string {
  const reader = new JsonReader(text, isSecret, inside, nested);
  let out = '';
  let from = 0;
  for (let start = nextBrace(text, 0); start >= 0; start = nextBrace(text, reader.at)) {
    if (!reader.read(start)) continue;
    out += outside(stringSlice(text, from, start), nested) + reader.take(start);
    from = reader.at;
  }
  return from === 0 ? outside(text, nested) : out + outside(stringSlice(text, from), nested);
}

function nextBrace(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = charCode(text, at);
    if (isOpening(code)) return at;
  }
  return -1;
}

/** Goes through the text once: where it turns out to be no JSON, or to be nested too deep, reading goes on from there. */
class JsonReader {
  at = 0;
  private edits: Edit[] = [];
  private strings = 0;

  constructor(
    private readonly text: string,
    private readonly isSecret: IsSecret,
    private readonly inside: Redact,
    private readonly nested: number,
  ) {}

  /** Whether an object or a list with a string in it is there; then it reaches to `at`. */
  read(start: number): boolean {
    this.at = start;
    this.strings = 0;
    this.edits = [];
    if (this.escaped(start)) return true;
    const whole = this.value(0);
    if (this.at <= start) this.at = start + 1;
    return whole && this.strings > 0;
  }

  /** What has just been read, redacted. */
  take(start: number): string {
    const { text, edits } = this;
    let out = '';
    let from = start;
    for (let i = 0; i < edits.length; i++) {
      out += stringSlice(text, from, edits[i].start) + edits[i].by;
      from = edits[i].end;
    }
    return out + stringSlice(text, from, this.at);
  }

  /** JSON as it is written in a string: to where that string ends. */
  private escaped(start: number): boolean {
    const { text } = this;
    let at = start + 1;
    while (isSpace(charCode(text, at))) at++;
    if (charCode(text, at) !== BACKSLASH || this.nested >= MAX_NESTED) return false;
    let end = at;
    while (end < text.length && charCode(text, end) !== QUOTE) end += charCode(text, end) === BACKSLASH ? 2 : 1;
    if (end > text.length) end = text.length;
    const held = unescaped(stringSlice(text, start, end));
    const shown = redactJsonText(held, this.isSecret, this.inside, this.inside, this.nested + 1);
    if (shown !== held) this.edits[this.edits.length] = { start, end, by: stringSlice(jsonStringify(shown), 1, -1) };
    this.at = end;
    return true;
  }

  /** Whether a value was there; the end of the text counts as the end of any. */
  private value(depth: number): boolean {
    this.space();
    const code = charCode(this.text, this.at);
    if (code === OPEN) return depth < MAX_LEVELS && this.object(depth + 1);
    if (code === OPEN_LIST) return depth < MAX_LEVELS && this.list(depth + 1);
    if (code === QUOTE) {
      this.held(this.string());
      return true;
    }
    return this.word();
  }

  private object(depth: number): boolean {
    let named = false;
    let valueStart = -1;
    let valueEnd = 0;
    let firstEdit = 0;
    let lastEdit = 0;
    const open = this.at++;
    for (let first = true; ; first = false) {
      this.space();
      const code = charCode(this.text, this.at);
      if (code !== code || code === CLOSE) break;
      if (!first) {
        if (code !== COMMA) return false;
        this.at++;
        this.space();
      }
      if (charCode(this.text, this.at) !== QUOTE) return this.noKey(open);
      const { start, end, closed } = this.string();
      const key = unescaped(stringSlice(this.text, start, end));
      this.space();
      if (!closed || charCode(this.text, this.at) !== COLON) return this.atEnd();
      this.at++;
      this.space();
      const role = roleOf(key);
      const from = this.at;
      const mark = this.edits.length;
      const whole = this.value(depth);
      if (this.isSecret(key)) {
        // Where its value ends cannot be told.
        if (!whole && isOpening(charCode(this.text, from))) this.at = this.text.length;
        this.hide(from, mark, true);
        if (this.atEnd()) return true;
      } else if (softness(key) !== 0) this.hideSoft(key, from, mark);
      else if (role === NAME) named ||= this.isName(from);
      else if (role === VALUE && valueStart < 0) {
        valueStart = from;
        valueEnd = this.at;
        firstEdit = mark;
        lastEdit = this.edits.length;
      }
      if (!whole) return false;
    }
    this.at++;
    if (named && valueStart >= 0) {
      const later = arraySlice(this.edits, lastEdit);
      this.edits.length = firstEdit;
      this.hideRange(valueStart, valueEnd);
      for (let i = 0; i < later.length; i++) this.edits[this.edits.length] = later[i];
    }
    return true;
  }

  /** Where a brace is followed by a backslash it is read again, as JSON in a string. */
  private noKey(open: number): boolean {
    if (charCode(this.text, this.at) === BACKSLASH) this.at = open;
    return this.atEnd();
  }

  private list(depth: number): boolean {
    /** Of the items so far: where they begin and end, and their edits. */
    const starts: number[] = [];
    const ends: number[] = [];
    const marks: number[] = [];
    const open = this.at++;
    let whole = true;
    for (;;) {
      this.space();
      const code = charCode(this.text, this.at);
      if (code !== code || code === CLOSE_LIST) break;
      if (starts.length > 0) {
        if (code !== COMMA) {
          whole = false;
          break;
        }
        this.at++;
        this.space();
      }
      const { length } = starts;
      if (charCode(this.text, this.at) === BACKSLASH) return this.noKey(open);
      starts[length] = this.at;
      marks[length] = this.edits.length;
      whole = this.value(depth);
      ends[length] = this.at;
      if (!whole) break;
    }
    this.hideNamed(starts, ends, marks);
    if (whole) this.at++;
    return whole;
  }

  /** What an item before names: see `namesNext`. */
  private hideNamed(starts: number[], ends: number[], marks: number[]): void {
    const { length } = starts;
    // The last value may have been cut off.
    const even = (length + 1) & ~1;
    const hidden: number[] = [];
    for (let i = 0; i + 1 < length; i += 2) {
      const name = this.stringAt(starts[i], ends[i]);
      if (name === null) continue;
      if (namesNext(name, i, even, this.stringAt(starts[i + 1], ends[i + 1]) ?? 0, this.isSecret)) {
        hidden[hidden.length] = i + 1;
      }
    }
    if (hidden.length === 0) return;
    const edits = arraySlice(this.edits, marks[0]);
    this.edits.length = marks[0];
    let next = 0;
    for (let h = 0; h < hidden.length; h++) {
      const start = starts[hidden[h]];
      const end = ends[hidden[h]];
      for (; next < edits.length && edits[next].start < start; next++) this.edits[this.edits.length] = edits[next];
      while (next < edits.length && edits[next].start < end) next++;
      this.hideRange(start, end);
    }
    for (; next < edits.length; next++) this.edits[this.edits.length] = edits[next];
  }

  /** The string that is written there; null: it is none, or is long. */
  private stringAt(start: number, end: number): string | null {
    if (charCode(this.text, start) !== QUOTE || end - start > MAX_VALUE) return null;
    const closed = end - 1 > start && charCode(this.text, end - 1) === QUOTE;
    return unescaped(stringSlice(this.text, start + 1, closed ? end - 1 : end));
  }

  private isName(start: number): boolean {
    const name = this.stringAt(start, this.at);
    return name !== null && this.isSecret(name);
  }

  private hideSoft(key: string, start: number, mark: number): void {
    const text = this.stringAt(start, this.at);
    const number = text === null ? Number(stringSlice(this.text, start, start + 16)) : 0;
    if (isSoftSecret(softness(key), text ?? number)) this.hide(start, mark, false);
  }

  /** Hides the value that has just been read, unless it says no more than yes, no or a few. */
  private hide(start: number, mark: number, unlessPlain: boolean): void {
    if (unlessPlain && charCode(this.text, start) !== QUOTE && charCode(this.text, start) < OPEN_LIST) {
      const number = Number(stringSlice(this.text, start, this.at));
      if (number === number && !mayBeSecret(number)) return;
    }
    if (unlessPlain && regExpExec(LITERAL, stringSlice(this.text, start, start + 5)) !== null) return;
    this.edits.length = mark;
    this.hideRange(start, this.at);
  }

  private hideRange(start: number, end: number): void {
    this.edits[this.edits.length] = { start, end, by: `"${REDACTED}"` };
  }

  /** What a string holds. */
  private held({ start, end, closed }: { start: number; end: number; closed: boolean }): void {
    if (end - start < 4) return;
    const raw = stringSlice(this.text, start, end);
    const held = unescaped(raw);
    const shown = this.inside(held, this.nested + 1);
    if (shown === held) return;
    const json = stringSlice(jsonStringify(shown), 1, -1);
    this.edits[this.edits.length] = { start, end: closed ? end : this.text.length, by: json };
  }

  /** Reads to the end of a string. */
  private string(): { start: number; end: number; closed: boolean } {
    const { text } = this;
    const start = this.at + 1;
    this.strings++;
    let quote = stringIndexOf(text, '"', start);
    for (; quote >= 0; quote = stringIndexOf(text, '"', quote + 1)) {
      let before = quote - 1;
      while (before >= start && charCode(text, before) === BACKSLASH) before--;
      if (((quote - 1 - before) & 1) === 0) break;
    }
    const closed = quote >= 0;
    this.at = closed ? quote + 1 : text.length;
    return { start, end: closed ? quote : text.length, closed };
  }

  private word(): boolean {
    const { text } = this;
    const start = this.at;
    while (this.at < text.length && isWord(charCode(text, this.at))) this.at++;
    if (this.at === start) return this.atEnd();
    const first = charCode(text, start);
    return first < 0x3a || regExpExec(LITERAL, stringSlice(text, start, this.at)) !== null || this.atEnd();
  }

  private atEnd(): boolean {
    return this.at >= this.text.length;
  }

  private space(): void {
    while (isSpace(charCode(this.text, this.at))) this.at++;
  }
}

const LITERAL = /^(?:true|false|null)/;

/** Of numbers, `true`, `false` and `null`. */
function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || code === 0x45 || isSign(code);
}

function isSign(code: number): boolean {
  return code === 0x2b || code === 0x2d || code === 0x2e;
}

/** What stands between two quotes of JSON; what is wrong there stays as it is. */
function unescaped(raw: string): string {
  if (stringIndexOf(raw, '\\') < 0) return raw;
  try {
    return jsonParse(`"${raw}"`) as string;
  } catch {
    return leniently(raw);
  }
}

const LETTERS: Record<string, string | undefined> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function leniently(raw: string): string {
  let out = '';
  let from = 0;
  for (let at = stringIndexOf(raw, '\\'); at >= 0 && at + 1 < raw.length; at = stringIndexOf(raw, '\\', from)) {
    const letter = raw[at + 1];
    const hex = letter === 'u' ? stringSlice(raw, at + 2, at + 6) : '';
    out += stringSlice(raw, from, at);
    if (hex.length === 4 && regExpExec(HEX, hex) !== null) {
      out += fromCharCode(Number(`0x${hex}`));
      from = at + 6;
      continue;
    }
    out += LETTERS[letter] ?? letter;
    from = at + 2;
  }
  const rest = stringSlice(raw, from);
  // An escape that was cut off.
  return out + (charCode(rest, rest.length - 1) === BACKSLASH ? stringSlice(rest, 0, -1) : rest);
}

const HEX = /^[\da-f]{4}$/i;
