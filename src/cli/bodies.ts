import type { ExchangeDetail } from '../reader/details.js';
import type { BodyPreview } from '../trace-format.js';
import { paint } from './escape.js';

/** The bodies of an exchange, pretty, the events of a stream joined. */
export function bodyLines({ requestBody, responseBody }: ExchangeDetail): string[] {
  return [...linesOf('request', requestBody), ...linesOf('response', responseBody)];
}

function linesOf(side: string, body: BodyPreview | undefined): string[] {
  if (!body || body.size === 0) return [];
  const { content_type, size, truncated } = body;
  const head = paint.dim(`${side} ${content_type ?? 'no type'}, ${size} bytes${truncated ? ', shown in part' : ''}`);
  return [head, ...textOf(body).map((line) => `  ${line}`)];
}

function textOf(body: BodyPreview & { tail?: string; omitted?: number }): string[] {
  if (body.json !== undefined) return JSON.stringify(body.json, null, 2).split('\n');
  if (body.text === undefined) return ['(binary)'];
  const joined = body.content_type === 'text/event-stream' ? joinEvents(`${body.text}\n${body.tail ?? ''}`) : undefined;
  if (joined !== undefined) return joined.split('\n');
  const lines = prettyText(body.text);
  if (body.tail !== undefined) lines.push(`… ${body.omitted ?? '?'} bytes …`, ...body.tail.split('\n'));
  else if (body.truncated) lines.push('…');
  return lines;
}

function prettyText(text: string): string[] {
  try {
    return JSON.stringify(JSON.parse(text), null, 2).split('\n');
  } catch {
    return text.split(/\r?\n/);
  }
}

/** What the events of a stream say one after the other: the text of their deltas; undefined where they have none. */
export function joinEvents(text: string): string | undefined {
  let joined = '';
  for (const line of text.split(/\r?\n/)) {
    if (!line.startsWith('data:')) continue;
    try {
      joined += deltaOf(JSON.parse(line.slice(5)));
    } catch {
      // `[DONE]`, or where the body was cut.
    }
  }
  return joined === '' ? undefined : joined;
}

/** OpenAI's chat and responses, Anthropic's messages, Gemini's parts. */
function deltaOf(value: unknown): string {
  const event = value as {
    choices?: { delta?: { content?: unknown } }[];
    delta?: unknown;
    candidates?: { content?: { parts?: { text?: unknown }[] } }[];
  };
  const { delta } = event;
  const texts: unknown[] = [
    event.choices?.[0]?.delta?.content,
    typeof delta === 'string' ? delta : (delta as { text?: unknown } | undefined)?.text,
    ...(event.candidates?.[0]?.content?.parts ?? []).map((part) => part.text),
  ];
  return texts.filter((part) => typeof part === 'string').join('');
}
