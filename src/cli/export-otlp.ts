import { statSync } from 'node:fs';
import { KeptPlace } from '../export/kept-place.js';
import { planSpans } from '../export/otlp-plan.js';
import { nothingSent, type Sent, sendSteps } from '../export/otlp-send.js';
import { otlpEndpoint, otlpResource } from '../export/otlp-settings.js';
import { SpanWriter } from '../export/otlp-spans.js';
import { type Endpoint, pause } from '../export/push.js';
import { counted } from '../reader/missing.js';
import { GrowingTrace } from '../reader/node/growing-trace.js';
import { InputError } from '../reader/node/open-trace.js';
import type { Trace } from '../reader/trace.js';
import { type Given, textOption, UsageError, type Values } from './command.js';
import { DEFAULT_FILE } from './inputs.js';
import { warn } from './output.js';
import { sizeText } from './report.js';

/** Where spans go; undefined where they are written to a file. */
export function receiverOf(values: Values): Endpoint | undefined {
  const given = textOption(values, 'endpoint');
  try {
    return otlpEndpoint(process.env, given);
  } catch {
    const name = given === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : '--endpoint';
    throw new UsageError(`${name} is no URL; it must be like http://localhost:4318`);
  }
}

/** All that is in the file now. */
export async function pushOtlp(trace: Trace, chosen: ReadonlySet<number>, given: Given, to: Endpoint): Promise<void> {
  const { values } = given;
  const writer = new SpanWriter(trace, values.values === true, otlpResource(process.env));
  const sent = nothingSent();
  const steps = planSpans(trace, { chosen, all: values.all === true, final: true });
  await sendSteps(writer, steps, to, sent);
  for (const note of trace.missing) warn(note);
  say(given, to, sent);
  if (sent.failure !== undefined) {
    warn(`${counted(steps.length - sent.spans - sent.rejected, 'span')} not sent: ${sent.failure}; run it again`);
  }
}

function say({ values, out }: Given, to: Endpoint, sent: Sent): void {
  const what = values.values === true ? 'with values' : 'without values (--values adds them)';
  out.line(`${counted(sent.spans, 'span')} (${sizeText(sent.bytes)}) sent to ${to.url}, ${what}`);
  if (sent.rejected > 0 || sent.reason) {
    warn(`${counted(sent.rejected, 'span')} rejected by the receiver${sent.reason && `: ${sent.reason}`}`);
  }
  if (sent.failure !== undefined || sent.rejected > 0) process.exitCode = 1;
}

/** A line that another process wrote a little later may say where a span belongs. */
const POLL_MS = 250;
const AGAIN_MS = 5000;

/** What is there and what is added, until it is ended. */
export async function followOtlp(given: Given, to: Endpoint): Promise<void> {
  const [file = DEFAULT_FILE, ...more] = given.files;
  if (more.length > 0 || file === '-') throw new UsageError('--follow takes one file');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const sent = nothingSent();
  while (!stop.signal.aborted) await followFile(file, given, to, sent, stop.signal);
  say(given, to, sent);
}

/** Ends with `stop`, or when the file was replaced by a shorter one. */
async function followFile(file: string, { values }: Given, to: Endpoint, sent: Sent, stop: AbortSignal): Promise<void> {
  const growing = opened(file);
  const place = new KeptPlace(file, to.url);
  const { trace } = growing;
  /** What was complete before that byte. */
  const send = async (until: number, signal?: AbortSignal): Promise<boolean> => {
    const chosen = new Set(trace.processes.map(({ index }) => index));
    const steps = planSpans(trace, { chosen, all: values.all === true, final: false });
    const next = steps.filter((step) => step.at < until && !place.isBehind(step));
    const writer = new SpanWriter(trace, values.values === true, otlpResource(process.env));
    delete sent.failure;
    return sendSteps(writer, next, to, sent, { onTaken: (last) => place.move(last), stop: signal });
  };
  let size = growing.read();
  let done = 0;
  warn(`following ${file}, sending to ${to.url}; Ctrl+C ends it`);
  while (!stop.aborted && sizeOf(file) >= size) {
    const ready = size;
    await pause(POLL_MS, stop);
    size += growing.read();
    if (ready === done || stop.aborted) continue;
    if (await send(ready, stop)) done = ready;
    else if (!stop.aborted) {
      warn(`${to.url} does not take it (${sent.failure}); trying again every ${AGAIN_MS / 1000} s`);
      await pause(AGAIN_MS, stop);
    }
  }
  size += growing.read();
  if (!(await send(size))) warn(`not all was sent: ${sent.failure}; start it again, and it goes on there`);
  growing.close();
}

function opened(file: string): GrowingTrace {
  try {
    return new GrowingTrace(file);
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message);
    throw error;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
