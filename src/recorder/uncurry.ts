const call = Function.prototype.call;

/** `uncurry(f)(self, ...args)` calls `f` on `self`, whatever the program has done to prototypes since. */
export const uncurry = <T>(f: (...args: never[]) => T): ((self: unknown, ...args: unknown[]) => T) =>
  call.bind(f) as never;
