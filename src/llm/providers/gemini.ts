import { countOf, fieldsOf, type Fields, listOf, textOf } from '../json.js';
import { partsOf } from '../messages.js';
import { inclusive, type Usage } from '../reply.js';
import type { Provider } from './provider.js';

export const gemini: Provider = {
  name: 'gemini',
  path: /:(stream)?generateContent$/i,
  is: ({ candidates, usageMetadata }) => candidates !== undefined || usageMetadata !== undefined,
  read(reply, event) {
    reply.model = textOf(event.modelVersion) ?? reply.model;
    for (const [position, candidate] of listOf(event.candidates).entries()) {
      const { index = position, content, finishReason } = fieldsOf(candidate);
      for (const part of listOf(fieldsOf(content).parts).flatMap(partsOf)) {
        if (part.kind === 'text' || part.kind === 'thinking') reply.say(index, part.kind, part.text);
        else reply.put(index, part);
      }
      reply.stop = textOf(finishReason) ?? reply.stop;
    }
    reply.stop ??= textOf(fieldsOf(event.promptFeedback).blockReason);
    const usage = usageOf(fieldsOf(event.usageMetadata));
    // Each event counts what came so far: only that of the last one is the number.
    reply.count(reply.stop === undefined ? { ...usage, output: undefined, reasoning: undefined } : usage);
    reply.fail(event.error);
  },
};

/** Thoughts are not in the tokens of the candidates, what a tool returned not in those of the prompt. */
function usageOf(usage: Fields): Usage {
  const { promptTokenCount, toolUsePromptTokenCount, cachedContentTokenCount } = usage;
  const reasoning = countOf(usage.thoughtsTokenCount);
  const said = countOf(usage.candidatesTokenCount);
  const asked = countOf(promptTokenCount);
  return {
    ...inclusive(
      asked === undefined ? undefined : asked + (countOf(toolUsePromptTokenCount) ?? 0),
      cachedContentTokenCount,
    ),
    output: said === undefined ? undefined : said + (reasoning ?? 0),
    reasoning,
  };
}
