import * as asyncHooks from 'node:async_hooks';
import * as v8 from 'node:v8';
import { apply, defineProperty, each, getOwnPropertyDescriptor } from '../intrinsics.js';

// Each with the names under which a program asks for hooks.
const HOLDERS: readonly (readonly [object, readonly string[]])[] = [
  [asyncHooks, ['createHook']],
  [v8.promiseHooks, ['createHook', 'onInit', 'onBefore', 'onAfter', 'onSettled']],
];

export interface AsyncObservers {
  /** The program may see which asynchronous resources and promises are made. */
  readonly present: boolean;
  stop(): void;
}

/**
 * Notices when the program asks for hooks on asynchronous resources or promises. Node does not say whether there are any.
 *
 * @param looksLike lets the second function look like the first
 */
export function noticeAsyncObservers(looksLike: (original: object, replacement: object) => void): AsyncObservers {
  const undos: (() => void)[] = [];
  const observers = {
    present: false,
    stop() {
      for (const undo of each(undos)) undo();
    },
  };
  const notice = (holder: object, name: string): void => {
    const own = getOwnPropertyDescriptor(holder, name);
    const original = own?.value as ((...args: unknown[]) => unknown) | undefined;
    if (typeof original !== 'function' || !own?.configurable) return;
    function replacement(this: unknown, ...args: unknown[]): unknown {
      observers.present = true;
      return apply(original!, this, args);
    }
    for (const key of each(['name', 'length'] as const)) {
      defineProperty(replacement, key, { value: original[key], configurable: true });
    }
    looksLike(original, replacement);
    defineProperty(holder, name, { ...own, value: replacement });
    undos[undos.length] = () => {
      if (getOwnPropertyDescriptor(holder, name)?.value === replacement) defineProperty(holder, name, own);
    };
  };
  for (let i = 0; i < HOLDERS.length; i++) for (const name of each(HOLDERS[i][1])) notice(HOLDERS[i][0], name);
  return observers;
}
