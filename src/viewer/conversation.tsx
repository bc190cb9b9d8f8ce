import type { JSX } from 'preact';
import type { ExchangeDetail } from '../reader/details.js';
import { visible } from '../report/visible.js';
import { short } from './format.js';

/** One turn of an exchange with a language model. */
export interface Message {
  readonly role: string;
  readonly text: string;
}

type Fields = Record<string, unknown>;

/** By shape and not by host: a request with a model and messages. */
export function messagesOf({ requestBody, responseBody }: ExchangeDetail): Message[] {
  const request = fieldsOf(requestBody?.json);
  const asked = request?.messages ?? request?.input ?? request?.contents;
  if (!request || asked === undefined || (!('model' in request) && !('contents' in request))) return [];
  const found: Message[] = [];
  const system = request.system ?? request.instructions;
  if (system !== undefined) found.push({ role: 'system', text: textOf(system) });
  for (const one of Array.isArray(asked) ? asked : [asked]) {
    const fields = fieldsOf(one);
    found.push({ role: textOf(fields?.role ?? 'user'), text: textOf(fields?.content ?? fields?.parts ?? one) });
  }
  const answer = fieldsOf(responseBody?.json);
  const choices = answer?.choices ?? answer?.candidates;
  const [choice] = Array.isArray(choices) ? choices.map(fieldsOf) : [];
  const said = choice ? (choice.message ?? choice.content) : (answer?.content ?? answer?.output);
  if (said !== undefined) found.push({ role: 'assistant', text: textOf(fieldsOf(said)?.content ?? said) });
  else if (responseBody?.text !== undefined) found.push({ role: 'assistant', text: streamedText(responseBody.text) });
  return found;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).join('\n');
  const fields = fieldsOf(value);
  if (fields && Array.isArray(fields.items)) return fields.items.map(textOf).join('\n');
  if (fields && typeof fields.value === 'string' && fields.$type === 'string') return `${fields.value}…`;
  if (fields && typeof fields.text === 'string') return fields.text;
  if (fields && 'parts' in fields) return textOf(fields.parts);
  return value === null || value === undefined ? '' : short(value, 2000);
}

/** The pieces of an event stream, put together. */
function streamedText(text: string): string {
  let said = '';
  for (const [, line] of text.matchAll(/^data: ?(\{.*\})$/gm)) {
    try {
      const event = JSON.parse(line) as Fields;
      const [choice] = Array.isArray(event.choices) ? event.choices.map(fieldsOf) : [];
      const delta = fieldsOf(choice?.delta) ?? fieldsOf(event.delta);
      said += typeof event.delta === 'string' ? event.delta : textOf(delta?.content ?? delta?.text ?? '');
    } catch {
      // Cut in the middle.
    }
  }
  return said === '' ? text : said;
}

export function Conversation({ messages }: { messages: readonly Message[] }): JSX.Element {
  return (
    <ol class="conversation">
      {messages.map(({ role, text }, index) => (
        <li key={index} class={role === 'assistant' || role === 'model' ? 'answer' : ''}>
          <span class="label">{visible(role)}</span>
          <p>{visible(text)}</p>
        </li>
      ))}
    </ol>
  );
}
