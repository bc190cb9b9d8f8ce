import type { Trace } from '../reader/trace.js';
import { pathOf, type Digests } from './digests.js';
import type { Identity } from './identity.js';
import { givenCallbacks, hasHiddenArgument } from './unseen.js';
import { differencesOf, type Difference } from './value-difference.js';
import { INPUT, OUTCOME } from './values.js';
import { failed, type Pair, type Reason } from './walk.js';
import { isBroken, nodesBelow, type Unit } from './units.js';

/** How sure it is that a suspect, found without a base, is the cause. */
export type Sure = 'high' | 'medium' | 'low';

/** A function that may be why a unit ended as it did. */
export interface Suspect {
  readonly func: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly reason: Reason;
  /** Its source text is not the same in both runs; undefined where the traces do not say. */
  readonly source?: 'changed' | 'same';
  /** The calls that are compared, as `proc:id`. */
  readonly base?: string;
  readonly new?: string;
  readonly differences: readonly Difference[];
  /** Calls of it in this unit that differ without a call below them that explains it. */
  readonly calls: number;
  /** Only where there was no base to compare with. */
  readonly sure?: Sure;
  /** One sentence: how it was found, and what that is worth. */
  readonly found: string;
  /** Who called it and only passes on what it did, from the inside out. */
  readonly follows: readonly string[];
}

const MAX_SUSPECTS = 10;
const MAX_FOLLOWS = 12;

/** A suspect before its values are read back. */
interface Candidate {
  readonly signature: number;
  readonly pair: Pair | undefined;
  readonly base: number;
  readonly new: number;
  readonly reason: Reason;
  readonly changed: boolean;
  readonly divergedNs: number;
  readonly depth: number;
  /** How it was found, where that is not what its reason says. */
  readonly why?: string;
  calls: number;
}

export interface Compared {
  readonly base: Digests;
  readonly next: Digests;
  readonly pairs: readonly Pair[];
  /** Nodes of the unit in the new run. */
  readonly nodes: Int32Array;
  /** Changed functions that were called outside of tests, by number, with a call. */
  readonly outside: ReadonlyMap<number, number>;
}

export interface Found {
  /** Best first. */
  readonly suspects: Suspect[];
  /** The function that by values is the cause; -1 where nothing more than a hint was found. */
  readonly cause: number;
}

/** The suspects of a unit. */
export function suspectsOf(unit: Unit, compared: Compared): Found {
  const byValue = inOrder(candidatesByValue(unit, compared));
  const bySource = candidatesBySource(byValue, compared);
  const ranked = [
    ...byValue.filter(({ changed }) => changed),
    ...bySource,
    ...byValue.filter(({ changed }) => !changed),
  ];
  const best = new Map<number, Candidate>();
  for (const candidate of ranked) {
    const known = best.get(candidate.signature);
    if (known) known.calls += candidate.calls;
    else best.set(candidate.signature, { ...candidate });
  }
  const suspects = [...best.values()].slice(0, MAX_SUSPECTS).map((candidate) => told(candidate, compared));
  const cause = byValue.length > 0 && byValue[0].divergedNs < LATE / 4 ? byValue[0].signature : -1;
  return { suspects, cause };
}

/**
 * Calls that had other arguments and did something else too, the first of each function: what they were given is a
 * reason, and what their function was before this unit may be another one.
 */
export function ledOn(unit: Unit, { next, pairs }: Compared): Map<number, Pair> {
  const found = new Map<number, Pair>();
  const file = unit.newTest === -1 ? undefined : next.side.trace.tests[unit.newTest].file;
  for (const pair of pairs) {
    if (pair.base === -1 || pair.new === -1 || !pair.inputDiffers || pair.reason !== undefined) continue;
    if (!pair.outcomeDiffers && pair.gone.length === 0 && pair.fresh.length === 0) continue;
    const signature = next.signature[pair.new];
    if (signature < 0 || next.identities.all[signature].file === file) continue;
    const known = found.get(signature);
    if (!known || pair.divergedNs < known.divergedNs) found.set(signature, pair);
  }
  return found;
}

/** The suspect that such a call is, where its function was the cause in something that ran before. */
export function suspectBefore(pair: Pair, before: string, compared: Compared): Suspect {
  const { next } = compared;
  const reason: Reason = failed(next, pair.new) ? 'threw' : pair.outcomeDiffers ? 'other_result' : 'other_calls';
  const signature = next.signature[pair.new];
  const candidate: Candidate = {
    ...{ signature, pair, base: pair.base, new: pair.new, reason, calls: 1, depth: 0, divergedNs: pair.divergedNs },
    changed: next.identities.all[signature].changed,
    why: `its arguments differ already; earlier, with the same ones, it did something else: ${before}`,
  };
  return told(candidate, compared);
}

