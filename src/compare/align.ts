import type { Digests } from './digests.js';

/** Children of two calls, brought together. */
export interface Alignment {
  /** Pairs that are not equal in all: base and new, one after the other. */
  readonly differing: number[];
  /** Calls of one side only. */
  readonly gone: number[];
  readonly fresh: number[];
}

type Key = (node: number) => number;

/**
 * Brings two lists of calls together, in four rounds: those that are equal with all below them; of the rest those of one
 * function with equal arguments; of the rest those of one shape; of the rest those of one function. Within a round in
 * their order. No order is asked for across rounds, so interleaving does not show.
 */
export function align(base: Digests, next: Digests, ours: readonly number[], theirs: readonly number[]): Alignment {
  const rounds: [Key, Key][] = [
    [(node) => base.full[node], (node) => next.full[node]],
    [(node) => base.args[node], (node) => next.args[node]],
    [(node) => base.shape[node], (node) => next.shape[node]],
    [(node) => base.signature[node], (node) => next.signature[node]],
  ];
  const differing: number[] = [];
  let [left, right] = [ours, theirs];
  rounds.forEach(([one, other], round) => {
    if (left.length === 0 || right.length === 0) return;
    const pairs: number[] = [];
    [left, right] = pairUp(left, right, one, other, pairs);
    if (round > 0) differing.push(...pairs);
  });
  return { differing, gone: [...left], fresh: [...right] };
}

/** @returns what is left on both sides */
function pairUp(
  left: readonly number[],
  right: readonly number[],
  one: Key,
  other: Key,
  pairs: number[],
): [number[], number[]] {
  const waiting = new Map<number, number[]>();
  for (const node of left) {
    const queue = waiting.get(one(node));
    if (queue) queue.push(node);
    else waiting.set(one(node), [node]);
  }
  const taken = new Map<number, number>();
  const rest: number[] = [];
  for (const node of right) {
    const key = other(node);
    const queue = waiting.get(key);
    const place = taken.get(key) ?? 0;
    if (!queue || place >= queue.length) {
      rest.push(node);
      continue;
    }
    taken.set(key, place + 1);
    pairs.push(queue[place], node);
  }
  const gone = left.filter((node) => {
    const key = one(node);
    const used = taken.get(key) ?? 0;
    if (used === 0) return true;
    taken.set(key, used - 1);
    return false;
  });
  return [gone, rest];
}
