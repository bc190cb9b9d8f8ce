import { epoch } from './clock.js';
import { constant, type Constant } from './constant.js';
import { PADDED, PLAIN } from './digits.js';
import { quote } from './quote.js';
import {
  allocUnsafeSlow,
  byteLength,
  bytesView,
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
  Uint8Array,
  uncountedBytes,
  utf8Text,
  viewOf,
  writeUtf8,
} from '../intrinsics.js';

/** Bytes after which a batch is passed on, at the end of a line. */
const BATCH = 1024 * 1024;
/** Bytes of room to begin with: most processes need no more. */
const FIRST_ROOM = 64 * 1024;
/** Bytes that a wide write may touch past what it writes. */
const WIDE = 16;
/** Above this many characters the built-in encoder is faster than a loop. */
const LONG = 48;
/** The same where it has to be looked at anyway. */
const LONG_STRING = 512;

/** What a string has: `:`, `=` or `>`; digits, `_` or `-`; what JSON must escape, or characters beyond ASCII. */
export const HAS_NAMES = 1;
export const HAS_TOKENS = 2;
export const HAS_ESCAPES = 4;

/** Per character of ASCII. */
const TRAITS = new Uint8Array(128);
for (let code = 0; code < 32; code++) TRAITS[code] = HAS_ESCAPES;
for (let code = 48; code < 58; code++) TRAITS[code] = HAS_TOKENS;
TRAITS[34] = TRAITS[92] = HAS_ESCAPES;
TRAITS[45] = TRAITS[95] = HAS_TOKENS;
TRAITS[58] = TRAITS[61] = TRAITS[62] = HAS_NAMES;

/** Numbers of which the text is kept: a power of two. */
const NUMBERS_BITS = 10;
/** Eight bytes each; a longer text is not kept. */
const NUMBER_CHUNKS = 3;

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
  /** Where the next byte goes. */
  readonly at: number;
  readonly data: SafeDataView;
  /** Takes back all after that place; also the other way, after a write into `room`. */
  cut(position: number): void;
  /** Makes room for that many bytes after `at`. Returns the buffer, which is valid until the next write. */
  room(count: number): Uint8Array;
  /** Moves what is after that position. */
  insert(position: number, text: string): void;
  /** What is after that position, as a string. */
  slice(position: number): string;
  /** Makes what is here fit for `copy`: bytes left over after it might make the last eight a NaN. */
  close(): void;
  /** Forgets what was not passed on: the lines are about to be made again. */
  reset(): void;
}

/**
 * @param write takes whole lines; the bytes are its own only until it returns
 * @param size bytes of room that are kept once they were needed
 * @param batch bytes after which lines are passed on
 */
export function createEncoder(write: (lines: Uint8Array) => void, size = BATCH * 2, batch = BATCH): Encoder {
  return new ByteEncoder(write, size, batch);
}

class ByteEncoder implements Encoder {
  /** The room that is kept, and the room at the moment. */
  private kept = uncountedBytes(FIRST_ROOM);
  private buffer = this.kept;
  data = viewOf(this.kept.buffer);
  at = 0;
  /** The reading at which the second began whose digits are known. */
  private secondStart = NaN;
  private secondText = constant('0000000000');
  /** The digits of numbers seen before: making them takes 150 ns, and a program hands the same ones on and on. */
  private readonly numbers = new Float64Array(1 << NUMBERS_BITS);
  private readonly numberLengths = new Uint8Array(1 << NUMBERS_BITS);
  private readonly numberTexts = new Float64Array(NUMBER_CHUNKS << NUMBERS_BITS);
  private readonly numberBits = new Float64Array(1);
  private readonly numberHalves = new Int32Array(this.numberBits.buffer);

  constructor(
    private readonly write: (lines: Uint8Array) => void,
    private readonly size: number,
    readonly batch: number,
  ) {
    fillBytes(this.numbers, NaN);
  }