function candidatesByValue(unit: Unit, compared: Compared): Candidate[] {
  const { base, next, pairs } = compared;
  const found: Candidate[] = [];
  const test = unit.newTest === -1 ? undefined : next.side.trace.tests[unit.newTest];
  for (const pair of pairs) {
    const isEntry = pair.parent === -1 || pair.isLate;
    const reason = pair.reason ?? (isEntry && pair.inputDiffers && !pair.explained ? 'input' : undefined);
    const [side, node] = pair.new === -1 ? [base, pair.base] : [next, pair.new];
    const signature = side.signature[node];
    if (reason === undefined) continue;
    if (signature < 0) {
      found.push(...handlers(pair, compared, test?.file));
      continue;
    }
    const identity = next.identities.all[signature];
    const isTest = pair.parent === -1 && test !== undefined && identity.file === test.file;
    // Its input is not the same, or it does this or that by itself: where nothing failed, it is no suspect.
    const { isUnsteady } = pair;
    if (isUnsteady && !isBroken(unit)) continue;
    const weak = reason === 'input' || reason === 'new_call' || reason === 'gone_call' || isTest;
    // What the test itself does follows from what it tests, unless nothing else is found.
    const later = isTest ? 2 * LATE : weak ? LATE : pair.isWeak ? LATE / 2 : 0;
    const isNoisy = later === 0 && pair.new !== -1 && next.noisy[pair.new] === 1;
    const own: Candidate = {
      ...{ signature, pair, base: pair.base, new: pair.new, reason, changed: identity.changed },
      ...{ divergedNs: pair.divergedNs + (isNoisy ? LATE / 4 : later), depth: depthOf(pair, pairs), calls: 1 },
    };
    found.push(own, ...besides(own, compared, test?.file));
  }
  return found;
}

/** Who may be the cause in its place, for what no value shows. */
function besides(
  { pair, divergedNs, depth }: Candidate,
  { base, next, pairs }: Compared,
  testFile: string | undefined,
): Candidate[] {
  if (!pair || pair.base === -1 || pair.new === -1) return [];
  const changed = (node: number): boolean => next.identities.all[next.signature[node]].changed;
  const givenTo = givenCallbacks(pair, base, next).map((node) => ({
    ...{ signature: next.signature[node], pair: undefined, base: -1, new: node, reason: 'other_calls' as const },
    ...{ changed: changed(node), divergedNs: divergedNs > LATE ? LATE / 2 : divergedNs, depth: depth + 1, calls: 1 },
    why: 'it was given a callback that only one of the runs called',
  }));
  const caller = pair.parent === -1 ? undefined : pairs[pair.parent];
  if (divergedNs > LATE / 4 || !caller || caller.inputDiffers || next.signature[caller.new] < 0) return givenTo;
  if (next.identities.all[next.signature[caller.new]].file === testFile) return givenTo;
  const isHidden = hasHiddenArgument(next, pair.new);
  // A value that is hidden and only passed on was made by who called it.
  const isFirst = isHidden && !pair.outcomeDiffers && pair.gone.length === 0 && pair.fresh.length === 0;
  const by = {
    ...{
      signature: next.signature[caller.new],
      pair: caller,
      base: caller.base,
      new: caller.new,
      divergedNs,
      calls: 1,
    },
    ...{ reason: 'other_calls' as const, changed: changed(caller.new), depth: isFirst ? depth + 1 : depth - 1 },
    why: `it called what did something else, ${isHidden ? 'with redacted values, which may not be the same' : UNSEEN}`,
  };
  return [...givenTo, by];
}

const UNSEEN = 'and variables and objects that both of them use are not recorded';

const MAX_HANDLERS = 5;

/**
 * A server answered the same request in another way, and no recorded call differs: what it did last before the answer is
 * what may have written it.
 */
function handlers({ new: exchange, divergedNs }: Pair, { next }: Compared, testFile: string | undefined): Candidate[] {
  if (exchange === -1) return [];
  const { trace } = next.side;
  const nodes = nodesBelow(trace, [exchange]).filter((node) => {
    const info = trace.functionOf(node);
    return info !== undefined && info.file !== testFile && next.signature[node] >= 0;
  });
  const latest = [...nodes].sort((a, b) => trace.nodes.t0[b] - trace.nodes.t0[a]).slice(0, MAX_HANDLERS);
  return latest.map((node, place) => ({
    ...{ signature: next.signature[node], pair: undefined, base: -1, new: node, reason: 'other_result' as const },
    changed: next.identities.all[next.signature[node]].changed,
    why: 'it ran last before a request was answered in another way',
    ...{ divergedNs: divergedNs + LATE / 2 + place, depth: 0, calls: 0 },
  }));
}

/** Later than anything in a trace. */
const LATE = 1e18;

function depthOf(pair: Pair, pairs: readonly Pair[]): number {
  let depth = 0;
  for (let at = pair.parent; at !== -1; at = pairs[at].parent) depth++;
  return depth;
}

function inOrder(candidates: Candidate[]): Candidate[] {
  return candidates.sort((a, b) => a.divergedNs - b.divergedNs || b.depth - a.depth);
}

/**
 * Functions of which the source changed and that ran before the first difference, though nothing that was recorded of
 * them differs: they may have changed an object. The last one first.
 */
