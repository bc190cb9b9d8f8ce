// The built-ins that handit uses, taken when it is loaded: before the program, which may replace any of them, freeze them, or
// count how often they are called. What is here runs no function that a program can reach. As Node's own `primordials`.
// A lint rule (scripts/lint/intrinsics.mjs) has src/recorder, src/api and hooks/ use these.
import * as buffers from 'node:buffer';
import { types } from 'node:util';

const { bind, call } = Function.prototype;

/** `uncurry(f)(self, ...args)` calls `f` on `self`, whatever the program has done to prototypes since. */
export const uncurry = bind.bind(call as never) as <T>(
  method: (...args: never[]) => T,
) => (self: unknown, ...args: unknown[]) => T;

/** The source of a function. */
export const functionSource: (fn: unknown) => string = uncurry(Function.prototype.toString);

// --------------------------------------------------------------- constructors

// By the names that the language has for them, so that one reads on. Their own functions are below: `Object.keys` is a
// property of an object that the program has too.
const {
  Array: arrayClass,
  ArrayBuffer,
  BigInt,
  BigUint64Array,
  Boolean,
  Buffer,
  DataView,
  Date,
  Error,
  Float64Array,
  Int32Array,
  Map: mapClass,
  Number,
  Promise,
  Proxy,
  RangeError,
  RegExp,
  Set: setClass,
  SharedArrayBuffer,
  String,
  Symbol,
  TypeError,
  URL,
  URLSearchParams,
  Uint16Array,
  Uint32Array,
  Uint8Array,
  WeakMap: weakMapClass,
  WeakSet: weakSetClass,
} = globalThis;
export {
  ArrayBuffer,
  BigInt,
  BigUint64Array,
  Boolean,
  DataView,
  Date,
  Error,
  Float64Array,
  Int32Array,
  Number,
  Promise,
};
export { Proxy, RangeError, RegExp, SharedArrayBuffer, String, Symbol, TypeError, URL, URLSearchParams };
export { Uint16Array, Uint32Array, Uint8Array };

export const promisePrototype = Promise.prototype as object;
/** Only of plain promises; see `isPlainPromise`. */
export const promiseThen = uncurry(Promise.prototype.then) as (
  promise: unknown,
  onFulfilled: (value: unknown) => unknown,
  onRejected: (error: unknown) => unknown,
) => Promise<void>;
export const objectPrototype = Object.prototype;

// ------------------------------------------------------- functions of objects

export const {
  assign: objectAssign,
  create: objectCreate,
  defineProperty,
  freeze: objectFreeze,
  getOwnPropertyDescriptor,
  getOwnPropertyNames,
  getOwnPropertySymbols,
  getPrototypeOf,
  hasOwn,
  isExtensible,
  keys: objectKeys,
  setPrototypeOf,
} = Object;
export const {
  apply,
  construct,
  deleteProperty,
  get: reflectGet,
  set: reflectSet,
  ownKeys,
  defineProperty: reflectDefineProperty,
} = Reflect;
export const { isArray } = Array;
export const { isView } = ArrayBuffer;
export const { ceil, floor, imul, max, min, random } = Math;
export const { isFinite: numberIsFinite, isInteger: numberIsInteger } = Number;
export const { MAX_SAFE_INTEGER } = Number;
export const { parse: jsonParse, stringify: jsonStringify } = JSON;
export const { fromCharCode } = String;
export const { now: wallClock } = Date;
export const { wait: atomicsWait } = Atomics;
export const numberFromText = parseInt;
export const { setTimeout, clearTimeout, setImmediate, queueMicrotask } = globalThis;
export const {
  isAnyArrayBuffer,
  isAsyncFunction,
  isBoxedPrimitive,
  isDataView,
  isDate,
  isGeneratorFunction,
  isGeneratorObject,
  isMap,
  isModuleNamespaceObject,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSharedArrayBuffer,
  isTypedArray,
  isUint8Array,
  isWeakMap,
  isWeakSet,
} = types;

