import { countOf, fieldsOf, type Fields, listOf, textOf } from '../json.js';
import { partsOf } from '../messages.js';
import { inclusive, type Reply } from '../reply.js';
import type { Provider } from './provider.js';

export const openaiResponses: Provider = {
  name: 'openai-responses',
  path: /\/responses$/,
  is: ({ object, type }) => object === 'response' || (typeof type === 'string' && type.startsWith('response.')),
  read(reply, event) {
    const { type, delta, item } = event;
    const at = event.output_index ?? 0;
    const call = fieldsOf(item);
    if (event.object === 'response') readWhole(reply, event);
    else if (typeof type !== 'string') reply.fail(event.error);
    else if (type === 'error') reply.fail('error' in event ? event.error : event);
    else if (/^response\.(completed|incomplete|failed)$/.test(type)) readWhole(reply, fieldsOf(event.response));
    else if (type === 'response.created') reply.model = textOf(fieldsOf(event.response).model);
    else if (type === 'response.output_text.delta' || type === 'response.refusal.delta')
      reply.say(0, 'text', delta, at);
    else if (type === 'response.reasoning_summary_text.delta') reply.say(0, 'thinking', delta, at);
    else if (type === 'response.function_call_arguments.delta') reply.call(0, at, { args: delta });
    else if (type === 'response.output_item.added' && 'call_id' in call) {
      reply.call(0, at, { name: call.name, id: call.call_id });
    }
  },
};

/** The last event has all of it again. */
function readWhole(reply: Reply, { model, output, usage, status, incomplete_details, error }: Fields): void {
  const { input_tokens, input_tokens_details, output_tokens, output_tokens_details } = fieldsOf(usage);
  const asked = fieldsOf(input_tokens_details);
  reply.model = textOf(model) ?? reply.model;
  reply.stop = textOf(fieldsOf(incomplete_details).reason) ?? textOf(status);
  if (listOf(output).length > 0) reply.clear();
  for (const [at, part] of listOf(output).flatMap(partsOf).entries()) reply.put(0, part, at);
  reply.count({
    ...inclusive(input_tokens, asked.cached_tokens, asked.cache_write_tokens),
    output: countOf(output_tokens),
    reasoning: countOf(fieldsOf(output_tokens_details).reasoning_tokens),
  });
  reply.fail(error);
}
