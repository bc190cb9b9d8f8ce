import { before, CREDENTIAL_SETTERS, type ProcessInternals } from './before.js';

/**
 * Has `action` run before the process becomes another user's, which it may do only once.
 *
 * @returns takes it back
 */
export function watchCredentials(action: () => void): () => void {
  const undo = CREDENTIAL_SETTERS.map((name) => before(process as unknown as ProcessInternals, name, action));
  return () => undo.forEach((step) => step());
}
