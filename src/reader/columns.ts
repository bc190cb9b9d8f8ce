import { grown } from './names.js';

/** What a node is: the lowest two bits of its flags. */
export const KIND_MASK = 3;
export const CALL = 0;
/** An exception of a call beyond the cap: only its end is known. */
export const CAPPED = 1;
export const CLIENT = 2;
export const SERVER = 3;

/** How it ended: the next two bits. */
export const OUTCOME_MASK = 3 << 2;
export const OPEN = 0 << 2;
/** A call returned, an exchange had its response. */
export const ENDED = 1 << 2;
/** A call threw, an exchange failed. */
export const FAILED = 2 << 2;
/** One side of an exchange chose to stop. */
export const ABORTED = 3 << 2;

/** What was returned is a promise that had not settled. */
export const PENDING = 1 << 4;
/** That promise has settled since. */
export const SETTLED = 1 << 5;
/** With an error. */
export const REJECTED = 1 << 6;
/** Its parent is not in the file. */
export const ORPHAN = 1 << 7;
/** An exchange at a server under the one at its client; also set at the client. */
export const JOINED = 1 << 8;
/** Another line had the same id before. */
export const DOUBLED = 1 << 9;
/** It was its own ancestor: the parent was taken away here. */
export const RING = 1 << 10;
/** Data was attached to it. */
export const ANNOTATED = 1 << 11;

/**
 * One row a call or exchange, in the order of the lines, as typed arrays that are longer than `count`. They are
 * replaced when they grow: take them from here each time after `add`.
 */
export class Columns {
  count = 0;
  /** The id within the process. */
  id: Uint32Array;
  /** The parent's row; -1 at the top. (While lines are read, the id of the parent: see `link`.) */
  parent: Int32Array;
  /** The row in `functions`; for an exchange the row in `exchanges`. */
  func: Int32Array;
  /** The row in `scopes`: process, test, session, agent. */
  scope: Int32Array;
  /** Nanoseconds from the base of the trace. */
  t0: Float64Array;
  /** Nanoseconds; -1 while open, or where it is not known. */
  dt: Float64Array;
  flags: Uint16Array;
  /** Places of the two lines; -1: there is none. 32 bits each up to 2 GB, for which `widen` is called in time. */
  beginAt: Float64Array | Int32Array;
  endAt: Float64Array | Int32Array;
  beginLength: Uint32Array;
  endLength: Uint32Array;

  /** @param room rows to begin with: pages that are never written cost no memory */
  constructor(room = 1024) {
    this.id = new Uint32Array(room);
    this.parent = new Int32Array(room);
    this.func = new Int32Array(room);
    this.scope = new Int32Array(room);
    this.t0 = new Float64Array(room);
    this.dt = new Float64Array(room);
    this.flags = new Uint16Array(room);
    this.beginAt = new Int32Array(room);
    this.endAt = new Int32Array(room);
    this.beginLength = new Uint32Array(room);
    this.endLength = new Uint32Array(room);
  }

  /** @returns the new row, all zero but for `dt` and `endAt` */
  add(): number {
    if (this.count === this.id.length) this.#grow(Math.ceil(this.count * 1.5));
    const row = this.count++;
    this.dt[row] = -1;
    this.endAt[row] = -1;
    return row;
  }

  /** Places are going to be beyond 2 GB. */
  widen(): void {
    if (this.beginAt instanceof Float64Array) return;
    this.beginAt = grown<Float64Array | Int32Array>(this.beginAt, Float64Array, this.beginAt.length);
    this.endAt = grown<Float64Array | Int32Array>(this.endAt, Float64Array, this.endAt.length);
  }

  #grow(room: number): void {
    this.id = grown(this.id, Uint32Array, room);
    this.parent = grown(this.parent, Int32Array, room);
    this.func = grown(this.func, Int32Array, room);
    this.scope = grown(this.scope, Int32Array, room);
    this.t0 = grown(this.t0, Float64Array, room);
    this.dt = grown(this.dt, Float64Array, room);
    this.flags = grown(this.flags, Uint16Array, room);
    this.beginAt = grownPlaces(this.beginAt, room);
    this.endAt = grownPlaces(this.endAt, room);
    this.beginLength = grown(this.beginLength, Uint32Array, room);
    this.endLength = grown(this.endLength, Uint32Array, room);
  }
}

function grownPlaces(places: Float64Array | Int32Array, room: number): Float64Array | Int32Array {
  return grown<Float64Array | Int32Array>(places, places instanceof Float64Array ? Float64Array : Int32Array, room);
}
