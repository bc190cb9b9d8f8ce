import { warn } from '../log.js';

export interface Guards {
  /** An error of our own: said once, and the program goes on. */
  broken(error: unknown): void;
  /** The same step, which lets no error through. */
  guarded<A extends unknown[]>(step: (...args: A) => void): (...args: A) => void;
  /** The same with null where it fails. */
  orNull<S, R>(step: (source: S) => R): (source: S) => R | null;
}

export function createGuards(): Guards {
  let saidBroken = false;
  const broken = (error: unknown): void => {
    if (saidBroken) return;
    saidBroken = true;
    warn(`internal error, please report it: ${error instanceof Error ? error.stack : String(error)}`);
  };
  return {
    broken,
    guarded:
      (step) =>
      (...args) => {
        try {
          step(...args);
        } catch (error) {
          broken(error);
        }
      },
    orNull: (step) => (source) => {
      try {
        return step(source);
      } catch (error) {
        broken(error);
        return null;
      }
    },
  };
}
