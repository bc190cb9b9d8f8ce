import { eventLines } from '../../hooks/lib/event-stream.js';
import { objectsIn, repaired, valuesOf } from '../../src/llm/body.js';
import { type LlmExchange, llmExchangeOf } from '../../src/llm/exchange.js';
import type { ExchangeDetail } from '../../src/reader/details.js';
import type { BodyPreview } from '../../src/trace-format.js';
import { eventStream } from '../helpers/llm-server.js';

const body = (more: Partial<BodyPreview>): BodyPreview => ({
  content_type: 'application/json',
  size: 1,
  truncated: false,
  ...more,
});

test('JSON that was cut anywhere is read as far as it goes', () => {
  const whole = {
    model: 'm',
    messages: [
      { role: 'user', content: 'a "b" \\ {[ \u00fc' },
      { role: 'x', n: [1, true, null] },
    ],
    z: -1.5e3,
  };
  const text = JSON.stringify(whole);
  expect(repaired(text)).toEqual(whole);
  for (let end = 1; end < text.length; end++) {
    const value = repaired(text.slice(0, end)) as typeof whole;
    expect(typeof value).toBe('object');
    if (end > text.indexOf('"messages"')) expect(value.model).toBe('m');
    if (end > text.indexOf('{"role":"x"')) expect(value.messages[0]).toEqual(whole.messages[0]);
  }
  expect(repaired(text.slice(0, text.indexOf('ü') + 1))).toEqual({
    model: 'm',
    messages: [{ role: 'user', content: 'a "b" \\ {[ \u00fc…' }],
  });
  expect(repaired('no json')).toBeUndefined();
});

test('objects that are whole in the end of a JSON text are found', () => {
  expect(objectsIn(',"n":1},{"a":"}"},{"b":[{"c":2}]}],"tools":[{"d":3}],"x":{"e":4')).toEqual([
    { a: '}' },
    { b: [{ c: 2 }] },
    { d: 3 },
  ]);
});

test('events are read with any line ends, over several lines, with comments and without a last end', () => {
  const text = ': hi\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: x\ndata:{"b":2}\n\ndata: [DONE]\n\ndata: {"c":3}';
  expect(valuesOf(body({ content_type: 'text/event-stream', text }))).toEqual({
    ...{ values: [{ a: 1 }, { b: 2 }, { c: 3 }], streamed: true, cut: false },
  });
});

test('of a request over the limit the first and the last messages are read, and the model behind them', () => {
  const requestBody = body({
    truncated: true,
    ...{ text: '{"messages":[{"role":"user","content":"first"},{"role":"assistant","content":"second ', omitted: 5000 },
    tail: '},{"role":"user","content":"last"}],"model":"gpt-4o","tools":[{"type":"function"}]}',
  });
  const response = body({
    ...{ content_type: 'text/event-stream', truncated: true, omitted: 9 },
    text: 'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"so"}}]}\n\ndata: {"cho',
    tail: 'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n',
  });
  const detail = { url: 'http://x/v1/chat/completions', requestBody, responseBody: response } as ExchangeDetail;
  const exchange = llmExchangeOf(detail)!;
  expect(exchange).toMatchObject({ asked: 'gpt-4o', provider: 'openai-chat', cut: true, streamed: true });
  expect(exchange.messages.map(({ role, parts }) => [role, parts[0].text])).toEqual([
    ...[
      ['user', 'first'],
      ['assistant', 'second …'],
      ['…', '5000 bytes are not in the trace'],
      ['user', 'last'],
    ],
  ]);
  expect(exchange.reply.said[0].parts).toEqual([{ kind: 'text', text: 'so' }]);
  expect(exchange.reply.usage).toEqual({ input: 5, output: 2 });
});

test('bodies of any shape make no error', () => {
  const odd: unknown[] = [
    null,
    1,
    'x',
    [],
    [[]],
    {},
    { choices: 1 },
    { choices: [1] },
    { usage: [] },
    { error: 1 },
    { type: 'message_start' },
  ];
  const more = [
    { content: [{ type: 'tool_use' }] },
    { candidates: [{ content: { parts: [null] } }] },
    { output: { message: { content: 5 } } },
  ];
  const paths = [
    '/v1/chat/completions',
    '/v1/messages',
    '/v1/responses',
    '/m/models/x:generateContent',
    '/api/chat',
    '/model/x/converse',
    '/y',
  ];
  let count = 0;
  for (const path of paths) {
    for (const value of [...odd, ...more]) {
      const request = body({
        json: {
          model: 'm',
          messages: [value, { content: value, tool_calls: value }],
          system: value,
          tools: [value],
        } as never,
      });
      for (const response of [
        { json: value as never },
        { text: `data: ${JSON.stringify(value)}\n\n` },
        { text: '\u0000' },
      ]) {
        const detail = { url: `http://x${path}`, requestBody: request, responseBody: body(response) } as ExchangeDetail;
        const exchange = llmExchangeOf(detail)!;
        expect(exchange.asked).toBe('m');
        expect(exchange.reply.usage.output).toBeUndefined();
        count++;
      }
    }
  }
  expect(count).toBe(paths.length * 14 * 3);
});

