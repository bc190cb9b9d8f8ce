import { countOf, fieldsOf, type Fields, listOf, parsed, textOf } from '../json.js';
import { partsOf } from '../messages.js';
import type { Reply } from '../reply.js';
import type { Provider } from './provider.js';

/** Of a stream an event a line, by its name. Converse is one shape; what is invoked answers in that of its maker. */
export const bedrock: Provider = {
  name: 'bedrock',
  path: /\/model\/[^/]+\/(converse(-stream)?|invoke(-with-response-stream)?)$/,
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
    readInvoked(reply, event);
    const [failure] = Object.keys(event).filter((name) => name.endsWith('Exception'));
    if (failure !== undefined) reply.fail({ type: failure, ...fieldsOf(event[failure]) });
    else if (typeof message === 'string') reply.fail(event);
  },
};

/** The event of a model that was invoked: bytes, in a frame. */
export function invoked(event: Fields): Fields {
  const { bytes } = fieldsOf(event.chunk);
  if (typeof bytes !== 'string') return event;
  try {
    return fieldsOf(parsed(new TextDecoder().decode(Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)))));
  } catch {
    return {};
  }
}

/** Models of Meta and of Amazon, which are no others' shape. */
function readInvoked(reply: Reply, event: Fields): void {
  const [result = event] = listOf(event.results).map(fieldsOf);
  reply.say(0, 'text', event.generation ?? result.outputText);
  reply.stop = textOf(event.stop_reason) ?? textOf(result.completionReason) ?? reply.stop;
  reply.count({
    input: countOf(event.prompt_token_count ?? event.inputTextTokenCount),
    output: countOf(event.generation_token_count ?? result.tokenCount),
  });
  // In the last event.
  const { inputTokenCount, outputTokenCount } = fieldsOf(event['amazon-bedrock-invocationMetrics']);
  reply.count({ input: countOf(inputTokenCount), output: countOf(outputTokenCount) });
}

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
