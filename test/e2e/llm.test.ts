import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { nodes } from '../helpers/node-versions.js';
import {
  eventStream,
  json,
  type LlmReply,
  type LlmServer,
  ndjson,
  sse,
  startLlmServer,
} from '../helpers/llm-server.js';
import { installHandit, repository, runNode, tempProject } from '../helpers/run.js';
import { validateTrace } from '../helpers/trace.js';

/** As it comes from `handit llm --json`. */
interface Row {
  id: string;
  tries: string[];
  provider: string;
  model: string;
  tokens: Record<string, number>;
  [field: string]: unknown;
}

const chunk = (delta: object, finish: string | null = null): object => ({
  ...{ id: 'c1', object: 'chat.completion.chunk', model: 'gpt-4o-2024-08-06' },
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const usage = (prompt: number, completion: number): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
});
const completion = (content: string, more: object = {}): LlmReply =>
  json({
    ...{ object: 'chat.completion', model: 'gpt-4o-2024-08-06', usage: usage(10, 5) },
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
    ...more,
  });

const textOf = (body: Record<string, unknown>): string => {
  const { content } = (body.messages as { content: unknown }[]).at(-1)!;
  return typeof content === 'string' ? content : JSON.stringify(content);
};

function openai(body: Record<string, unknown>, attempt: number): LlmReply {
  const asked = textOf(body);
  if (asked === 'busy' && attempt < 3) {
    const headers = { 'retry-after-ms': '1' };
    return json(
      { error: { message: 'slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded' } },
      429,
      headers,
    );
  }
  if (asked === 'break') {
    return sse(chunk({ role: 'assistant', content: 'half' }), { error: { message: 'lost', type: 'server_error' } });
  }
  if (asked === 'no usage') return sse(chunk({ content: 'fine' }), chunk({}, 'length'), '[DONE]');
  if (body.stream === true) {
    return sse(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Regen 🌧, ' }),
      chunk({ content: 'vielleicht.' }),
      chunk({
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"Köln"}' } }] }),
      chunk({
        tool_calls: [{ index: 1, id: 'call_2', type: 'function', function: { name: 'clock', arguments: '{}' } }],
      }),
      chunk({}, 'tool_calls'),
      {
        ...{ object: 'chat.completion.chunk', choices: [] },
        usage: {
          ...{
            ...usage(1200, 96),
            total_tokens: 1296,
            prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 0 },
          },
          completion_tokens_details: { reasoning_tokens: 64 },
        },
      },
      '[DONE]',
    );
  }
  return completion('done');
}

const responseOf = (status: string, output: object[], more: object = {}): object => ({
  ...{ object: 'response', model: 'gpt-5-2025', status, output, ...more },
});
const responses = (): LlmReply =>
  sse(
    { type: 'response.created', response: responseOf('in_progress', []) },
    { type: 'response.output_item.added', output_index: 1, item: { type: 'message', content: [] } },
    { type: 'response.output_text.delta', output_index: 1, delta: 'Because' },
    {
      type: 'response.completed',
      response: responseOf(
        'completed',
        [
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Because.' }] },
          { type: 'function_call', name: 'look', call_id: 'call_3', arguments: '{"deep":true}' },
        ],
        {
          usage: {
            ...{
              input_tokens: 50,
              output_tokens: 30,
              input_tokens_details: { cached_tokens: 20, cache_write_tokens: 0 },
            },
            output_tokens_details: { reasoning_tokens: 12 },
          },
        },
      ),
    },
  );

const claudeStart = {
  type: 'message_start',
  message: {
    ...{
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-large-1',
      content: [],
      stop_reason: null,
    },
    usage: { input_tokens: 25, cache_read_input_tokens: 300, cache_creation_input_tokens: 40, output_tokens: 1 },
  },
};
function claude(body: Record<string, unknown>, attempt: number): LlmReply {
  if (textOf(body) === 'break') {
    return sse(
      claudeStart,
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'half' } },
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    );
  }
  if (body.stream !== true) {
    if (attempt === 1) {
      const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
      return json(error, 529, { 'retry-after-ms': '1' });
    }
    return json({
      ...{ type: 'message', role: 'assistant', model: 'claude-small-1', stop_reason: 'end_turn' },
      ...{ content: [{ type: 'text', text: 'No.' }], usage: { input_tokens: 7, output_tokens: 3 } },
    });
  }
  return sse(
    claudeStart,
    { type: 'ping' },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Let me ' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'see.' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Sunny ☀' } },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', id: 'toolu_2', name: 'weather', input: {} },
    },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"ci' } },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: 'ty":"Bonn"}' } },
    { type: 'content_block_stop', index: 2 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 89 } },
    { type: 'message_stop' },
  );
}

