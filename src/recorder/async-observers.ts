import asyncHooks from 'node:async_hooks';
import { apply, defineProperty, each, getOwnPropertyDescriptor } from '../intrinsics.js';

const HOLDER: object = asyncHooks;
const NAME = 'createHook';

export interface AsyncObservers {
  /** The program may see which asynchronous resources are made. */
  readonly present: boolean;
  stop(): void;
}

/**
 * Notices when the program asks for hooks on asynchronous resources. Node does not say whether there are any. Those of
 * `v8.promiseHooks` see promises only, of which handit makes none.
 *
 * @param looksLike lets the second function look like the first
 */
export function noticeAsyncObservers(looksLike: (original: object, replacement: object) => void): AsyncObservers {
  const observers = { present: false, stop: () => undefined as void };
  const own = getOwnPropertyDescriptor(HOLDER, NAME);
  const original = own?.value as ((...args: unknown[]) => unknown) | undefined;
  if (typeof original !== 'function' || !own?.configurable) return observers;
  function replacement(this: unknown, ...args: unknown[]): unknown {
    observers.present = true;
    return apply(original!, this, args);
  }
  for (const key of each(['name', 'length'] as const)) {
    defineProperty(replacement, key, { value: original[key], configurable: true });
  }
  looksLike(original, replacement);
  defineProperty(HOLDER, NAME, { ...own, value: replacement });
  observers.stop = () => {
    if (getOwnPropertyDescriptor(HOLDER, NAME)?.value === replacement) {
      defineProperty(HOLDER, NAME, own);
    }
  };
  return observers;
}
