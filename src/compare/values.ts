import type { Trace } from '../reader/trace.js';
import type { BodyPreview, ErrorInfo } from '../trace-format.js';

/** What is compared of a call or an exchange; what it has not got is undefined. */
export interface Values {
  readonly args: unknown;
  readonly this: unknown;
  readonly result: unknown;
  readonly error: unknown;
}

export const INPUT = ['args', 'this'] as const;
export const OUTCOME = ['result', 'error'] as const;

/** Headers, sizes and times follow from other things, or differ by nature, and are left out. */
export function valuesOf(trace: Trace, node: number): Values {
  if (trace.isExchange(node)) {
    const { requestBody, responseBody, error, url } = trace.exchange(node);
    return {
      args: { url: url.replace(/^[a-z]+:\/\/[^/]*/i, ''), body: contentOf(requestBody) },
      this: undefined,
      result: { status: trace.exchangeOf(node)!.status || undefined, body: contentOf(responseBody) },
      error: error && comparable(error),
    };
  }
  const { args, receiver, result, error, settled } = trace.call(node);
  const failure = error ?? settled?.error;
  return {
    args,
    this: receiver,
    result: failure ? undefined : settled && 'value' in settled ? settled.value : result,
    error: failure && comparable(failure),
  };
}

function contentOf(body: BodyPreview | undefined): unknown {
  if (!body) return undefined;
  const { json, text } = body;
  const { tail } = body as { tail?: string };
  if (json !== undefined) return json;
  return tail === undefined ? text : { text, tail };
}

/** Without the stack, where lines move, and without frames in the message. */
function comparable({ name, message, code, value }: ErrorInfo): unknown {
  return { name, message: message.replace(/\n {4}at .*/g, ''), code, value };
}
