import type { Trace } from '../reader/trace.js';
import { errorOfNode, isCapped, isOpen, labelOf, processName, testsOf, valuesOf } from './describe.js';
import { type ExportOptions, jsonOf } from './export-options.js';
import { type Extents, extentsOf } from './extents.js';

/** Kinds of events, in the order of those at one moment: what ends, what begins, arrows. */
const END = 0;
const INSTANT = 1;
const SLICE = 2;
const BEGIN = 3;
const FLOW_OUT = 4;
const FLOW_IN = 5;

/**
 * Trace events, which ui.perfetto.dev and chrome://tracing open. Calls that ran without waiting are slices of their
 * thread; async functions, generators, exchanges, tests and sessions have tracks of their own. An arrow leads from a
 * call to one that it caused later. Times are microseconds from the beginning of the trace, with all digits.
 */
export function writePerfetto(trace: Trace, options: ExportOptions): void {
  const { put } = options;
  const extents = extentsOf(trace);
  const events = new Events(trace.nodes.count);
  for (let node = 0; node < trace.nodes.count; node++) {
    if (options.chosen.has(trace.processOf(node))) addNode(trace, extents, node, events);
  }
  put('{"displayTimeUnit":"ns","otherData":');
  put(jsonOf({ producer: 'handit', startTimeUnixNano: String(trace.baseNs), missing: trace.missing }));
  put(',"traceEvents":[\n');
  let comma = '';
  const event = (fields: object, times = ''): void => {
    const text = jsonOf(fields);
    put(`${comma}${text.slice(0, -1)}${times}}`);
    comma = ',\n';
  };
  for (const process of options.chosen) {
    const [pid, tid] = threadOf(trace, process);
    const { start, proc } = trace.processes[process];
    const name = start && start.tid > 0 ? `worker ${start.tid} ${proc}` : `main ${proc}`;
    event({ ph: 'M', name: 'process_name', pid, tid, args: { name: processName(trace, process) } });
    event({ ph: 'M', name: 'thread_name', pid, tid, args: { name } });
  }
  for (const span of spansOf(trace, options.chosen)) {
    const [pid, tid] = threadOf(trace, span.process);
    const shared = { cat: span.cat, id: span.id, name: span.name, pid, tid };
    events.special(span.firstNs, () => event({ ph: 'b', ...shared, args: span.args }, at(span.firstNs)));
    if (span.dt < 0) continue;
    events.special(span.firstNs + span.dt, () => event({ ph: 'e', ...shared }, at(span.firstNs + span.dt)));
  }
  events.inOrder((kind, node) => writeEvent(trace, extents, options, event, kind, node));
  put('\n]}\n');
}

function addNode(trace: Trace, { end, slice, above }: Extents, node: number, events: Events): void {
  const { t0, parent } = trace.nodes;
  if (isCapped(trace, node)) return events.add(t0[node], INSTANT, node);
  if (slice[node] === 0) {
    events.add(t0[node], BEGIN, node);
    if (!isOpen(trace, node)) events.add(end[node], END, node);
    return;
  }
  events.add(t0[node], SLICE, node);
  const from = parent[node];
  // Inside of the slice that caused it, it needs no arrow.
  if (from === -1 || slice[from] === 0 || above[node] === from || t0[from] > t0[node]) return;
  events.add(t0[from], FLOW_OUT, node);
  events.add(t0[node], FLOW_IN, node);
}

function writeEvent(
  trace: Trace,
  { end }: Extents,
  { values }: ExportOptions,
  event: (fields: object, times?: string) => void,
  kind: number,
  node: number,
): void {
  const { nodes } = trace;
  const [pid, tid] = threadOf(trace, trace.processOf(node));
  if (kind === FLOW_OUT || kind === FLOW_IN) {
    const shared = { name: 'caused', cat: 'flow', id: node + 1 };
    const from = nodes.parent[node];
    if (kind === FLOW_IN) return event({ ph: 'f', bp: 'e', ...shared, pid, tid }, at(nodes.t0[node]));
    const [fromPid, fromTid] = threadOf(trace, trace.processOf(from));
    return event({ ph: 's', ...shared, pid: fromPid, tid: fromTid }, at(nodes.t0[from]));
  }
  const shared = { name: labelOf(trace, node), cat: trace.isExchange(node) ? 'http' : 'call', pid, tid };
  const id = trace.nameOf(node);
  switch (kind) {
    case SLICE: {
      const dt = `,"dur":${micros(end[node] - nodes.t0[node])}`;
      return event({ ph: 'X', ...shared, args: argsOf(trace, node, values) }, at(nodes.t0[node]) + dt);
    }
    case BEGIN:
      return event({ ph: 'b', ...shared, id, args: argsOf(trace, node, values) }, at(nodes.t0[node]));
    case END:
      return event({ ph: 'e', ...shared, id }, at(end[node]));
    default:
      return event({ ph: 'i', s: 't', ...shared, args: argsOf(trace, node, values) }, at(nodes.t0[node]));
  }
}

