import type { ExchangeDetail } from '../reader/details.js';
import type { BodyPreview } from '../trace-format.js';
import { objectsIn, valuesOf } from './body.js';
import { decoded, fieldsOf, type Fields, listOf, textOf } from './json.js';
import { askedIn, type Message } from './messages.js';
import { anthropic } from './providers/anthropic.js';
import { bedrock, invoked } from './providers/bedrock.js';
import { gemini } from './providers/gemini.js';
import { ollama } from './providers/ollama.js';
import { chatUsage, openaiChat } from './providers/openai-chat.js';
import { openaiResponses } from './providers/openai-responses.js';
import type { Provider } from './providers/provider.js';
import { Reply } from './reply.js';

/** One exchange with a language model. */
export interface LlmExchange {
  /** `unknown` where neither the path nor the response is of an API that is known. */
  readonly provider: string;
  /** As the request names it. */
  readonly asked: string | undefined;
  readonly messages: readonly Message[];
  /** Names of those that were offered. */
  readonly tools: readonly string[];
  readonly streamed: boolean;
  /** Not all of the bodies was kept: a part of the messages is missing. */
  readonly cut: boolean;
  readonly reply: Reply;
}

const PROVIDERS: readonly Provider[] = [anthropic, bedrock, gemini, ollama, openaiResponses, openaiChat];
const UNKNOWN: Provider = {
  name: 'unknown',
  path: /^$/,
  is: () => true,
  read(reply, event) {
    reply.model ??= textOf(event.model);
    reply.count(chatUsage(fieldsOf(event.usage)));
    reply.fail(event.error);
  },
};

/** What was asked and answered; undefined where the exchange is none with a language model. */
export function llmExchangeOf(detail: ExchangeDetail): LlmExchange | undefined {
  const path = detail.url.replace(/[?#].*/s, '');
  // Not asked for an answer.
  if (/(count_?tokens|\/moderations)$/i.test(path)) return undefined;
  const request = requestOf(detail.requestBody);
  const inPath = /\/(?:models?|deployments)\/([^/:?]+)/.exec(path)?.[1];
  const asked = textOf(request.model) ?? (inPath === undefined ? undefined : decoded(inPath));
  const byPath = PROVIDERS.find((one) => one.path.test(path));
  const hasMessages =
    ['messages', 'input', 'contents'].some((key) => key in request) ||
    (byPath !== undefined && ['prompt', 'inputText'].some((key) => key in request));
  if (!hasMessages || asked === undefined) return undefined;
  const { values, streamed, cut } = valuesOf(detail.responseBody);
  const events = values.map((value) => invoked(fieldsOf(value)));
  const provider = PROVIDERS.find((one) => events.length > 0 && one.is(events[0])) ?? byPath ?? UNKNOWN;
  const reply = new Reply();
  for (const event of events) provider.read(reply, event);
  if (detail.error) reply.error ??= `${detail.error.name}: ${detail.error.message}`;
  return {
    ...{ provider: provider.name, asked, messages: askedIn(request), tools: toolsOf(request), streamed, reply },
    cut: cut || (detail.requestBody?.truncated ?? false),
  };
}

/** Of a body that was cut, its beginning and the messages that are whole in its end. */
function requestOf(body: BodyPreview | undefined): Fields {
  const [value] = valuesOf(body).values;
  const request = fieldsOf(value);
  if (body?.tail === undefined) return request;
  const { tail, omitted = 0 } = body;
  const model = textOf(request.model) ?? /"model"\s*:\s*"([^"\\]+)"/.exec(tail)?.[1];
  const key = ['messages', 'input', 'contents'].find((name) => Array.isArray(request[name]));
  if (key === undefined) return { ...request, model };
  const last = objectsIn(tail).filter((one) => 'role' in fieldsOf(one) || 'call_id' in fieldsOf(one));
  const gap = { role: '…', content: `${omitted} bytes are not in the trace` };
  return { ...request, model, [key]: [...listOf(request[key]), gap, ...last] };
}

function toolsOf({ tools, toolConfig }: Fields): string[] {
  return listOf(tools ?? fieldsOf(toolConfig).tools).flatMap((tool) => {
    const { name, type, function: called, functionDeclarations, toolSpec } = fieldsOf(tool);
    if (functionDeclarations !== undefined)
      return listOf(functionDeclarations).map((one) => textOf(fieldsOf(one).name) ?? '?');
    return textOf(name) ?? textOf(fieldsOf(called).name) ?? textOf(fieldsOf(toolSpec).name) ?? textOf(type) ?? '?';
  });
}
