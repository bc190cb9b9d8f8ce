import { Session } from './compare.js';
import type { Digests } from './digests.js';
import { ADDRESS, CALLS_OF, generalized, Noise, TOP, type NoiseRule } from './noise.js';
import type { Side } from './side.js';
import { valueDifferences } from './suspects.js';
import type { Difference } from './value-difference.js';
import type { Pair } from './walk.js';

/** Comparing again with the rules found so far shows what they had hidden. */
const MAX_ROUNDS = 12;

/** Rules for all that differs between two runs of the same code. */
export function learn(base: Side, next: Side, known: readonly NoiseRule[] = []): NoiseRule[] {
  const noise = new Noise(known);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const session = new Session(base, next, noise.rules);
    const walked = session.units({ all: true }).map((unit) => session.walk(unit).pairs);
    const differing = walked.flatMap((pairs) => pairs.map((pair) => ({ pair, pairs })));
    const addresses = addressRules(differing, session);
    const rules =
      addresses.length > 0 ? addresses : differing.flatMap(({ pair, pairs }) => rulesFor(pair, pairs, session));
    if (rules.filter((rule) => noise.add(rule)).length === 0) break;
  }
  return noise.rules;
}

interface Differing {
  readonly pair: Pair;
  readonly pairs: readonly Pair[];
}

/**
 * Rules for exchanges that only one run has, by an address that only one run has: `GET /items/x7` and `GET /items/k2`
 * are `GET /items/*` where no word in that place is in both runs.
 */
function addressRules(differing: readonly Differing[], { base, next }: Session): NoiseRule[] {
  const [ours, theirs] = [new Set<string>(), new Set<string>()];
  for (const { pair } of differing) {
    const [gone, fresh] = [[...pair.gone], [...pair.fresh]];
    if (pair.new === -1) gone.push(pair.base);
    if (pair.base === -1) fresh.push(pair.new);
    for (const node of gone) if (base.side.trace.isExchange(node)) ours.add(base.nameOf(node));
    for (const node of fresh) if (next.side.trace.isExchange(node)) theirs.add(next.nameOf(node));
  }
  const patterns = [...ours].flatMap((name) => [...theirs].map((other) => commonPattern(name, other)));
  return [...new Set(patterns)]
    .filter((pattern) => pattern !== undefined && !sharesWords(pattern, base, next))
    .map((pattern) => ({ func: pattern!, file: '', path: ADDRESS }));
}

/** With a star for each step that differs; undefined where more than half of them do. */
function commonPattern(name: string, other: string): string | undefined {
  const [one, two] = [name.split('/'), other.split('/')];
  if (one[0] !== two[0] || one.length !== two.length) return undefined;
  const steps = one.map((step, at) => (step === two[at] ? step : '*'));
  const stars = steps.filter((step) => step === '*').length;
  return stars * 2 <= steps.length ? steps.join('/') : undefined;
}

function sharesWords(pattern: string, base: Digests, next: Digests): boolean {
  const places = pattern.split('/').flatMap((step, at) => (step === '*' ? [at] : []));
  const fixed = (name: string): string[] => name.split('/').map((step, at) => (places.includes(at) ? '*' : step));
  const words = (digests: Digests): Set<string> => {
    const { side } = digests;
    const names = side.trace.exchanges.map(({ node }) => (side.has(node) ? digests.nameOf(node) : ''));
    const steps = names.filter((name) => fixed(name).join('/') === pattern).map((name) => name.split('/'));
    return new Set(steps.flatMap((each) => places.map((at) => each[at])));
  };
  const [ours, theirs] = [words(base), words(next)];
  return [...ours].some((word) => theirs.has(word));
}

function rulesFor(pair: Pair, pairs: readonly Pair[], { base, next }: Session): NoiseRule[] {
  const parent = pair.parent === -1 ? undefined : pairs[pair.parent];
  if (pair.base === -1 || pair.new === -1) {
    const [side, node] = pair.base === -1 ? [next, pair.new] : [base, pair.base];
    return [{ ...ruleOf(parent, next), path: CALLS_OF + side.nameOf(node) }];
  }
  const own = ruleOf(pair, next);
  const differences = valueDifferences(base, next, pair.base, pair.new);
  const values = differences.map((one) => ({ ...own, path: noisePath(one, differences) }));
  const calls = (side: Digests, nodes: readonly number[]): NoiseRule[] =>
    nodes.map((node) => ({ ...own, path: CALLS_OF + side.nameOf(node) }));
  return [...values, ...calls(base, pair.gone), ...calls(next, pair.fresh)];
}

/** Of a list of another length, and of an object with other keys on either side, all is noise. */
function noisePath(one: Difference, all: readonly Difference[]): string {
  const isAlone = ({ base, new: next }: Difference): boolean => base === undefined || next === undefined;
  if (isAlone(one)) {
    const holder = holderOf(one.path);
    const isOtherSide = (other: Difference): boolean =>
      isAlone(other) && (other.base === undefined) !== (one.base === undefined) && holderOf(other.path) === holder;
    if (/\[\d+\]$/.test(one.path) || all.some(isOtherSide)) return generalized(holder);
  }
  return generalized(one.path);
}

/** The path without its last step. */
function holderOf(path: string): string {
  return path.replace(/(\.[\p{ID_Continue}$-]+|\[(\d+|"([^"\\]|\\.)*")\])$/u, '');
}

function ruleOf(pair: Pair | undefined, next: Digests): { func: string; file: string } {
  if (!pair) return { func: TOP[0], file: TOP[1] };
  const info = next.side.trace.functionOf(pair.new);
  return info ? { func: info.func, file: info.file } : { func: next.nameOf(pair.new), file: '' };
}
