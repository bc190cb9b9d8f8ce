import { type LlmExchange, llmExchangeOf } from '../llm/exchange.js';
import type { Message, Part } from '../llm/messages.js';
import type { Trace } from '../reader/trace.js';
import { jsonOf } from './export-options.js';

/** A call of a language model as OpenTelemetry's conventions for generative AI have it. */
export interface GenAi {
  /** Of the span. */
  readonly name: string;
  readonly attributes: object;
  /** Also where the response has status 200: a stream may say so at its end. */
  readonly error: string | undefined;
}

/** What they call the APIs. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'openai-chat': 'openai',
  'openai-responses': 'openai',
  anthropic: 'anthropic',
  gemini: 'gcp.gemini',
  bedrock: 'aws.bedrock',
  ollama: 'ollama',
};

/** Undefined where the exchange is none with a language model. */
export function genAiOf(trace: Trace, node: number, values: boolean): GenAi | undefined {
  const { method, side, url } = trace.exchangeOf(node) ?? {};
  if (method !== 'POST' || side !== 'client') return undefined;
  const exchange = llmExchangeOf(trace.exchange(node));
  if (!exchange) return undefined;
  const { provider, asked = 'unknown', reply } = exchange;
  const operation = operationOf(exchange, url!.replace(/[?#].*/s, ''));
  const { input, cacheRead, cacheWrite, output, reasoning } = reply.usage;
  const attributes = {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': PROVIDERS[provider],
    'gen_ai.request.model': asked,
    'gen_ai.response.model': reply.model,
    'gen_ai.response.finish_reasons': reply.stop === undefined ? undefined : [reply.stop],
    // Those of the cache are a part of it there.
    'gen_ai.usage.input_tokens': input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheWrite ?? 0),
    'gen_ai.usage.cache_read.input_tokens': cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': cacheWrite,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.reasoning.output_tokens': reasoning,
    ...(reply.error !== undefined && { 'error.type': /^[\w.]+(?=: )/.exec(reply.error)?.[0] ?? '_OTHER' }),
    ...(values && messageAttributes(exchange)),
  };
  return { name: `${operation} ${asked}`, attributes, error: reply.error };
}

function operationOf({ provider }: LlmExchange, path: string): string {
  if (path.endsWith('/embeddings')) return 'embeddings';
  if (provider === 'gemini') return 'generate_content';
  return /\/(api\/generate|completions)$/.test(path) && !path.endsWith('/chat/completions')
    ? 'text_completion'
    : 'chat';
}

function messageAttributes({ messages, reply }: LlmExchange): object {
  const said = reply.said.map((message) => ({ ...messageOf(message), finish_reason: reply.stop ?? '' }));
  return {
    'gen_ai.input.messages': jsonOf(messages.map(messageOf)),
    'gen_ai.output.messages': said.length > 0 ? jsonOf(said) : undefined,
  };
}

function messageOf({ role, parts }: Message): object {
  return { role, parts: parts.map(partOf) };
}

function partOf({ kind, text, name, id }: Part): object {
  if (kind === 'call') return { type: 'tool_call', id, name, arguments: text };
  if (kind === 'result') return { type: 'tool_call_response', id, response: text };
  return { type: kind === 'thinking' ? 'reasoning' : 'text', content: kind === 'other' ? `[${text}]` : text };
}
