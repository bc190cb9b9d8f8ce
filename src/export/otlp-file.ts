import type { Trace } from '../reader/trace.js';
import type { ExportOptions } from './export-options.js';
import { planSpans } from './otlp-plan.js';
import { otlpResource } from './otlp-settings.js';
import { SpanWriter } from './otlp-spans.js';

/** OTLP/JSON in a file, as the collector's own file exporter writes it: a line a request. */
export function writeOtlp(
  trace: Trace,
  { chosen, values, put }: ExportOptions,
  all: boolean,
  env: NodeJS.ProcessEnv,
): void {
  const writer = new SpanWriter(trace, values, otlpResource(env));
  for (const { body } of writer.batches(planSpans(trace, { chosen, all, final: true }))) put(`${body}\n`);
}
