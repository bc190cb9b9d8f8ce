import type { LlmExchange } from './exchange.js';
import type { Message, Part } from './messages.js';
import type { Usage } from './reply.js';

export interface ConversationLine {
  readonly kind: 'role' | 'text' | 'note';
  readonly text: string;
}

/** A conversation as a person reads it: what was asked, then what was answered. */
export function* conversationLines({ messages, tools, reply, cut }: LlmExchange): Generator<ConversationLine> {
  if (tools.length > 0) yield { kind: 'note', text: `tools: ${tools.join(', ')}` };
  for (const message of messages) yield* messageLines(message);
  for (const message of reply.said) yield* messageLines(message);
  if (reply.error !== undefined) yield { kind: 'note', text: `failed: ${reply.error}` };
  if (cut) yield { kind: 'note', text: 'the trace has not all of the bodies; a part of the conversation is missing' };
}

function* messageLines({ role, parts }: Message): Generator<ConversationLine> {
  yield { kind: 'role', text: role };
  for (const part of parts) for (const text of partText(part).split('\n')) yield { kind: 'text', text };
}

function partText({ kind, text, name, id, failed }: Part): string {
  const which = id === undefined ? '' : ` (${id})`;
  if (kind === 'call') return `calls ${name}(${text})${which}`;
  if (kind === 'result')
    return `result${name === undefined ? '' : ` of ${name}`}${which}${failed ? ', failed' : ''}: ${text}`;
  if (kind === 'thinking') return `thinks: ${text}`;
  return kind === 'other' ? `[${text}]` : text;
}

/** `1,204 in, 800 cached, 96 out`; what is not known says so. */
export function usageText({ input, cacheRead, cacheWrite, output, reasoning }: Usage): string {
  const parts = [`${tokens(input)} in`];
  if (cacheRead !== undefined) parts.push(`${tokens(cacheRead)} from the cache`);
  if (cacheWrite !== undefined) parts.push(`${tokens(cacheWrite)} to the cache`);
  parts.push(`${tokens(output)} out`);
  if (reasoning !== undefined) parts.push(`${tokens(reasoning)} of them for reasoning`);
  return parts.join(', ');
}

export function tokens(count: number | undefined): string {
  return count === undefined ? 'unknown' : count.toLocaleString('en-US');
}
