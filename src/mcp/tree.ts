import type { Trace } from '../reader/trace.js';
import { nodeText, oneLine } from './text.js';

const REPEATS = 4;

interface Waiting {
  readonly node: number;
  readonly depth: number;
  /** Calls that are not shown, in place of a node. */
  readonly note?: string;
}

/** What was called below, by lines with two columns a level; siblings of one function are one line. */
export function* treeLines(trace: Trace, roots: readonly number[], most: number): Generator<string> {
  const waiting: Waiting[] = listed(trace, roots, 0);
  for (let next; (next = waiting.pop());) {
    const { node, depth, note } = next;
    const indent = '  '.repeat(Math.min(depth, 40));
    if (note !== undefined) {
      yield `${indent}${note}`;
      continue;
    }
    const children = trace.childrenOf(node);
    const more = depth + 1 >= most && children.length > 0 ? `  (${children.length} below)` : '';
    yield `${indent}${nodeText(trace, node, { values: 120 })}${more}`;
    if (more === '') waiting.push(...listed(trace, [...children], depth + 1));
  }
}

/** In the order in which they are taken from the end. */
function listed(trace: Trace, nodes: readonly number[], depth: number): Waiting[] {
  const list: Waiting[] = [];
  for (let at = 0; at < nodes.length;) {
    let end = at + 1;
    while (end < nodes.length && isLike(trace, nodes[at], nodes[end])) end++;
    const count = end - at;
    list.push({ node: nodes[at], depth });
    if (count >= REPEATS) {
      list.push({ node: -1, depth, note: `x ${count - 1} more like it, to ${trace.nameOf(nodes[end - 1])}` });
    } else for (const node of nodes.slice(at + 1, end)) list.push({ node, depth });
    at = end;
  }
  return list.reverse();
}

function isLike(trace: Trace, one: number, other: number): boolean {
  const { func } = trace.nodes;
  if (trace.isExchange(one) || trace.isExchange(other)) return false;
  return func[one] === func[other] && trace.hasFailed(one) === trace.hasFailed(other);
}

/** From the top; of many, the nearest ones. */
export function callerLines(trace: Trace, node: number, most = 20): string[] {
  const all = trace.callersOf(node);
  const left = all.length - most;
  const shown = all.slice(-most).map((caller) => `  ${nodeText(trace, caller, { values: 80 })}`);
  return left > 0 ? [oneLine(`  … ${left} more above`), ...shown] : shown;
}