test('what is no call of a language model is none', () => {
  const of = (url: string, json: object): unknown =>
    llmExchangeOf({ url, requestBody: body({ json: json as never }) } as ExchangeDetail);
  expect(of('http://x/v1/messages/count_tokens', { model: 'm', messages: [] })).toBeUndefined();
  expect(of('http://x/mail', { messages: [] })).toBeUndefined();
  expect(of('http://x/cars', { model: 'T' })).toBeUndefined();
  expect(of('http://x/v1/embeddings', { model: 'm', input: 'text' })).toMatchObject({
    provider: 'unknown',
    asked: 'm',
  });
});

describe('frames of AWS', () => {
  const events: [string, object][] = [
    ['messageStart', { role: 'ü' }],
    ['messageStop', { stopReason: 'x' }],
  ];
  const bytes = Buffer.from(eventStream(...events).body);
  const lines = '{"messageStart":{"role":"ü"}}\n{"messageStop":{"stopReason":"x"}}\n';

  test('are a line of JSON each', () => expect(eventLines(bytes, 1e6, true).toString()).toBe(lines));

  test('are read as far as they are whole', () => {
    expect(() => eventLines(bytes.subarray(0, -1), 1e6, true)).toThrow('no event stream');
    expect(eventLines(bytes.subarray(0, -1), 1e6, false).toString()).toBe(lines.slice(0, lines.indexOf('\n') + 1));
  });

  test.each([Buffer.alloc(0), Buffer.alloc(40), Buffer.alloc(40, 255), Buffer.from('{"message":"no frames at all"}')])(
    'that are none are refused: %#',
    (other) => expect(() => eventLines(other, 1e6, false)).toThrow('no event stream'),
  );
});

describe('models that Bedrock invokes', () => {
  const asked = (model: string, stream: boolean, json: object, response: Partial<BodyPreview>): LlmExchange =>
    llmExchangeOf({
      url: `https://x/model/${encodeURIComponent(model)}/invoke${stream ? '-with-response-stream' : ''}`,
      requestBody: body({ json: json as never }),
      responseBody: body(response),
    } as ExchangeDetail)!;
  /** As they come: JSON in base64 in JSON in a frame, recorded as a line each. */
  const frames = (...events: object[]): Partial<BodyPreview> => {
    const chunks = events.map((event): [string, object] => [
      'chunk',
      { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abcd' },
    ]);
    const bytes = Buffer.from(eventStream(...chunks).body);
    return { content_type: 'application/vnd.amazon.eventstream', text: eventLines(bytes, 1e6, true).toString() };
  };
  const messages = { messages: [{ role: 'user', content: 'Grüß Gott' }] };

  test('stream the events of their maker', () => {
    const metrics = { inputTokenCount: 9, outputTokenCount: 5 };
    const {
      provider,
      asked: model,
      streamed,
      reply,
    } = asked(
      'us.anthropic.claude-1:0',
      true,
      { anthropic_version: 'bedrock-2023-05-31', ...messages },
      frames(
        { type: 'message_start', message: { model: 'claude-1', usage: { input_tokens: 9, output_tokens: 1 } } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüß ' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'dich' } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
        { type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics },
      ),
    );
    expect({ provider, model, streamed }).toEqual({
      ...{ provider: 'anthropic', model: 'us.anthropic.claude-1:0', streamed: true },
    });
    expect([reply.usage, reply.stop]).toEqual([{ input: 9, output: 5 }, 'end_turn']);
    expect(reply.said[0].parts).toEqual([{ kind: 'text', text: 'Grüß dich' }]);
  });

  test('answer in their own words', () => {
    const llama = asked(
      'meta.llama3',
      true,
      { prompt: 'Hi' },
      frames(
        { generation: 'Hel', prompt_token_count: 3, generation_token_count: 1, stop_reason: null },
        {
          ...{ generation: 'lo', prompt_token_count: null, generation_token_count: 2, stop_reason: 'stop' },
          'amazon-bedrock-invocationMetrics': { inputTokenCount: 3, outputTokenCount: 2 },
        },
      ),
    );
    expect([llama.provider, llama.messages[0].parts[0].text]).toEqual(['bedrock', 'Hi']);
    expect([llama.reply.said[0].parts[0].text, llama.reply.stop, llama.reply.usage]).toEqual([
      ...['Hello', 'stop', { input: 3, output: 2 }],
    ]);
    const results = [{ tokenCount: 4, outputText: 'Yes', completionReason: 'FINISH' }];
    const titan = asked('amazon.titan', false, { inputText: 'Really?' }, { json: { inputTextTokenCount: 6, results } });
    expect([titan.reply.said[0].parts[0].text, titan.reply.stop, titan.reply.usage]).toEqual([
      ...['Yes', 'FINISH', { input: 6, output: 4 }],
    ]);
  });

  test('with bytes that are none of these are listed with what is known', () => {
    const { provider, reply } = asked('maker.model', true, messages, frames({ text: 1 }));
    expect([provider, reply.usage, reply.said]).toEqual(['bedrock', {}, []]);
    const bad = { content_type: 'application/vnd.amazon.eventstream', text: '{"chunk":{"bytes":"%%"}}\n' };
    expect(asked('maker.model', true, messages, bad).reply.said).toEqual([]);
  });
});
