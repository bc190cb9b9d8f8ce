import { type Columns, OUTCOME_MASK, REJECTED } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';

/**
 * A number for each node that is equal where function, outcome and all that is below are: what a loop repeats. Its lowest
 * bit says that all below are calls of the same function. Values do not count.
 *
 * @param room numbers of the same trace when it was shorter, which are written over
 */
export function shapesOf(trace: Trace, room?: Int32Array): Int32Array {
  const { nodes } = trace;
  const shapes = room && room.length >= nodes.count ? room : new Int32Array(nodes.id.length);
  const order = hasParentsFirst(nodes) ? undefined : topDown(trace);
  for (let index = nodes.count - 1; index >= 0; index--) {
    const node = order ? order[index] : index;
    let shape = ownShape(trace, node);
    let pure = trace.isExchange(node) ? 0 : 1;
    const children = trace.childrenOf(node);
    for (let i = 0; i < children.length; i++) {
      const child = children[i];
      shape = (Math.imul(shape, 31) + shapes[child]) | 0;
      if ((shapes[child] & 1) === 0 || nodes.func[child] !== nodes.func[node]) pure = 0;
    }
    shapes[node] = (Math.imul(shape ^ (shape >>> 15), 0x2c1b3c6d) & ~1) | pure;
  }
  return shapes;
}

function hasParentsFirst({ parent, count }: Columns): boolean {
  for (let node = 0; node < count; node++) if (parent[node] >= node) return false;
  return true;
}

/** All nodes, each after its parent. */
function topDown(trace: Trace): Int32Array {
  const order = new Int32Array(trace.nodes.count);
  order.set(trace.roots);
  let known = trace.roots.length;
  for (let next = 0; next < known; next++) {
    const children = trace.childrenOf(order[next]);
    order.set(children, known);
    known += children.length;
  }
  return order;
}

function ownShape(trace: Trace, node: number): number {
  const { flags, func } = trace.nodes;
  const outcome = flags[node] & (OUTCOME_MASK | REJECTED);
  const exchange = trace.exchangeOf(node);
  if (!exchange) return Math.imul(func[node] + 1, 0x9e3779b1) ^ outcome;
  let hash = outcome ^ exchange.status;
  const text = `${exchange.side} ${exchange.method} ${exchange.url}`;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
