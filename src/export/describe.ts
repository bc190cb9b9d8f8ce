import { CAPPED, KIND_MASK, OPEN, OUTCOME_MASK } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';
import type { ErrorInfo, Preview } from '../trace-format.js';

export interface Values {
  readonly args?: unknown;
  readonly result?: Preview;
}

/** `Cart.total`, `GET http://a/b`. */
export function labelOf(trace: Trace, node: number): string {
  const exchange = trace.exchangeOf(node);
  return exchange ? `${exchange.method} ${exchange.url}` : trace.functionOf(node)!.func;
}

export function isOpen(trace: Trace, node: number): boolean {
  return (trace.nodes.flags[node] & OUTCOME_MASK) === OPEN;
}

/** Only its exception was recorded, not when it began. */
export function isCapped(trace: Trace, node: number): boolean {
  return (trace.nodes.flags[node] & KIND_MASK) === CAPPED;
}

/** Why a call or exchange failed; undefined where nothing says so. */
export function errorOfNode(trace: Trace, node: number): ErrorInfo | undefined {
  if (trace.isExchange(node)) return trace.exchange(node).error;
  const { error, settled } = trace.call(node);
  return error ?? settled?.error;
}

/** What went in and came out. */
export function valuesOf(trace: Trace, node: number): Values {
  if (trace.isExchange(node)) {
    const { requestHeaders, responseHeaders, requestBody, responseBody } = trace.exchange(node);
    return { args: { requestHeaders, responseHeaders, requestBody, responseBody } };
  }
  const { args, result, settled } = trace.call(node);
  return { args, result: settled?.value ?? result };
}

/** `node server.js`; the words after the program may hold anything. */
export function processName(trace: Trace, process: number): string {
  const { proc, start } = trace.processes[process];
  const script = start?.script ?? start?.argv[1]?.split(/[\\/]/).at(-1);
  return script === undefined ? proc : `node ${script}`;
}

/** Runs of a test in order; what came after the end of one is with that one. */
export function testsOf(trace: Trace, chosen: ReadonlySet<number>) {
  return trace.tests.filter(({ late, process }) => !late && chosen.has(process));
}
