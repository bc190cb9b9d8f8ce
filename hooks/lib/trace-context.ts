import type { TraceContext } from '../../src/recorder/scope.js';
import { each, regExpExec, regExpTest, stringTrim, uncurry } from '../../src/intrinsics.js';

const { getBuiltinModule } = process;

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** Reads a W3C `traceparent` header; null when there is none, or one to be ignored: https://www.w3.org/TR/trace-context */
export function readTraceparent(header: unknown): TraceContext | null {
  const found = typeof header === 'string' ? regExpExec(TRACEPARENT, stringTrim(header)) : null;
  if (!found) return null;
  const [, version, traceId, parentId, flags, more] = each(found);
  // A later version may have more fields, this one has not.
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (regExpTest(/^0+$/, traceId) || regExpTest(/^0+$/, parentId)) return null;
  return { traceId, parentId, flags };
}

/** What a request that this process makes passes on: its own id in the trace it is a part of, or in a new one. */
export interface SentTrace extends TraceContext {
  readonly spanId: string;
}

const hexSlice = uncurry((Buffer.prototype as unknown as { hexSlice(from: number, to: number): string }).hexSlice);
const hex = (bytes: Buffer): string => hexSlice(bytes, 0, bytes.length);

export function continueTrace(trace: TraceContext | null): SentTrace {
  // Loading it takes 5 ms, and few programs need it.
  const { randomBytes } = getBuiltinModule('node:crypto');
  const spanId = hex(randomBytes(8));
  if (trace === null) return { traceId: hex(randomBytes(16)), flags: '01', spanId };
  const { traceId, parentId, flags } = trace;
  return parentId === undefined ? { traceId, flags, spanId } : { traceId, parentId, flags, spanId };
}

/** The header `traceparent`. */
export function traceparent({ traceId, spanId, flags }: SentTrace): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/** The `trace` field of a record, with a comma before it; empty where there is none. */
export function traceJson(trace: TraceContext | SentTrace | null): string {
  if (trace === null) return '';
  const parent = trace.parentId === undefined ? '' : `,"parent_id":"${trace.parentId}"`;
  const span = 'spanId' in trace ? `,"span_id":"${trace.spanId}"` : '';
  return `,"trace":{"trace_id":"${trace.traceId}"${parent}${span},"flags":"${trace.flags}"}`;
}

/** What `@opentelemetry/api` 1.x leaves for others to find. */
interface OpenTelemetry {
  context?: { active(): { getValue(key: symbol): unknown } | undefined };
}
interface Span {
  spanContext(): { traceId?: unknown; spanId?: unknown };
}

const API = Symbol.for('opentelemetry.js.api.1');
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');

/** The `otel` field of a record: the active span of OpenTelemetry, if that is loaded, with a comma before it; else empty. */
export function otelJson(): string {
  const api = (globalThis as { [API]?: OpenTelemetry })[API];
  if (api?.context === undefined) return '';
  try {
    const span = api.context.active()?.getValue(SPAN) as Span | undefined;
    const { traceId, spanId } = span?.spanContext() ?? {};
    const valid = /^[\da-f]+$/;
    if (typeof traceId !== 'string' || typeof spanId !== 'string') return '';
    if (!regExpTest(valid, traceId) || !regExpTest(valid, spanId) || regExpTest(/^0+$/, traceId)) return '';
    return `,"otel":{"trace_id":"${traceId}","span_id":"${spanId}"}`;
  } catch {
    // Not ours; the exchange is recorded without it.
    return '';
  }
}
