import { isProxy, setOf } from '../../src/intrinsics.js';

const ABORTS = setOf(['ABORT_ERR', 'UND_ERR_ABORTED', 'UND_ERR_DESTROYED']);

/** One side chose to stop. */
export function isAbort(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || isProxy(error)) return false;
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === 'AbortError' || (typeof code === 'string' && ABORTS.has(code));
}
