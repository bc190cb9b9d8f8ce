import {
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isArray,
  isGeneratorObject,
  isPromise,
  isProxy,
} from '../intrinsics.js';

const MAX_PROTOTYPES = 16;

export type Then = (this: unknown, onFulfilled: unknown, onRejected: unknown) => unknown;

/** The `then` of a value that is no promise, which the engine is about to call; none of the program's code runs here. */
export function thenOf(value: unknown): Then | null {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return null;
  if (isPromise(value)) return null;
  let holder: object | null = value;
  for (let level = 0; holder !== null && level < MAX_PROTOTYPES && !isProxy(holder); level++) {
    const then = getOwnPropertyDescriptor(holder, 'then');
    if (then) return typeof then.value === 'function' ? (then.value as Then) : null;
    holder = getPrototypeOf(holder) as object | null;
  }
  return null;
}

/** Whether the engine may call functions of the program to iterate over it; a generator is a call by itself. */
export function isAsyncIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isArray(value) && !isGeneratorObject(value);
}
