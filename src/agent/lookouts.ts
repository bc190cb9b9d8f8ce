import type { HookHost } from '../../hooks/lib/hook.js';
import type { Lookout } from '../loader/loader.js';
import type { Guards } from './guards.js';

export interface Lookouts {
  readonly lookouts: Lookout[];
  readonly whenImported: HookHost['whenImported'];
}

/** What the loader looks for in sources: that they import a built-in module. */
export function createLookouts({ guarded }: Guards): Lookouts {
  const lookouts: Lookout[] = [];
  return {
    lookouts,
    whenImported(builtin, step) {
      // A list of all modules is no import. The name comes first: engines look for fixed text fastest.
      const name = `${builtin}(?:/promises)?['"\`]`;
      const before = `(?:\\b(?:from|import)\\s*|(?:import|[rR]equire|getBuiltinModule)[\\w$]*\\s*\\(\\s*)['"\`](?:node:)?`;
      const pattern = new RegExp(`${name}(?<=${before}${name})`);
      lookouts.push({ word: builtin, pattern, seen: guarded(step) });
    },
  };
}
