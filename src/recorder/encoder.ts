import { epoch } from './clock.js';
import { quote } from './preview.js';

/** Bytes after which a batch is handed on, at the end of a line. */
const BATCH = 1024 * 1024;
/** Below this many bytes a loop is faster than the built-in copy. */
const SHORT = 24;
/** Above this many characters the built-in encoder is faster than a loop. */
const LONG = 48;

/** The digits of 0 to 999. */
const THREE_DIGITS = new Uint8Array(3000);
for (let i = 0; i < 1000; i++) {
  THREE_DIGITS[i * 3] = 48 + Math.floor(i / 100);
  THREE_DIGITS[i * 3 + 1] = 48 + (Math.floor(i / 10) % 10);
  THREE_DIGITS[i * 3 + 2] = 48 + (i % 10);
}

/** Writes the parts of lines into one growing buffer of bytes. */
export interface Encoder {
  bytes(part: Uint8Array): void;
  /** A whole number from 0 to 2^53. */
  integer(value: number): void;
  /** A reading of the clock, as nanoseconds since the epoch. */
  time(reading: number): void;
  /** JSON of a primitive value. */
  primitive(value: unknown): void;
  /** Text as it is. */
  text(text: string): void;
  /** The line is whole: hands the batch on if it is large enough, and says so. */
  endLine(): boolean;
  /** Hands on what there is. */
  flush(): void;
  /** Forgets what was not handed on: the lines are about to be made again. */
  reset(): void;
}

/** @param write takes whole lines; the bytes are its own only until it returns */
export function createEncoder(write: (lines: Uint8Array) => void): Encoder {
  let out = Buffer.allocUnsafeSlow(BATCH * 2);
  let at = 0;
  /** The reading at which the second began whose digits are at hand. */
  let secondStart = NaN;
  let secondText: Uint8Array = new Uint8Array(10);

  function need(count: number): void {
    if (at + count <= out.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(out.length * 2, at + count));
    out.copy(grown, 0, 0, at);
    out = grown;
  }

  function bytes(part: Uint8Array): void {
    const { length } = part;
    need(length);
    if (length < SHORT) for (let i = 0; i < length; i++) out[at + i] = part[i];
    else out.set(part, at);
    at += length;
  }

  /** 0 to 999,999,999. */
  function digits(value: number): void {
    let rest = value | 0;
    let end =
      at +
      (rest < 1e4
        ? rest < 100
          ? rest < 10
            ? 1
            : 2
          : rest < 1000
            ? 3
            : 4
        : rest < 1e6
          ? rest < 1e5
            ? 5
            : 6
          : rest < 1e7
            ? 7
            : rest < 1e8
              ? 8
              : 9);
    const next = end;
    do {
      const tenth = (rest / 10) | 0;
      out[--end] = 48 + rest - tenth * 10;
      rest = tenth;
    } while (rest !== 0);
    at = next;
  }

  function nineDigits(value: number): void {
    const millions = (value / 1e6) | 0;
    const below = value - millions * 1e6;
    const thousands = (below / 1e3) | 0;
    three(millions, at);
    three(thousands, at + 3);
    three(below - thousands * 1e3, at + 6);
    at += 9;
  }

  /** 0 to 999, with leading zeros. */
  function three(value: number, to: number): void {
    const from = value * 3;
    out[to] = THREE_DIGITS[from];
    out[to + 1] = THREE_DIGITS[from + 1];
    out[to + 2] = THREE_DIGITS[from + 2];
  }

  function integer(value: number): void {
    need(20);
    if (value < 1e9) digits(value);
    else {
      const high = Math.floor(value / 1e9);
      digits(high);
      nineDigits(value - high * 1e9);
    }
  }

  function time(reading: number): void {
    need(20);
    let rest = reading - secondStart;
    if (!(rest >= 0 && rest < 1e9)) {
      const second = epoch.second(reading);
      rest = epoch.rest(reading, second);
      secondStart = reading - rest;
      secondText = Buffer.from(String(second));
    }
    for (let i = 0; i < 10; i++) out[at + i] = secondText[i];
    at += 10;
    nineDigits(rest);
  }

  function primitive(value: unknown): void {
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value && (value !== 0 || 1 / value > 0) && value > -1e9 && value < 1e9) {
          need(12);
          if (value < 0) {
            out[at++] = 45;
            digits(-value);
          } else digits(value);
        } else if (value - value === 0) text(value === 0 ? '-0' : `${value}`);
        else text(`{"$type":"number","value":"${value}"}`);
        break;
      case 'string':
        string(value);
        break;
      case 'boolean':
        text(value ? 'true' : 'false');
        break;
      default:
        text(value === null ? 'null' : '{"$type":"undefined"}');
    }
  }

  function string(value: string): void {
    const { length } = value;
    if (length <= LONG) {
      need(length + 2);
      let to = at;
      out[to++] = 34;
      for (let i = 0; i < length; i++) {
        const unit = value.charCodeAt(i);
        // Printable ASCII without the quote and the backslash stands for itself.
        if (unit < 32 || unit > 126 || unit === 34 || unit === 92) return text(quote(value));
        out[to++] = unit;
      }
      out[to++] = 34;
      at = to;
    } else text(quote(value));
  }

  function text(value: string): void {
    const { length } = value;
    need(length * 3);
    if (length <= LONG) {
      let to = at;
      for (let i = 0; i < length; i++) {
        const unit = value.charCodeAt(i);
        if (unit > 126) {
          at += out.write(value, at, 'utf8');
          return;
        }
        out[to++] = unit;
      }
      at = to;
    } else at += out.write(value, at, 'utf8');
  }

  function flush(): void {
    if (at === 0) return;
    const lines = out.subarray(0, at);
    at = 0;
    write(lines);
    // One huge value must not keep its room for good.
    if (out.length > BATCH * 4) out = Buffer.allocUnsafeSlow(BATCH * 2);
  }

  return {
    bytes,
    integer,
    time,
    primitive,
    text,
    endLine() {
      if (at <= BATCH) return false;
      flush();
      return true;
    },
    flush,
    reset() {
      at = 0;
    },
  };
}
