import { types } from 'node:util';
import { defineProperty, each } from '../intrinsics.js';

/** What is called at a generator's steps. */
export interface IteratorProbe {
  /** Its code is about to run; returns what to pass to `leave`. */
  enter(): unknown;
  leave(before: unknown): void;
  done(value: unknown): void;
  failed(error: unknown): void;
  /** A step of an async generator. */
  pending(promise: unknown): void;
}

const { apply } = Reflect;
const { isPromise } = types;

/**
 * Watches the steps of a generator object. It stays the object that the function made, with methods of its own in front
 * of those it inherits.
 *
 * @param start called before its code runs for the first time
 */
export function traceIterator(iterator: object, start: () => IteratorProbe): object {
  let probe: IteratorProbe | null = null;
  let ended = false;
  for (const name of each(['next', 'return', 'throw'] as const)) {
    const original = (iterator as Record<string, (...args: unknown[]) => unknown>)[name];
    // A method has no `prototype`, like the built-in.
    const methods = {
      [name](this: unknown, ...args: unknown[]): unknown {
        // Before its first step it has not begun, and is closed without its code being run.
        if (this !== iterator || ended || (probe === null && name !== 'next')) {
          if (this === iterator) ended = true;
          return apply(original, this, args);
        }
        probe ??= start();
        const before = probe.enter();
        let result: unknown;
        let thrown = true;
        try {
          result = apply(original, this, args);
          thrown = false;
        } catch (error) {
          failure = error;
        }
        probe.leave(before);
        if (thrown) {
          const error = failure;
          failure = undefined;
          ended = true;
          probe.failed(error);
          throw passed(error, 'node-do-not-add-exception-line');
        }
        if (isPromise(result)) probe.pending(result);
        else if ((result as IteratorResult<unknown>).done) {
          ended = true;
          probe.done((result as IteratorResult<unknown>).value);
        }
        return result;
      },
    };
    let failure: unknown;
    defineProperty(methods[name], 'length', { value: original.length, configurable: true });
    defineProperty(iterator, name, { value: methods[name], writable: true, configurable: true });
  }
  return iterator;
}

const passed = <E>(error: E, _hideLine: string): E => error;
