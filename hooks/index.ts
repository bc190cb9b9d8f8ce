import { avaHook } from './ava.js';
import { axiosHook } from './axios.js';
import { fetchHook } from './fetch.js';
import { gotHook } from './got.js';
import { httpHook } from './http.js';
import { http2Hook } from './http2.js';
import { httpsHook } from './https.js';
import { mochaHook } from './mocha.js';
import { mocksHook } from './mocks.js';
import { jestHook } from './jest.js';
import { jitiHook } from './jiti.js';
import { nodeTestHook } from './node-test.js';
import type { Hook } from './lib/hook.js';
import { undiciHook } from './undici.js';
import { viteHook } from './vite.js';
import { vitestHook } from './vitest.js';

/** In the order in which they start; they end in the opposite one. */
export const hooks: readonly Hook[] = [
  ...[httpHook, httpsHook, http2Hook, fetchHook, undiciHook],
  ...[axiosHook, gotHook, mocksHook],
  ...[avaHook, jestHook, jitiHook, mochaHook, nodeTestHook, viteHook, vitestHook],
];
