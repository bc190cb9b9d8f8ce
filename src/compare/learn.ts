import { Session } from './compare.js';
import type { Digests } from './digests.js';
import { CALLS_OF, generalized, Noise, TOP, type NoiseRule } from './noise.js';
import type { Side } from './side.js';
import { valueDifferences } from './suspects.js';
import type { Pair } from './walk.js';

/** Comparing again with the rules found so far shows what they had hidden. */
const MAX_ROUNDS = 12;

/** Rules for all that differs between two runs of the same code. */
export function learn(base: Side, next: Side, known: readonly NoiseRule[] = []): NoiseRule[] {
  const noise = new Noise(known);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const session = new Session(base, next, noise.rules);
    let fresh = 0;
    for (const unit of session.units({ all: true })) {
      const { pairs } = session.walk(unit);
      for (const pair of pairs) {
        for (const rule of rulesFor(pair, pairs, session)) if (noise.add(rule)) fresh++;
      }
    }
    if (fresh === 0) break;
  }
  return noise.rules;
}

function rulesFor(pair: Pair, pairs: readonly Pair[], { base, next }: Session): NoiseRule[] {
  const parent = pair.parent === -1 ? undefined : pairs[pair.parent];
  if (pair.base === -1 || pair.new === -1) {
    const [side, node] = pair.base === -1 ? [next, pair.new] : [base, pair.base];
    return [{ ...ruleOf(parent, next), path: CALLS_OF + side.nameOf(node) }];
  }
  const own = ruleOf(pair, next);
  const values = valueDifferences(base, next, pair.base, pair.new).map(({ path }) => ({
    ...own,
    path: generalized(path),
  }));
  const calls = (side: Digests, nodes: readonly number[]): NoiseRule[] =>
    nodes.map((node) => ({ ...own, path: CALLS_OF + side.nameOf(node) }));
  return [...values, ...calls(base, pair.gone), ...calls(next, pair.fresh)];
}

function ruleOf(pair: Pair | undefined, next: Digests): { func: string; file: string } {
  if (!pair) return { func: TOP[0], file: TOP[1] };
  const info = next.side.trace.functionOf(pair.new);
  return info ? { func: info.func, file: info.file } : { func: next.nameOf(pair.new), file: '' };
}
