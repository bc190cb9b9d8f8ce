import { epoch } from './clock.js';
import { quote } from './quote.js';
import {
  allocUnsafeSlow,
  byteLength,
  bytesView,
  ceil,
  charCode,
  fillBytes,
  Float64Array,
  floor,
  imul,
  Int32Array,
  max,
  MAX_SAFE_INTEGER,
  moveBytes,
  type SafeDataView,
  setBytes,
  String,
  Uint32Array,
  Uint8Array,
  utf8Bytes,
  utf8Text,
  viewOf,
  writeUtf8,
} from '../intrinsics.js';

/** Bytes after which a batch is handed on, at the end of a line. */
const BATCH = 1024 * 1024;
/** Bytes that a wide write may touch behind what it is about. */
const WIDE = 16;
/** Above this many characters the built-in encoder is faster than a loop. */
const LONG = 48;
/** The same where it has to be looked at anyway. */
const LONG_STRING = 512;

/** What a string has: `:` or `=`; digits, `_` or `-`; what JSON must escape, or characters beyond ASCII. */
export const HAS_NAMES = 1;
export const HAS_TOKENS = 2;
export const HAS_ESCAPES = 4;

/** Per character of ASCII. */
const TRAITS = new Uint8Array(128);
for (let code = 0; code < 32; code++) TRAITS[code] = HAS_ESCAPES;
for (let code = 48; code < 58; code++) TRAITS[code] = HAS_TOKENS;
TRAITS[34] = TRAITS[92] = HAS_ESCAPES;
TRAITS[45] = TRAITS[95] = HAS_TOKENS;
TRAITS[58] = TRAITS[61] = HAS_NAMES;

/** Numbers of which the text is kept: a power of two. */
const NUMBERS_BITS = 10;
/** Eight bytes each; a longer text is not kept. */
const NUMBER_CHUNKS = 3;

/** The three digits of 0 to 999 as the bytes of a little-endian number. */
const PADDED = new Uint32Array(1000);
/** The same without leading zeros. */
const PLAIN = new Uint32Array(1000);
// By numbers: each start makes these tables, and with strings that takes 2 ms.
for (let i = 0; i < 1000; i++) {
  const ones = 48 + (i % 10);
  const tens = 48 + (floor(i / 10) % 10);
  PADDED[i] = 48 + floor(i / 100) + tens * 256 + ones * 65_536;
  PLAIN[i] = i < 10 ? ones : i < 100 ? tens + ones * 256 : PADDED[i];
}

/**
 * Text of lines that is written often: eight bytes at a time, as floating-point numbers. No eight bytes of UTF-8 are a NaN,
 * of which the bits might change on their way.
 */
export interface Constant {
  readonly length: number;
  readonly chunks: Float64Array;
}

/** @returns text in the form that the encoder writes fastest */
export function constant(text: string): Constant {
  const bytes = utf8Bytes(text);
  const padded = new Uint8Array(ceil(bytes.length / 8) * 8);
  setBytes(padded, bytes, 0);
  const view = viewOf(padded.buffer);
  const chunks = new Float64Array(padded.length / 8);
  for (let i = 0; i < chunks.length; i++) chunks[i] = view.getFloat64(i * 8, true);
  return { length: bytes.length, chunks };
}

const TRUE = constant('true');
const FALSE = constant('false');
const NULL = constant('null');
const UNDEFINED = constant('{"$type":"undefined"}');

