import shimmer from 'shimmer';
import type { HookHost } from './hook.js';
import {
  arrayPush,
  defineProperty,
  deleteProperty,
  each,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isExtensible,
  ownKeys,
  reflectDefineProperty,
  SafeWeakSet,
} from '../../src/intrinsics.js';

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
      const own = getOwnPropertyDescriptor(target, name);
      if (own ? !own.configurable : !isExtensible(target)) return;
      // An inherited method may be replaced further up, before and after: what is there at the time of the call runs.
      const next = own ? () => original : () => (getPrototypeOf(target) as Record<string, AnyFunction>)[name];
      const replacement = make(next);
      shimmer.wrap(target, name, () => replacement);
      for (const mark of each(['__original', '__unwrap', '__wrapped'])) deleteProperty(replacement, mark);
      copyLooks(original, replacement);
      host.looksLike(original, replacement);
      replacements.add(replacement);
      arrayPush(undos, () => {
        // The program may have put its own in front of it since.
        if (getOwnPropertyDescriptor(target, name)?.value !== replacement) return;
        if (own) defineProperty(target, name, own);
        else delete target[name];
      });
    },
    undo() {
      for (let i = undos.length - 1; i >= 0; i--) undos[i]();
      undos.length = 0;
    },
  };
}

const replacements = new SafeWeakSet<object>();

/** Name, length and whatever the program can see on the function itself. */
function copyLooks(original: object, replacement: object): void {
  for (const key of each(ownKeys(original))) {
    const own = getOwnPropertyDescriptor(original, key)!;
    const there = getOwnPropertyDescriptor(replacement, key);
    if (!there || there.configurable || key === 'prototype') reflectDefineProperty(replacement, key, own);
  }
}
