import { promiseThen } from '../intrinsics.js';

type Resolve = (value: unknown) => void;

export interface PromiseListener {
  fulfilled: (value: unknown) => void;
  rejected: (error: unknown) => void;
}

/**
 * Is returned by an async function in place of a promise. The engine calls its `then` once, in the microtask in which it
 * would have called the promise's, with the two functions that settle the promise of the function.
 *
 * A second handler on the promise would do for us, but not for stacks: V8 looks for the `at async` frames behind the
 * only handler of a promise, and gives up at one with two. From a handler of ours it goes on to the promise that `then`
 * returned, and from the engine's function there to what awaits the function. That one comes second, and does nothing.
 */
export class ReturnedPromise {
  readonly #promise: object;
  readonly #listener: PromiseListener;

  constructor(promise: object, listener: PromiseListener) {
    this.#promise = promise;
    this.#listener = listener;
  }

  static is(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #promise in value;
  }

  then(resolve: Resolve, reject: Resolve): void {
    const listener = this.#listener;
    const settled = promiseThen(
      this.#promise,
      (value) => {
        listener.fulfilled(value);
        resolve(value);
      },
      (error) => {
        listener.rejected(error);
        reject(error);
      },
    );
    void promiseThen(settled, resolve, reject);
  }
}
