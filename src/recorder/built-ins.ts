import * as util from 'node:util';
import type { Constant } from './constant.js';
import type { Encoder } from './encoder.js';
import { ownText } from './errors.js';
import { eachPrototype, nameOfMaker } from './prototypes.js';
import {
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isAnyArrayBuffer,
  isBoxedPrimitive,
  isDataView,
  isDate,
  isGeneratorObject,
  isMap,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSharedArrayBuffer,
  isTypedArray,
  isWeakMap,
  isWeakSet,
  setOf,
  uncurry,
} from '../intrinsics.js';

const { types } = util;

/** What writes the values inside of a built-in object. */
export interface ValueWriter {
  readonly out: Encoder;
  any(value: unknown, depth: number): void;
  string(text: string): void;
  /** The value of a property. */
  slot(property: PropertyDescriptor, depth: number): void;
  map(input: Map<unknown, unknown>, depth: number): void;
  set(input: Set<unknown>, depth: number): void;
}

const getter = (prototype: object, name: PropertyKey): ((self: unknown) => number) =>
  uncurry(getOwnPropertyDescriptor(prototype, name)!.get!) as (self: unknown) => number;
const dateValue = uncurry(Date.prototype.getTime);
const dateText = uncurry(Date.prototype.toISOString);
const typedArray = getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayTag = uncurry(getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!) as (
  self: unknown,
) => string;
const typedArrayLength = getter(typedArray, 'length');
const bufferSize = getter(ArrayBuffer.prototype, 'byteLength');
const sharedBufferSize = getter(SharedArrayBuffer.prototype, 'byteLength');
const viewSize = getter(DataView.prototype, 'byteLength');
const regExpSource = getter(RegExp.prototype, 'source') as unknown as (self: RegExp) => string;
const regExp = RegExp.prototype;
/** In the order of `flags`, which itself reads properties that the program may define. */
const regExpFlags = (
  [
    ['hasIndices', 'd'],
    ['global', 'g'],
    ['ignoreCase', 'i'],
    ['multiline', 'm'],
    ['dotAll', 's'],
    ['unicode', 'u'],
    ['unicodeSets', 'v'],
    ['sticky', 'y'],
  ] as const
).map((each) => ({ flag: each[1], isSet: getter(regExp, each[0]) as unknown as (self: RegExp) => boolean }));
const { isNumberObject, isStringObject, isBooleanObject, isSymbolObject, isBigIntObject } = types;
const boxedValues = (
  [
    [isNumberObject, Number],
    [isStringObject, String],
    [isBooleanObject, Boolean],
    [isSymbolObject, Symbol],
    [isBigIntObject, BigInt],
  ] as const
).map((each) => ({
  is: each[0],
  value: uncurry(each[1].prototype.valueOf as () => unknown),
}));

const CLOSE = 0x7d;

/** Whether it was an object of a built-in class, and is written. */
export function writeBuiltIn(to: ValueWriter, input: object, depth: number, type: Constant): boolean {
  const { out } = to;
  if (isMap(input)) to.map(input, depth);
  else if (isSet(input)) to.set(input, depth);
  else if (isDate(input)) writeDate(out, input);
  else if (isNativeError(input)) writeError(to, input, depth, type);
  else if (isPromise(input)) out.text('{"$type":"Promise"}');
  else if (isTypedArray(input)) {
    out.text(`{"$type":"${typedArrayTag(input)}","length":${typedArrayLength(input)}}`);
  } else if (isAnyArrayBuffer(input)) {
    if (isSharedArrayBuffer(input)) out.text(`{"$type":"SharedArrayBuffer","length":${sharedBufferSize(input)}}`);
    else out.text(`{"$type":"ArrayBuffer","length":${bufferSize(input)}}`);
  } else if (isDataView(input)) out.text(`{"$type":"DataView","length":${lengthOfView(input)}}`);
  else if (isBoxedPrimitive(input)) writeBoxed(to, input, depth, type);
  else if (isRegExp(input)) {
    out.text('{"$type":"RegExp","value":');
    to.string(regExpText(input));
    out.byte(CLOSE);
  } else if (isWeakMap(input)) out.text('{"$type":"WeakMap"}');
  else if (isWeakSet(input)) out.text('{"$type":"WeakSet"}');
  else if (isGeneratorObject(input)) out.text('{"$type":"Generator"}');
  else return false;
  return true;
}

function writeDate(out: Encoder, input: Date): void {
  const time = dateValue(input);
  out.text(time === time ? `{"$type":"Date","value":"${dateText(input)}"}` : '{"$type":"Date","value":null}');
}

function writeError(to: ValueWriter, input: Error, depth: number, type: Constant): void {
  const { out } = to;
  out.text('{');
  out.constant(type);
  out.text(',"message":');
  to.string(ownText(input, 'message'));
  const code = getOwnPropertyDescriptor(input, 'code')?.value as unknown;
  if (typeof code === 'string' || typeof code === 'number') {
    out.text(',"code":');
    to.any(code, depth + 1);
  }
  const cause = getOwnPropertyDescriptor(input, 'cause');
  if (cause) {
    out.text(',"cause":');
    to.slot(cause, depth);
  }
  out.byte(CLOSE);
}

function writeBoxed(to: ValueWriter, input: object, depth: number, type: Constant): void {
  to.out.text('{');
  to.out.constant(type);
  for (let i = 0; i < boxedValues.length; i++) {
    const { is, value } = boxedValues[i];
    if (!is(input)) continue;
    to.out.text(',"value":');
    to.any(value(input), depth + 1);
  }
  to.out.byte(CLOSE);
}

function regExpText(input: RegExp): string {
  let text = `/${regExpSource(input)}/`;
  for (let i = 0; i < regExpFlags.length; i++) if (regExpFlags[i].isSet(input)) text += regExpFlags[i].flag;
  return text;
}

/** 0 where the buffer below has been detached or has shrunk. */
function lengthOfView(input: object): number {
  try {
    return viewSize(input);
  } catch {
    return 0;
  }
}

const BUILT_INS = setOf(
  (
    'Map Set Date Error Promise TypedArray ArrayBuffer SharedArrayBuffer DataView Number String Boolean Symbol BigInt ' +
    'RegExp WeakMap WeakSet'
  ).split(' '),
);
const isBuiltInName = (name: string): boolean => BUILT_INS.has(name);

/** Whether objects of that prototype may be built-in ones, though one is not: `Object.create(Map.prototype)`. */
export function mayMakeBuiltIns(prototype: object): boolean {
  const found = eachPrototype<boolean>(
    prototype,
    (holder) => {
      const maker = getOwnPropertyDescriptor(holder, 'constructor')?.value as unknown;
      const unknown = typeof maker === 'function' && isProxy(maker);
      return unknown || isBuiltInName(nameOfMaker(holder)) || undefined;
    },
    true,
  );
  return found === true;
}

/** Whether `writeBuiltIn` knows it. */
export function isBuiltIn(input: object): boolean {
  return (
    isMap(input) ||
    isSet(input) ||
    isDate(input) ||
    isNativeError(input) ||
    isPromise(input) ||
    isTypedArray(input) ||
    isAnyArrayBuffer(input) ||
    isDataView(input) ||
    isBoxedPrimitive(input) ||
    isRegExp(input) ||
    isWeakMap(input) ||
    isWeakSet(input) ||
    isGeneratorObject(input)
  );
}
