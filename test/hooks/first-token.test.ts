import { firstTokenAt, isStream } from '../../hooks/lib/first-token.js';

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const choice = (delta: object): string => event({ object: 'chat.completion.chunk', choices: [{ index: 0, delta }] });
const asked = {
  instructions: 'Think.',
  text: { format: { type: 'text' } },
  tools: [{ type: 'function', name: 'look' }],
};

/** What comes before the first content, and the piece with it. */
const STREAMS: [string, string[], string][] = [
  ['chat completions', [choice({ role: 'assistant', content: '' })], choice({ content: 'Hi' })],
  ['reasoning', [choice({ role: 'assistant', content: null })], choice({ reasoning_content: 'hm' })],
  [
    'a tool of chat completions',
    [choice({ role: 'assistant' })],
    choice({ tool_calls: [{ function: { name: 'look' } }] }),
  ],
  [
    'responses',
    [
      event({ type: 'response.created', response: asked }),
      event({ type: 'response.in_progress', response: asked }),
      event({ type: 'response.output_item.added', item: { type: 'message', content: [] } }),
      event({ type: 'response.content_part.added', part: { type: 'output_text', text: '' } }),
    ],
    event({ type: 'response.output_text.delta', delta: '"' }),
  ],
  [
    'Anthropic messages',
    [
      event({ type: 'message_start', message: { content: [], model: 'm' } }),
      event({ type: 'content_block_start', content_block: { type: 'text', text: '' } }),
      event({ type: 'ping' }),
    ],
    event({ type: 'content_block_delta', delta: { type: 'text_delta', text: '\\' } }),
  ],
  [
    'thinking',
    [event({ type: 'content_block_start', content_block: { type: 'thinking', thinking: '' } })],
    event({ type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Let' } }),
  ],
  [
    'Gemini',
    [event({ candidates: [{ content: { role: 'model' } }] })],
    event({ candidates: [{ content: { parts: [{ text: 'a' }] } }] }),
  ],
  [
    'Ollama',
    ['{"model":"m","message":{"role":"assistant","content":""}}\n'],
    '{"model":"m","message":{"content":"a"}}\n',
  ],
  [
    'Bedrock',
    ['\0\0\0a:event-type messageStart{"role":"assistant"}\0'],
    '{"contentBlockIndex":0,"delta":{"text":"a"}}',
  ],
];

test.each(STREAMS)('the first token of %s is in the first piece with content', (_, before, first) => {
  const pieces = [...before, first, first];
  let size = 0;
  const marks = pieces.flatMap((piece, index) => [(size += Buffer.byteLength(piece)), 100 + index]);
  expect(firstTokenAt(Buffer.from(pieces.join('')), marks)).toBe(100 + before.length);
  expect(firstTokenAt(Buffer.from(before.join('')), marks)).toBeNull();
});

test('a piece may end inside of an event, and pieces beyond those that were timed are not guessed', () => {
  const text = choice({ content: 'Hi' });
  const at = text.indexOf('Hi');
  expect(firstTokenAt(Buffer.from(text), [at, 1, at + 1, 2, text.length, 3])).toBe(2);
  expect(firstTokenAt(Buffer.from(text), [at, 1])).toBeNull();
  expect(firstTokenAt(Buffer.from(text), [])).toBeNull();
});

test('streams are known by their content type', () => {
  const types = ['text/event-stream; charset=utf-8', 'application/x-ndjson', 'application/vnd.amazon.eventstream'];
  expect(types.map(isStream)).toEqual([true, true, true]);
  expect(['application/json', undefined, 'text/plain'].map(isStream)).toEqual([false, false, false]);
});