function candidatesBySource(byValue: readonly Candidate[], { next, nodes, outside }: Compared): Candidate[] {
  const { all } = next.identities;
  const { t0 } = next.side.trace.nodes;
  const first = byValue.find(({ divergedNs }) => divergedNs < LATE)?.divergedNs ?? Infinity;
  const lastCall = new Map<number, number>();
  const later = new Map<number, number>();
  for (const node of nodes) {
    const signature = next.signature[node];
    if (signature < 0 || !all[signature].changed) continue;
    if (t0[node] <= first) lastCall.set(signature, Math.max(node, lastCall.get(signature) ?? -1));
    else if (!later.has(signature)) later.set(signature, node);
  }
  const candidate = (signature: number, node: number): Candidate => ({
    ...{ signature, pair: undefined, base: -1, new: node, reason: 'other_result', changed: true },
    ...{ divergedNs: t0[node], depth: 0, calls: 0 },
  });
  const list = (found: ReadonlyMap<number, number>): Candidate[] =>
    [...found].map(([signature, node]) => candidate(signature, node));
  return [...list(lastCall).sort((a, b) => b.divergedNs - a.divergedNs), ...list(outside), ...list(later)];
}

function told(candidate: Candidate, compared: Compared): Suspect {
  const { base, next } = compared;
  const identity = next.identities.all[candidate.signature];
  const [side, row] = identity.new === -1 ? [base, identity.base] : [next, identity.new];
  const { func, file, line, column } = side.side.trace.functions[row];
  const differences = differencesBetween(candidate, compared);
  return {
    ...{ func, file, line, column, reason: candidate.reason },
    ...(identity.changed ? { source: 'changed' as const } : identity.compared ? { source: 'same' as const } : {}),
    ...(candidate.base === -1 ? {} : { base: base.side.trace.nameOf(candidate.base) }),
    ...(candidate.new === -1 ? {} : { new: next.side.trace.nameOf(candidate.new) }),
    differences,
    calls: candidate.calls,
    found: reasonText(candidate, identity),
    follows: followsOf(candidate, compared),
  };
}

function reasonText({ reason, pair, why }: Candidate, { changed }: Identity): string {
  const source = changed ? 'its source changed' : '';
  const values: Record<Reason, string> = {
    other_result: pair
      ? 'same arguments, other result; nothing below it differs'
      : 'it ran, and its recorded values are equal',
    threw: 'same arguments, and now it throws; nothing below it explains that',
    other_calls: 'same arguments, other calls made; nothing below it explains that',
    new_call: 'called in the new run only',
    gone_call: 'called in the base only',
    input: 'its arguments differ, and no recorded call explains that',
  };
  return [source, why ?? values[reason]].filter(Boolean).join('; ');
}

/** What of the two calls differs, read back. */
function differencesBetween({ pair, base: ours, new: theirs }: Candidate, compared: Compared): Difference[] {
  const { base, next } = compared;
  if (ours === -1 || theirs === -1) return [];
  return [...valueDifferences(base, next, ours, theirs), ...(pair ? callDifferences(pair, compared) : [])];
}

/** How arguments, result and error of two calls of one function differ. */
export function valueDifferences(base: Digests, next: Digests, ours: number, theirs: number): Difference[] {
  const [one, other] = [base.valuesOf(ours), next.valuesOf(theirs)];
  const same = (left: string, right: string): boolean => base.keyOfText(left, ours) === next.keyOfText(right, theirs);
  return [...INPUT, ...OUTCOME].flatMap((name) => differencesOf(name, one[name], other[name], same));
}

/** Calls that only one of the two made, and other arguments that one made its calls with. */
function callDifferences(pair: Pair, { base, next, pairs }: Compared): Difference[] {
  const found: Difference[] = [];
  const text = (side: Digests, node: number): string => `${side.nameOf(node)} (${side.side.trace.nameOf(node)})`;
  for (const node of pair.gone.slice(0, 5))
    found.push({ path: `calls of ${base.nameOf(node)}`, base: text(base, node) });
  for (const node of pair.fresh.slice(0, 5))
    found.push({ path: `calls of ${next.nameOf(node)}`, new: text(next, node) });
  const place = pairs.indexOf(pair);
  for (const child of pairs.filter(({ parent, inputDiffers }) => parent === place && inputDiffers).slice(0, 5)) {
    const name = next.nameOf(child.new);
    const differences = valueDifferences(base, next, child.base, child.new).filter(({ path }) =>
      /^(args|this)/.test(path),
    );
    found.push(...differences.slice(0, 5).map((one) => ({ ...one, path: `calls of ${name}: ${one.path}` })));
  }
  return found;
}

function followsOf({ pair }: Candidate, { next, pairs }: Compared): string[] {
  const names: string[] = [];
  for (let at = pair?.parent ?? -1; at !== -1 && names.length < MAX_FOLLOWS; at = pairs[at].parent) {
    const name = next.nameOf(pairs[at].new);
    if (!names.includes(name)) names.push(name);
  }
  return names;
}

/** The name of a call or exchange. */
export function functionOf(trace: Trace, node: number): string {
  const exchange = trace.exchangeOf(node);
  return exchange ? `${exchange.method} ${pathOf(exchange.url)}` : trace.functionOf(node)!.func;
}
