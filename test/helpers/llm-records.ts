import type { TraceRecord } from '../../src/trace-format.js';
import { sse } from './llm-server.js';
import { processStart, request, response } from './records.js';

const chunk = (delta: object, finish: string | null = null): object => ({
  ...{ object: 'chat.completion.chunk', model: 'gpt-4o-1' },
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const toolCall = (part: object): object => chunk({ tool_calls: [{ index: 0, ...part }] });
const body = (type: string, more: object): never =>
  ({ content_type: type, size: 900, truncated: false, ...more }) as never;
const stream = (...events: object[]): never => body('text/event-stream', { text: sse(...events).body });

/** A stream with a call of a tool, one that ends with an error, and an exchange with something else. */
export function llmRecords(): TraceRecord[] {
  const json = {
    ...{ model: 'gpt-4o', messages: [{ role: 'user', content: 'How warm is it?' }] },
    tools: [{ type: 'function', function: { name: 'weather' } }],
  };
  const ask = (id: number, path: string, asked: object): TraceRecord =>
    request(id, null, id * 10, {
      ...{ method: 'POST', url: `http://127.0.0.1:9${path}`, request_body: body('application/json', { json: asked }) },
    });
  const usage = {
    ...{ prompt_tokens: 12, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 5 } },
    completion_tokens_details: { reasoning_tokens: 3 },
  };
  const said = stream(
    chunk({ content: 'I will ' }),
    chunk({ content: 'look.' }),
    toolCall({ id: 'call_1', function: { name: 'weather', arguments: '{"city":' } }),
    toolCall({ function: { arguments: '"Ulm"}' } }),
    chunk({}, 'tool_calls'),
    { object: 'chat.completion.chunk', choices: [], usage },
  );
  const broken = stream(
    { type: 'message_start', message: { model: 'claude-1', usage: { input_tokens: 4 } } },
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  );
  return [
    processStart(),
    ask(1, '/v1/chat/completions', json),
    response(1, 15, { response_body: said }),
    ask(2, '/v1/messages', { model: 'claude', messages: [{ role: 'user', content: 'Hi' }] }),
    response(2, 25, { response_body: broken }),
    ask(3, '/cars', { model: 'T' }),
    response(3, 35),
  ];
}
