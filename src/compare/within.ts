import { ENDED, FAILED, OUTCOME_MASK, REJECTED } from '../reader/columns.js';
import type { ErrorInfo, Preview } from '../trace-format.js';
import { Session, type UnitResult } from './compare.js';
import type { Digests } from './digests.js';
import type { Side } from './side.js';
import { functionOf, type Suspect } from './suspects.js';
import { nodesBelow, triesOf, outcomeOf, type Unit } from './units.js';

const MAX_SUSPECTS = 10;

/** What one call gave in tests that passed: how often, and whether it was always the same. */
interface Known {
  outcome: number;
  tests: number;
  test: number;
  always: boolean;
}

/**
 * Suspects for failed tests from their own run alone, best first: what differs from another try that passed, the
 * exception that the test reports, a call that gave something else in tests that passed, and the first empty value on
 * the way to the value that was asserted.
 */
export function compareWithin(side: Side, test: (name: string) => boolean = () => true): UnitResult[] {
  const session = new Session(side, side, []);
  const known = new Map<number, Known>();
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
  if (failed.length > 0)
    for (const list of tries.values())
      for (const one of list) if (one.outcome === 'passed') learnFrom(one.index, session.next, known);
  return failed.map((unit) => ({ unit, ...suspectsWithin(unit, session, known) }));
}

function learnFrom(test: number, digests: Digests, known: Map<number, Known>): void {
  const nodes = nodesBelow(digests.side.trace, digests.side.rootsOfTest(test));
  digests.add(nodes);
  for (const node of nodes) {
    const key = digests.args[node];
    const before = known.get(key);
    if (!before) known.set(key, { outcome: digests.outcome[node], tests: 1, test, always: true });
    else {
      if (before.outcome !== digests.outcome[node]) before.always = false;
      if (before.test !== test) before.tests++;
      before.test = test;
    }
  }
}

function suspectsWithin(
  unit: Unit,
  session: Session,
  known: ReadonlyMap<number, Known>,
): { suspects: Suspect[]; differing: number } {
  const { next } = session;
  const { trace } = next.side;
  const nodes = nodesBelow(trace, unit.theirs);
  next.add(nodes);
  const error = trace.errorAt(trace.tests[unit.newTest].place);
  const fromTries = unit.baseTest === -1 ? [] : session.compare(unit).suspects;
  const own = trace.tests[unit.newTest].file;
  const finders = [thrownFor(error), otherThanIn(known), firstEmpty(error)];
  const found = [...fromTries.map((suspect) => ({ ...suspect, found: `another try passed: ${suspect.found}` }))];
  for (const finder of finders) for (const suspect of finder(next, nodes)) found.push(suspect);
  // A function of the test itself says what is wrong, not where.
  const ranked = [...found.filter(({ file }) => file !== own), ...found.filter(({ file }) => file === own)];
  const best = new Map<string, Suspect>();
  for (const one of ranked) {
    const key = `${one.file}:${one.line}:${one.column}`;
    if (!best.has(key)) best.set(key, one);
  }
  return { suspects: [...best.values()].slice(0, MAX_SUSPECTS), differing: best.size };
}

type Finder = (digests: Digests, nodes: Int32Array) => Suspect[];

/** The innermost call that threw what the test reports. */
function thrownFor(error: ErrorInfo | undefined): Finder {
  return ({ side: { trace } }, nodes) => {
    if (!error || error.message === '') return [];
    const thrown = [...nodes].filter((node) => {
      const flags = trace.nodes.flags[node];
      if (trace.isExchange(node) || ((flags & OUTCOME_MASK) !== FAILED && (flags & REJECTED) === 0)) return false;
      const { error: own, settled } = trace.call(node);
      const message = (own ?? settled?.error)?.message ?? '';
      return message.length > 3 && (message === error.message || error.message.includes(message));
    });
    // Those that only pass it on have a caller among them.
    const inner = thrown.filter((node) => !thrown.some((other) => trace.nodes.parent[other] === node));
    return inner.map((node) =>
      suspect(trace, node, 'threw', 'it threw what the test reports; nothing below it threw it'),
    );
  };
}

/** Calls that gave the same in all tests that passed, and another thing here. */
function otherThanIn(known: ReadonlyMap<number, Known>): Finder {
  return (digests, nodes) => {
    const { trace } = digests.side;
    const differs = new Set<number>();
    for (const node of nodes) {
      const before = known.get(digests.args[node]);
      const isOther = before?.always && before.tests > 1 && before.outcome !== digests.outcome[node];
      if (isOther && !trace.isExchange(node) && !digests.isOpen(node)) differs.add(node);
    }
    for (const node of [...differs]) {
      for (let above = trace.nodes.parent[node]; above !== -1; above = trace.nodes.parent[above]) differs.delete(above);
    }
    return [...differs].map((node) => {
      const { tests } = known.get(digests.args[node])!;
      return suspect(trace, node, 'other_result', `in ${tests} tests that passed the same call gave another result`);
    });
  };
}

/** The first call that returned the empty value which the test got, of a function that does not always return it. */
function firstEmpty(error: ErrorInfo | undefined): Finder {
  return ({ side: { trace } }, nodes) => {
    const { actual } = (error ?? {}) as { actual?: Preview };
    const empty = emptyOf(actual);
    if (empty === undefined) return [];
    const returns = new Map<number, Set<boolean>>();
    const first = new Map<number, number>();
    for (const node of nodes) {
      if (trace.isExchange(node) || (trace.nodes.flags[node] & OUTCOME_MASK) !== ENDED) continue;
      const { result, settled } = trace.call(node);
      const row = trace.nodes.func[node];
      const is = emptyOf(settled && 'value' in settled ? settled.value : result) === empty;
      returns.set(row, (returns.get(row) ?? new Set()).add(is));
      if (is && !first.has(row)) first.set(row, node);
    }
    // What never returns anything is no lead for undefined.
    const leads = [...first].filter(([row]) => empty !== 'undefined' || returns.get(row)!.size > 1);
    return leads
      .slice(0, 3)
      .map(([, node]) => suspect(trace, node, 'other_result', `it returned ${empty}, which the test got`));
  };
}

function emptyOf(value: unknown): 'undefined' | 'null' | 'NaN' | undefined {
  if (value === null) return 'null';
  const { $type, value: inner } = (typeof value === 'object' ? value : {}) as { $type?: unknown; value?: unknown };
  if ($type === 'undefined') return 'undefined';
  return $type === 'number' && inner === 'NaN' ? 'NaN' : undefined;
}

function suspect(trace: Side['trace'], node: number, reason: Suspect['reason'], found: string): Suspect {
  const { func, file, line, column } = trace.functionOf(node)!;
  const follows: string[] = [];
  for (let at = trace.nodes.parent[node]; at !== -1 && follows.length < 12; at = trace.nodes.parent[at]) {
    const name = functionOf(trace, at);
    if (!follows.includes(name)) follows.push(name);
  }
  return { func, file, line, column, reason, new: trace.nameOf(node), differences: [], calls: 1, found, follows };
}
