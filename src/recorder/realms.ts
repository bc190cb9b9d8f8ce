const promisePrototypes = new WeakSet<object>([Promise.prototype]);
const objectPrototypes = new WeakSet<object>([Object.prototype]);
const promisePrototype: object = Promise.prototype;
const { getPrototypeOf, hasOwn } = Object;
const { call } = Function.prototype;
const isPromisePrototype = call.bind(WeakSet.prototype.has, promisePrototypes) as (value: unknown) => boolean;

/** Built-ins of another realm are known as such from now on: test runners run each file in one of its own. */
export function knowRealm({ Promise, Object }: Pick<typeof globalThis, 'Promise' | 'Object'>): void {
  promisePrototypes.add(Promise.prototype);
  objectPrototypes.add(Object.prototype);
}

/** Nothing of the program's own would run if the promise's `then` were asked for a handler. */
export function isPlainPromise(promise: object): boolean {
  const prototype: unknown = getPrototypeOf(promise);
  if (prototype !== promisePrototype && !isPromisePrototype(prototype)) return false;
  return !hasOwn(promise, 'then') && !hasOwn(promise, 'constructor');
}

/** The prototype of objects of a realm other than our own. */
export const isObjectPrototype = call.bind(WeakSet.prototype.has, objectPrototypes) as (value: unknown) => boolean;
