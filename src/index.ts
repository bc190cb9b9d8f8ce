import type { Agent } from './agent.js';

export type * from './trace-format.js';
export { version } from './version.js';

/**
 * Writes all events recorded so far to the trace file; when it returns they are there. Without the agent it does
 * nothing, so it may stay in the code.
 */
export function flushSync(): void {
  (globalThis as { [AGENT]?: Agent })[AGENT]?.flush();
}

const AGENT = Symbol.for('handit');
