import asyncHooks from 'node:async_hooks';
import { apply, defineProperty, each, getOwnPropertyDescriptor, isProxy } from '../intrinsics.js';

const HOOKS: object = asyncHooks;

export interface AsyncObservers {
  /** The program may see which asynchronous resources or promises are made. */
  readonly present: boolean;
  /** The same for those who ask `v8.promiseHooks`. */
  lookAt(promiseHooks: object): void;
  stop(): void;
}

/**
 * Notices when the program asks for hooks on asynchronous resources or promises. Node does not say whether there are any.
 *
 * @param looksLike lets the second function look like the first
 */
export function noticeAsyncObservers(looksLike: (original: object, replacement: object) => void): AsyncObservers {
  const undos: (() => void)[] = [];
  let seen = false;
  const observers = {
    present: false,
    lookAt(promiseHooks: object) {
      if (seen) return;
      seen = true;
      for (const name of each(['createHook', 'onInit', 'onBefore', 'onAfter', 'onSettled'])) notice(promiseHooks, name);
    },
    stop() {
      for (const undo of each(undos)) undo();
    },
  };
  const notice = (holder: object, name: string): void => {
    const own = getOwnPropertyDescriptor(holder, name);
    const original = own?.value as ((...args: unknown[]) => unknown) | undefined;
    if (typeof original !== 'function' || !own?.configurable) return;
    function replacement(this: unknown, ...args: unknown[]): unknown {
      if (!isNodes(args[0])) observers.present = true;
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
  notice(HOOKS, 'createHook');
  return observers;
}

/** `AsyncLocalStorage` asks for hooks on promises as well, before Node 24. */
function isNodes(hooks: unknown): boolean {
  if (typeof hooks !== 'object' || hooks === null || isProxy(hooks)) return false;
  const before = getOwnPropertyDescriptor(hooks, 'before')?.value as unknown;
  return typeof before === 'function' && getOwnPropertyDescriptor(before, 'name')?.value === 'promiseBeforeHook';
}
