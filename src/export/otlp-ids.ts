import { createHash } from 'node:crypto';
import type { Trace } from '../reader/trace.js';
import { indexOfKey, isTest, sessionKey, testKey } from './otlp-plan.js';

/** Chains of sessions in calls in sessions are shorter, if they are not made up. */
const MAX_CHAIN = 64;
const TEST_BIT = 0x8000_0000;

/** The ids of spans follow from the trace alone: what is sent a second time is known by them. */
export class SpanIds {
  readonly #trace: Trace;
  readonly #roots: Int32Array;
  readonly #traceIds = new Map<number, string>();
  readonly #testOfSession = new Map<number, number>();

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#roots = rootsOf(trace);
  }

  /** 16 hex digits. */
  spanId(key: number): string {
    const trace = this.#trace;
    if (key >= 0) {
      const sent = trace.exchangeOf(key)?.trace?.span_id;
      if (sent !== undefined && isId(sent, 16)) return sent;
      return procHex(trace, trace.processOf(key)) + hex8(trace.nodes.id[key]);
    }
    if (!isTest(key)) return hash(trace.sessions[indexOfKey(key)].id, 16);
    const { process, id, index } = trace.tests[indexOfKey(key)];
    return procHex(trace, process) + hex8(TEST_BIT + (id ?? index));
  }

  /** The span it is in; undefined at the top. */
  parentId(key: number): string | undefined {
    const parent = this.#parentOf(key);
    if (parent !== undefined) return this.spanId(parent);
    // A service that is not in this trace asked.
    const { trace, side } = this.#exchange(key) ?? {};
    return side === 'server' && trace && isId(trace.parent_id, 16) ? trace.parent_id : undefined;
  }

  /** 32 hex digits. */
  traceId(key: number): string {
    const top = this.#topOf(key);
    let id = this.#traceIds.get(top);
    if (id === undefined) this.#traceIds.set(top, (id = this.#ownTraceId(top)));
    return id;
  }

  #exchange(key: number) {
    return key >= 0 ? this.#trace.exchangeOf(key) : undefined;
  }

  #ownTraceId(top: number): string {
    const given = this.#exchange(top)?.trace?.trace_id;
    if (given !== undefined && isId(given, 32)) return given;
    const trace = this.#trace;
    const [process, ns] = top >= 0 ? [trace.processOf(top), trace.nodes.t0[top]] : this.#startOf(top);
    const start = trace.baseNs + BigInt(Math.max(0, Math.floor(ns)));
    return procHex(trace, process) + start.toString(16).padStart(16, '0').slice(-16) + this.spanId(top).slice(-8);
  }

  #startOf(key: number): [process: number, ns: number] {
    const { process, firstNs } = (isTest(key) ? this.#trace.tests : this.#trace.sessions)[indexOfKey(key)];
    return [process, firstNs];
  }

  #topOf(key: number): number {
    let top = key;
    for (let i = 0; i < MAX_CHAIN; i++) {
      if (top >= 0) top = this.#roots[top];
      const parent = this.#parentOf(top);
      if (parent === undefined) break;
      top = parent;
    }
    return top;
  }

  #parentOf(key: number): number | undefined {
    if (key < 0) return isTest(key) ? undefined : this.#parentOfSession(indexOfKey(key));
    const { nodes, sessions } = this.#trace;
    const parent = nodes.parent[key];
    const { session, test } = this.#trace.scopeOf(key);
    if (session !== -1 && sessions[session].begin) {
      // The session was opened in that call, and this is in the session.
      if (parent === -1 || sessions[session].parent === parent) return sessionKey(session);
    }
    if (parent !== -1) return parent;
    return test === -1 ? undefined : testKey(test);
  }

  #parentOfSession(index: number): number | undefined {
    const { parent, outer } = this.#trace.sessions[index];
    if (parent !== -1) return parent;
    if (outer !== -1 && outer !== index) return sessionKey(outer);
    const test = this.#testOf(index);
    return test === -1 ? undefined : testKey(test);
  }

  /** Its line says in which test it was opened. */
  #testOf(index: number): number {
    const known = this.#testOfSession.get(index);
    if (known !== undefined) return known;
    const { begin, process } = this.#trace.sessions[index];
    const line = begin && this.#trace.lineAt(begin);
    const test =
      line?.test_id === undefined
        ? -1
        : this.#trace.tests.findIndex((one) => one.process === process && one.id === line.test_id && !one.late);
    this.#testOfSession.set(index, test);
    return test;
  }
}

/** Of each node, without recursion: parents may come later in the file than their children. */
function rootsOf(trace: Trace): Int32Array {
  const { parent, count } = trace.nodes;
  const roots = new Int32Array(count).fill(-1);
  for (let node = 0; node < count; node++) {
    let top = node;
    while (roots[top] === -1 && parent[top] !== -1) top = parent[top];
    const root = roots[top] === -1 ? top : roots[top];
    for (let at = node; at !== -1 && roots[at] === -1; at = parent[at]) roots[at] = root;
  }
  return roots;
}

function procHex(trace: Trace, process: number): string {
  const { proc } = trace.processes[process];
  return isId(proc, 8) ? proc : hash(proc, 8);
}

function isId(text: string | undefined, digits: number): text is string {
  return text?.length === digits && /^[0-9a-f]+$/.test(text) && /[1-9a-f]/.test(text);
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0').slice(-8);
}

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
