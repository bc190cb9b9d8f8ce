/** What a Node version can do, as data. */

/**
 * Versions from which `module.registerHooks` also takes the null source by which a CommonJS module says "load me the
 * usual way": https://github.com/nodejs/node/pull/59929. Before them the hooks would break programs.
 */
const SYNC_HOOKS: Record<number, [minor: number, patch: number]> = { 22: [22, 3], 24: [11, 1], 25: [1, 0] };

/** Whether `module.registerHooks` can be used; otherwise `module.register` and `Module.prototype._compile` serve. */
export function hasSyncHooks(version: string): boolean {
  const [major, minor, patch] = version.split('.').map(Number);
  if (major >= 26) return true;
  const from = SYNC_HOOKS[major];
  return from !== undefined && (minor > from[0] || (minor === from[0] && patch >= from[1]));
}

/**
 * Whether a worker thread can have asynchronous hooks of its own. In 22.2 it shares those of the main thread, and waits for
 * them forever when it registers any: https://github.com/nodejs/node/issues/53182.
 */
export function hasHooksInWorkers(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major !== 22 || minor !== 2;
}

/** Whether `require` of an ES module goes through the asynchronous hooks. */
export function hasHooksForRequire(version: string): boolean {
  return Number(version.split('.')[0]) >= 22;
}

/** Whether the channel `http.client.request.created` exists: https://github.com/nodejs/node/pull/55715. */
export function hasRequestCreatedChannel(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}
