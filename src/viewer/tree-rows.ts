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

/** All lines of the tree, as columns: one may have hundreds of thousands. */
export class TreeRows {
  readonly #nodes: number[] = [];
  readonly #depths: number[] = [];
  readonly #times: number[] = [];
  readonly #open: boolean[] = [];

  constructor(private readonly trace: Trace) {}

  get count(): number {
    return this.#nodes.length;
  }

  add(node: number, depth: number, times: number, open: boolean): void {
    this.#nodes.push(node);
    this.#depths.push(depth);
    this.#times.push(times);
    this.#open.push(open);
  }

  at(index: number): TreeRow | undefined {
    const node = this.#nodes[index];
    if (node === undefined) return undefined;
    const times = this.#times[index];
    const children = times > 1 ? times : this.trace.childCount(node);
    return { node, depth: this.#depths[index], children, open: this.#open[index], times };
  }

  /** The line of a node; -1 where it has none of its own. */
  indexOf(node: number): number {
    const index = this.#nodes.indexOf(node);
    return index !== -1 && this.#times[index] === 1 ? index : -1;
  }
}

interface Level {
  readonly nodes: ArrayLike<number>;
  at: number;
  /** Up to there each is a row of its own. */
  single: number;
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
  rows(roots: Int32Array, passes: Uint8Array | undefined): TreeRows {
    const { trace } = this;
    const rows = new TreeRows(trace);
    const levels: Level[] = [{ nodes: roots, at: 0, single: 0 }];
    while (levels.length > 0) {
      const level = levels[levels.length - 1];
      const node = level.nodes[level.at];
      if (level.at === level.nodes.length) {
        levels.pop();
        continue;
      }
      const passed = passes === undefined ? 0 : passes[node];
      if (passes !== undefined && passed === 0) {
        level.at++;
        continue;
      }
      const times = passes === undefined ? this.#timesAt(level) : 1;
      level.at += times;
      const children = trace.childCount(node);
      const open = times === 1 && children > 0 && (this.open.has(node) || (passed & ABOVE_HIT) !== 0);
      rows.add(node, levels.length - 1, times, open);
      if (open) levels.push({ nodes: trace.childrenOf(node), at: 0, single: 0 });
    }
    return rows;
  }

  /** How many neighbors of one function that did not fail are one row there; a fold that is open gives them all. */
  #timesAt(level: Level): number {
    const { nodes, at } = level;
    if (at < level.single) return 1;
    const { trace } = this;
    const node = nodes[at];
    let to = at + 1;
    if (!trace.isExchange(node) && !trace.hasFailed(node)) {
      while (to < nodes.length && this.#same(node, nodes[to])) to++;
    }
    if (to - at >= FOLD_FROM && !this.#someUnfolded(nodes, at, to)) return to - at;
    level.single = to;
    return 1;
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
