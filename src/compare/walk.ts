import { ABORTED, FAILED, OUTCOME_MASK, PENDING, REJECTED } from '../reader/columns.js';
import { align } from './align.js';
import type { Digests } from './digests.js';

/**
 * Why a call is a suspect: with the same arguments it returned something else, threw, or made other calls; it is on one
 * side only; or its arguments differ already and nothing above it explains that.
 */
export type Reason = 'other_result' | 'threw' | 'other_calls' | 'new_call' | 'gone_call' | 'input';

/** A call that differs, on both sides; -1 where one side has none. */
export interface Pair {
  readonly base: number;
  readonly new: number;
  /** Place in the list of pairs; -1 at the top. */
  readonly parent: number;
  readonly inputDiffers: boolean;
  readonly outcomeDiffers: boolean;
  /** Its arguments hold noise, or it or what it calls is known to do one or another thing by itself, and may do so again. */
  isUnsteady: boolean;
  readonly gone: readonly number[];
  readonly fresh: readonly number[];
  /** When it first did something else, in the new run. */
  divergedNs: number;
  /** It or a call below it is a cause. */
  explained: boolean;
  /** It was made after its parent had ended, as a timer is, or a callback that was kept: its parent is who wrote it. */
  readonly isLate: boolean;
  /** All that it does in another way, it does late. */
  isWeak: boolean;
  reason: Reason | undefined;
}

/** Walks two trees side by side, only into what differs. Pairs come parents first. */
export function walk(base: Digests, next: Digests, ours: readonly number[], theirs: readonly number[]): Pair[] {
  const pairs: Pair[] = [];
  const shown = (side: Digests, nodes: readonly number[]): number[] =>
    nodes.filter((node) => !side.isHiddenAtTop(node));
  const top = children(base, next, shown(base, ours), shown(next, theirs), -1, pairs);
  for (let at = 0; at < pairs.length; at++) {
    const pair = pairs[at];
    if (pair.base === -1 || pair.new === -1) continue;
    const visible = (side: Digests, node: number): number[] =>
      [...side.side.trace.childrenOf(node)].filter((child) => !side.isHidden(node, child));
    const found = children(base, next, visible(base, pair.base), visible(next, pair.new), at, pairs);
    Object.assign(pair, found);
  }
  judge(base, next, pairs);
  return [...pairs, ...alone(next, top)];
}

interface Rest {
  gone: readonly number[];
  fresh: readonly number[];
}

function children(
  base: Digests,
  next: Digests,
  ours: readonly number[],
  theirs: readonly number[],
  parent: number,
  pairs: Pair[],
): Rest {
  const { differing, gone, fresh } = align(base, next, ours, theirs);
  const found: Pair[] = [];
  for (let i = 0; i < differing.length; i += 2) {
    const [a, b] = [differing[i], differing[i + 1]];
    // Only what is noise differs, or a call that was still open on one side.
    if (base.full[a] === next.full[b]) continue;
    found.push({
      base: a,
      new: b,
      parent,
      inputDiffers: base.args[a] !== next.args[b],
      isUnsteady: base.isUnsteady(a) || next.isUnsteady(b),
      outcomeDiffers: !base.isOpen(a) && !next.isOpen(b) && base.outcome[a] !== next.outcome[b],
      gone: [],
      fresh: [],
      divergedNs: 0,
      explained: false,
      isLate: isLate(next, b),
      isWeak: false,
      reason: undefined,
    });
  }
  const { t0 } = next.side.trace.nodes;
  pairs.push(...found.sort((a, b) => t0[a.new] - t0[b.new]));
  return { gone, fresh };
}

/**
 * Children before their parents: whoever has the same input and did something else before anything below it did is a
 * cause, and who has nothing below it that explains it.
 */
function judge(base: Digests, next: Digests, pairs: Pair[]): void {
  const { t0, dt } = next.side.trace.nodes;
  const changedInput = new Set<number>();
  const changedLate = new Set<number>();
  const weaklyExplained = new Set<number>();
  /** When it first made another call, or one with other arguments, in time. */
  const own = new Float64Array(pairs.length).fill(Infinity);
  /** When the first cause below it did something else. */
  const below = new Float64Array(pairs.length).fill(Infinity);
  const first = new Float64Array(pairs.length).fill(Infinity);
  for (let at = pairs.length - 1; at >= 0; at--) {
    const pair = pairs[at];
    const end = t0[pair.new] + Math.max(0, dt[pair.new]);
    const calls = ownCalls(base, next, pair);
    own[at] = Math.min(own[at], calls.inTime);
    first[at] = Math.min(first[at], calls.inTime, calls.late);
    // What it returned may be a promise, and what it did then comes later.
    pair.divergedNs = pair.outcomeDiffers || first[at] === Infinity ? Math.min(first[at], end) : first[at];
    if (calls.isUnsteady) pair.isUnsteady = true;
    const isOther = pair.outcomeDiffers || changedInput.has(at) || calls.inTime < Infinity;
    if (!pair.inputDiffers && isOther && (!pair.explained || own[at] < below[at])) {
      pair.reason = reasonOf(next, pair);
      pair.explained = true;
      below[at] = Math.min(below[at], pair.divergedNs);
    } else if (!pair.inputDiffers && !pair.explained && !weaklyExplained.has(at)) {
      if (changedLate.has(at) || calls.late < Infinity) {
        pair.reason = 'other_calls';
        pair.isWeak = true;
        weaklyExplained.add(at);
      }
    }
    const { parent } = pair;
    if (parent === -1) continue;
    if (pair.explained) pairs[parent].explained = true;
    if (weaklyExplained.has(at)) weaklyExplained.add(parent);
    below[parent] = Math.min(below[parent], below[at]);
    if (!pair.inputDiffers) continue;
    if (pair.isUnsteady) pairs[parent].isUnsteady = true;
    first[parent] = Math.min(first[parent], t0[pair.new]);
    if (pair.isLate) changedLate.add(parent);
    else {
      changedInput.add(parent);
      own[parent] = Math.min(own[parent], t0[pair.new]);
    }
  }
}

