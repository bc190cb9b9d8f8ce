import type { Hook, HookHost } from '../lib/hook.js';
import { createPatches } from '../lib/patch.js';
import { createProbes } from '../lib/probes.js';
import { apply, arraySlice, each, regExpExec, stringEndsWith, stringSlice } from '../../src/intrinsics.js';

const { getBuiltinModule } = process;

/** What jiti puts around a module that it has compiled. */
const WRAPPER = /^\((async )?function \(exports, require, module, __filename, __dirname\b[^)]*\) \{ /;
const CLOSING = '\n});';

/** Modules that jiti compiles: it evaluates them by `vm.runInThisContext`, past Node's module loader. */
export const jitiHook: Hook = {
  name: 'jiti',
  libraryFiles: [{ package: 'jiti', path: 'dist/jiti.*', rules: [], last: '__handit__.jiti()' }],
  install(host) {
    const patches = createPatches(host);
    const probes = createProbes(host);
    const loaded = (): undefined => {
      patches.method(getBuiltinModule('node:vm'), 'runInThisContext', (next) => {
        return function runInThisContext(this: unknown, ...args: unknown[]): unknown {
          return apply(next(), this, [rewritten(host, args[0], args[1]), ...each(arraySlice(args, 1))]);
        };
      });
    };
    probes.add('jiti', loaded, undefined);
    return () => {
      probes.stop();
      patches.undo();
    };
  },
};

/** The text to evaluate: the same, where it is no module of the user's from jiti. Never throws. */
function rewritten({ runners, broken }: HookHost, text: unknown, options: unknown): unknown {
  try {
    const filename = (options as { filename?: unknown } | undefined)?.filename;
    if (typeof text !== 'string' || typeof filename !== 'string' || !stringEndsWith(text, CLOSING)) return text;
    const wrapper = regExpExec(WRAPPER, text);
    if (!wrapper) return text;
    const [head, isAsync] = each(wrapper);
    const code = stringSlice(text, head.length, -CLOSING.length);
    const result = isAsync
      ? runners.rewriteBody({ filename, code })
      : runners.rewrite({ filename, code, kind: 'commonjs', wrapper: head.length });
    return result ? head + result.code + CLOSING : text;
  } catch (error) {
    broken(error);
    return text;
  }
}
