import shimmer from 'shimmer';
import type { HookHost } from './hook.js';

type AnyFunction = (this: never, ...args: never[]) => unknown;

/** Replaces methods and takes it back; every edit of an object that is not ours goes through here. */
export interface Patches {
  /**
   * @param object where the method is to be replaced; it may have inherited it
   * @param make gets the original and answers the replacement
   */
  method<T extends object>(object: T, name: keyof T & string, make: (original: AnyFunction) => AnyFunction): void;
  undo(): void;
}

export function createPatches(host: HookHost): Patches {
  const undos: (() => void)[] = [];
  return {
    method(object, name, make) {
      const inherited = !Object.hasOwn(object, name);
      const target = object as unknown as Record<string, AnyFunction>;
      const original = target[name];
      // Not there in this version, or another hook's replacement that is in place already.
      if (typeof original !== 'function' || replacements.has(original)) return;
      shimmer.wrap(target, name, (inner: AnyFunction) => {
        const replacement = make(inner);
        copyLooks(inner, replacement);
        host.looksLike(inner, replacement);
        replacements.add(replacement);
        return replacement;
      });
      undos.push(() => {
        const now = target[name] as AnyFunction & { __original?: unknown };
        // The program may have put its own in front of it since.
        if (now.__original !== original) return;
        if (inherited) delete target[name];
        else shimmer.unwrap(target, name);
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
