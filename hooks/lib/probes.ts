import type { HookHost } from './hook.js';
import { apply } from '../../src/intrinsics.js';

/** The probes of one hook, which edited files of a library call. */
export interface Probes {
  /** An error of our own is reported, and the library gets what it would have had without us. */
  add<A extends unknown[], H>(name: string, step: (...args: A) => H, otherwise: H): void;
  /** From now on they do nothing: the edited files stay. */
  stop(): void;
}

export function createProbes(host: HookHost): Probes {
  let installed = true;
  return {
    add: <A extends unknown[], H>(name: string, step: (...args: A) => H, otherwise: H): void =>
      host.probe(name, (...args: A): H => {
        if (!installed) return otherwise;
        try {
          return apply<undefined, A, H>(step, undefined, args);
        } catch (error) {
          host.broken(error);
          return otherwise;
        }
      }),
    stop: () => void (installed = false),
  };
}