  /** Room for that many bytes, and for what a wide write takes beyond them. */
  private need(count: number): void {
    if (this.at + count + WIDE > this.buffer.length) this.grow(count);
  }

  private grow(count: number): void {
    const length = max(this.buffer.length * 2, this.at + count + WIDE);
    const grown = length <= this.size ? (this.kept = uncountedBytes(length)) : allocUnsafeSlow(length);
    setBytes(grown, bytesView(this.buffer, 0, this.at), 0);
    this.use(grown);
  }

  private use(buffer: Buffer<ArrayBuffer>): void {
    this.buffer = buffer;
    this.data = viewOf(buffer.buffer);
  }

  constant(part: Constant): void {
    const { chunks, length } = part;
    this.need(length);
    const target = this.data;
    const { length: count } = chunks;
    let to = this.at;
    for (let i = 0; i < count; i++) {
      target.setFloat64(to, chunks[i], true);
      to += 8;
    }
    this.at += length;
  }

  bytes(part: Uint8Array): void {
    const { length } = part;
    this.need(length);
    setBytes(this.buffer, part, this.at);
    this.at += length;
  }

  /** 0 to 999,999,999. */
  private digits(whole: number): void {
    // As an integer it is divided by a multiplication.
    const value = whole | 0;
    const thousands = (value / 1000) | 0;
    const millions = (thousands / 1000) | 0;
    const { data } = this;
    const first = millions > 0 ? millions : thousands > 0 ? thousands : value;
    data.setUint32(this.at, PLAIN[first], true);
    this.at += first < 10 ? 1 : first < 100 ? 2 : 3;
    if (millions > 0) {
      data.setUint32(this.at, PADDED[thousands - millions * 1000], true);
      this.at += 3;
    }
    if (thousands > 0) {
      data.setUint32(this.at, PADDED[value - thousands * 1000], true);
      this.at += 3;
    }
  }

  private nineDigits(whole: number): void {
    const value = whole | 0;
    const thousands = (value / 1000) | 0;
    const millions = (thousands / 1000) | 0;
    const { data, at } = this;
    data.setUint32(at, PADDED[millions], true);
    data.setUint32(at + 3, PADDED[thousands - millions * 1000], true);
    data.setUint32(at + 6, PADDED[value - thousands * 1000], true);
    this.at = at + 9;
  }

  integer(value: number): void {
    this.need(20);
    if (value < 1e9) this.digits(value);
    else {
      const high = floor(value / 1e9);
      this.digits(high);
      this.nineDigits(value - high * 1e9);
    }
  }

  time(reading: number): void {
    this.need(20);
    let rest = reading - this.secondStart;
    if (!(rest >= 0 && rest < 1e9)) {
      const second = epoch.second(reading);
      rest = epoch.rest(reading, second);
      this.secondStart = reading - rest;
      this.secondText = constant(String(second));
    }
    this.constant(this.secondText);
    this.nineDigits(rest);
  }

  /** A number that is not zero to 10^9 without a fraction, nor the same below zero. */
  private finite(value: number): void {
    if (value >= 1e9 && value <= MAX_SAFE_INTEGER && floor(value) === value) return this.integer(value);
    if (value === 0) return this.text('-0');
    this.numberBits[0] = value;
    const mixed = imul(this.numberHalves[0] ^ imul(this.numberHalves[1], 0x9e3779b1), 0x85ebca6b);
    const place = mixed >>> (32 - NUMBERS_BITS);
    if (this.numbers[place] === value) {
      this.need(NUMBER_CHUNKS * 8);
      let from = place * NUMBER_CHUNKS;
      this.data.setFloat64(this.at, this.numberTexts[from++], true);
      this.data.setFloat64(this.at + 8, this.numberTexts[from++], true);
      this.data.setFloat64(this.at + 16, this.numberTexts[from], true);
      this.at += this.numberLengths[place];
      return;
    }
    const start = this.at;
    this.text(`${value}`);
    if (this.at - start > NUMBER_CHUNKS * 8) return;
    this.need(NUMBER_CHUNKS * 8);
    this.numbers[place] = value;
    this.numberLengths[place] = this.at - start;
    for (let i = 0; i < NUMBER_CHUNKS; i++) {
      // What is after the text does not matter, and may change on its way.
      this.numberTexts[place * NUMBER_CHUNKS + i] = this.data.getFloat64(start + i * 8, true);
    }
  }

