import type { Digests } from './digests.js';
import type { Pair } from './walk.js';

const REDACTED = '<redacted>';
const ROLES = [' callback', ' handler'];

/**
 * A callback that only one run called is written in this call, and that is all the tree says: who was given it and did not
 * call it, or did, is a call made here of what it is named after.
 *
 * @returns nodes of the new run
 */
export function givenCallbacks({ new: node, gone, fresh }: Pair, base: Digests, next: Digests): number[] {
  if (node === -1) return [];
  const names = [...gone.map((each) => base.nameOf(each)), ...fresh.map((each) => next.nameOf(each))];
  const givenTo = new Set(names.flatMap((name) => calleeOf(name) ?? []));
  if (givenTo.size === 0) return [];
  const { trace } = next.side;
  return [...trace.childrenOf(node)].filter(
    (child) => !trace.isExchange(child) && next.signature[child] >= 0 && givenTo.has(lastWord(next.nameOf(child))),
  );
}

/** `post` of `app.post("/cart") handler`; undefined: the name is not that of a callback. */
function calleeOf(name: string): string | undefined {
  const role = ROLES.find((each) => name.endsWith(each));
  if (role === undefined) return undefined;
  const callee = name.slice(0, -role.length);
  return lastWord(callee.endsWith(')') ? callee.slice(0, callee.indexOf('(')) : callee);
}

function lastWord(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('#')) + 1);
}

/** Whether an argument is redacted as a whole: that it is the same in both runs is not known. */
export function hasHiddenArgument(side: Digests, node: number): boolean {
  const { args } = side.valuesOf(node);
  return typeof args === 'object' && args !== null && Object.values(args).includes(REDACTED);
}
