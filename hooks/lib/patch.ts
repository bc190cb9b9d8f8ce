import shimmer from 'shimmer';
import type { HookHost } from './hook.js';

type AnyFunction = (this: never, ...args: never[]) => unknown;

/** Gives the method that would have run without us: to be asked at each call, for the program may replace it. */
export type NextMethod = () => AnyFunction;

/** Replaces methods and takes it back; every edit of an object that is not ours goes through here. */
export interface Patches {
  /**
   * @param object where the method is to be replaced; it may have inherited it
   * @param make returns the replacement
   */
  method<T extends object>(object: T, name: keyof T & string, make: (next: NextMethod) => AnyFunction): void;
  undo(): void;
}

export function createPatches(host: HookHost): Patches {
  const undos: (() => void)[] = [];
  return {
    method(object, name, make) {
      const target = object as unknown as Record<string, AnyFunction>;
      const original = target[name];
      // Not there in this version, or another hook's replacement that is in place already.
      if (typeof original !== 'function' || replacements.has(original)) return;
      const own = Object.getOwnPropertyDescriptor(target, name);
      if (own ? !own.configurable : !Object.isExtensible(target)) return;
      // An inherited method may be replaced further up, before and after: what is there at the time of the call runs.
      const next = own ? () => original : () => (Object.getPrototypeOf(target) as Record<string, AnyFunction>)[name];
      const replacement = make(next);
      shimmer.wrap(target, name, () => replacement);
      for (const mark of ['__original', '__unwrap', '__wrapped']) Reflect.deleteProperty(replacement, mark);
      copyLooks(original, replacement);
      host.looksLike(original, replacement);
      replacements.add(replacement);
      undos.push(() => {
        // The program may have put its own in front of it since.
        if (Object.getOwnPropertyDescriptor(target, name)?.value !== replacement) return;
        if (own) Object.defineProperty(target, name, own);
        else delete target[name];
      });
    },
    undo() {
      for (const undo of undos.splice(0).reverse()) undo();
    },
  };
}

const replacements = new WeakSet<object>();

/** Name, length and whatever the program can see on the function itself. */
function copyLooks(original: object, replacement: object): void {
  for (const key of Reflect.ownKeys(original)) {
    const own = Object.getOwnPropertyDescriptor(original, key)!;
    const there = Object.getOwnPropertyDescriptor(replacement, key);
    if (!there || there.configurable || key === 'prototype') Reflect.defineProperty(replacement, key, own);
  }
}