  primitive(value: unknown): void {
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value && (value !== 0 || 1 / value > 0) && value > -1e9 && value < 1e9) {
          this.need(12);
          if (value < 0) {
            this.buffer[this.at++] = 45;
            this.digits(-value);
          } else this.digits(value);
        } else if (value - value === 0) this.finite(value);
        else this.text(`{"$type":"number","value":"${value}"}`);
        break;
      case 'string':
        this.string(value);
        break;
      case 'boolean':
        this.constant(value ? TRUE : FALSE);
        break;
      default:
        this.constant(value === null ? NULL : UNDEFINED);
    }
  }

  string(value: string): number {
    const { length } = value;
    if (length > LONG_STRING) return this.quoted(value);
    this.need(length + 2);
    const { buffer } = this;
    let to = this.at;
    let has = 0;
    buffer[to++] = 34;
    for (let i = 0; i < length; i++) {
      const unit = charCode(value, i);
      if (unit > 126) return this.quoted(value);
      has |= TRAITS[unit];
      buffer[to++] = unit;
    }
    if ((has & HAS_ESCAPES) !== 0) return this.quoted(value);
    buffer[to++] = 34;
    this.at = to;
    return has;
  }

  private quoted(value: string): number {
    this.text(quote(value));
    return HAS_NAMES | HAS_TOKENS | HAS_ESCAPES;
  }

  text(value: string): void {
    const { length } = value;
    this.need(length * 3);
    if (length <= LONG) {
      const { buffer } = this;
      let to = this.at;
      for (let i = 0; i < length; i++) {
        const unit = charCode(value, i);
        if (unit > 126) {
          this.at += writeUtf8(buffer, value, this.at);
          return;
        }
        buffer[to++] = unit;
      }
      this.at = to;
    } else this.at += writeUtf8(this.buffer, value, this.at);
  }

  flush(): void {
    if (this.at === 0) return;
    const lines = bytesView(this.buffer, 0, this.at);
    this.at = 0;
    this.write(lines);
    this.shrink();
  }

  /** One huge value must not keep its room permanently. */
  private shrink(): void {
    if (this.buffer.length > this.size * 2) this.use(this.kept);
  }

  byte(code: number): void {
    this.need(1);
    this.buffer[this.at++] = code;
  }

  copy(from: Encoder, start: number, length: number): void {
    this.need(length);
    const source = from.data;
    const target = this.data;
    const end = this.at + length;
    for (let to = this.at, place = start; to < end; to += 8, place += 8) {
      target.setFloat64(to, source.getFloat64(place, true), true);
    }
    this.at = end;
  }

  cut(position: number): void {
    this.at = position;
  }

  room(count: number): Uint8Array {
    this.need(count);
    return this.buffer;
  }

  insert(position: number, added: string): void {
    const length = byteLength(added);
    this.need(length);
    moveBytes(this.buffer, position + length, position, this.at);
    writeUtf8(this.buffer, added, position);
    this.at += length;
  }

  slice(position: number): string {
    return utf8Text(this.buffer, position, this.at);
  }

  close(): void {
    this.need(8);
    this.data.setFloat64(this.at, 0, true);
    // The last eight of them begin before this place.
    this.at += 8;
  }

  endLine(): boolean {
    if (this.at <= this.batch) return false;
    this.flush();
    return true;
  }

  reset(): void {
    this.at = 0;
    this.shrink();
  }
}
