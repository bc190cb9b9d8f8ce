import { countOf, fieldsOf, type Fields, listOf, textOf } from '../json.js';
import { partsOf } from '../messages.js';
import type { Reply, Usage } from '../reply.js';
import type { Provider } from './provider.js';

/** Messages; also as Vertex and Bedrock pass them on. */
export const anthropic: Provider = {
  name: 'anthropic',
  path: /\/messages$|:(stream)?rawPredict$|\/model\/[^/]*anthropic[^/]*\/invoke/i,
  is: ({ type }) => type === 'message' || type === 'message_start',
  read(reply, event) {
    const { type, index, delta, message } = event;
    if (type === 'message') readMessage(reply, event);
    else if (type === 'message_start') {
      const start = fieldsOf(message);
      reply.model = textOf(start.model);
      // The output in it is that of the first tokens alone.
      reply.count({ ...usageOf(fieldsOf(start.usage)), output: undefined });
    } else if (type === 'content_block_start') beginBlock(reply, index, fieldsOf(event.content_block));
    else if (type === 'content_block_delta') {
      const { text, thinking, partial_json } = fieldsOf(delta);
      reply.say(0, 'text', text, index);
      reply.say(0, 'thinking', thinking, index);
      if (partial_json !== undefined) reply.call(0, index, { args: partial_json });
    } else if (type === 'message_delta') {
      reply.stop = textOf(fieldsOf(delta).stop_reason) ?? reply.stop;
      reply.count(usageOf(fieldsOf(event.usage)));
    } else if ('error' in event) reply.fail(event.error);
  },
};

function readMessage(reply: Reply, message: Fields): void {
  reply.model = textOf(message.model);
  reply.stop = textOf(message.stop_reason);
  reply.count(usageOf(fieldsOf(message.usage)));
  for (const [at, part] of listOf(message.content).flatMap(partsOf).entries()) reply.put(0, part, at);
  reply.fail(message.error);
}

function beginBlock(reply: Reply, index: unknown, block: Fields): void {
  const { type, name, id, text, thinking } = block;
  if (typeof type === 'string' && type.endsWith('tool_use')) reply.call(0, index, { name, id });
  else if (type === 'text') reply.say(0, 'text', text, index);
  else if (type === 'thinking') reply.say(0, 'thinking', thinking, index);
  else for (const part of partsOf(block)) reply.put(0, part, index);
}

/** Tokens of the cache are not in `input_tokens`. */
function usageOf(usage: Fields): Usage {
  return {
    input: countOf(usage.input_tokens),
    cacheRead: countOf(usage.cache_read_input_tokens),
    cacheWrite: countOf(usage.cache_creation_input_tokens),
    output: countOf(usage.output_tokens),
    reasoning: countOf(fieldsOf(usage.output_tokens_details).thinking_tokens),
  };
}
