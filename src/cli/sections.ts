import { groupTries, type TestGroup } from '../reader/test-groups.js';
import { OPEN, OUTCOME_MASK } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';
import type { Process } from '../reader/types.js';

/** What is at the top of a process: a test with all of its tries, or a node that nothing in the trace called. */
export type Entry =
  | { readonly type: 'test'; readonly group: TestGroup; readonly startNs: number }
  | { readonly type: 'node'; readonly node: number; readonly startNs: number };

export interface Section {
  readonly process: Process;
  /** By time. */
  readonly entries: readonly Entry[];
}

/** One for each process that is chosen, in the order in which they began. */
export function sectionsOf(trace: Trace, chosen: ReadonlySet<number>): Section[] {
  const { t0 } = trace.nodes;
  const entries = new Map<number, Entry[]>();
  const processes = trace.processes.filter(({ index }) => chosen.has(index));
  for (const { index } of processes) entries.set(index, []);
  for (const group of groupTries(trace.tests)) {
    entries.get(group.process)?.push({ type: 'test', group, startNs: group.firstNs });
  }
  for (const node of trace.roots) {
    const { test, process } = trace.scopeOf(node);
    if (test === -1) entries.get(process)?.push({ type: 'node', node, startNs: t0[node] });
  }
  return processes.map((process) => ({
    process,
    entries: entries.get(process.index)!.sort((a, b) => a.startNs - b.startNs),
  }));
}

/** What an entry has at its top. */
export function rootsOfEntry(trace: Trace, entry: Entry): number[] {
  if (entry.type === 'node') return [entry.node];
  return entry.group.tries.flatMap(({ index }) => [...trace.rootsOfTest(index)]);
}

/** Whether everything in it has ended. */
export function isComplete(trace: Trace, entry: Entry): boolean {
  if (entry.type === 'test' && entry.group.outcome === undefined) return false;
  const waiting = rootsOfEntry(trace, entry);
  for (let node; (node = waiting.pop()) !== undefined;) {
    if ((trace.nodes.flags[node] & OUTCOME_MASK) === OPEN) return false;
    for (const child of trace.childrenOf(node)) waiting.push(child);
  }
  return true;
}