/** A property that the object may not have: no setter and no frozen prototype can get in the way. */
export function setOwn(object: object, key: PropertyKey, value: unknown): void {
  defineProperty(object, key, {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as never);
}

// -------------------------------------------------------------------- strings

const ofString = uncurry as unknown as <A extends unknown[], T>(
  method: (this: string, ...args: A) => T,
) => (text: string, ...args: A) => T;
export const charCode = ofString(String.prototype.charCodeAt);
export const stringEndsWith = ofString(String.prototype.endsWith);
export const stringIncludes = ofString(String.prototype.includes);
export const stringIndexOf = ofString(String.prototype.indexOf);
export const stringLastIndexOf = ofString(String.prototype.lastIndexOf);
export const stringPadStart = ofString(String.prototype.padStart);
export const stringSlice = ofString(String.prototype.slice);
export const stringStartsWith = ofString(String.prototype.startsWith);
export const stringToLowerCase = ofString(String.prototype.toLowerCase);
export const stringToUpperCase = ofString(String.prototype.toUpperCase);
export const stringTrim = ofString(String.prototype.trim);
export const stringTrimEnd = ofString(String.prototype.trimEnd);

export const regExpExec = uncurry(RegExp.prototype.exec) as (pattern: RegExp, text: string) => RegExpExecArray | null;

export function regExpTest(pattern: RegExp, text: string): boolean {
  return regExpExec(pattern, text) !== null;
}

/** Splits at a string: a pattern would be asked for methods of its own. */
export function stringSplit(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let to = stringIndexOf(text, separator); to >= 0; to = stringIndexOf(text, separator, from)) {
    parts[parts.length] = stringSlice(text, from, to);
    from = to + separator.length;
  }
  parts[parts.length] = stringSlice(text, from);
  return parts;
}

/** Replaces what matches; the first match only where the pattern is not global. */
export function stringReplace(
  text: string,
  pattern: RegExp,
  replacement: string | ((match: RegExpExecArray) => string),
): string {
  let out = '';
  let from = 0;
  pattern.lastIndex = 0;
  for (let match = regExpExec(pattern, text); match !== null; match = regExpExec(pattern, text)) {
    const found = match[0].length;
    out += stringSlice(text, from, match.index);
    out += typeof replacement === 'string' ? replacement : replacement(match);
    from = match.index + found;
    if (pattern.lastIndex === 0) break;
    if (found === 0) pattern.lastIndex++;
  }
  pattern.lastIndex = 0;
  return from === 0 && out === '' ? text : out + stringSlice(text, from);
}

// ---------------------------------------------------------------------- lists

// By loops: the methods of arrays look for the class of what they make.

export function arrayPush<T>(list: T[], item: T): number {
  const { length } = list;
  list[length] = item;
  return length + 1;
}

export function arrayPop<T>(list: T[]): T | undefined {
  const { length } = list;
  if (length === 0) return undefined;
  const last = list[length - 1];
  list.length = length - 1;
  return last;
}

export function arrayShift<T>(list: T[]): T | undefined {
  const { length } = list;
  if (length === 0) return undefined;
  const first = list[0];
  for (let i = 1; i < length; i++) list[i - 1] = list[i];
  list.length = length - 1;
  return first;
}

export function arrayMap<T, U>(list: readonly T[], step: (item: T, index: number) => U): U[] {
  const out: U[] = [];
  for (let i = 0; i < list.length; i++) out[i] = step(list[i], i);
  return out;
}

export function arrayFilter<T>(list: readonly T[], wanted: (item: T, index: number) => boolean): T[] {
  const out: T[] = [];
  for (let i = 0; i < list.length; i++) if (wanted(list[i], i)) out[out.length] = list[i];
  return out;
}

export function arrayFind<T>(list: readonly T[], wanted: (item: T) => boolean): T | undefined {
  for (let i = 0; i < list.length; i++) if (wanted(list[i])) return list[i];
  return undefined;
}

