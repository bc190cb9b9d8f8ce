import type { HookHost } from '../../hooks/lib/hook.js';
import type { Lookout } from '../loader/loader.js';
import { hasSyncHooks } from '../node-features.js';
import { isMainThread } from '../thread.js';
import type { Guards } from './guards.js';

export interface Lookouts {
  readonly lookouts: Lookout[];
  readonly whenImported: HookHost['whenImported'];
  /**
   * Calls back before the program can have replaced anything in this built-in module: before the first module runs that says
   * its name, or asks for the names of all. Where code may run that the loader does not see, that is now.
   */
  readonly beforeUse: (builtin: string, step: () => void) => void;
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
    beforeUse(builtin, step) {
      if (mayBeUsed(builtin)) return step();
      const pattern = new RegExp(`(?<=['"\`](?:node:)?)${builtin}['"\`]`);
      lookouts.push({ word: builtin, pattern, seen: guarded(step) });
      lookouts.push({ word: 'builtinModules', pattern: /builtinModules/, seen: guarded(step) });
    },
  };
}

function mayBeUsed(builtin: string): boolean {
  const { argv, moduleLoadList = [], versions } = process as typeof process & { moduleLoadList?: string[] };
  const hasFile = argv[1] !== undefined && isMainThread;
  return !hasFile || !hasSyncHooks(versions.node) || moduleLoadList.includes(`NativeModule ${builtin}`);
}
