/** Makes steps of a hook that never throw into the program: an error of our own is reported, and the program goes on. */
export function createGuard(
  broken: (error: unknown) => void,
): <A extends unknown[]>(step: (...args: A) => unknown) => (...args: A) => void {
  return <A extends unknown[]>(step: (...args: A) => unknown) => {
    const plain = step as unknown as (a: unknown, b: unknown, c: unknown) => unknown;
    // At most three, and no rest parameters: these run for every chunk.
    const guarded = (a: unknown, b: unknown, c: unknown): void => {
      try {
        plain(a, b, c);
      } catch (error) {
        broken(error);
      }
    };
    return guarded as unknown as (...args: A) => void;
  };
}