export function arrayEvery<T>(list: readonly T[], holds: (item: T) => boolean): boolean {
  for (let i = 0; i < list.length; i++) if (!holds(list[i])) return false;
  return true;
}

export function arraySome<T>(list: readonly T[], holds: (item: T, index: number) => boolean): boolean {
  for (let i = 0; i < list.length; i++) if (holds(list[i], i)) return true;
  return false;
}

export function arrayForEach<T>(list: readonly T[], step: (item: T, index: number) => void): void {
  for (let i = 0; i < list.length; i++) step(list[i], i);
}

export function arrayIncludes<T>(list: readonly T[], item: T): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}

export function arrayJoin(list: readonly unknown[], separator: string): string {
  let text = '';
  for (let i = 0; i < list.length; i++) text += (i > 0 ? separator : '') + String(list[i] ?? '');
  return text;
}

export function arrayConcat<T>(first: readonly T[], second: readonly T[]): T[] {
  const out: T[] = [];
  for (let i = 0; i < first.length; i++) out[out.length] = first[i];
  for (let i = 0; i < second.length; i++) out[out.length] = second[i];
  return out;
}

export function arraySlice<T>(list: readonly T[], from: number, to = list.length): T[] {
  const out: T[] = [];
  for (let i = from; i < to && i < list.length; i++) out[out.length] = list[i];
  return out;
}

export function arrayReversed<T>(list: readonly T[]): T[] {
  const out: T[] = [];
  for (let i = list.length - 1; i >= 0; i--) out[out.length] = list[i];
  return out;
}

export function arrayUnshift<T>(list: T[], item: T): void {
  for (let i = list.length; i > 0; i--) list[i] = list[i - 1];
  list[0] = item;
}

/** One level of lists is taken away. */
export function arrayFlat(list: readonly unknown[]): unknown[] {
  let out: unknown[] = [];
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (isArray(item)) out = arrayConcat(out, item as unknown[]);
    else out[out.length] = item;
  }
  return out;
}

/** A list of that length, `item` in each place. */
export function arrayOf<T>(length: number, item: T): T[] {
  const list = new arrayClass<T>(length);
  arrayFill(list, item, 0, length);
  return list;
}

export const arrayFill = uncurry(arrayClass.prototype.fill) as (
  list: unknown[],
  item: unknown,
  from: number,
  to: number,
) => void;

export const arraySort = uncurry(arrayClass.prototype.sort) as <T>(list: T[], order: (a: T, b: T) => number) => T[];

export function objectEntries<T>(object: { [key: string]: T }): [string, T][] {
  return arrayMap(objectKeys(object), (key) => [key, object[key]]);
}

export function fromEntries<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  const object: Record<string, T> = {};
  for (let i = 0; i < entries.length; i++) setOwn(object, entries[i][0], entries[i][1]);
  return object;
}

// ---------------------------------------------------------------------- bytes

