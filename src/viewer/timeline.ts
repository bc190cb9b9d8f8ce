import type { Trace } from '../reader/trace.js';

/** A rectangle of the chart; several calls too small to be told apart are one. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly lane: number;
  /** The first of them. */
  readonly node: number;
  readonly count: number;
  readonly failed: boolean;
}

/** Nodes by lane: one for each process and depth, in the order of time. */
export interface Lanes {
  readonly nodes: readonly Int32Array[];
  readonly names: readonly string[];
}

const MAX_DEPTH = 40;

export function lanesOf(trace: Trace, inScope: (node: number) => boolean): Lanes {
  const { parent, count, t0 } = trace.nodes;
  const depth = new Int16Array(count);
  const lists: number[][][] = trace.processes.map(() => []);
  for (let node = 0; node < count; node++) {
    const above = parent[node];
    const isLocal = above !== -1 && above < node && trace.processOf(above) === trace.processOf(node);
    depth[node] = isLocal ? Math.min(MAX_DEPTH, depth[above] + 1) : 0;
    if (inScope(node)) (lists[trace.processOf(node)][depth[node]] ??= []).push(node);
  }
  const nodes: Int32Array[] = [];
  const names: string[] = [];
  lists.forEach((lanes, process) => {
    for (let lane = 0; lane < lanes.length; lane++) {
      const list = Int32Array.from(lanes[lane] ?? []);
      if (list.some((node, index) => index > 0 && t0[list[index - 1]] > t0[node])) list.sort((a, b) => t0[a] - t0[b]);
      nodes.push(list);
      names.push(lane === 0 ? trace.processes[process].proc : '');
    }
  });
  return { nodes, names };
}

const MIN_WIDTH = 1.5;

/** What is to be drawn between two moments, merged to pixels. */
export function barsOf(trace: Trace, lanes: Lanes, from: number, to: number, width: number): Bar[] {
  const { t0, dt } = trace.nodes;
  const scale = width / (to - from);
  const bars: Bar[] = [];
  lanes.nodes.forEach((list, lane) => {
    let open: { x: number; end: number; node: number; count: number; failed: boolean } | undefined;
    const flush = (): void => {
      if (open) bars.push({ ...open, lane, width: Math.max(MIN_WIDTH, open.end - open.x) });
    };
    // What began before the view may reach into it.
    for (const node of list) {
      const start = (t0[node] - from) * scale;
      if (start > width) break;
      const end = dt[node] === -1 ? width : start + dt[node] * scale;
      if (end < 0) continue;
      const x = Math.max(0, start);
      const failed = trace.hasFailed(node);
      const isSmall = end - start < MIN_WIDTH;
      if (open && isSmall && open.end - open.x < 4 && x - open.end < 0.7) {
        open.end = Math.max(open.end, end);
        open.count++;
        open.failed ||= failed;
        continue;
      }
      flush();
      open = { x, end: Math.min(width, end), node, count: 1, failed };
    }
    flush();
  });
  return bars;
}
