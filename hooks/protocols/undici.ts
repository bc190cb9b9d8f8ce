import type { Hook } from '../lib/hook.js';
import { recordUndici, type UndiciExports } from '../lib/undici.js';

/** The package `undici`, any copy of it. */
export const undiciHook: Hook = {
  name: 'undici',
  libraryFiles: [
    {
      ...{ package: 'undici', path: 'index.js', contains: 'MockAgent' },
      ...{ rules: [], last: 'globalThis.__handit__?.undici(module.exports)' },
    },
  ],
  install(host) {
    const { wire, stop } = recordUndici(host, 'undici');
    host.probe('undici', (exports: UndiciExports) => wire.adopt(exports));
    return stop;
  },
};
