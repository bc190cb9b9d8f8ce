import { getOwnPropertyDescriptor, getPrototypeOf, isProxy } from '../intrinsics.js';

/** Prototypes that are looked at. */
const MAX_PROTOTYPES = 16;

/**
 * Asks an object, then its prototypes, until one gives something. No trap of a Proxy runs.
 *
 * @param beyond what a Proxy or an endless chain gives
 */
export function eachPrototype<T>(
  input: object | null,
  ask: (holder: object) => T | undefined,
  beyond?: T,
): T | undefined {
  let holder = input;
  for (let i = 0; holder !== null; i++) {
    if (i === MAX_PROTOTYPES || isProxy(holder)) return beyond;
    const found = ask(holder);
    if (found !== undefined) return found;
    holder = getPrototypeOf(holder) as object | null;
  }
  return undefined;
}

/** Name of the class that made an object, without asking the object. */
export function typeName(input: object): string {
  const prototype = getPrototypeOf(input) as object | null;
  return eachPrototype(prototype, (holder) => nameOfMaker(holder) || undefined) ?? 'Object';
}

/** The name of the constructor that a prototype belongs to, of any realm; '' where it says nothing. */
export function nameOfMaker(prototype: object): string {
  const maker = getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown;
  if (typeof maker !== 'function' || isProxy(maker)) return '';
  const name = getOwnPropertyDescriptor(maker, 'name')?.value as unknown;
  return typeof name === 'string' ? name : '';
}
