import { CALL, ENDED, FAILED, KIND_MASK, OUTCOME_MASK } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';

export interface Extents {
  /** Nanoseconds from the base; of what is open still, where its process was last seen. */
  readonly end: Float64Array;
  /** The running call that was on the stack of its thread when it began; -1: none, or it is no slice. */
  readonly above: Int32Array;
  /** 1: a call that began and ended on the stack, without waiting in between. */
  readonly slice: Uint8Array;
}

/**
 * Where calls end, so that what ran inside of one is inside of it. Durations lack the time in which handit itself was
 * busy, and so alone would let a call end before the last one in it: the order of the lines says what was running.
 */
export function extentsOf(trace: Trace): Extents {
  const { nodes } = trace;
  const end = new Float64Array(nodes.count);
  const above = new Int32Array(nodes.count).fill(-1);
  const slice = new Uint8Array(nodes.count);
  const stacks: number[][] = trace.processes.map(() => []);
  for (let node = 0; node < nodes.count; node++) {
    const process = trace.processOf(node);
    const dt = nodes.dt[node];
    end[node] = dt >= 0 ? nodes.t0[node] + dt : Math.max(nodes.t0[node], trace.processes[process].lastNs);
    if (!isSlice(trace, node)) continue;
    slice[node] = 1;
    const stack = stacks[process];
    while (stack.length > 0 && trace.endedBefore(stack[stack.length - 1], node)) stack.pop();
    above[node] = stack.at(-1) ?? -1;
    stack.push(node);
  }
  for (let node = nodes.count - 1; node >= 0; node--) {
    if (above[node] !== -1) end[above[node]] = Math.max(end[above[node]], end[node]);
    const parent = nodes.parent[node];
    if (parent === -1 || parent >= node || nodes.dt[parent] < 0) continue;
    if (trace.processOf(parent) !== trace.processOf(node)) continue;
    if (trace.endedBefore(parent, node)) continue;
    const until = trace.lateEndOf(parent);
    const isInside = until === undefined ? nodes.endAt[node] < nodes.endAt[parent] : end[node] < until;
    if (nodes.endAt[node] !== -1 && isInside) end[parent] = Math.max(end[parent], end[node]);
    else end[parent] = Math.max(end[parent], nodes.t0[node]);
  }
  return { end, above, slice };
}

function isSlice(trace: Trace, node: number): boolean {
  const { flags, func, dt } = trace.nodes;
  const outcome = flags[node] & OUTCOME_MASK;
  if ((flags[node] & KIND_MASK) !== CALL || dt[node] < 0 || (outcome !== ENDED && outcome !== FAILED)) return false;
  const { async, generator } = trace.functions[func[node]];
  return !async && !generator;
}
