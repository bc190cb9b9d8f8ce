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
      lookouts.push(lookoutFor(builtin, `${name}(?<=${before}${name})`, guarded(step)));
    },
    beforeUse(builtin, step) {
      if (mayBeUsed(builtin)) return step();
      lookouts.push(lookoutFor(builtin, `(?<=['"\`](?:node:)?)${builtin}['"\`]`, guarded(step)));
      lookouts.push({ isIn: (source) => source.includes('builtinModules'), seen: guarded(step) });
    },
  };
}

/** Words such as `http` are in many texts: V8 would compile the pattern for them, and search all of each. */
function lookoutFor(builtin: string, pattern: string, seen: () => void): Lookout {
  return { isIn: (source) => isNamed(source, builtin) && new RegExp(pattern).test(source), seen };
}

/** Whether it may be the name of a module somewhere in there. */
function isNamed(source: string, builtin: string): boolean {
  for (let at = source.indexOf(builtin); at >= 0; at = source.indexOf(builtin, at + 1)) {
    if (BEFORE_NAME.includes(source[at - 1]) && AFTER_NAME.includes(source[at + builtin.length])) return true;
  }
  return false;
}

const BEFORE_NAME = `'"\`:`;
const AFTER_NAME = `'"\`/`;

function mayBeUsed(builtin: string): boolean {
  const { argv, moduleLoadList = [], versions } = process as typeof process & { moduleLoadList?: string[] };
  const hasFile = argv[1] !== undefined && isMainThread;
  return !hasFile || !hasSyncHooks(versions.node) || moduleLoadList.includes(`NativeModule ${builtin}`);
}
