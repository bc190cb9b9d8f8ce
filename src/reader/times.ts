import type { Columns } from './columns.js';
import { finished, STEP, type Steps } from './steps.js';
import type { Trace } from './trace.js';

export interface Times {
  /**
   * Nanoseconds that no child was running: the duration without the union of the children's, for these may overlap
   * (`Promise.all`) and may outlive it. What waited at an `await` for something that is not recorded counts. -1 while open.
   */
  readonly own: Float64Array;
  /** 1: no call of the same function is above it, so that its duration counts in a total. */
  readonly outermost: Uint8Array;
}

/** Own times, and which calls to add up; without recursion. */
export function timesOf(trace: Trace): Times {
  return { own: ownTimes(trace), outermost: finished(outermostCalls(trace)) };
}

function ownTimes(trace: Trace): Float64Array {
  const { nodes } = trace;
  const own = new Float64Array(nodes.count);
  for (let node = 0; node < nodes.count; node++) own[node] = ownTime(trace, nodes, node);
  return own;
}

/** Of one node. */
export function ownTime(trace: Trace, { t0, dt }: Columns, node: number): number {
  if (dt[node] === -1) return -1;
  const start = t0[node];
  const end = start + dt[node];
  const children = trace.childrenOf(node);
  let covered = 0;
  let until = start;
  for (const child of inOrder(children, t0)) {
    const from = Math.max(t0[child], until);
    // A child that never ended was running to the end.
    const to = dt[child] === -1 ? end : Math.min(t0[child] + dt[child], end);
    if (to <= from) continue;
    covered += to - from;
    until = to;
  }
  return Math.max(0, dt[node] - covered);
}

/** The lines of one process are in the order of time; children at another process are few. */
function inOrder(children: Int32Array, t0: Float64Array): Int32Array {
  for (let i = 1; i < children.length; i++) {
    if (t0[children[i - 1]] > t0[children[i]]) return children.toSorted((a, b) => t0[a] - t0[b]);
  }
  return children;
}

/** By node: 1 where no call of the same function is above it. */
export function* outermostCalls(trace: Trace): Steps<Uint8Array> {
  const { nodes, functions } = trace;
  const outermost = new Uint8Array(nodes.count);
  const running = new Int32Array(functions.length);
  const waiting = [...trace.roots].reverse();
  for (let steps = 0; waiting.length > 0; steps++) {
    if (steps % STEP === 0) yield;
    const node = waiting.pop()!;
    if (node < 0) {
      running[nodes.func[~node]]--;
      continue;
    }
    if (!trace.isExchange(node)) {
      if (running[nodes.func[node]]++ === 0) outermost[node] = 1;
      waiting.push(~node);
    }
    const children = trace.childrenOf(node);
    for (let i = children.length - 1; i >= 0; i--) waiting.push(children[i]);
  }
  return outermost;
}
