import { countOf, fieldsOf, listOf, textOf } from '../json.js';
import { partsOf } from '../messages.js';
import type { Provider } from './provider.js';

export const ollama: Provider = {
  name: 'ollama',
  path: /\/api\/(chat|generate)$/,
  is: ({ done, message, response }) => typeof done === 'boolean' && (message !== undefined || response !== undefined),
  read(reply, event) {
    const { content, thinking, tool_calls } = fieldsOf(event.message);
    reply.model ??= textOf(event.model);
    reply.say(0, 'thinking', thinking ?? event.thinking);
    reply.say(0, 'text', content ?? event.response);
    for (const part of listOf(tool_calls).flatMap(partsOf)) reply.put(0, part);
    if (event.done === true) {
      reply.stop = textOf(event.done_reason) ?? 'done';
      // Absent where all of the prompt was evaluated before.
      reply.count({ input: countOf(event.prompt_eval_count), output: countOf(event.eval_count) });
    }
    reply.fail(event.error);
  },
};
