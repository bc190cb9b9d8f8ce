import { countOf, fieldsOf, type Fields, textOf } from '../json.js';
import { partsOf } from '../messages.js';
import type { Reply } from '../reply.js';
import type { Provider } from './provider.js';

/** Converse; of a stream an event a line, by its name. */
export const bedrock: Provider = {
  name: 'bedrock',
  path: /\/model\/[^/]+\/converse(-stream)?$/,
  is: ({ output, messageStart }) => fieldsOf(output).message !== undefined || messageStart !== undefined,
  read(reply, event) {
    const { output, stopReason, usage, contentBlockStart, contentBlockDelta, messageStop, metadata, message } = event;
    for (const [at, part] of partsOf(fieldsOf(fieldsOf(output).message).content).entries()) reply.put(0, part, at);
    if (contentBlockStart !== undefined) {
      const { contentBlockIndex, start } = fieldsOf(contentBlockStart);
      const { name, toolUseId } = fieldsOf(fieldsOf(start).toolUse);
      if (name !== undefined) reply.call(0, contentBlockIndex, { name, id: toolUseId });
    }
    if (contentBlockDelta !== undefined) readDelta(reply, fieldsOf(contentBlockDelta));
    reply.stop = textOf(stopReason) ?? textOf(fieldsOf(messageStop).stopReason) ?? reply.stop;
    readUsage(reply, fieldsOf(usage ?? fieldsOf(metadata).usage));
    const [failure] = Object.keys(event).filter((name) => name.endsWith('Exception'));
    if (failure !== undefined) reply.fail({ type: failure, ...fieldsOf(event[failure]) });
    else if (typeof message === 'string') reply.fail(event);
  },
};

function readDelta(reply: Reply, { contentBlockIndex, delta }: Fields): void {
  const { text, toolUse, reasoningContent } = fieldsOf(delta);
  reply.say(0, 'text', text, contentBlockIndex);
  reply.say(0, 'thinking', fieldsOf(reasoningContent).text, contentBlockIndex);
  if (toolUse !== undefined) reply.call(0, contentBlockIndex, { args: fieldsOf(toolUse).input });
}

/** Tokens of the cache are not in `inputTokens`. */
function readUsage(reply: Reply, usage: Fields): void {
  reply.count({
    input: countOf(usage.inputTokens),
    cacheRead: countOf(usage.cacheReadInputTokens ?? usage.cacheReadInputTokenCount),
    cacheWrite: countOf(usage.cacheWriteInputTokens ?? usage.cacheWriteInputTokenCount),
    output: countOf(usage.outputTokens),
  });
}
