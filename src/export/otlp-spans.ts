import { basename } from 'node:path';
import { SERVER, KIND_MASK } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';
import type { ErrorInfo } from '../trace-format.js';
import { version } from '../version.js';
import { errorOfNode, isCapped, isOpen, labelOf, valuesOf } from './describe.js';
import { jsonOf } from './export-options.js';
import { genAiOf } from './gen-ai.js';
import { SpanIds } from './otlp-ids.js';
import { indexOfKey, isTest, type Step } from './otlp-plan.js';

/** Receivers take 4 MB and more. */
const MAX_BYTES = 3_500_000;
const MAX_SPANS = 512;

export interface Resource {
  /** `service.name`; undefined: the name of the program's folder. */
  readonly service: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One request to a receiver. */
export interface Batch {
  readonly steps: readonly Step[];
  readonly body: string;
}

/** OTLP/JSON, in requests that receivers take. */
export class SpanWriter {
  readonly #trace: Trace;
  readonly #ids: SpanIds;
  readonly #values: boolean;
  readonly #resource: Resource;

  constructor(trace: Trace, values: boolean, resource: Resource) {
    this.#trace = trace;
    this.#ids = new SpanIds(trace);
    this.#values = values;
    this.#resource = resource;
  }

  *batches(steps: readonly Step[]): Generator<Batch> {
    let taken: Step[] = [];
    let spans: string[] = [];
    let bytes = 0;
    for (const step of steps) {
      const span = this.#span(step.key);
      const size = Buffer.byteLength(span);
      if (taken.length > 0 && (taken.length >= MAX_SPANS || bytes + size > MAX_BYTES)) {
        yield { steps: taken, body: this.#request(taken, spans) };
        [taken, spans, bytes] = [[], [], 0];
      }
      taken.push(step);
      spans.push(span);
      bytes += size + 1;
    }
    if (taken.length > 0) yield { steps: taken, body: this.#request(taken, spans) };
  }

  #request(steps: readonly Step[], spans: readonly string[]): string {
    const byProcess = new Map<number, string[]>();
    steps.forEach(({ key }, i) => {
      const process = this.#processOf(key);
      const list = byProcess.get(process) ?? [];
      list.push(spans[i]);
      byProcess.set(process, list);
    });
    const scope = jsonOf({ name: 'handit', version });
    const parts = [...byProcess].map(
      ([process, list]) =>
        `{"resource":${jsonOf(this.#resourceOf(process))},"scopeSpans":[{"scope":${scope},"spans":[${list.join(',')}]}]}`,
    );
    return `{"resourceSpans":[${parts.join(',')}]}`;
  }

  #processOf(key: number): number {
    if (key >= 0) return this.#trace.processOf(key);
    return (isTest(key) ? this.#trace.tests : this.#trace.sessions)[indexOfKey(key)].process;
  }

  #resourceOf(process: number): object {
    const { start, proc } = this.#trace.processes[process];
    const { service, attributes } = this.#resource;
    return {
      attributes: attributesOf({
        'service.name': service ?? ((start && basename(start.cwd.replaceAll('\\', '/'))) || 'unknown_service:node'),
        'service.instance.id': proc,
        'process.pid': start?.pid,
        'process.runtime.name': 'nodejs',
        'process.runtime.version': start?.node,
        'vcs.ref.head.revision': start?.git?.sha,
        'vcs.ref.head.name': start?.git?.branch,
        'cicd.pipeline.run.id': start?.ci?.run,
        'cicd.pipeline.run.url.full': start?.ci?.url,
        'cicd.pipeline.task.name': start?.ci?.job,
        ...attributes,
      }),
    };
  }