/** Writes the parts of lines into one growing buffer of bytes. */
export interface Encoder {
  constant(part: Constant): void;
  bytes(part: Uint8Array): void;
  /** A whole number from 0 to 2^53. */
  integer(value: number): void;
  /** A reading of the clock, as nanoseconds since the epoch. */
  time(reading: number): void;
  /** JSON of a primitive value. */
  primitive(value: unknown): void;
  /** A string as JSON; returns what is in it, as a sum of `HAS_NAMES` and the others. */
  string(value: string): number;
  /** Text as it is. */
  text(text: string): void;
  /** One character of ASCII. */
  byte(code: number): void;
  /** What stands between two places in another encoder; see `close`. */
  copy(from: Encoder, start: number, length: number): void;
  /** The line is whole: hands the batch on if it is large enough, and says so. */
  endLine(): boolean;
  /** Beyond that position, the end of a line hands it on. */
  readonly batch: number;
  /** Hands on what there is. */
  flush(): void;
  /** Where the next byte goes. A method, as the next: an object literal with accessors is slow in all its properties. */
  position(): number;
  view(): SafeDataView;
  /** Takes back all behind that place; also the other way, after a write into `room`. */
  cut(position: number): void;
  /** Makes room for that many bytes behind `position`. Answers the buffer, which is good until the next write. */
  room(count: number): Uint8Array;
  /** Moves what stands behind that place. */
  insert(position: number, text: string): void;
  /** What stands behind that place, as a string. */
  slice(position: number): string;
  /** Makes what stands here fit for `copy`: bytes left over behind it might make the last eight a NaN. */
  close(): void;
  /** Forgets what was not handed on: the lines are about to be made again. */
  reset(): void;
}

/**
 * @param write takes whole lines; the bytes are its own only until it returns
 * @param size bytes of room to begin with
 * @param batch bytes after which lines are handed on
 */
