import type { Step } from './otlp-plan.js';
import type { SpanWriter } from './otlp-spans.js';
import { type Endpoint, post } from './push.js';

/** What became of the spans so far. */
export interface Sent {
  spans: number;
  bytes: number;
  /** Spans that the receiver did not want, and why. */
  rejected: number;
  reason: string;
  /** Why sending ended; undefined: all was sent. */
  failure?: string;
}

export const nothingSent = (): Sent => ({ spans: 0, bytes: 0, rejected: 0, reason: '' });

/**
 * Sends spans in their order, until one request fails; returns whether all went. A request that is too large is sent
 * in halves.
 *
 * @param onTaken called when all up to this step is settled
 */
export async function sendSteps(
  writer: SpanWriter,
  steps: readonly Step[],
  endpoint: Endpoint,
  sent: Sent,
  { onTaken, stop }: { onTaken?: (last: Step) => void; stop?: AbortSignal } = {},
): Promise<boolean> {
  for (const batch of writer.batches(steps)) {
    const answer = await post(endpoint, batch.body, stop);
    const count = batch.steps.length;
    if (answer.kind === 'refused') {
      sent.failure = answer.reason;
      return false;
    }
    if (answer.kind === 'too large' && count > 1) {
      const half = count >> 1;
      for (const part of [batch.steps.slice(0, half), batch.steps.slice(half)]) {
        if (!(await sendSteps(writer, part, endpoint, sent, { onTaken, stop }))) return false;
      }
      continue;
    }
    const [rejected, reason] = answer.kind === 'too large' ? [1, 'it is too large'] : partialSuccess(answer.text);
    sent.spans += count - Math.min(count, rejected);
    sent.rejected += rejected;
    sent.reason ||= reason;
    sent.bytes += answer.kind === 'taken' ? Buffer.byteLength(batch.body) : 0;
    onTaken?.(batch.steps[count - 1]);
  }
  return true;
}

/** The receiver says in its answer what it did not take. */
function partialSuccess(text: string): [rejected: number, reason: string] {
  try {
    const { partialSuccess = {} } = JSON.parse(text) as {
      partialSuccess?: { rejectedSpans?: string | number; errorMessage?: unknown };
    };
    const { rejectedSpans, errorMessage } = partialSuccess;
    return [Number(rejectedSpans) || 0, typeof errorMessage === 'string' ? errorMessage : ''];
  } catch {
    return [0, ''];
  }
}