  #span(key: number): string {
    const parentSpanId = this.#ids.parentId(key);
    return jsonOf({
      ...{ traceId: this.#ids.traceId(key), spanId: this.#ids.spanId(key) },
      ...(parentSpanId !== undefined && { parentSpanId }),
      ...(key >= 0 ? this.#nodeSpan(key) : isTest(key) ? this.#testSpan(key) : this.#sessionSpan(key)),
    });
  }

  #nodeSpan(node: number): object {
    const trace = this.#trace;
    const dt = trace.durationOf(node);
    const until = dt >= 0 || isCapped(trace, node) ? trace.nodes.t0[node] + Math.max(0, dt) : this.#lastOf(node);
    const end = this.#time(Math.max(until, trace.nodes.t0[node]));
    const failed = trace.hasFailed(node);
    const error = failed ? errorOfNode(trace, node) : undefined;
    const model = genAiOf(trace, node, this.#values);
    return {
      name: model?.name ?? trace.exchangeOf(node)?.method ?? labelOf(trace, node),
      kind: trace.isExchange(node) ? ((trace.nodes.flags[node] & KIND_MASK) === SERVER ? 2 : 3) : 1,
      startTimeUnixNano: this.#time(trace.nodes.t0[node]),
      endTimeUnixNano: end,
      attributes: attributesOf({ ...this.#common(node), ...this.#own(node, error), ...model?.attributes }),
      ...(model?.error === undefined || failed ? outcomeOf(failed, error, end) : statusOf(model.error)),
      ...this.#links(node),
    };
  }

  #lastOf(node: number): number {
    return this.#trace.processes[this.#trace.processOf(node)].lastNs;
  }

  #common(node: number): object {
    const trace = this.#trace;
    const { session, agent, test } = trace.scopeOf(node);
    return {
      'handit.id': trace.nameOf(node),
      'session.id': session === -1 ? undefined : trace.sessions[session].id,
      'gen_ai.agent.name': agent,
      'test.case.name': test === -1 ? undefined : trace.tests[test].name,
      'handit.open': isOpen(trace, node) || undefined,
      ...(this.#values && valueAttributes(valuesOf(trace, node))),
    };
  }

  #own(node: number, error: ErrorInfo | undefined): object {
    const trace = this.#trace;
    const called = trace.functionOf(node);
    if (called) {
      return {
        'code.function.name': called.func,
        'code.file.path': called.file || undefined,
        'code.line.number': called.line || undefined,
        'code.column.number': called.column || undefined,
        'error.type': error?.name,
      };
    }
    const { method, url, status, side, client, socket, attempt } = trace.exchangeOf(node)!;
    const { requestBody, responseBody } = trace.exchange(node);
    const { hostname, port, scheme } = partsOf(url);
    return {
      'http.request.method': method,
      'url.full': url,
      'url.scheme': scheme,
      'server.address': hostname,
      'server.port': port,
      'http.response.status_code': status || undefined,
      'http.request.body.size': requestBody?.size,
      'http.response.body.size': responseBody?.size,
      'http.request.resend_count': attempt !== undefined && attempt > 1 ? attempt - 1 : undefined,
      [side === 'server' ? 'client.address' : 'network.peer.address']: socket?.remote_address,
      'handit.client': client,
      'error.type': error?.name ?? (status >= 400 ? String(status) : undefined),
    };
  }

  /** Where the request went on in a trace of its own. */
  #links(node: number): object {
    const sent = this.#trace.exchangeOf(node)?.trace;
    if (!sent || sent.trace_id === this.#ids.traceId(node)) return {};
    const spanId = sent.span_id ?? sent.parent_id;
    const isValid = /^[0-9a-f]{32}$/.test(sent.trace_id) && spanId !== undefined && /^[0-9a-f]{16}$/.test(spanId);
    return isValid ? { links: [{ traceId: sent.trace_id, spanId }] } : {};
  }

  #testSpan(key: number): object {
    const { name, file, titles, firstNs, dt, outcome, place, try: round } = this.#trace.tests[indexOfKey(key)];
    const error = outcome === 'failed' ? this.#trace.errorAt(place) : undefined;
    const shown = error && this.#values ? { expected: error.expected, actual: error.actual } : {};
    return this.#period(titles.at(-1) ?? name, firstNs, dt, outcome === 'failed', error, {
      'test.case.name': name,
      'test.case.result.status': outcome === 'passed' ? 'pass' : outcome === 'failed' ? 'fail' : outcome,
      'test.suite.name': titles.slice(0, -1).join(' > ') || undefined,
      'code.file.path': file || undefined,
      'handit.test.try': round,
      ...valueAttributes(shown),
    });
  }

  #sessionSpan(key: number): object {
    const { id, tag, firstNs, dt, failed, end } = this.#trace.sessions[indexOfKey(key)];
    const error = failed ? this.#trace.errorAt(end) : undefined;
    return this.#period(tag, firstNs, dt, failed, error, { 'session.id': id });
  }

  #period(name: string, firstNs: number, dt: number, failed: boolean, error: ErrorInfo | undefined, more: object) {
    const end = this.#time(firstNs + Math.max(0, dt));
    return {
      ...{ name, kind: 1, startTimeUnixNano: this.#time(firstNs), endTimeUnixNano: end },
      attributes: attributesOf({ ...more, 'error.type': error?.name }),
      ...outcomeOf(failed, error, end),
    };
  }

  #time(ns: number): string {
    return String(this.#trace.baseNs + BigInt(Math.max(0, Math.round(ns))));
  }
}

function outcomeOf(failed: boolean, error: ErrorInfo | undefined, end: string): object {
  if (!failed) return {};
  const { name, message, stack } = error ?? {};
  const event = {
    timeUnixNano: end,
    name: 'exception',
    attributes: attributesOf({
      'exception.type': name,
      'exception.message': message,
      'exception.stacktrace': stack,
    }),
  };
  return { ...statusOf(message), ...(error && { events: [event] }) };
}

function statusOf(message: string | undefined): object {
  return { status: { code: 2, ...(message && { message }) } };
}

function valueAttributes(values: object): object {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [`handit.${name}`, jsonOf(value)]));
}

/** What is undefined is left out. */
function attributesOf(values: object): object[] {
  return Object.entries(values).flatMap(([key, value]: [string, unknown]) =>
    value === undefined ? [] : [{ key, value: attributeValue(value) }],
  );
}

function attributeValue(value: unknown): object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(attributeValue) } };
  return { stringValue: typeof value === 'string' ? value : jsonOf(value) };
}

function partsOf(url: string): { hostname?: string; port?: number; scheme?: string } {
  try {
    const { hostname, port, protocol } = new URL(url);
    const scheme = protocol.slice(0, -1);
    return { scheme, hostname, port: Number(port) || (scheme === 'https' ? 443 : scheme === 'http' ? 80 : undefined) };
  } catch {
    return {};
  }
}
