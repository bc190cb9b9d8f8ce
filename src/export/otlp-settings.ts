import { decoded } from '../llm/json.js';
import type { Resource } from './otlp-spans.js';
import { type Endpoint, endpointAt } from './push.js';

type Env = Readonly<Record<string, string | undefined>>;

const TRACES = '/v1/traces';

/**
 * Where spans are sent: what the command line says, else the variables of OpenTelemetry's exporters; undefined where
 * nothing says so. Throws where that is no URL.
 */
export function otlpEndpoint(env: Env, given: string | undefined): Endpoint | undefined {
  const base = given ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const whole = given === undefined ? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT : undefined;
  const text = whole || (base && withPath(base));
  if (!text) return undefined;
  const of = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`];
  const timeout = Number(of('TIMEOUT'));
  return endpointAt(text, {
    headers: { ...pairsOf(env.OTEL_EXPORTER_OTLP_HEADERS), ...pairsOf(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS) },
    gzip: of('COMPRESSION') !== 'none',
    timeoutMs: timeout > 0 ? timeout : 10_000,
  });
}

export function otlpResource(env: Env): Resource {
  const attributes = pairsOf(env.OTEL_RESOURCE_ATTRIBUTES);
  return { service: env.OTEL_SERVICE_NAME || attributes['service.name'] || undefined, attributes: without(attributes) };
}

function without({ ['service.name']: _, ...rest }: Record<string, string>): Record<string, string> {
  return rest;
}

function withPath(base: string): string {
  const url = new URL(base);
  let path = url.pathname;
  while (path.endsWith('/')) path = path.slice(0, -1);
  if (!path.endsWith(TRACES)) url.pathname = path + TRACES;
  return url.href;
}

/** `a=1,b=2`, with escapes as in URLs. */
function pairsOf(text = ''): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split(/=(.*)/s).map((part) => decoded(part.trim())));
  return Object.fromEntries(pairs.filter(([name, value]) => name && value !== undefined)) as Record<string, string>;
}
