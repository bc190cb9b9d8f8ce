import { Session, type UnitResult } from './compare.js';
import type { Digests } from './digests.js';
import type { Side } from './side.js';
import type { Suspect, Sure } from './suspects.js';
import { nodesBelow, triesOf, outcomeOf, type Unit } from './units.js';
import {
  type Failure,
  type Finder,
  firstEmpty,
  type Known,
  lastCalled,
  otherThanElsewhere,
  returnedWhatTheTestGot,
  thrown,
} from './within-finders.js';

const MAX_SUSPECTS = 10;

/**
 * Suspects for failed tests from their own run alone, surest first: what differs from another try that passed, the
 * exception that the test reports, a call that gave something else in tests that passed, the call that returned what
 * the test got, and the first empty value on the way there.
 */
export function compareWithin(
  side: Side,
  test: (name: string) => boolean = () => true,
  until = Infinity,
): UnitResult[] {
  const session = new Session(side, side, [], until);
  const known: Passed = { known: new Map(), ends: new Map() };
  const tries = triesOf(side);
  const failed: Unit[] = [];
  for (const list of tries.values()) {
    const last = list.at(-1)!;
    if (outcomeOf(last) === 'failed' && test(last.name)) {
      const passed = list.findLast(({ outcome }) => outcome === 'passed');
      failed.push({
        ...{ kind: 'test', name: last.name, base: passed && 'passed', new: 'failed' },
        ours: passed ? side.rootsOfTest(passed.index) : [],
        theirs: side.rootsOfTest(last.index),
        ...{ baseTest: passed?.index ?? -1, newTest: last.index },
      });
    }
  }
  const passed = failed.length === 0 ? [] : [...tries.values()].flat().filter(({ outcome }) => outcome === 'passed');
  // Half of the time is for the tests that failed.
  const half = (performance.now() + until) / 2;
  for (const one of passed) {
    if (performance.now() > half) break;
    learnFrom(one.index, session.next, known);
  }
  const found: UnitResult[] = [];
  for (const unit of failed) {
    if (session.isOver && found.length >= LEAST_UNITS) break;
    found.push({ unit, ...suspectsWithin(unit, session, known) });
  }
  return found;
}

const LEAST_UNITS = 20;

/** What is known from tests that passed. */
interface Passed {
  readonly known: Map<number, Known>;
  readonly ends: Map<number, Set<number>>;
}

function learnFrom(test: number, digests: Digests, { known, ends }: Passed): void {
  const nodes = nodesBelow(digests.side.trace, digests.side.rootsOfTest(test));
  digests.add(nodes);
  for (const node of nodes) {
    const key = digests.args[node];
    const ways = ends.get(digests.signature[node]) ?? new Set();
    if (ways.size < 2) ends.set(digests.signature[node], ways.add(digests.outcome[node]));
    const before = known.get(key);
    if (!before) known.set(key, { outcome: digests.outcome[node], tests: 1, test, always: true });
    else {
      if (before.outcome !== digests.outcome[node]) before.always = false;
      if (before.test !== test) before.tests++;
      before.test = test;
    }
  }
}

/** Best first; those that are less sure last. */
const FINDERS: readonly Finder[] = [thrown, otherThanElsewhere, returnedWhatTheTestGot, firstEmpty];
const RANK: Record<Sure, number> = { high: 0, medium: 1, low: 2 };

function suspectsWithin(unit: Unit, session: Session, passed: Passed): { suspects: Suspect[]; differing: number } {
  const { next } = session;
  const { trace } = next.side;
  const nodes = nodesBelow(trace, unit.theirs);
  next.add(nodes);
  const { place, file } = trace.tests[unit.newTest];
  const failure: Failure = { error: trace.errorAt(place), file, ...passed };
  const fromTries = unit.baseTest === -1 ? [] : session.compare(unit).suspects;
  const found: Suspect[] = fromTries.map((suspect) => ({
    ...suspect,
    ...{ sure: 'high', found: `another try passed: ${suspect.found} (almost sure)` },
  }));
  for (const finder of FINDERS) found.push(...finder(failure, next, nodes));
  if (found.length === 0) found.push(...lastCalled(failure, next, nodes));
  // A function of the test itself says what is wrong, not where.
  const rank = (one: Suspect): number => RANK[one.sure ?? 'low'] + (one.file === file ? 3 : 0);
  const ranked = found.toSorted((a, b) => rank(a) - rank(b));
  const best = new Map<string, Suspect>();
  for (const one of ranked) {
    const key = `${one.file}:${one.line}:${one.column}`;
    if (!best.has(key)) best.set(key, one);
  }
  return { suspects: [...best.values()].slice(0, MAX_SUSPECTS), differing: best.size };
}
