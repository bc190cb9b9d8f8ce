import type { JSX } from 'preact';
import { conversationLines, usageText } from '../llm/conversation.js';
import type { LlmExchange } from '../llm/exchange.js';
import { visible } from '../report/visible.js';

/** An exchange with a language model, as a person reads it. */
export function Conversation({ exchange }: { exchange: LlmExchange }): JSX.Element {
  const { provider, asked, reply } = exchange;
  const turns: { role: string; text: string[] }[] = [];
  const notes: string[] = [];
  for (const { kind, text } of conversationLines(exchange)) {
    if (kind === 'role') turns.push({ role: text, text: [] });
    else if (kind === 'note') notes.push(text);
    else turns.at(-1)?.text.push(text);
  }
  const about = `${provider}  ${reply.model ?? asked ?? 'unknown'}  ${usageText(reply.usage)}; stop: ${reply.stop ?? 'unknown'}`;
  return (
    <>
      <p class="dim">{visible(about)}</p>
      <ol class="conversation">
        {turns.map(({ role, text }, index) => (
          <li key={index} class={role === 'assistant' || role === 'model' ? 'answer' : ''}>
            <span class="label">{visible(role)}</span>
            <p>{visible(text.join('\n'))}</p>
          </li>
        ))}
      </ol>
      {notes.map((text, index) => (
        <p class="dim" key={index}>
          {visible(text)}
        </p>
      ))}
    </>
  );
}
