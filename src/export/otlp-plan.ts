import { OUTCOME_MASK, OPEN, PENDING } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';
import { isCapped } from './describe.js';

/** What becomes a span: a node by its row; a test or a session by numbers below zero. */
export const testKey = (index: number): number => -1 - 2 * index;
export const sessionKey = (index: number): number => -2 - 2 * index;
export const isTest = (key: number): boolean => key < 0 && key % 2 !== 0;
export const indexOfKey = (key: number): number => (-key - 1) >> 1;

export interface Step {
  readonly key: number;
  /** The line that made it complete; Infinity: it is not. */
  readonly at: number;
}

export interface PlanOptions {
  readonly chosen: ReadonlySet<number>;
  /** All calls, not only those that matter. */
  readonly all: boolean;
  /** Nothing more comes: what is open is sent as it is. */
  readonly final: boolean;
}

/** Calls that took as long are sent. */
const MIN_NS = 1e6;

/**
 * What is to be sent, in the order in which it was complete. By default exchanges, tests, sessions, failed calls and
 * calls of 1 ms and more, each with all above it. The order depends on the lines alone, so that it is the same when
 * the file has grown: what was sent is all up to a place in it.
 */
export function planSpans(trace: Trace, { chosen, all, final }: PlanOptions): Step[] {
  const { nodes } = trace;
  const complete = new Float64Array(nodes.count);
  // The first line by which something at or below the node is to be sent.
  const wanted = new Float64Array(nodes.count).fill(Infinity);
  const steps: Step[] = [];
  const add = (key: number, at: number): void => {
    if (final || at !== Infinity) steps.push({ key, at });
  };
  for (let node = nodes.count - 1; node >= 0; node--) {
    complete[node] = completeAt(trace, node);
    if (all || matters(trace, node, final)) wanted[node] = Math.min(wanted[node], complete[node]);
    const parent = nodes.parent[node];
    if (parent !== -1 && parent < node) wanted[parent] = Math.min(wanted[parent], wanted[node]);
  }
  const isWanted = (node: number): boolean => wanted[node] !== Infinity || (final && complete[node] === Infinity);
  for (let node = 0; node < nodes.count; node++) {
    if (!chosen.has(trace.processOf(node)) || !isWanted(node)) continue;
    add(node, Math.max(complete[node], wanted[node]));
  }
  for (const { index, process, late, place } of trace.tests) {
    if (!late && chosen.has(process)) add(testKey(index), place?.at ?? endOfProcess(trace, process));
  }
  for (const { index, process, begin, end } of trace.sessions) {
    if (begin && chosen.has(process)) add(sessionKey(index), end?.at ?? endOfProcess(trace, process));
  }
  return steps.sort(bySending);
}

/** Also the order of what a place in the file means. */
export function bySending(a: Step, b: Step): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.key - b.key;
}

function completeAt(trace: Trace, node: number): number {
  const { flags, endAt } = trace.nodes;
  const waits = (flags[node] & OUTCOME_MASK) === OPEN || (flags[node] & PENDING) !== 0;
  if (!waits) return endAt[node];
  return trace.settlementOf(node)?.at ?? endOfProcess(trace, trace.processOf(node));
}

/** What has not ended by then never will. */
function endOfProcess(trace: Trace, process: number): number {
  return trace.processes[process].endAt ?? Infinity;
}

function matters(trace: Trace, node: number, final: boolean): boolean {
  if (trace.isExchange(node) || isCapped(trace, node) || trace.hasFailed(node)) return true;
  const dt = trace.durationOf(node);
  return dt >= MIN_NS || (dt < 0 && final);
}
