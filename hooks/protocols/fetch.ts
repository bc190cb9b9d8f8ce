import { createPatches } from '../lib/patch.js';
import type { Hook } from '../lib/hook.js';
import { describeFetch } from '../lib/undici-forms.js';
import { recordUndici } from '../lib/undici.js';

/** The global `fetch`. Its undici is a copy inside of Node, loaded by the first call. */
export const fetchHook: Hook = {
  name: 'fetch',
  install(host) {
    const { wire, stop } = recordUndici(host, 'fetch');
    const patches = createPatches(host);
    const wrap = wire.calls.wrap('fetch', describeFetch, wire.adoptDispatchers);
    patches.method(globalThis as unknown as { fetch: () => unknown }, 'fetch', wrap);
    return () => {
      patches.undo();
      stop();
    };
  },
};
