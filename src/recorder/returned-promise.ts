import { promiseThen } from '../intrinsics.js';
import type { SuspendableCall } from './suspendable-call.js';

type Resolve = (value: unknown) => void;

export interface PromiseListener {
  fulfilled(call: SuspendableCall, value: unknown): void;
  rejected(call: SuspendableCall, error: unknown): void;
}

/** A promise that is resolved with it stays pending. */
const NEVER = {
  then() {
    // Calls nothing.
  },
};

/**
 * Is returned by an async function in place of a promise. The engine calls its `then` once, in the microtask in which it
 * would have called the promise's, with the two functions that settle the promise of the function.
 *
 * A second handler on the promise would do for us, but not for stacks: V8 looks for the `at async` frames behind the
 * only handler of a promise, and gives up at one with two. From a handler of ours it goes on to the promise that `then`
 * returned, and from the engine's function there to what awaits the function. That one is never called: Node would report
 * that a promise was settled twice (`multipleResolves`).
 */
export class ReturnedPromise {
  readonly #promise: object;
  readonly #call: SuspendableCall;
  readonly #listener: PromiseListener;

  constructor(promise: object, call: SuspendableCall, listener: PromiseListener) {
    this.#promise = promise;
    this.#call = call;
    this.#listener = listener;
  }

  static is(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #promise in value;
  }

  then(resolve: Resolve, reject: Resolve): void {
    const call = this.#call;
    const listener = this.#listener;
    const handled = promiseThen(
      this.#promise,
      (value) => {
        listener.fulfilled(call, value);
        resolve(value);
        return NEVER;
      },
      (error) => {
        listener.rejected(call, error);
        reject(error);
        return NEVER;
      },
    );
    void promiseThen(handled, resolve, reject);
  }
}
