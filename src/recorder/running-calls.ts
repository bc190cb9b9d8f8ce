import { Float64Array, Int32Array, setBytes } from '../intrinsics.js';
import { createNotes } from './notes.js';
import type { Scope } from './scope.js';
import type { PendingCall } from './suspendable-call.js';

/** The calls that run right now, innermost last, from index 1: of the call at `depth`, what each list has there. */
export class RunningCalls {
  depth = 0;
  lastId = 0;
  size = 1 << 14;
  ids = new Float64Array(this.size);
  functions = new Int32Array(this.size);
  /** Times as in the event buffer. */
  starts = new Float64Array(this.size);
  /** Where scopes are in use. */
  readonly scopes: (Scope | null | undefined)[] = [];
  /** The calls that returned these promises. */
  readonly promises = createNotes<PendingCall>();
  /** The next call of a function is reported as one of another. */
  reportNext: { fn: number; as: number } | null = null;

  grow(): void {
    this.size *= 2;
    const ids = new Float64Array(this.size);
    const functions = new Int32Array(this.size);
    const starts = new Float64Array(this.size);
    setBytes(ids, this.ids);
    setBytes(functions, this.functions);
    setBytes(starts, this.starts);
    this.ids = ids;
    this.functions = functions;
    this.starts = starts;
  }
}