const bufferPrototype = Buffer.prototype as Buffer & {
  utf8Write(text: string, at: number, length?: number): number;
  utf8Slice(from: number, to: number): string;
  latin1Slice(from: number, to: number): string;
  latin1Write(text: string): number;
  asciiWrite(text: string): number;
  hexWrite(text: string): number;
  base64Write(text: string): number;
  base64urlWrite(text: string): number;
  ucs2Write(text: string): number;
};
/** `write` and `toString` of buffers look for these methods on the prototype; they themselves look for nothing. */
export const writeUtf8 = uncurry(bufferPrototype.utf8Write);
const utf8Slice = uncurry(bufferPrototype.utf8Slice);
export const latin1Slice = uncurry(bufferPrototype.latin1Slice);
export const latin1Write = uncurry(bufferPrototype.latin1Write);
const otherWrites: Record<string, ((bytes: Buffer, text: string) => number) | undefined> = {
  __proto__: null as never,
  latin1: latin1Write,
  binary: latin1Write,
  ascii: uncurry(bufferPrototype.asciiWrite),
  hex: uncurry(bufferPrototype.hexWrite),
  base64: uncurry(bufferPrototype.base64Write),
  base64url: uncurry(bufferPrototype.base64urlWrite),
  ucs2: uncurry(bufferPrototype.ucs2Write),
  utf16le: uncurry(bufferPrototype.ucs2Write),
};
export const { allocUnsafeSlow, byteLength, isBuffer, isEncoding } = Buffer;
const bufferFrom = Buffer.from as (memory: ArrayBufferLike, from: number, length: number) => Buffer;
export const { isUtf8 } = buffers;
export const indexOfText = uncurry(bufferPrototype.indexOf as (text: string, from?: number) => number);
export const lastIndexOfText = uncurry(bufferPrototype.lastIndexOf as (text: string, from?: number) => number);
export const mapGet = uncurry(mapClass.prototype.get);
export const mapSet = uncurry(mapClass.prototype.set);
export const setBytes = uncurry(Uint8Array.prototype.set);
export const fillBytes = uncurry(Uint8Array.prototype.fill);
export const moveBytes = uncurry(Uint8Array.prototype.copyWithin);
export const bytesEqual = uncurry(bufferPrototype.equals);
export const bytesIndexOf = uncurry(bufferPrototype.indexOf) as (
  bytes: Uint8Array,
  part: Uint8Array,
  from: number,
) => number;
export const indexOfByte = uncurry(Uint8Array.prototype.indexOf);
export const { setFloat64, getFloat64, setUint32 } = DataView.prototype;

/** Text of UTF-8. */
export function utf8Text(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return utf8Slice(bytes, from, to);
}

export function utf8Bytes(text: string): Buffer<ArrayBuffer> {
  const bytes = allocUnsafeSlow(byteLength(text));
  writeUtf8(bytes, text, 0, bytes.length);
  return bytes;
}

const SLAB = 64 * 1024;
let slab: Buffer<ArrayBuffer> | null = null;
let slabUsed = 0;

/**
 * Memory for a short time: a little of it is a part of a slab that is shared with others, as memory of its own costs more
 * than what is done with it. Kept long, it would keep all of the slab.
 */
export function briefBytes(length: number): Buffer {
  if (length > SLAB >> 3) return allocUnsafeSlow(length);
  if (slab === null || slabUsed + length > SLAB) {
    slab = allocUnsafeSlow(SLAB);
    slabUsed = 0;
  }
  const from = slabUsed;
  slabUsed += length;
  return bufferFrom(slab.buffer, from, length);
}

/** As `Buffer.from` does, for encodings that it knows. For a short time: see `briefBytes`. */
export function encodedBytes(text: string, encoding: string): Buffer {
  const write = encoding === 'utf8' ? undefined : otherWrites[stringToLowerCase(encoding)];
  if (write === undefined) {
    const utf8 = briefBytes(byteLength(text));
    writeUtf8(utf8, text, 0, utf8.length);
    return utf8;
  }
  const bytes = briefBytes(byteLength(text, encoding as BufferEncoding));
  const length = write(bytes, text);
  return length === bytes.length ? bytes : bufferView(bytes, 0, length);
}

export function bufferView(bytes: Uint8Array, from: number, to = bytes.length): Buffer {
  return bufferFrom(bytes.buffer, bytes.byteOffset + from, to - from);
}

/** For a short time: see `briefBytes`. */
export function copyOfBytes(bytes: Uint8Array): Buffer {
  const copy = briefBytes(bytes.length);
  setBytes(copy, bytes, 0);
  return copy;
}

/** The same memory: `subarray` would look for the class of what it makes. */
export function bytesView(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset + from, to - from);
}

export function joinBytes(parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += parts[i].length;
  const whole = allocUnsafeSlow(length);
  for (let i = 0, at = 0; i < parts.length; at += parts[i].length, i++) setBytes(whole, parts[i], at);
  return whole;
}

