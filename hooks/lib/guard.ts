import type { HookHost } from './hook.js';

/** Lets no error of ours reach the program: it is said once, and the program goes on. */
export function guardFor({
  broken,
}: Pick<HookHost, 'broken'>): <A extends unknown[]>(step: (...args: A) => void) => (...args: A) => void {
  return (step) =>
    (...args) => {
      try {
        step(...args);
      } catch (error) {
        broken(error);
      }
    };
}
