import { createEpochFormatter } from './clock.js';
import { quote } from './preview.js';

/** Bytes after which a batch is handed on, at the end of a line. */
const BATCH = 256 * 1024;
/** Below this many bytes a loop is faster than the built-in copy. */
const SHORT = 24;
/** Above this many characters the built-in encoder is faster than a loop. */
const LONG = 48;

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
  const epoch = createEpochFormatter();

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
    let rest = value | 0;
    for (let i = at + 8; i >= at; i--) {
      const tenth = (rest / 10) | 0;
      out[i] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    at += 9;
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
    const second = epoch.second(reading);
    digits(Math.floor(second / 10));
    out[at++] = 48 + (second % 10);
    nineDigits(epoch.rest(reading, second));
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
    if (out.length > BATCH * 8) out = Buffer.allocUnsafeSlow(BATCH * 2);
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
