import type { Digests } from './digests.js';
import { Digests as DigestsOfSide, ExchangeNames } from './digests.js';
import { Identities } from './identity.js';
import { Noise, type NoiseRule } from './noise.js';
import type { Looked, UnitResult } from './results.js';
import type { Side } from './side.js';
import { ledOn, suspectsOf, type Compared, type Suspect } from './suspects.js';
import { withEarlier } from './earlier.js';
import { isBroken, nodesBelow, otherUnits, testUnits, type Unit } from './units.js';
import { walk, type Pair } from './walk.js';

export type { UnitResult } from './results.js';

export interface CompareOptions {
  readonly rules?: readonly NoiseRule[];
  /** Also units that did not fail. */
  readonly all?: boolean;
  /** Only tests for which this is true. */
  readonly test?: (name: string) => boolean;
  /** When to end, by `performance.now()`: what was not reached by then is left out. */
  readonly until?: number;
}

/** Units that have the same first suspect. */
export interface Cause {
  readonly suspect: Suspect;
  readonly units: readonly string[];
  /** Names of what only passes on what it did, and in how many calls that was seen. */
  readonly follows: readonly string[];
  readonly values: number;
}

export interface Comparison {
  readonly base: Side;
  readonly new: Side;
  /** Those that were compared and differ or failed. */
  readonly units: readonly UnitResult[];
  /** Most units first. */
  readonly causes: readonly Cause[];
  /** How many units were compared. */
  readonly compared: number;
  readonly failed: number;
  /** Failed tests that the base has not. */
  readonly withoutBase: readonly string[];
  /** Values that are redacted in both. */
  readonly redacted: number;
  /** Functions of which one run has not every call. */
  readonly capped: readonly string[];
  readonly noise: readonly NoiseRule[];
}

/** With what was computed on the way, for those who look further. */
export interface SidesCompared extends Comparison {
  readonly session: Session;
}

/** Compares two runs: which calls differ, and which of them is the cause of it. */
export function compareSides(base: Side, next: Side, options: CompareOptions = {}): SidesCompared {
  const session = new Session(base, next, options.rules ?? [], options.until);
  const units = session.units(options);
  const found = withEarlier(compareInTime(units, session), session);
  const results = found.filter((result) => wanted(result));
  return {
    session,
    base,
    new: next,
    units: results,
    causes: causesOf(results),
    compared: found.length,
    failed: units.filter(isBroken).length,
    withoutBase: units.filter((unit) => isBroken(unit) && unit.base === undefined).map(({ name }) => name),
    redacted: session.next.redacted,
    capped: [...new Set([...cappedIn(base), ...cappedIn(next)])],
    noise: session.noise.used,
  };
}

const LEAST_UNITS = 20;

/** Where time is short, units from all over the run, so that several causes are seen. */
function compareInTime(units: readonly Unit[], session: Session): Looked[] {
  const order = units.map((_, at) => at);
  if (session.until !== Infinity) order.sort((a, b) => spread(a) - spread(b));
  const found: [number, Looked][] = [];
  for (const at of order) {
    if (session.isOver && found.length >= LEAST_UNITS) break;
    found.push([at, session.compare(units[at])]);
  }
  return found.sort(([a], [b]) => a - b).map(([, result]) => result);
}

/** Numbers from 0 on, put evenly between 0 and 1 in any order that begins there. */
function spread(at: number): number {
  return (at * 0.618033988749895) % 1;
}

function wanted({ unit, differing }: UnitResult): boolean {
  return isBroken(unit) || differing > 0 || (unit.base !== unit.new && unit.base !== undefined);
}

/** What is kept while two runs are compared. */
export class Session {
  readonly base: Digests;
  readonly next: Digests;
  readonly noise: Noise;
  #outside: ReadonlyMap<number, number> | undefined;

  constructor(
    base: Side,
    next: Side,
    rules: readonly NoiseRule[],
    readonly until = Infinity,
  ) {
    const identities = new Identities(base, next);
    const names = new ExchangeNames();
    this.noise = new Noise(rules);
    this.base = new DigestsOfSide(base, identities, identities.base, names, this.noise);
    this.next = new DigestsOfSide(next, identities, identities.new, names, this.noise);
  }

