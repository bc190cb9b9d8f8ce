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
      // A list of all modules is no import.
      lookouts.push({ isIn: (source) => isNamed(source, builtin, IMPORT), seen: guarded(step) });
    },
    beforeUse(builtin, step) {
      if (mayBeUsed(builtin)) return step();
      lookouts.push({ isIn: (source) => isNamed(source, builtin, QUOTE), seen: guarded(step) });
      lookouts.push({ isIn: (source) => source.includes('builtinModules'), seen: guarded(step) });
    },
  };
}

/** What comes before the name of a module, and how much of the text is looked at for it. */
const IMPORT = /(?:\b(?:from|import)\s*|(?:import|[rR]equire|getBuiltinModule)[\w$]*\s*\(\s*)['"`](?:node:)?$/;
const QUOTE = /['"`](?:node:)?$/;
const BEFORE = 100;
const PROMISES = '/promises';

/**
 * Whether the name of a module is in there, in quotes. Words such as `http` are in many texts: a pattern with them would be
 * compiled for each of them, and search all of the text.
 */
function isNamed(source: string, builtin: string, before: RegExp): boolean {
  for (let at = source.indexOf(builtin); at >= 0; at = source.indexOf(builtin, at + 1)) {
    if (!`'"\`:`.includes(source[at - 1])) continue;
    const end = at + builtin.length;
    const after = source[source.startsWith(PROMISES, end) ? end + PROMISES.length : end];
    if (`'"\``.includes(after) && before.test(source.slice(Math.max(0, at - BEFORE), at))) return true;
  }
  return false;
}

function mayBeUsed(builtin: string): boolean {
  const { argv, moduleLoadList = [], versions } = process as typeof process & { moduleLoadList?: string[] };
  const hasFile = argv[1] !== undefined && isMainThread;
  return !hasFile || !hasSyncHooks(versions.node) || moduleLoadList.includes(`NativeModule ${builtin}`);
}
