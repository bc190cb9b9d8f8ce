import { avaHook } from './runners/ava.js';
import { axiosHook } from './libraries/axios.js';
import { fetchHook } from './protocols/fetch.js';
import { gotHook } from './libraries/got.js';
import { httpHook } from './protocols/http.js';
import { http2Hook } from './protocols/http2.js';
import { httpsHook } from './protocols/https.js';
import { mochaHook } from './runners/mocha.js';
import { mocksHook } from './libraries/mocks.js';
import { jestHook } from './runners/jest.js';
import { jitiHook } from './runners/jiti.js';
import { nodeTestHook } from './runners/node-test.js';
import type { Hook } from './lib/hook.js';
import { undiciHook } from './protocols/undici.js';
import { viteHook } from './runners/vite.js';
import { vitestHook } from './runners/vitest.js';

/** In the order in which they start; they end in the opposite one. */
export const hooks: readonly Hook[] = [
  ...[httpHook, httpsHook, http2Hook, fetchHook, undiciHook],
  ...[axiosHook, gotHook, mocksHook],
  ...[avaHook, jestHook, jitiHook, mochaHook, nodeTestHook, viteHook, vitestHook],
];