  /** Whether there is no time left. */
  get isOver(): boolean {
    return this.until !== Infinity && performance.now() > this.until;
  }

  /** Tests where there are any, else what was called at the top. */
  units({ all = false, test = () => true }: CompareOptions): Unit[] {
    const tests = testUnits(this.base.side, this.next.side);
    if (tests.length === 0) return otherUnits(this.base, this.next);
    const chosen = tests.filter((unit) => test(unit.name) && (all || isBroken(unit)));
    return chosen;
  }

  compare(unit: Unit): Looked {
    const { pairs, nodes } = this.walk(unit);
    const compared: Compared = { base: this.base, next: this.next, pairs, nodes, outside: this.#changedOutside() };
    const isUseful = isBroken(unit) || pairs.length > 0;
    const found = isUseful ? suspectsOf(unit, compared) : { suspects: [], cause: -1 };
    const differing = pairs.length;
    const led = isBroken(unit) ? ledOn(unit, compared) : new Map<number, Pair>();
    // Of most units nothing of it is needed again.
    const kept = led.size > 0 ? { ...compared, nodes: new Int32Array(0) } : undefined;
    const result = { unit, ...found, differing, compared: kept, ledOn: led };
    if (found.suspects.length > 0) return result;
    // What holds noise may end in another way: where nothing failed, that says nothing.
    if (!isBroken(unit)) return pairs.some(({ isUnsteady }) => isUnsteady) ? { ...result, differing: 0 } : result;
    if (unit.newTest === -1) return result;
    // Work that nothing led back to this test.
    const outside = this.#changedDuring(unit.newTest);
    return { ...result, ...suspectsOf(unit, { ...compared, outside }) };
  }

  walk(unit: Unit): { pairs: Pair[]; nodes: Int32Array } {
    const { ours, theirs } = unit;
    const nodes = nodesBelow(this.next.side.trace, theirs);
    this.base.add(nodesBelow(this.base.side.trace, ours));
    this.next.add(nodes);
    const hasBoth = unit.base !== undefined && unit.new !== undefined;
    return { pairs: hasBoth ? walk(this.base, this.next, ours, theirs) : [], nodes };
  }

  /** Functions with another source that were called while a test ran, in whatever. */
  #changedDuring(test: number): ReadonlyMap<number, number> {
    const { firstNs, dt } = this.next.side.trace.tests[test];
    const { t0 } = this.next.side.trace.nodes;
    return this.#changedCalls((node) => t0[node] >= firstNs && (dt < 0 || t0[node] <= firstNs + dt));
  }

  /** Functions with another source that were called outside of tests, as modules are when they are loaded. */
  #changedOutside(): ReadonlyMap<number, number> {
    return (this.#outside ??= this.#changedCalls((node) => this.next.side.trace.scopeOf(node).test === -1));
  }

  #changedCalls(wanted: (node: number) => boolean): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    const { identities, side } = this.next;
    const { trace } = side;
    if (!identities.all.some(({ changed }) => changed)) return found;
    for (let node = 0; node < trace.nodes.count; node++) {
      if (trace.isExchange(node) || !side.has(node) || !wanted(node)) continue;
      const id = this.next.functionIds[trace.nodes.func[node]];
      if (id >= 0 && identities.all[id].changed && !found.has(id)) found.set(id, node);
    }
    return found;
  }
}

/** Units by their first suspect. */
export function causesOf(results: readonly UnitResult[]): Cause[] {
  const groups = new Map<string, UnitResult[]>();
  for (const result of results) {
    const [first] = result.suspects;
    if (!first) continue;
    const key = `${first.file}\0${first.func}\0${first.line}:${first.column}`;
    const group = groups.get(key);
    if (group) group.push(result);
    else groups.set(key, [result]);
  }
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .map((group) => ({
      suspect: group[0].suspects[0],
      units: group.map(({ unit }) => unit.name),
      follows: [...new Set(group.flatMap(({ suspects }) => suspects[0].follows))],
      values: group.reduce((sum, { differing }) => sum + differing, 0),
    }));
}

function cappedIn({ trace, processes }: Side): string[] {
  const summaries = trace.summaries.filter(
    ({ process, calls, recorded }) => processes.has(process) && recorded < calls,
  );
  return summaries.map(({ func, file }) => `${func} (${file})`);
}
