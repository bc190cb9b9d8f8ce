import { getPrototypeOf, hasOwn, objectPrototype, promisePrototype, SafeWeakSet } from '../intrinsics.js';

const promisePrototypes = new SafeWeakSet<object>();
const objectPrototypes = new SafeWeakSet<object>();
promisePrototypes.add(promisePrototype);
objectPrototypes.add(objectPrototype);

/** Built-ins of another realm are known as such from now on: test runners run each file in one of its own. */
export function knowRealm(realm: Pick<typeof globalThis, 'Promise' | 'Object'>): void {
  promisePrototypes.add(realm.Promise.prototype);
  objectPrototypes.add(realm.Object.prototype);
}

/** No code of the program would run if the promise's `then` were asked for a handler. */
export function isPlainPromise(promise: object): boolean {
  const prototype = getPrototypeOf(promise) as object | null;
  if (prototype !== promisePrototype && (prototype === null || !promisePrototypes.has(prototype))) return false;
  return !hasOwn(promise, 'then') && !hasOwn(promise, 'constructor');
}

/** Whether it is the prototype of plain objects, in this realm or another one that is known. */
export function isObjectPrototype(value: object): boolean {
  return objectPrototypes.has(value);
}
