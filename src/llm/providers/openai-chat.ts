import { countOf, fieldsOf, type Fields, listOf, textOf } from '../json.js';
import { inclusive, type Reply, type Usage } from '../reply.js';
import type { Provider } from './provider.js';

/** Chat completions, also of the many servers that speak as OpenAI's does. */
export const openaiChat: Provider = {
  name: 'openai-chat',
  path: /\/(chat\/)?completions$/,
  is: ({ object, choices }) =>
    (typeof object === 'string' && /^(chat|text)[._]completion/.test(object)) || Array.isArray(choices),
  read(reply, event) {
    reply.model ??= textOf(event.model);
    for (const choice of listOf(event.choices)) readChoice(reply, fieldsOf(choice));
    reply.count(chatUsage(fieldsOf(event.usage)));
    reply.fail(event.error);
  },
};

function readChoice(reply: Reply, { index = 0, delta, message, finish_reason, text }: Fields): void {
  const said = fieldsOf(delta ?? message);
  reply.say(index, 'thinking', said.reasoning_content ?? said.reasoning);
  reply.say(index, 'text', said.content ?? text ?? said.refusal);
  for (const [position, tool] of listOf(said.tool_calls).entries()) {
    const { index: at, id, function: called } = fieldsOf(tool);
    const { name, arguments: args } = fieldsOf(called);
    reply.call(index, at ?? id ?? position, { name, id, args });
  }
  reply.stop = textOf(finish_reason) ?? reply.stop;
}

export function chatUsage(usage: Fields): Usage {
  const asked = fieldsOf(usage.prompt_tokens_details);
  return {
    ...inclusive(usage.prompt_tokens, asked.cached_tokens ?? usage.prompt_cache_hit_tokens, asked.cache_write_tokens),
    output: countOf(usage.completion_tokens),
    reasoning: countOf(fieldsOf(usage.completion_tokens_details).reasoning_tokens),
  };
}