export interface SafeDataView {
  setFloat64(at: number, value: number, littleEndian: boolean): void;
  getFloat64(at: number, littleEndian: boolean): number;
  setUint32(at: number, value: number, littleEndian: boolean): void;
}

/**
 * Memory that V8 does not count. What is counted brings the next collection closer: of the program's garbage, and from
 * Node 24 on also of code that is compiled on another thread, for which a process that ends may wait forever. As V8 does
 * not see how much of it is garbage, it is for memory that is kept.
 */
export function uncountedBytes(length: number): Buffer<ArrayBuffer> {
  if (typeof SharedArrayBuffer !== 'function') return allocUnsafeSlow(length);
  return bufferFrom(new SharedArrayBuffer(length), 0, length) as Buffer<ArrayBuffer>;
}

/** With methods of its own. */
export function viewOf(buffer: ArrayBuffer): SafeDataView {
  const data = new DataView(buffer);
  setOwn(data, 'setFloat64', setFloat64);
  setOwn(data, 'getFloat64', getFloat64);
  setOwn(data, 'setUint32', setUint32);
  return data;
}

// ------------------------------------------------------------------ iteration

export interface Each<T> {
  next(): IteratorResult<T, undefined>;
  [Symbol.iterator](): Each<T>;
}

class ListIterator<T> implements Each<T> {
  private at = 0;

  constructor(private readonly list: ArrayLike<T>) {}

  next(): IteratorResult<T, undefined> {
    const { list, at } = this;
    if (at >= list.length) return { done: true, value: undefined };
    this.at = at + 1;
    return { done: false, value: list[at] };
  }

  [Symbol.iterator](): this {
    return this;
  }
}
// Else `return` would be looked for on Object.prototype.
setPrototypeOf(ListIterator.prototype, null);

/**
 * For `for`, `...` and patterns: those would ask a list for an iterator, and that for `next`. Six times slower than
 * counting up, which is for what runs at each call or exchange.
 */
export function each<T>(list: ArrayLike<T>): Each<T> {
  return new ListIterator(list);
}

/** What the program iterates over, in its own way. */
export const listFrom = Array.from as <T>(items: Iterable<T>) => T[];

// ----------------------------------------------------------------- containers

/** The class, with methods that are its own: nobody else can reach its prototype. */
export function safe(original: new () => object): unknown {
  class Own extends original {}
  const methods = original.prototype as object;
  const keys = ownKeys(methods);
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] !== 'constructor') defineProperty(Own.prototype, keys[i], getOwnPropertyDescriptor(methods, keys[i])!);
  }
  setPrototypeOf(Own.prototype, null);
  return Own;
}

export interface SafeMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
  has(key: K): boolean;
  delete(key: K): boolean;
  clear(): void;
  forEach(step: (value: V, key: K) => void): void;
}
export const SafeMap = safe(mapClass) as new <K, V>() => SafeMap<K, V>;

export interface SafeSet<T> {
  readonly size: number;
  add(item: T): unknown;
  has(item: T): boolean;
  delete(item: T): boolean;
  clear(): void;
  forEach(step: (item: T) => void): void;
}
export const SafeSet = safe(setClass) as new <T>() => SafeSet<T>;

export function setOf<T>(items: readonly T[]): SafeSet<T> {
  const set = new SafeSet<T>();
  for (let i = 0; i < items.length; i++) set.add(items[i]);
  return set;
}

export interface SafeWeakMap<K extends WeakKey, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
  has(key: K): boolean;
  delete(key: K): boolean;
}
export const SafeWeakMap = safe(weakMapClass) as new <K extends WeakKey, V>() => SafeWeakMap<K, V>;

export interface SafeWeakSet<T extends WeakKey> {
  add(item: T): unknown;
  has(item: T): boolean;
  delete(item: T): boolean;
}
export const SafeWeakSet = safe(weakSetClass) as new <T extends WeakKey>() => SafeWeakSet<T>;
