import type { HookHost } from './hook.js';
import { queueMicrotask, SafeWeakSet } from '../../src/intrinsics.js';

const claims = new SafeWeakSet<HookHost>();

/** The HTTP/2 stream that is created next, at once, carries an exchange that is recorded already. */
export function claimHttp2Stream(host: HookHost): void {
  claims.add(host);
  queueMicrotask(() => claims.delete(host));
}

/** There will be no such stream. */
export function releaseHttp2Stream(host: HookHost): void {
  claims.delete(host);
}

/** Whether the stream that was just created was claimed. */
export function isClaimedHttp2Stream(host: HookHost): boolean {
  return claims.delete(host);
}
