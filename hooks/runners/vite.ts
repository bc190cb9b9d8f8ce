import type { Hook, HookHost } from '../lib/hook.js';
import { createProbes } from '../lib/probes.js';
import { SafeWeakSet, stringReplace } from '../../src/intrinsics.js';

const { getBuiltinModule } = process;

/**
 * Modules that Vite has compiled and runs by itself: its module runner (Vite's server since 6, vitest since 4) and
 * `vite-node` (vitest up to 3). What they run is rewritten, with the map that it brings.
 */
export const viteHook: Hook = {
  name: 'vite',
  libraryFiles: [
    {
      package: 'vite',
      path: 'dist/node/module-runner.js',
      rules: [{ function: ['ModuleRunner.directRequest'], first: '__handit__.viteModule(this,$2)' }],
    },
    {
      package: 'vite-node',
      path: 'dist/client.*',
      rules: [
        {
          function: ['ViteNodeRunner.directRequest'],
          first: 'const h$l=__handit__.viteNode(this,$2)',
          pass: [{ awaited: 'this._fetchModule', to: 'fetched', count: 1 }],
        },
      ],
    },
  ],
  install(host) {
    const probes = createProbes(host);
    probes.add('viteModule', (runner: Runner, module: ModuleNode) => runsModule(host, runner, module), undefined);
    probes.add('viteNode', (runner: NodeRunner, path: string) => runsFile(host, runner, path), NO_FETCH);
    return probes.stop;
  },
};

/** What is read of Vite's own objects. */
interface Runner {
  evaluator?: { startOffset?: number; vm?: { context?: object } };
}

interface ModuleNode {
  meta?: Fetched & { file?: string | null; sourceMap?: string };
}

interface Fetched {
  code?: string;
}

function runsModule(host: HookHost, { evaluator }: Runner, module: ModuleNode): undefined {
  const { meta } = module;
  if (typeof meta?.code !== 'string' || typeof meta.file !== 'string') return;
  if (evaluator?.vm?.context) enterContext(host, evaluator.vm.context);
  const { code, file, sourceMap } = meta;
  const linesAbove = evaluator?.startOffset ?? 0;
  const rewritten = host.runners.rewriteBody({ filename: file, code, map: sourceMap, linesAbove });
  // The runner looks for the map in here, too.
  if (rewritten) module.meta = { ...meta, code: rewritten.code, ...(rewritten.map && { sourceMap: rewritten.map }) };
}

// ------------------------------------------------------------------ vite-node

interface NodeRunner {
  options?: { context?: object };
}

interface FetchHandle {
  fetched(result: Fetched): Fetched;
}

const NO_FETCH: FetchHandle = { fetched: (result) => result };

function runsFile(host: HookHost, { options }: NodeRunner, path: string): FetchHandle {
  return {
    fetched(result) {
      try {
        if (typeof result.code !== 'string') return result;
        if (options?.context) enterContext(host, options.context);
        const rewritten = host.runners.rewriteBody({ filename: fileOf(path), code: result.code });
        return rewritten ? { ...result, code: rewritten.code } : result;
      } catch (error) {
        host.broken(error);
        return result;
      }
    },
  };
}

function fileOf(path: string): string {
  return stringReplace(stringReplace(stringReplace(path, /^mock:/, ''), /^\/@fs\//, '/'), /[?#].*$/s, '');
}

const contexts = new SafeWeakSet<object>();

/** A context of `node:vm`, by what was made one: that has the globals, but not all that are built in. */
function enterContext(host: HookHost, context: object): void {
  if (contexts.has(context)) return;
  contexts.add(context);
  const { runInContext } = getBuiltinModule('node:vm');
  host.runners.enterRealm(runInContext('globalThis', context) as typeof globalThis, {});
}
