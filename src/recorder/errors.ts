import {
  apply,
  Error,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isNativeError,
  isProxy,
} from '../intrinsics.js';
import { eachPrototype } from './prototypes.js';

/** Reading a character of a string built by concatenation copies all of it; longer ones are told by length alone. */
export const MAX_FLATTEN = 4 * 1024 * 1024;

const DOMException = globalThis.DOMException;

export function isError(input: unknown): input is Error {
  if (typeof input !== 'object' || input === null || isProxy(input)) return false;
  // Node 20 does not count a DOMException among the native errors.
  return isNativeError(input) || (getPrototypeOf(input) === DOMException.prototype && domText(input, 'name') !== '');
}

/** Name or message of a DOMException: getters, but Node's. */
function domText(input: object, key: string): string {
  try {
    return apply(domGetters[key]!, input, []) as string;
  } catch {
    return '';
  }
}

const domGetters: Record<string, (() => unknown) | undefined> = {
  name: getOwnPropertyDescriptor(DOMException.prototype, 'name')?.get,
  message: getOwnPropertyDescriptor(DOMException.prototype, 'message')?.get,
};

/** A string property of the object or its prototypes, read only where it is data. */
export function ownText(input: object, key: string): string {
  const text = eachPrototype(input, (holder) => {
    const property = hasOwn(holder, key) ? getOwnPropertyDescriptor(holder, key) : undefined;
    if (property === undefined) return undefined;
    if (property.get && property.get === domGetters[key]) return domText(input, key);
    return typeof property.value === 'string' ? property.value : '';
  });
  return text ?? '';
}

/** The stack, unless asking for it would run code of the program: formatting calls a function it may have set. */
export function stackOf(input: Error): string | undefined {
  if (getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value !== initialPrepare) return undefined;
  // The text begins with the error's name and message as they are when it is asked for first; asking for the descriptor
  // is enough for that.
  if (!isPlainText(input, 'name') || !isPlainText(input, 'message')) return undefined;
  const property = getOwnPropertyDescriptor(input, 'stack');
  if (!property) return undefined;
  let stack = property.value as unknown;
  // Newer V8 makes it an accessor of its own; one that the program defined is another function.
  if (property.get) stack = property.get === nativeStackGetter ? apply(nativeStackGetter, input, []) : undefined;
  return typeof stack === 'string' ? stack : undefined;
}

/** Whether reading that property gives a string, or nothing, and runs no code of the program. */
function isPlainText(input: object, key: string): boolean {
  const plain = eachPrototype<boolean>(
    input,
    (holder) => {
      const property = getOwnPropertyDescriptor(holder, key);
      if (property === undefined) return undefined;
      if (property.get && property.get === domGetters[key]) return true;
      return typeof property.value === 'string' && property.value.length <= MAX_FLATTEN;
    },
    false,
  );
  return plain !== false;
}

/** Newer Node has one of its own. */
const initialPrepare = getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value as unknown;
const nativeStackGetter = getOwnPropertyDescriptor(new Error(), 'stack')?.get;