function argsOf(trace: Trace, node: number, withValues: boolean): object {
  const called = trace.functionOf(node);
  const { status } = trace.exchangeOf(node) ?? { status: 0 };
  const parent = trace.nodes.parent[node];
  const error = trace.hasFailed(node) ? errorOfNode(trace, node) : undefined;
  return {
    id: trace.nameOf(node),
    ...(parent !== -1 && { parent: trace.nameOf(parent) }),
    ...(called && called.file !== '' && { source: `${called.file}:${called.line}:${called.column}` }),
    ...(status > 0 && { status }),
    ...(error && { error: `${error.name}: ${error.message}` }),
    ...(withValues && valuesOf(trace, node)),
  };
}

interface Span {
  readonly cat: string;
  readonly id: string;
  readonly name: string;
  readonly process: number;
  readonly firstNs: number;
  readonly dt: number;
  readonly args: object;
}

function spansOf(trace: Trace, chosen: ReadonlySet<number>): Span[] {
  const tests = testsOf(trace, chosen).map((test) => ({
    ...{ cat: 'test', id: `test ${test.index}`, name: test.name, process: test.process },
    ...{ firstNs: test.firstNs, dt: test.dt, args: { outcome: test.outcome ?? 'open', try: test.try } },
  }));
  const sessions = trace.sessions
    .filter(({ process, begin }) => begin && chosen.has(process))
    .map((session) => ({
      ...{ cat: 'session', id: session.id, name: session.tag, process: session.process },
      ...{ firstNs: session.firstNs, dt: session.dt, args: { failed: session.failed } },
    }));
  return [...tests, ...sessions];
}

/** Two runs may have had the same process id; each process and worker of a trace is a thread. */
function threadOf(trace: Trace, process: number): [pid: number, tid: number] {
  return [trace.processes[process].start?.pid || process + 1, process + 1];
}

function at(ns: number): string {
  return `,"ts":${micros(ns)}`;
}

/** Exact: a double of it would not be. */
function micros(ns: number): string {
  return `${Math.floor(ns / 1000)}.${String(ns % 1000).padStart(3, '0')}`;
}

/** What is to be written, by time. */
class Events {
  #ts: Float64Array;
  #node: Int32Array;
  #kind: Uint8Array;
  #count = 0;
  readonly #special: { readonly ns: number; readonly write: () => void }[] = [];

  /** @param nodes each has four events at most */
  constructor(nodes: number) {
    this.#ts = new Float64Array(nodes * 4);
    this.#node = new Int32Array(nodes * 4);
    this.#kind = new Uint8Array(nodes * 4);
  }

  add(ns: number, kind: number, node: number): void {
    this.#ts[this.#count] = ns;
    this.#kind[this.#count] = kind;
    this.#node[this.#count++] = node;
  }

  special(ns: number, write: () => void): void {
    this.#special.push({ ns, write });
  }

  inOrder(write: (kind: number, node: number) => void): void {
    const [ts, kind, node] = [this.#ts, this.#kind, this.#node];
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    order.sort((a, b) => ts[a] - ts[b] || kind[a] - kind[b] || node[a] - node[b]);
    const special = this.#special.sort((a, b) => a.ns - b.ns);
    let next = 0;
    for (const i of order) {
      while (next < special.length && special[next].ns <= ts[i]) special[next++].write();
      write(kind[i], node[i]);
    }
    while (next < special.length) special[next++].write();
  }
}
