import type { Session } from './types.js';
import { Symbol } from '../intrinsics.js';

/** A session that records nothing. */
export function notRecorded(tag: string): Session {
  return sessionObject(undefined, tag, () => undefined);
}

export function sessionObject(id: string | undefined, tag: string, end: (error?: unknown) => void): Session {
  return {
    id,
    tag,
    end,
    [Symbol.dispose]: () => end(),
    // eslint-disable-next-line @typescript-eslint/require-await -- `await using` waits for it
    [Symbol.asyncDispose]: async () => end(),
  };
}
