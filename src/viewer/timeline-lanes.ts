import { STEP, type Steps } from '../reader/steps.js';
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
 *
 * @param test row of the test whose calls are shown; -1: all
 */
export function* lanesOf(trace: Trace, test: number): Steps<Lanes> {
  const { order, starts } = yield* byProcess(trace, test);
  const placed = new Placed(trace.nodes.count);
  const all: LaneWriter[] = [];
  const groups: Group[] = [];
  let row = 0;
  for (const process of trace.processes) {
    const nodes = order.subarray(starts[process.index], starts[process.index + 1]);
    if (nodes.length === 0) continue;
    groups.push({ name: nameOfProcess(process), row: row++ });
    for (const tests of testLanes(trace, process, nodes)) {
      const lane = new LaneWriter('tests', tests.length, row++);
      for (const index of tests) {
        const one = trace.tests[index];
        lane.add(index, one.firstNs, endOfTest(one), one.outcome === 'failed');
      }
      all.push(lane);
    }
    sortByTime(trace, nodes);
    const lanes = yield* callLanes(trace, nodes, placed, row);
    row += lanes.length;
    all.push(...lanes);
  }
  let [from, to] = [Infinity, -Infinity];
  for (const lane of all) [from, to] = [Math.min(from, lane.from), Math.max(to, lane.to)];
  return { all, groups, rows: row, ...(from < to ? { from, to } : { from: 0, to: 1000 }) };
}

/** The nodes to be shown, those of each process side by side. */
function* byProcess(trace: Trace, test: number): Steps<{ order: Int32Array; starts: Int32Array }> {
  const { count } = trace.nodes;
  const isShown = (node: number): boolean => test === -1 || trace.testOf(node) === test;
  const ends = new Int32Array(trace.processes.length + 1);
  for (let node = 0; node < count; node++) {
    if (node % STEP === 0) yield;
    if (isShown(node)) ends[trace.processOf(node) + 1]++;
  }
  for (let index = 1; index < ends.length; index++) ends[index] += ends[index - 1];
  const starts = ends.slice();
  const order = new Int32Array(starts[starts.length - 1]);
  for (let node = 0; node < count; node++) {
    if (node % STEP === 0) yield;
    if (isShown(node)) order[ends[trace.processOf(node)]++] = node;
  }
  return { order, starts };
}

function sortByTime({ nodes: { t0 } }: Trace, nodes: Int32Array): void {
  if (nodes.some((node, index) => index > 0 && t0[nodes[index - 1]] > t0[node])) nodes.sort((a, b) => t0[a] - t0[b]);
}

function nameOfProcess({ proc, start }: Process): string {
  const script = start?.script ?? start?.argv[1]?.split(/[\\/]/).at(-1) ?? '';
  const what = (start?.tid ?? 0) > 0 ? `worker ${start!.tid}` : `process ${start?.pid ?? ''}`;
  return visible([what.trim(), script, proc].filter(Boolean).join('  '));
}

class LaneWriter implements Lane {
  readonly items: Int32Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly failed: Int32Array;
  from = Infinity;
  to = -Infinity;
  #count = 0;

  constructor(
    readonly kind: Lane['kind'],
    size: number,
    readonly row: number,
  ) {
    this.items = new Int32Array(size);
    this.starts = new Float64Array(size);
    this.ends = new Float64Array(size);
    this.failed = new Int32Array(size + 1);
  }

  add(item: number, start: number, end: number, hasFailed: boolean): void {
    const at = this.#count++;
    this.items[at] = item;
    this.starts[at] = start;
    this.ends[at] = end;
    this.failed[at + 1] = this.failed[at] + (hasFailed ? 1 : 0);
    if (start < this.from) this.from = start;
    if (end > this.to) this.to = end;
  }
}

/** With what it waited for; of one that is open, its beginning. */
function endOf(trace: Trace, node: number): number {
  return trace.nodes.t0[node] + Math.max(0, trace.durationOf(node));
}

