import { arrayForEach, Float64Array, max, SafeMap, setBytes, Uint8Array } from '../intrinsics.js';
import { functionText, knownFunction, type FunctionText, type KnownFunction } from './function-table.js';
import type { RegisteredFile } from './function-table.js';

const SIZE = 4096;

/** What is known of each function, by its id, and how often it was called. */
export class KnownFunctions {
  calls = new Float64Array(SIZE);
  exceptions = new Float64Array(SIZE);
  /** Of the calls, how many in detail. */
  recorded = new Float64Array(SIZE);
  /** 1: what the function returns is secret. */
  secret = new Uint8Array(SIZE);
  readonly table: (KnownFunction | undefined)[] = [];
  /** Functions that are reported as others, by these. */
  readonly reportedAs = new SafeMap<number, number>();

  constructor(readonly registerPending: () => void) {}

  register(file: RegisteredFile, base: number, stride: number): void {
    this.reserve(base + file.functions.length * stride);
    arrayForEach(file.functions, (entry, index) => {
      this.table[base + index * stride] = knownFunction(file.path, entry);
      if (entry.secret) this.secret[base + index * stride] = 1;
    });
  }

  reserve(fn: number): void {
    if (fn < this.calls.length) return;
    const size = max(fn + 1, this.calls.length * 2);
    this.calls = grown(this.calls, size);
    this.exceptions = grown(this.exceptions, size);
    this.recorded = grown(this.recorded, size);
    const flags = new Uint8Array(size);
    setBytes(flags, this.secret);
    this.secret = flags;
  }

  /** The constant text of its lines. */
  textOf(fn: number): FunctionText {
    const known = this.table[fn] ?? this.late(fn);
    return known.text ?? (known.text = functionText(known));
  }

  isAsync(fn: number): boolean {
    if (this.table[fn] === undefined) this.registerPending();
    return this.table[fn]?.entry.async === true;
  }

  /** So many calls of it are in no file after all. */
  leftOut(fn: number, calls = 1): void {
    this.recorded[this.reportedAs.get(fn) ?? fn] -= calls;
  }

  private late(fn: number): KnownFunction {
    this.registerPending();
    return (this.table[fn] ??= knownFunction('', {
      name: '<unknown>',
      line: 1,
      column: 1,
      kind: 'function',
      async: false,
      generator: false,
      params: [],
    }));
  }
}

function grown(old: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  setBytes(larger, old);
  return larger;
}
