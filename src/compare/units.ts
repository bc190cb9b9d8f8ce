import { groupTries } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import type { Test } from '../reader/types.js';
import type { Digests } from './digests.js';
import type { Side } from './side.js';

export type Outcome = 'passed' | 'failed' | 'skipped' | 'todo' | 'not_ended';

/** What is compared as one: a test, a session, or what was called at the top. */
export interface Unit {
  readonly kind: 'test' | 'session' | 'root';
  readonly name: string;
  /** How it ended; undefined where that side has not got it. */
  readonly base: Outcome | undefined;
  readonly new: Outcome | undefined;
  /** Nodes at its top, by time. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  /** Rows in `tests`; -1 for what is no test. */
  readonly baseTest: number;
  readonly newTest: number;
}

/** Whether it failed; what is no test may throw as before. */
export function isBroken({ kind, base, new: outcome }: Unit): boolean {
  return (outcome === 'failed' && (kind === 'test' || base !== 'failed')) || outcome === 'not_ended';
}

/** The tests of both sides, by name and, among those of one name, by order. Of several tries the deciding one. */
export function testUnits(base: Side, next: Side): Unit[] {
  const [ours, theirs] = [triesOf(base), triesOf(next)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].map((key) => {
    const [a, b] = [deciding(ours.get(key), true), deciding(theirs.get(key), false)];
    return {
      kind: 'test' as const,
      name: (b ?? a)!.name,
      base: a && outcomeOf(a),
      new: b && outcomeOf(b),
      // Of most tests they are never asked for.
      get ours() {
        return a ? base.rootsOfTest(a.index) : [];
      },
      get theirs() {
        return b ? next.rootsOfTest(b.index) : [];
      },
      baseTest: a?.index ?? -1,
      newTest: b?.index ?? -1,
    };
  });
}

export function outcomeOf({ outcome }: Test): Outcome {
  return outcome ?? 'not_ended';
}

/** The tests of a side, each with its tries, by name and order among the tests of that name. */
export function triesOf(side: Side): Map<string, readonly Test[]> {
  const found = new Map<string, readonly Test[]>();
  const seen = new Map<string, number>();
  for (const { name, tries } of groupTries(side.trace.tests.filter(({ process }) => side.processes.has(process)))) {
    const order = seen.get(name) ?? 0;
    seen.set(name, order + 1);
    found.set(`${name}\0${order}`, tries);
  }
  return found;
}

/** In the base the try that passed, in the new run the one that failed; else the last. */
function deciding(tries: readonly Test[] | undefined, passed: boolean): Test | undefined {
  const wanted = tries?.findLast(({ outcome }) => (passed ? outcome === 'passed' : outcome === 'failed'));
  const last = tries?.at(-1);
  return last && (last.outcome === 'passed') === passed ? last : (wanted ?? last);
}

/**
 * What was called outside of tests: a unit for each session, and one for each function or exchange at the top.
 *
 * @param processes only what these called
 */
export function otherUnits(base: Digests, next: Digests, processes?: { base: number; new: number }): Unit[] {
  const [ours, theirs] = [rootsByName(base, processes?.base), rootsByName(next, processes?.new)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].map((key) => {
    const [a, b] = [ours.get(key) ?? [], theirs.get(key) ?? []];
    const isSession = key.startsWith('session ');
    return {
      kind: isSession ? ('session' as const) : ('root' as const),
      name: key,
      base: endOf(base.side, a),
      new: endOf(next.side, b),
      ours: a,
      theirs: b,
      baseTest: -1,
      newTest: -1,
    };
  });
}

function endOf({ trace }: Side, nodes: readonly number[]): Outcome | undefined {
  if (nodes.length === 0) return undefined;
  return nodes.some((node) => trace.hasFailed(node)) ? 'failed' : 'passed';
}

function rootsByName(digests: Digests, only?: number): Map<string, number[]> {
  const { trace, processes } = digests.side;
  const found = new Map<string, number[]>();
  for (const node of trace.roots) {
    const { process, test, session } = trace.scopeOf(node);
    if (test !== -1 || !processes.has(process) || (only !== undefined && process !== only)) continue;
    const info = trace.functionOf(node);
    const tag = session === -1 ? '' : trace.sessions[session].tag;
    const name = tag ? `session ${tag}` : `${digests.nameOf(node)}${info ? `  ${info.file}` : ''}`;
    const nodes = found.get(name);
    if (nodes) nodes.push(node);
    else found.set(name, [node]);
  }
  return found;
}

/** Calls below some, parents first. */
export function nodesBelow(trace: Trace, roots: readonly number[]): Int32Array {
  const found: number[] = [];
  const waiting = [...roots].reverse();
  for (let node; (node = waiting.pop()) !== undefined;) {
    found.push(node);
    const children = trace.childrenOf(node);
    for (let i = children.length - 1; i >= 0; i--) waiting.push(children[i]);
  }
  return Int32Array.from(found);
}
