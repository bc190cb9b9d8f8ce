import type { HookHost } from './hook.js';

const claims = new WeakSet<HookHost>();

/** The HTTP/2 stream that is created next, at once, carries an exchange that is recorded already. */
export function claimHttp2Stream(host: HookHost): void {
  claims.add(host);
}

/** Whether the stream that was just created was claimed. */
export function isClaimedHttp2Stream(host: HookHost): boolean {
  return claims.delete(host);
}