const geminiPart = (part: object, more: object = {}, counts: object = {}): object => ({
  ...{ candidates: [{ content: { role: 'model', parts: [part] }, index: 0, ...more }], modelVersion: 'gemini-2.5-pro' },
  usageMetadata: { promptTokenCount: 40, cachedContentTokenCount: 15, ...counts },
});
const counts = { candidatesTokenCount: 9, thoughtsTokenCount: 21, toolUsePromptTokenCount: 5 };
const novaUsage = { inputTokens: 11, outputTokens: 4, cacheReadInputTokens: 6, cacheWriteInputTokens: 0 };

function answer(path: string, body: Record<string, unknown>, attempt: number): LlmReply {
  if (path === '/v1/chat/completions') return openai(body, attempt);
  if (path === '/v1/responses') return responses();
  if (path === '/v1/messages') return claude(body, attempt);
  if (path.endsWith(':generateContent')) return json(geminiPart({ text: 'cold' }, { finishReason: 'STOP' }, counts));
  if (path.endsWith(':streamGenerateContent')) {
    return sse(
      geminiPart({ text: 'I think', thought: true }, {}, { candidatesTokenCount: 2 }),
      geminiPart({ text: 'col' }, {}, { candidatesTokenCount: 4 }),
      geminiPart({ text: 'd' }, { finishReason: 'MAX_TOKENS' }, counts),
    );
  }
  if (path === '/api/chat') {
    const part = (content: string): object => ({
      model: 'llama3.2',
      message: { role: 'assistant', content },
      done: false,
    });
    const end = { done: true, done_reason: 'stop', prompt_eval_count: 26, eval_count: 12 };
    return ndjson(part('Hel'), part('lo'), { ...part(''), ...end });
  }
  if (path.endsWith('/converse')) {
    const message = { role: 'assistant', content: [{ text: 'yes' }] };
    return json({ output: { message }, stopReason: 'end_turn', usage: novaUsage });
  }
  if (path.endsWith('/converse-stream')) {
    return eventStream(
      ['messageStart', { role: 'assistant' }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüß ' } }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Gott' } }],
      ['contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't1', name: 'weather' } } }],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '{"city"' } } }],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: ':"Wien"}' } } }],
      ['messageStop', { stopReason: 'tool_use' }],
      ['metadata', { usage: novaUsage }],
    );
  }
  return json({ thoughts: 'none' });
}

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false });
const isValue = ajv.compile(JSON.parse(readFileSync(join(repository, 'docs/cli.schema.json'), 'utf8')) as object);

const cli = join(repository, 'dist/cli.cjs');
const prices = {
  'gpt-4o*': { input: 2.5, cache_read: 1.25, output: 10 },
  'claude-large*': { input: 3, cache_read: 0.3, cache_write: 3.75, output: 15 },
};

async function handit(folder: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await runNode(process.execPath, [cli, ...args], { cwd: folder });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout;
}

async function rowsOf(folder: string, ...args: string[]): Promise<Row[]> {
  const lines = (await handit(folder, 'llm', '--json', '--prices', 'prices.json', ...args)).trim().split('\n');
  for (const line of lines)
    if (!isValue(JSON.parse(line))) throw new Error(`${line} ${ajv.errorsText(isValue.errors)}`);
  return lines.map((line) => JSON.parse(line) as Row);
}

const tokens = (input: number, output: number, more: object = {}): object => ({ input, output, ...more });

