import type { Digests } from './digests.js';
import type { Looked, UnitResult } from './results.js';
import { suspectBefore, type Suspect } from './suspects.js';
import type { Difference } from './value-difference.js';
import { isBroken, nodesBelow, otherUnits, testUnits, type Unit } from './units.js';

/** Two runs, and what compares a unit of them. */
interface Session {
  readonly base: Digests;
  readonly next: Digests;
  /** Whether there is no time left. */
  readonly isOver: boolean;
  compare(unit: Unit): Looked;
}

/** Calls of tests that passed which are looked at, all in all. */
const MOST_CALLS = 200_000;
const MAX_SUSPECTS = 10;

/**
 * What tests change stays: a list that a module keeps, an object that is given to each of them. So a function that was
 * the cause in something that ran before, in the same process, and met with other arguments here, comes first; what
 * happened while modules were loaded comes where a test has no cause of its own. A test that failed because one below it
 * did has the suspects of that one.
 */
export function withEarlier(results: readonly Looked[], session: Session): UnitResult[] {
  const earlier = new Earlier(results, session);
  const found = new Map<Looked, UnitResult>();
  for (const result of results) found.set(result, isBroken(result.unit) ? earlier.added(result) : result);
  const all = [...found.values()];
  return all.map((result) => (isBroken(result.unit) && result.suspects.length === 0 ? ofPart(result, all) : result));
}

/** Runners name the tests in a test after it. */
function ofPart(result: UnitResult, all: readonly UnitResult[]): UnitResult {
  const start = `${result.unit.name} > `;
  const part = all.find(({ unit, suspects }) => suspects.length > 0 && unit.name.startsWith(start) && isBroken(unit));
  if (!part) return result;
  const suspects = part.suspects.map((one) => ({ ...one, found: `in a test within it: ${one.found}` }));
  return { ...result, suspects, differing: part.differing };
}

class Earlier {
  readonly #session: Session;
  /** Units by process of the new run, in order of time. */
  #units: ReadonlyMap<number, readonly Unit[]> | undefined;
  readonly #looked = new Map<string, Looked>();
  readonly #outside = new Map<string, Suspect | undefined>();
  #calls = 0;

  constructor(results: readonly Looked[], session: Session) {
    this.#session = session;
    for (const result of results) this.#looked.set(keyOf(result.unit), result);
  }

  added(result: Looked): UnitResult {
    const { unit, suspects } = result;
    if (unit.newTest === -1 || unit.baseTest === -1) return result;
    const first = result.ledOn.size > 0 && suspects[0]?.source !== 'changed' ? this.#first(result) : undefined;
    if (first && first.source !== 'same' && first.differences.every(isWithinObject))
      return { ...result, suspects: [first, ...suspects].filter(isFirstOfItsFunction).slice(0, MAX_SUSPECTS) };
    if (result.cause !== -1) return result;
    const outside = this.#outsideOf(unit);
    return outside ? { ...result, suspects: [outside, ...suspects].filter(isFirstOfItsFunction) } : result;
  }

  /** The cause in what ran before, of those that did something else here too. */
  #first({ unit, ledOn, compared }: Looked): Suspect | undefined {
    const { tests } = this.#session.next.side.trace;
    const { process, firstNs } = tests[unit.newTest];
    for (const before of this.#unitsOf(process)) {
      if (before.newTest === unit.newTest || tests[before.newTest].firstNs >= firstNs) return undefined;
      const { cause = -1 } = this.#lookAt(before, ledOn) ?? {};
      const pair = ledOn.get(cause);
      if (pair) return suspectBefore(pair, before.name, compared!);
    }
    return undefined;
  }

  #unitsOf(process: number): readonly Unit[] {
    return (this.#units ??= this.#byProcess()).get(process) ?? [];
  }

  #byProcess(): Map<number, Unit[]> {
    const { base, next } = this.#session;
    const { tests } = next.side.trace;
    const found = new Map<number, Unit[]>();
    for (const unit of testUnits(base.side, next.side)) {
      if (unit.newTest === -1 || unit.baseTest === -1) continue;
      const { process } = tests[unit.newTest];
      const units = found.get(process);
      if (units) units.push(unit);
      else found.set(process, [unit]);
    }
    for (const units of found.values()) units.sort((a, b) => tests[a.newTest].firstNs - tests[b.newTest].firstNs);
    return found;
  }

  /** Undefined where it called none of these functions, or where too much was looked at. */
  #lookAt(unit: Unit, functions: ReadonlyMap<number, unknown>): Looked | undefined {
    const known = this.#looked.get(keyOf(unit));
    if (known) return known;
    const { next } = this.#session;
    const { trace } = next.side;
    const nodes = nodesBelow(trace, unit.theirs);
    const isCalled = nodes.some(
      (node) => !trace.isExchange(node) && functions.has(next.functionIds[trace.nodes.func[node]]),
    );
    if (!isCalled || this.#session.isOver || this.#calls + nodes.length > MOST_CALLS) return undefined;
    this.#calls += nodes.length;
    const result = this.#session.compare(unit);
    this.#looked.set(keyOf(unit), result);
    return result;
  }

  /** What did something else in the process of a test, outside of tests, before it. */
  #outsideOf({ baseTest, newTest }: Unit): Suspect | undefined {
    const { base, next } = this.#session;
    const [ours, theirs] = [base.side.trace.tests[baseTest], next.side.trace.tests[newTest]];
    const key = `${ours.process} ${theirs.process}`;
    if (!this.#outside.has(key)) this.#outside.set(key, this.#causeOutside(ours.process, theirs.process));
    const found = this.#outside.get(key);
    const began = found?.new === undefined ? -1 : next.side.trace.nodeNamed(found.new);
    return began !== -1 && next.side.trace.nodes.t0[began] <= theirs.firstNs ? found : undefined;
  }

  #causeOutside(ours: number, theirs: number): Suspect | undefined {
    const { base, next } = this.#session;
    for (const unit of otherUnits(base, next, { base: ours, new: theirs })) {
      // Of what one run did more often, as one that ran more files did, it is not known which is which.
      if (unit.kind !== 'root' || unit.ours.length !== unit.theirs.length) continue;
      this.#calls += nodesBelow(next.side.trace, unit.theirs).length;
      if (this.#session.isOver || this.#calls > MOST_CALLS) return undefined;
      const { cause, suspects } = this.#session.compare(unit);
      if (cause === -1) continue;
      return { ...suspects[0], found: `outside of any test, before this one: ${suspects[0].found}` };
    }
    return undefined;
  }
}

/** What of the arguments differs is in an object, which others may have changed; values the caller makes itself. */
function isWithinObject({ path }: Difference): boolean {
  return !/^args[.[]/.test(path) || path.split(/[.[]/).length > 2;
}

function keyOf({ baseTest, newTest }: Unit): string {
  return `${baseTest} ${newTest}`;
}

function isFirstOfItsFunction(one: Suspect, at: number, all: readonly Suspect[]): boolean {
  return (
    all.findIndex(({ file, line, column }) => file === one.file && line === one.line && column === one.column) === at
  );
}
