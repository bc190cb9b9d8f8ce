import type { Compared, Suspect } from './suspects.js';
import type { Unit } from './units.js';
import type { Pair } from './walk.js';

export interface UnitResult {
  readonly unit: Unit;
  /** Best first, at most 10. */
  readonly suspects: readonly Suspect[];
  /** Calls that differ. */
  readonly differing: number;
}

/** With what is looked at where the reason may be in what ran before. */
export interface Looked extends UnitResult {
  readonly cause: number;
  /** Undefined where `ledOn` is empty. */
  readonly compared: Compared | undefined;
  readonly ledOn: ReadonlyMap<number, Pair>;
}
