import { DOUBLED, ORPHAN, RING, type Columns } from './columns.js';
import type { Damage } from './types.js';

/** In the column of parents while lines are read: no parent. */
const NONE = -1;

/**
 * Replaces the ids of parents by their rows, from row `from` on.
 *
 * @param find the row of an id in the process of a node, or -1
 */
export function linkParents(
  nodes: Columns,
  from: number,
  find: (node: number, id: number) => number,
  damage: Damage,
): void {
  const { parent, flags, count } = nodes;
  let backwards = true;
  for (let node = from; node < count; node++) {
    if (parent[node] === NONE) continue;
    const row = find(node, parent[node] >>> 0);
    if (row === -1) {
      flags[node] |= ORPHAN;
      damage.orphans++;
    } else if (row >= node) backwards = false;
    parent[node] = row;
  }
  if (!backwards) cutRings(nodes, damage);
}

/** A parent is written before its children, so only a file that was made up has rings; they would be followed forever. */
function cutRings({ parent, flags, count }: Columns, damage: Damage): void {
  /** 0: not looked at; else the walk in which it was. */
  const walks = new Int32Array(count);
  for (let start = 0; start < count; start++) {
    const walk = start + 1;
    let before = start;
    let node = start;
    while (node !== -1 && walks[node] === 0) {
      walks[node] = walk;
      before = node;
      node = parent[node];
    }
    if (node === -1 || walks[node] !== walk) continue;
    if (parent[before] !== node) continue;
    parent[before] = -1;
    flags[before] |= RING;
    damage.rings++;
  }
}

/** The children of every node, as one list with the places where those of each begin. */
export interface ChildLists {
  readonly starts: Int32Array;
  readonly list: Int32Array;
  /** Nodes without a parent, by time. */
  readonly roots: Int32Array;
}

/**
 * Counts, adds up and fills: no list a node, no recursion. Children are in the order of their lines.
 *
 * @param before lists of the same nodes when there were fewer, whose room is used again: it is not given back at once
 */
export function listChildren({ parent, t0, count, id: { length: room } }: Columns, before?: ChildLists): ChildLists {
  // Pages that are never written cost no memory.
  const isLargeEnough = before !== undefined && before.starts.length >= count + 2;
  const starts = isLargeEnough ? before.starts.fill(0, 0, count + 2) : new Int32Array(room + 2);
  const list = isLargeEnough ? before.list : new Int32Array(room);
  let tops = 0;
  for (let node = 0; node < count; node++) {
    const above = parent[node];
    if (above === -1) tops++;
    else starts[above + 2]++;
  }
  for (let node = 2; node <= count + 1; node++) starts[node] += starts[node - 1];
  const roots = new Int32Array(tops);
  let top = 0;
  // starts[above + 1] runs from the beginning of its children to their end, where those of the next begin.
  for (let node = 0; node < count; node++) {
    const above = parent[node];
    if (above === -1) roots[top++] = node;
    else list[starts[above + 1]++] = node;
  }
  if (roots.some((node, index) => index > 0 && t0[roots[index - 1]] > t0[node])) {
    roots.sort((a, b) => t0[a] - t0[b] || a - b);
  }
  return { starts, list, roots };
}

export const STRANGE = DOUBLED | RING;
