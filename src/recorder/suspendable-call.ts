import type { Scope } from './scope.js';

export interface PendingCall {
  id: number;
  fn: number;
  t0: Bits;
}

/** A time as the 64 bits of an integer in the place of a double: it can be moved, not calculated with. */
export type Bits = number;

/** A call of an async function or a generator: it can be suspended, so it is more than a number. */
export class SuspendableCall {
  /** On the stack of running calls. */
  running = true;
  ended = false;
  /** The recorded call whose promise this one is waiting for. */
  waitsFor: PendingCall | null = null;
  /** It has gone on after an `await`: no code of a caller runs after it. */
  alone = false;
  /** It is in a loop over an iterable, or in `yield*`. */
  delegates = false;

  constructor(
    /** 0 when the call is not recorded. */
    readonly id: number,
    readonly fn: number,
    readonly t0: Bits,
    /** The scope it is in now. */
    public scope: Scope | null,
    /** The scope it began in, and its caller is in. */
    readonly entered: Scope | null = scope,
    /** That scope is its own: see `follow`. */
    public own = false,
  ) {}
}

/** A call of which there is only the count. */
export function unrecorded(id: number, fn: number): SuspendableCall {
  const call = new SuspendableCall(id, fn, 0, null);
  call.running = false;
  call.ended = true;
  return call;
}

/** One that is not even counted: it belongs to work of handit's own. */
export const UNSEEN_CALL = unrecorded(-1, 0);
