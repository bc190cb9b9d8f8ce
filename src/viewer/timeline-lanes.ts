import type { Trace } from '../reader/trace.js';
import type { Process, Test } from '../reader/types.js';
import { visible } from '../report/visible.js';

/** What is in one lane, in the order of time; but for those beyond the limits below, none overlaps the next. */
export interface Lane {
  readonly kind: 'calls' | 'tests';
  /** Nodes, or rows of `tests`. */
  readonly items: Int32Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** How many of the items before have failed. */
  readonly failed: Int32Array;
  /** The number from the top. */
  readonly row: number;
}

/** One process or worker thread: a row with its name, its tests, its calls. */
export interface Group {
  readonly name: string;
  readonly row: number;
}

export interface Lanes {
  readonly all: readonly Lane[];
  readonly groups: readonly Group[];
  readonly rows: number;
  readonly from: number;
  readonly to: number;
}

/** Deeper calls share the last lane. */
const MAX_DEPTH = 40;
/** More that run at the same time share the last track. */
const MAX_TRACKS = 24;
const MAX_TEST_LANES = 4;

/**
 * Lanes by process or thread; in it tracks, one for each root that runs at the same time as others; in it a lane for
 * each level of calls, and more where siblings run side by side.
 */
export function lanesOf(trace: Trace, inScope: (node: number) => boolean): Lanes {
  const { count, t0 } = trace.nodes;
  const nodes: number[][] = trace.processes.map(() => []);
  for (let node = 0; node < count; node++) if (inScope(node)) nodes[trace.processOf(node)].push(node);
  const placed: Placed = {
    lane: new Int16Array(count).fill(-1),
    track: new Int16Array(count).fill(-1),
    root: new Int32Array(count).fill(-1),
    until: new Float64Array(count),
  };
  const all: Lane[] = [];
  const groups: Group[] = [];
  let row = 0;
  const put = (kind: Lane['kind'], items: readonly number[]): void => {
    all.push(laneOf(trace, kind, items, row++));
  };
  for (const process of trace.processes) {
    const own = nodes[process.index];
    if (own.length === 0) continue;
    groups.push({ name: nameOfProcess(process), row: row++ });
    for (const tests of testLanes(trace, process, own)) put('tests', tests);
    if (own.some((node, index) => index > 0 && t0[own[index - 1]] > t0[node])) own.sort((a, b) => t0[a] - t0[b]);
    for (const lane of callLanes(trace, own, placed)) put('calls', lane);
  }
  let [from, to] = [Infinity, -Infinity];
  for (const { starts, ends } of all) {
    for (let item = 0; item < starts.length; item++) {
      if (starts[item] < from) from = starts[item];
      if (ends[item] > to) to = ends[item];
    }
  }
  return { all, groups, rows: row, ...(from < to ? { from, to } : { from: 0, to: 1000 }) };
}

function nameOfProcess({ proc, start }: Process): string {
  const script = start?.script ?? start?.argv[1]?.split(/[\\/]/).at(-1) ?? '';
  const what = (start?.tid ?? 0) > 0 ? `worker ${start!.tid}` : `process ${start?.pid ?? ''}`;
  return visible([what.trim(), script, proc].filter(Boolean).join('  '));
}

function laneOf(trace: Trace, kind: Lane['kind'], items: readonly number[], row: number): Lane {
  const { t0 } = trace.nodes;
  const isTests = kind === 'tests';
  const failed = new Int32Array(items.length + 1);
  items.forEach((item, at) => {
    const isBad = isTests ? trace.tests[item].outcome === 'failed' : trace.hasFailed(item);
    failed[at + 1] = failed[at] + (isBad ? 1 : 0);
  });
  return {
    ...{ kind, row, failed, items: Int32Array.from(items) },
    starts: Float64Array.from(items, (item) => (isTests ? trace.tests[item].firstNs : t0[item])),
    ends: Float64Array.from(items, (item) => (isTests ? endOfTest(trace.tests[item]) : endOf(trace, item))),
  };
}

/** With what it waited for; of one that is open, its beginning. */
function endOf(trace: Trace, node: number): number {
  return trace.nodes.t0[node] + Math.max(0, trace.durationOf(node));
}

function endOfTest({ firstNs, dt }: Test): number {
  return firstNs + Math.max(0, dt);
}

function testLanes(trace: Trace, { index }: Process, nodes: readonly number[]): number[][] {
  const seen = new Set<number>();
  for (const node of nodes) seen.add(trace.scopeOf(node).test);
  const tests = trace.tests.filter((test) => test.process === index && !test.late && seen.has(test.index));
  const lanes: number[][] = [];
  const ends: number[] = [];
  for (const test of tests.toSorted((a, b) => a.firstNs - b.firstNs)) {
    const lane = firstFree(ends, 0, test.firstNs, MAX_TEST_LANES);
    (lanes[lane] ??= []).push(test.index);
    ends[lane] = endOfTest(test);
  }
  return lanes;
}

/** Of each node: its lane in its track and the track, -1 for none; its root; of a root, when all below it has ended. */
interface Placed {
  readonly lane: Int16Array;
  readonly track: Int16Array;
  readonly root: Int32Array;
  readonly until: Float64Array;
}

/** @param nodes of one process, by time */
function callLanes(trace: Trace, nodes: readonly number[], placed: Placed): number[][] {
  const { parent, t0 } = trace.nodes;
  const { lane: laneOfNode, track: trackOfNode, until } = placed;
  findRoots(trace, nodes, placed);
  const tracks: { lanes: number[][]; ends: number[]; until: number }[] = [];
  for (const node of nodes) {
    const isRoot = placed.root[node] === node;
    let track = isRoot ? tracks.findIndex((one) => one.until <= t0[node]) : trackOfNode[parent[node]];
    if (track === -1 && tracks.length < MAX_TRACKS) track = tracks.push({ lanes: [], ends: [], until: 0 }) - 1;
    if (track === -1) track = tracks.length - 1;
    if (isRoot) tracks[track].until = Math.max(tracks[track].until, until[node]);
    const { lanes, ends } = tracks[track];
    const lane = firstFree(ends, isRoot ? 0 : laneOfNode[parent[node]] + 1, t0[node], MAX_DEPTH);
    (lanes[lane] ??= []).push(node);
    ends[lane] = endOf(trace, node);
    laneOfNode[node] = lane;
    trackOfNode[node] = track;
  }
  return tracks.flatMap(({ lanes }) => Array.from(lanes, (lane) => lane ?? []));
}

function findRoots(trace: Trace, nodes: readonly number[], { root, until }: Placed): void {
  const { parent } = trace.nodes;
  for (const node of nodes) {
    const above = parent[node];
    const isOwn = above !== -1 && root[above] !== -1 && trace.processOf(above) === trace.processOf(node);
    root[node] = isOwn ? root[above] : node;
    until[root[node]] = Math.max(until[root[node]], endOf(trace, node));
  }
}

/** The first lane from `least` on that is free then. */
function firstFree(ends: readonly number[], least: number, start: number, most: number): number {
  let lane = Math.min(least, most - 1);
  while (lane < most - 1 && (ends[lane] ?? -Infinity) > start) lane++;
  return lane;
}