describe.each(nodes())('on Node $label', ({ path: nodePath, label }) => {
  let folder = '';
  let rows: Row[] = [];
  let server: LlmServer;
  afterAll(() => server.close());

  beforeAll(async () => {
    server = await startLlmServer(answer);
    folder = tempProject({
      'package.json': '{}',
      'agent.mjs': readFileSync(join(__dirname, 'llm-program.mjs'), 'utf8'),
      'prices.json': JSON.stringify(prices),
    });
    installHandit(folder);
    for (const name of ['openai', '@anthropic-ai'])
      symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
    const args = ['--import', 'handit/register', 'agent.mjs', server.url];
    const run = await runNode(nodePath, args, { cwd: folder });
    expect(run).toMatchObject({ stderr: '', code: 0 });
    expect(JSON.parse(run.stdout)).toEqual({
      ...{ chat: 'Regen 🌧, vielleicht.', broken: 'lost', claude: 3, claudeBroken: true },
    });
    validateTrace(join(folder, 'handit_events.jsonl'));
    rows = await rowsOf(folder);
  }, 60_000);

  test('each call of a model is one line, with what the server sent', () => {
    const shown = rows.map(({ provider, model, func, tries, stop, tokens: counted, tool_calls, error }) => [
      ...[func, provider, model, tries.length, stop, counted, tool_calls, error],
    ]);
    const gpt = 'gpt-4o-2024-08-06';
    const nova = 'us.amazon.nova-pro-v1:0';
    const novaTokens = tokens(11, 4, { cache_read: 6, cache_write: 0 });
    const geminiTokens = tokens(30, 30, { cache_read: 15, reasoning: 21 });
    const claudeAsked = { input: 25, cache_read: 300, cache_write: 40 };
    const none = undefined;
    const expected = [
      [
        'chatStream',
        'openai-chat',
        gpt,
        1,
        'tool_calls',
        tokens(200, 96, { cache_read: 1000, cache_write: 0, reasoning: 64 }),
        ['weather', 'clock'],
        none,
      ],
      ['chatPlain', 'openai-chat', gpt, 1, 'stop', tokens(10, 5), [], none],
      ['chatWithoutUsage', 'openai-chat', gpt, 1, 'length', {}, [], none],
      ['retried', 'openai-chat', gpt, 3, 'stop', tokens(10, 5), [], none],
      ['brokenStream', 'openai-chat', gpt, 1, none, {}, [], 'server_error: lost'],
      [
        'responses',
        'openai-responses',
        'gpt-5-2025',
        1,
        'completed',
        tokens(30, 30, { cache_read: 20, cache_write: 0, reasoning: 12 }),
        ['look'],
        none,
      ],
      ['long', 'openai-chat', gpt, 1, 'stop', tokens(10, 5), [], none],
      ['claudeStream', 'anthropic', 'claude-large-1', 1, 'tool_use', { ...claudeAsked, output: 89 }, ['weather'], none],
      ['claudePlain', 'anthropic', 'claude-small-1', 2, 'end_turn', tokens(7, 3), [], none],
      ['claudeBroken', 'anthropic', 'claude-large-1', 1, none, claudeAsked, [], 'overloaded_error: Overloaded'],
      ['post', 'gemini', 'gemini-2.5-pro', 1, 'STOP', geminiTokens, [], none],
      ['post', 'gemini', 'gemini-2.5-pro', 1, 'MAX_TOKENS', geminiTokens, [], none],
      ['post', 'ollama', 'llama3.2', 1, 'stop', tokens(26, 12), [], none],
      ['post', 'bedrock', nova, 1, 'end_turn', novaTokens, [], none],
      ['post', 'bedrock', nova, 1, 'tool_use', novaTokens, ['weather'], none],
      ['post', 'unknown', 'brain', 1, none, {}, [], none],
    ];
    expect(shown).toEqual(expected);
  });

  test('times, session, agent and cost are on the line of the call', () => {
    expect(rows[0]).toMatchObject({ session: 'forecast', streamed: true, asked_model: 'gpt-4o' });
    expect(rows[1]).toMatchObject({ agent: 'planner', streamed: false });
    for (const row of rows) {
      expect(row.first_byte_ns).toBeGreaterThan(0);
      expect(row.dt_ns).toBeGreaterThan(row.first_byte_ns as number);
    }
    expect(rows[0].tokens_per_second).toBeGreaterThan(0);
    const streams = rows.filter(({ streamed }) => streamed);
    expect(streams.length).toBeGreaterThan(6);
    for (const { first_token_ns: token, first_byte_ns: byte, dt_ns: all } of streams) {
      expect(token).toBeGreaterThanOrEqual(byte as number);
      expect(token).toBeLessThanOrEqual(all as number);
    }
    // Of what came whole nobody knows.
    expect(rows.filter(({ streamed }) => !streamed).every((row) => row.first_token_ns === undefined)).toBe(true);
    expect(rows.map(({ cost }) => (cost as number | undefined)?.toFixed(9))).toEqual([
      ...['0.002710000', '0.000075000', undefined, '0.000075000', undefined, undefined, '0.000075000'],
      ((25 * 3 + 300 * 0.3 + 40 * 3.75 + 89 * 15) / 1e6).toFixed(9),
      ...Array.from({ length: 8 }, () => undefined),
    ]);
  });

  // What was recorded is the same then; how it is shown, two of them show.
  if (label !== nodes()[0].label && label !== nodes().at(-1)!.label) return;

  test('--show has the conversation: streamed text put together, tools, results', async () => {
    const shown = async (index: number): Promise<string[]> => {
      const text = await handit(folder, 'llm', '--show', rows[index].id);
      return text
        .split('\n')
        .slice(3)
        .map((line) => line.trim())
        .filter((line) => line !== '');
    };
    expect(await shown(0)).toEqual([
      ...['tools: weather', 'system', 'Be kurz.', 'user', 'Wetter in Köln? 🌧', 'assistant', 'Regen 🌧, vielleicht.'],
      ...['calls weather({"city":"Köln"}) (call_1)', 'calls clock({}) (call_2)'],
    ]);
    expect(await shown(1)).toEqual([
      ...['user', 'look', '[image_url]', 'assistant', 'calls weather({"city":"Köln"}) (call_9)'],
      ...['tool', 'result (call_9): 12 degrees', 'assistant', 'done'],
    ]);
    expect(await shown(4)).toEqual(['user', 'break', 'assistant', 'half', 'failed: server_error: lost']);
    expect(await shown(5)).toEqual([
      ...[
        'system',
        'Think.',
        'user',
        'Why?',
        'assistant',
        'thinks: hm',
        'Because.',
        'calls look({"deep":true}) (call_3)',
      ],
    ]);
    expect(await shown(7)).toEqual([
      ...[
        'tools: weather',
        'system',
        'You are terse.',
        'user',
        'Weather?',
        'assistant',
        'thinks: Let me see.',
        'Sunny ☀',
      ],
      'calls weather({"city":"Bonn"}) (toolu_2)',
    ]);
    expect(await shown(8)).toEqual([
      ...['user', 'Weather?', 'assistant', 'calls weather({"city":"Bonn"}) (toolu_1)'],
      ...['user', 'result (toolu_1), failed: no station', 'assistant', 'No.'],
    ]);
    expect(await shown(11)).toEqual([
      ...[
        'tools: weather',
        'system',
        'Short.',
        'user',
        'ask streamGenerateContent',
        'model',
        'calls weather({"city":"Ulm"})',
      ],
      ...['user', 'result of weather: {"celsius":3}', 'assistant', 'thinks: I think', 'cold'],
    ]);
    expect(await shown(14)).toEqual([
      ...['tools: weather', 'system', 'Short.', 'user', 'converse-stream', 'assistant', 'Grüß Gott'],
      'calls weather({"city":"Wien"}) (t1)',
    ]);
  });

  test('a conversation of 200 kB keeps its last message', async () => {
    const lines = (await handit(folder, 'llm', '--show', rows[6].id)).trimEnd().split('\n');
    expect(lines.slice(-5)).toEqual(['user', '  the last question', '', 'assistant', '  done']);
    expect(lines.filter((line) => line === 'user')).toHaveLength(101);
  });

  test('--by adds up what is known and counts what is not', async () => {
    const byModel = await rowsOf(folder, '--by', 'model');
    expect(byModel.find(({ model }) => model === 'gpt-4o-2024-08-06')).toMatchObject({
      ...{ calls: 6, tries: 8, failed: 1, tokens: { input: 230, cache_read: 1000, output: 111 } },
      unknown: { input: 2, cache_read: 5, output: 2 },
    });
    const bySession = await rowsOf(folder, '--by', 'session');
    expect(bySession.map(({ session, calls }) => [session, calls])).toEqual([
      ['', 15],
      ['forecast', 1],
    ]);
    const table = await handit(folder, 'llm', '--by', 'provider');
    expect(table).toMatch(/6 +8 +1 +230 \+ 2 unknown +1,000 \+ 5 unknown .* openai-chat$/m);
  });

  test('the table says unknown where nothing is known', async () => {
    const table = (await handit(folder, 'llm')).trimEnd().split('\n');
    expect(table).toHaveLength(rows.length + 1);
    expect(table[3]).toMatch(
      /gpt-4o-2024-08-06 +unknown +unknown +unknown +unknown +unknown .* length +chatWithoutUsage {2}agent\.mjs:\d+$/,
    );
    expect(table[0]).toMatch(/first token +took +tokens\/s +stop +session +agent +made by$/);
    expect(table[1]).toMatch(/ forecast +chatStream {2}agent\.mjs:\d+ {2}calls weather, clock$/);
    expect(table[2]).toMatch(/ planner +chatPlain {2}agent\.mjs:\d+$/);
    expect(table[4]).toMatch(/retried {2}agent\.mjs:\d+ {2}3 tries$/);
  });
});

const wrong: [string[], RegExp][] = [
  [['--by', 'x'], /--by is "x"; allowed: provider, model, func, test, session, agent$/],
  [['--prices', 'no.json'], /no\.json has no prices: ENOENT/],
  [['--prices', 'bad.json'], /bad\.json has no prices: "m" needs prices of a million tokens, as in \{/],
  [['--show', 'a:1'], /a:1 is no call of a language model; "handit llm" lists those there are$/],
];

test.each(wrong)('llm %j is one line on stderr and exit code 2', async (args, line) => {
  const folder = tempProject({ 'handit_events.jsonl': '', 'bad.json': '{"m":{"input":1}}' });
  const { stdout, stderr, code } = await runNode(process.execPath, [cli, 'llm', ...args], { cwd: folder });
  expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
  expect(stderr.trimEnd()).toMatch(line);
});
