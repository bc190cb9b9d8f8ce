import { COLUMNS, type IndexData, type IndexTables } from './index-data.js';

/**
 * An index as bytes: the tables as JSON, then each column as numbers of variable length, the differences to what is
 * expected there. Such numbers are small and alike, so that a general compressor makes little of them.
 */
export function packIndex({ count, columns, settles, tables }: IndexData): Uint8Array {
  const out = new NumberWriter();
  const json = new TextEncoder().encode(JSON.stringify(tables));
  out.number(json.length);
  out.bytes(json);
  out.number(count);
  for (const name of COLUMNS) {
    const { at } = EXPECTED[name];
    const column = columns[name];
    let row = 0;
    while (row < count && column[row] === at(columns, row)) row++;
    // Of a column that is as expected throughout there is nothing to read.
    out.number(row === count ? 0 : 1);
    if (row < count) for (row = 0; row < count; row++) out.number(column[row] - at(columns, row));
  }
  const { node, at, length, dt } = settles;
  out.number(node.length);
  for (let row = 0; row < node.length; row++) {
    out.number(node[row] - (node[row - 1] ?? 0));
    out.number(at[row] - columns.beginAt[node[row]]);
    out.number(length[row]);
    out.number(dt[row]);
  }
  return out.end();
}

export function unpackIndex(bytes: Uint8Array): IndexData {
  const input = new NumberReader(bytes);
  const tables = JSON.parse(new TextDecoder().decode(input.bytes(input.number()))) as IndexTables;
  const count = input.number();
  const columns = emptyColumns(count);
  // All go through numbers of one kind: a loop over arrays of four kinds is many times slower.
  const numbers = new Float64Array(count);
  for (const name of COLUMNS) {
    if (input.number() === 0) numbers.fill(0);
    else input.numbers(numbers);
    EXPECTED[name].add(numbers, columns);
    if (name === 'beginAt' || name === 'endAt') columns[name] = placesOf(numbers);
    else columns[name].set(numbers);
  }
  const settled = input.number();
  const settles = {
    ...{ node: new Int32Array(settled), at: new Float64Array(settled) },
    ...{ length: new Uint32Array(settled), dt: new Float64Array(settled) },
  };
  for (let row = 0; row < settled; row++) {
    settles.node[row] = input.number() + (settles.node[row - 1] ?? 0);
    settles.at[row] = input.number() + columns.beginAt[settles.node[row]];
    settles.length[row] = input.number();
    settles.dt[row] = input.number();
  }
  return { count, columns, settles, tables };
}

type Columns = IndexData['columns'];

function emptyColumns(count: number): { -readonly [Name in keyof Columns]: Columns[Name] } {
  return {
    ...{ id: new Uint32Array(count), parent: new Int32Array(count), func: new Int32Array(count) },
    ...{ scope: new Int32Array(count), t0: new Float64Array(count), dt: new Float64Array(count) },
    ...{ flags: new Uint16Array(count), beginAt: new Int32Array(0), beginLength: new Uint32Array(count) },
    ...{ endAt: new Int32Array(0), endLength: new Uint32Array(count) },
  };
}

/** Numbers of lines, for which half of the room is enough. */
function placesOf(numbers: Float64Array): Columns['beginAt'] {
  return numbers.every((place) => place < 2 ** 31) ? Int32Array.from(numbers) : numbers.slice();
}

interface Expected {
  /** What a column most likely has in a row, from the rows before and the columns before. */
  at(columns: Columns, row: number): number;
  /** Adds that to the differences. */
  add(numbers: Float64Array, columns: Columns): void;
}

/** The same in all rows. */
function constant(value: number): Expected {
  return {
    at: () => value,
    add(numbers) {
      for (let row = 0; row < numbers.length; row++) numbers[row] += value;
    },
  };
}

/** A fixed distance from the row before. */
function after(name: keyof Columns, step: number): Expected {
  return {
    at: ({ [name]: column }, row) => (row === 0 ? 0 : column[row - 1] + step),
    add(numbers) {
      for (let row = 1; row < numbers.length; row++) numbers[row] += numbers[row - 1] + step;
    },
  };
}

const EXPECTED: Record<keyof Columns, Expected> = {
  id: after('id', 1),
  parent: {
    at: (_, row) => row - 1,
    add(numbers) {
      for (let row = 0; row < numbers.length; row++) numbers[row] += row - 1;
    },
  },
  func: constant(0),
  scope: after('scope', 0),
  t0: after('t0', 0),
  dt: constant(-1),
  flags: constant(0),
  beginAt: after('beginAt', 1),
  beginLength: constant(1),
  endAt: {
    at: ({ beginAt }, row) => beginAt[row] + 1,
    add(numbers, { beginAt }) {
      for (let row = 0; row < numbers.length; row++) numbers[row] += beginAt[row] + 1;
    },
  },
  endLength: constant(1),
};

class NumberWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  /** A whole number up to 2^52, either sign. */
  number(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    this.#room(8);
    while (rest >= 0x80) {
      const low = rest % 0x80;
      this.#bytes[this.#length++] = low | 0x80;
      rest = (rest - low) / 0x80;
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  end(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

class NumberReader {
  #at = 0;
  readonly #one = new Float64Array(1);

  constructor(private readonly source: Uint8Array) {}

  number(): number {
    this.numbers(this.#one);
    return this.#one[0];
  }

  numbers(target: Float64Array): void {
    const { source } = this;
    let at = this.#at;
    for (let row = 0; row < target.length; row++) {
      let byte = source[at++];
      let value = byte & 0x7f;
      for (let factor = 0x80; byte >= 0x80; factor *= 0x80) {
        byte = source[at++];
        value += (byte & 0x7f) * factor;
      }
      if (value < 0x7fffffff) target[row] = (value >>> 1) ^ -(value & 1);
      else target[row] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    this.#at = at;
  }

  bytes(length: number): Uint8Array {
    return this.source.subarray(this.#at, (this.#at += length));
  }
}