function endOfTest({ firstNs, dt }: Test): number {
  return firstNs + Math.max(0, dt);
}

function testLanes(trace: Trace, { index }: Process, nodes: Int32Array): number[][] {
  const { scope } = trace.nodes;
  const scopes = new Uint8Array(trace.scopes.length);
  for (const node of nodes) scopes[scope[node]] = 1;
  const seen = new Set(trace.scopes.filter((_, row) => scopes[row] === 1).map(({ test }) => test));
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
class Placed {
  readonly lane: Int16Array;
  readonly track: Int16Array;
  readonly root: Int32Array;
  readonly until: Float64Array;

  constructor(count: number) {
    this.lane = new Int16Array(count).fill(-1);
    this.track = new Int16Array(count).fill(-1);
    this.root = new Int32Array(count).fill(-1);
    this.until = new Float64Array(count);
  }
}

/** Roots that follow each other, with what is below them. */
interface Track {
  /** By lane: how many are in it, and when the last of them ends. */
  readonly sizes: number[];
  readonly ends: number[];
  until: number;
}

/** @param nodes of one process, by time */
function* callLanes(trace: Trace, nodes: Int32Array, placed: Placed, row: number): Steps<LaneWriter[]> {
  const { t0 } = trace.nodes;
  yield* findRoots(trace, nodes, placed);
  const tracks = yield* placeNodes(trace, nodes, placed);
  const lanes: LaneWriter[] = [];
  const firsts = tracks.map(({ sizes }) => {
    const first = lanes.length;
    for (const size of Array.from(sizes, (one) => one ?? 0)) {
      lanes.push(new LaneWriter('calls', size, row + lanes.length));
    }
    return first;
  });
  for (const [at, node] of nodes.entries()) {
    if (at % STEP === 0) yield;
    const lane = lanes[firsts[placed.track[node]] + placed.lane[node]];
    lane.add(node, t0[node], endOf(trace, node), trace.hasFailed(node));
  }
  return lanes;
}

function* findRoots(trace: Trace, nodes: Int32Array, { root, until }: Placed): Steps<void> {
  const { parent } = trace.nodes;
  for (const [at, node] of nodes.entries()) {
    if (at % STEP === 0) yield;
    const above = parent[node];
    const isOwn = above !== -1 && root[above] !== -1 && trace.processOf(above) === trace.processOf(node);
    root[node] = isOwn ? root[above] : node;
    until[root[node]] = Math.max(until[root[node]], endOf(trace, node));
  }
}

function* placeNodes(trace: Trace, nodes: Int32Array, placed: Placed): Steps<Track[]> {
  const { parent, t0 } = trace.nodes;
  const tracks: Track[] = [];
  for (const [at, node] of nodes.entries()) {
    if (at % STEP === 0) yield;
    const isRoot = placed.root[node] === node;
    let track = isRoot ? tracks.findIndex((one) => one.until <= t0[node]) : placed.track[parent[node]];
    if (track === -1 && tracks.length < MAX_TRACKS) track = tracks.push({ sizes: [], ends: [], until: 0 }) - 1;
    if (track === -1) track = tracks.length - 1;
    if (isRoot) tracks[track].until = Math.max(tracks[track].until, placed.until[node]);
    const { sizes, ends } = tracks[track];
    const lane = firstFree(ends, isRoot ? 0 : placed.lane[parent[node]] + 1, t0[node], MAX_DEPTH);
    sizes[lane] = (sizes[lane] ?? 0) + 1;
    ends[lane] = endOf(trace, node);
    placed.lane[node] = lane;
    placed.track[node] = track;
  }
  return tracks;
}

/** The first lane from `least` on that is free then. */
function firstFree(ends: readonly number[], least: number, start: number, most: number): number {
  let lane = Math.min(least, most - 1);
  while (lane < most - 1 && (ends[lane] ?? -Infinity) > start) lane++;
  return lane;
}
