import type { Trace } from '../reader/trace.js';
import { ABOVE_HIT } from './search.js';

/** A line of the tree: a node, or calls of one function that are folded into one. */
export interface TreeRow {
  readonly node: number;
  readonly depth: number;
  /** 0: no children. */
  readonly children: number;
  readonly open: boolean;
  /** How many calls it folds; 1: none. */
  readonly times: number;
}

/** This many calls of one function, one after the other, are folded. */
const FOLD_FROM = 4;

/** Which nodes are open, which folds are, and the lines that come of it. */
export class TreeState {
  readonly open = new Set<number>();
  readonly unfolded = new Set<number>();

  constructor(private readonly trace: Trace) {}

  /** The path to a node is opened. */
  reveal(node: number): void {
    for (let at = this.trace.nodes.parent[node]; at !== -1; at = this.trace.nodes.parent[at]) this.open.add(at);
    for (let at = node; at !== -1; at = this.trace.nodes.parent[at]) this.unfolded.add(at);
  }

  /** @param passes what a filter keeps; undefined: all */
  rows(roots: Iterable<number>, passes: Uint8Array | undefined): TreeRow[] {
    const { trace } = this;
    const rows: TreeRow[] = [];
    const waiting: { node: number; depth: number; times: number }[] = [];
    const push = (nodes: ArrayLike<number>, depth: number): void => {
      const list = passes ? Array.from(nodes).filter((node) => passes[node]) : nodes;
      const runs = passes ? Array.from(list, (node) => ({ node, times: 1 })) : this.#runs(list);
      for (let at = runs.length - 1; at >= 0; at--) waiting.push({ ...runs[at], depth });
    };
    push(Array.from(roots), 0);
    for (let next; (next = waiting.pop()) !== undefined;) {
      const { node, depth, times } = next;
      const children = trace.childrenOf(node);
      const open =
        times === 1 && children.length > 0 && (this.open.has(node) || ((passes?.[node] ?? 0) & ABOVE_HIT) !== 0);
      rows.push({ node, depth, times, children: times > 1 ? times : children.length, open });
      if (open) push(children, depth + 1);
    }
    return rows;
  }

  /** Neighbors of one function that did not fail, as one; a fold that is open gives them all. */
  #runs(nodes: ArrayLike<number>): { node: number; times: number }[] {
    const { trace } = this;
    const found: { node: number; times: number }[] = [];
    for (let from = 0; from < nodes.length;) {
      const node = nodes[from];
      let to = from + 1;
      if (!trace.isExchange(node) && !trace.hasFailed(node)) {
        while (to < nodes.length && this.#same(node, nodes[to])) to++;
      }
      const times = to - from;
      const isOpen = times < FOLD_FROM || this.#someUnfolded(nodes, from, to);
      if (isOpen) for (let at = from; at < to; at++) found.push({ node: nodes[at], times: 1 });
      else found.push({ node, times });
      from = to;
    }
    return found;
  }

  #someUnfolded(nodes: ArrayLike<number>, from: number, to: number): boolean {
    if (this.unfolded.size === 0) return false;
    for (let at = from; at < to; at++) if (this.unfolded.has(nodes[at])) return true;
    return false;
  }

  #same(one: number, other: number): boolean {
    const { trace } = this;
    const { func } = trace.nodes;
    return !trace.isExchange(other) && func[one] === func[other] && !trace.hasFailed(other);
  }
}