export function createEncoder(write: (lines: Uint8Array) => void, size = BATCH * 2, batch = BATCH): Encoder {
  let out = allocUnsafeSlow(size);
  let view = viewOf(out.buffer);
  let at = 0;
  /** The reading at which the second began whose digits are at hand. */
  let secondStart = NaN;
  let secondText = constant('0000000000');
  /** The digits of numbers seen before: making them takes 150 ns, and a program hands the same ones on and on. */
  const numbers = new Float64Array(1 << NUMBERS_BITS);
  fillBytes(numbers, NaN);
  const numberLengths = new Uint8Array(1 << NUMBERS_BITS);
  const numberTexts = new Float64Array(NUMBER_CHUNKS << NUMBERS_BITS);
  const numberBits = new Float64Array(1);
  const numberHalves = new Int32Array(numberBits.buffer);

  /** Room for that many bytes, and for what a wide write takes beyond them. */
  function need(count: number): void {
    if (at + count + WIDE > out.length) grow(count);
  }

  function grow(count: number): void {
    const grown = allocUnsafeSlow(max(out.length * 2, at + count + WIDE));
    setBytes(grown, bytesView(out, 0, at), 0);
    use(grown);
  }

  function use(buffer: Buffer<ArrayBuffer>): void {
    out = buffer;
    view = viewOf(buffer.buffer);
  }

  function written(part: Constant): void {
    const { chunks, length } = part;
    need(length);
    const target = view;
    const { length: count } = chunks;
    let to = at;
    for (let i = 0; i < count; i++) {
      target.setFloat64(to, chunks[i], true);
      to += 8;
    }
    at += length;
  }

  function bytes(part: Uint8Array): void {
    const { length } = part;
    need(length);
    setBytes(out, part, at);
    at += length;
  }

  /** 0 to 999,999,999. */
  function digits(whole: number): void {
    // As an integer it is divided by a multiplication.
    const value = whole | 0;
    if (value < 1000) return upToThree(value);
    const thousands = (value / 1000) | 0;
    if (thousands < 1000) upToThree(thousands);
    else {
      const millions = (thousands / 1000) | 0;
      upToThree(millions);
      three(thousands - millions * 1000);
    }
    three(value - thousands * 1000);
  }

  function nineDigits(whole: number): void {
    const value = whole | 0;
    const thousands = (value / 1000) | 0;
    const millions = (thousands / 1000) | 0;
    three(millions);
    three(thousands - millions * 1000);
    three(value - thousands * 1000);
  }

  /** 0 to 999, with leading zeros. */
  function three(value: number): void {
    view.setUint32(at, PADDED[value], true);
    at += 3;
  }

  function upToThree(value: number): void {
    view.setUint32(at, PLAIN[value], true);
    at += value < 10 ? 1 : value < 100 ? 2 : 3;
  }

  function integer(value: number): void {
    need(20);
    if (value < 1e9) digits(value);
    else {
      const high = floor(value / 1e9);
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
      secondText = constant(String(second));
    }
    written(secondText);
    nineDigits(rest);
  }

  /** A number that is not zero to 10^9 without a fraction, nor the same below zero. */
  function finite(value: number): void {
    if (value >= 1e9 && value <= MAX_SAFE_INTEGER && floor(value) === value) return integer(value);
    if (value === 0) return text('-0');
    numberBits[0] = value;
    const mixed = imul(numberHalves[0] ^ imul(numberHalves[1], 0x9e3779b1), 0x85ebca6b);
    const place = mixed >>> (32 - NUMBERS_BITS);
    if (numbers[place] === value) {
      need(NUMBER_CHUNKS * 8);
      let from = place * NUMBER_CHUNKS;
      view.setFloat64(at, numberTexts[from++], true);
      view.setFloat64(at + 8, numberTexts[from++], true);
      view.setFloat64(at + 16, numberTexts[from], true);
      at += numberLengths[place];
      return;
    }
    const start = at;
    text(`${value}`);
    if (at - start > NUMBER_CHUNKS * 8) return;
    need(NUMBER_CHUNKS * 8);
    numbers[place] = value;
    numberLengths[place] = at - start;
    for (let i = 0; i < NUMBER_CHUNKS; i++) {
      // What stands behind the text is of no account, and may change on its way.
      numberTexts[place * NUMBER_CHUNKS + i] = view.getFloat64(start + i * 8, true);
    }
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
        } else if (value - value === 0) finite(value);
        else text(`{"$type":"number","value":"${value}"}`);
        break;
      case 'string':
        string(value);
        break;
      case 'boolean':
        written(value ? TRUE : FALSE);
        break;
      default:
        written(value === null ? NULL : UNDEFINED);
    }
  }

  function string(value: string): number {
    const { length } = value;
    if (length > LONG_STRING) return quoted(value);
    need(length + 2);
    let to = at;
    let has = 0;
    out[to++] = 34;
    for (let i = 0; i < length; i++) {
      const unit = charCode(value, i);
      if (unit > 126) return quoted(value);
      has |= TRAITS[unit];
      out[to++] = unit;
    }
    if ((has & HAS_ESCAPES) !== 0) return quoted(value);
    out[to++] = 34;
    at = to;
    return has;
  }

  function quoted(value: string): number {
    text(quote(value));
    return HAS_NAMES | HAS_TOKENS | HAS_ESCAPES;
  }

  function text(value: string): void {
    const { length } = value;
    need(length * 3);
    if (length <= LONG) {
      let to = at;
      for (let i = 0; i < length; i++) {
        const unit = charCode(value, i);
        if (unit > 126) {
          at += writeUtf8(out, value, at);
          return;
        }
        out[to++] = unit;
      }
      at = to;
    } else at += writeUtf8(out, value, at);
  }

  function flush(): void {
    if (at === 0) return;
    const lines = bytesView(out, 0, at);
    at = 0;
    write(lines);
    shrink();
  }

  /** One huge value must not keep its room for good. */
  function shrink(): void {
    if (out.length > size * 2) use(allocUnsafeSlow(size));
  }

  return {
    constant: written,
    string,
    byte(code) {
      need(1);
      out[at++] = code;
    },
    copy(from, start, length) {
      need(length);
      const source = from.view();
      const target = view;
      const end = at + length;
      for (let to = at, place = start; to < end; to += 8, place += 8) {
        target.setFloat64(to, source.getFloat64(place, true), true);
      }
      at = end;
    },
    position: () => at,
    view: () => view,
    cut(position) {
      at = position;
    },
    room(count) {
      need(count);
      return out;
    },
    insert(position, added) {
      const length = byteLength(added);
      need(length);
      moveBytes(out, position + length, position, at);
      writeUtf8(out, added, position);
      at += length;
    },
    slice: (position) => utf8Text(out, position, at),
    close() {
      need(8);
      view.setFloat64(at, 0, true);
      // The last eight of them begin before this place.
      at += 8;
    },
    bytes,
    integer,
    time,
    primitive,
    text,
    endLine() {
      if (at <= batch) return false;
      flush();
      return true;
    },
    batch,
    flush,
    reset() {
      at = 0;
      shrink();
    },
  };
}