/** When a call first made one that its other side did not make, or left one out: while it ran, and after it had ended. */
function ownCalls(base: Digests, next: Digests, pair: Pair): { inTime: number; late: number; isUnsteady: boolean } {
  const { t0 } = next.side.trace.nodes;
  const allGone = isCut(next, pair.new, timeOfGone(base, next, pair.base, pair.new, pair.gone)) ? [] : pair.gone;
  const allFresh = isCut(base, pair.base, timeOfGone(next, base, pair.new, pair.base, pair.fresh)) ? [] : pair.fresh;
  const [gone, allLateGone] = apart(allGone, (node) => isLate(base, node));
  const [fresh, allLateFresh] = apart(allFresh, (node) => isLate(next, node));
  const lateGone = withoutRepeats(allLateGone, base, next, pair.new);
  const lateFresh = withoutRepeats(allLateFresh, next, base, pair.base);
  const isRepeated = lateGone.length < allLateGone.length || lateFresh.length < allLateFresh.length;
  const times = (made: readonly number[], missing: readonly number[]): number =>
    Math.min(
      Infinity,
      ...made.slice(0, 1).map((node) => t0[node]),
      timeOfGone(base, next, pair.base, pair.new, missing),
    );
  return {
    ...{ inTime: times(fresh, gone), late: times(lateFresh, lateGone) },
    isUnsteady:
      isRepeated || pair.gone.some((node) => base.isUnsteady(node)) || pair.fresh.some((node) => next.isUnsteady(node)),
  };
}

/** How often a timer fires differs by nature: without what the other side did late too, in the same way. */
function withoutRepeats(late: readonly number[], side: Digests, other: Digests, parent: number): readonly number[] {
  if (late.length === 0) return late;
  const ways = new Set<number>();
  for (const node of other.side.trace.childrenOf(parent)) if (isLate(other, node)) ways.add(other.full[node]);
  return late.filter((node) => !ways.has(side.full[node]));
}

function apart(nodes: readonly number[], is: (node: number) => boolean): [number[], number[]] {
  const [rest, those]: [number[], number[]] = [[], []];
  for (const node of nodes) (is(node) ? those : rest).push(node);
  return [rest, those];
}

/** Whether a call was made after its parent had ended, by the order of the lines: times have handit's own taken out. */
function isLate({ side: { trace } }: Digests, node: number): boolean {
  const { parent, beginAt, flags } = trace.nodes;
  const above = parent[node];
  if (above === -1 || trace.isExchange(above) || trace.processOf(above) !== trace.processOf(node)) return false;
  const settled = trace.settlementOf(above);
  if (settled === undefined && (flags[above] & PENDING) !== 0) return false;
  return settled === undefined ? trace.endedBefore(above, node) : beginAt[node] > settled.at;
}

function reasonOf(next: Digests, pair: Pair): Reason {
  if (!pair.outcomeDiffers) return 'other_calls';
  return failed(next, pair.new) ? 'threw' : 'other_result';
}

export function failed({ side }: Digests, node: number): boolean {
  const flags = side.trace.nodes.flags[node];
  const outcome = flags & OUTCOME_MASK;
  return outcome === FAILED || outcome === ABORTED || (flags & REJECTED) !== 0;
}

/** Calls that the other side did not make: the first would have come after as many siblings as on this side. */
function timeOfGone(side: Digests, other: Digests, own: number, theirs: number, gone: readonly number[]): number {
  if (gone.length === 0) return Infinity;
  let missing = gone[0];
  for (const node of gone) missing = Math.min(missing, node);
  const place = side.side.trace.childrenOf(own).indexOf(missing);
  const { t0, dt } = other.side.trace.nodes;
  const siblings = other.side.trace.childrenOf(theirs);
  if (place < siblings.length) return t0[siblings[place]];
  // What it left to promises comes after it has returned.
  const endOf = (node: number): number => t0[node] + Math.max(0, dt[node]);
  return Math.max(endOf(theirs), siblings.length === 0 ? 0 : endOf(siblings.at(-1)!));
}

/** A limit is noticed when calls are written, which is after they were made. */
const NOTICED_NS = 100e6;

/** Whether what is missing there at that time may have been left out of the trace. */
function isCut({ side }: Digests, node: number, ns: number): boolean {
  return ns !== Infinity && ns >= side.cutAt(node) - NOTICED_NS;
}

/** What one side has at the top and the other has not. */
function alone(next: Digests, { gone, fresh }: Rest): Pair[] {
  const pair = (ours: number, theirs: number, divergedNs: number, reason: Reason): Pair => ({
    ...{ base: ours, new: theirs, parent: -1, inputDiffers: false, outcomeDiffers: false, gone: [], fresh: [] },
    isUnsteady: false,
    ...{ divergedNs, explained: true, isLate: false, isWeak: false, reason },
  });
  const { t0 } = next.side.trace.nodes;
  return [
    ...fresh.map((node) => pair(-1, node, t0[node], 'new_call')),
    ...gone.map((node) => pair(node, -1, Infinity, 'gone_call')),
  ];
}
