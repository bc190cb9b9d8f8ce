// Asks each of the APIs by the SDK that people use, or by fetch where that is what it comes to.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { session, tracing } from 'handit';

const url = process.argv[2];
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-test', maxRetries: 2 });
const claude = new Anthropic({ baseURL: url, apiKey: 'sk-ant-test', maxRetries: 2 });
const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
const out = {};

async function drain(stream) {
  let count = 0;
  for await (const event of stream) if (event) count++;
  return count;
}

async function chatStream() {
  const messages = [
    { role: 'system', content: 'Be kurz.' },
    { role: 'user', content: 'Wetter in Köln? 🌧' },
  ];
  const options = { model: 'gpt-4o', messages, tools, stream: true, stream_options: { include_usage: true } };
  let text = '';
  for await (const chunk of await openai.chat.completions.create(options))
    text += chunk.choices[0]?.delta?.content ?? '';
  out.chat = text;
}
async function chatPlain() {
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      ],
    },
    {
      role: 'assistant',
      tool_calls: [{ id: 'call_9', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_9', content: '12 degrees' },
  ];
  await openai.chat.completions.create({ model: 'gpt-4o-mini', messages });
}
async function chatWithoutUsage() {
  await drain(
    await openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'no usage' }],
      stream: true,
    }),
  );
}
async function retried() {
  await openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'busy' }] });
}
async function brokenStream() {
  try {
    await drain(
      await openai.chat.completions.create({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: 'break' }],
        stream: true,
      }),
    );
  } catch (error) {
    out.broken = error.message;
  }
}
async function responses() {
  const stream = await openai.responses.create({ model: 'gpt-5', instructions: 'Think.', input: 'Why?', stream: true });
  await drain(stream);
}
async function long() {
  const messages = Array.from({ length: 200 }, (_, n) => ({
    role: n % 2 ? 'assistant' : 'user',
    content: `${n} ${'wört '.repeat(200)}`,
  }));
  await openai.chat.completions.create({
    model: 'gpt-4o',
    messages: [...messages, { role: 'user', content: 'the last question' }],
  });
}
async function claudeStream() {
  const stream = claude.messages.stream({
    model: 'claude-large',
    max_tokens: 2000,
    system: [{ type: 'text', text: 'You are terse.' }],
    tools: [{ name: 'weather', input_schema: { type: 'object' } }],
    thinking: { type: 'enabled', budget_tokens: 1024 },
    messages: [{ role: 'user', content: 'Weather?' }],
  });
  out.claude = (await stream.finalMessage()).content.length;
}
async function claudePlain() {
  await claude.messages.create({
    model: 'claude-small',
    max_tokens: 10,
    messages: [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bonn' } }] },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_1',
            content: [{ type: 'text', text: 'no station' }],
            is_error: true,
          },
        ],
      },
    ],
  });
}
async function claudeBroken() {
  try {
    await claude.messages
      .stream({ model: 'claude-small', max_tokens: 10, messages: [{ role: 'user', content: 'break' }] })
      .finalMessage();
  } catch (error) {
    out.claudeBroken = error.message.length > 0;
  }
}
async function post(path, body) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
}
async function gemini(name, query = '') {
  await post(`/v1beta/models/gemini-2.5-pro:${name}${query}`, {
    systemInstruction: { parts: [{ text: 'Short.' }] },
    contents: [
      { role: 'user', parts: [{ text: `ask ${name}` }] },
      { role: 'model', parts: [{ functionCall: { name: 'weather', args: { city: 'Ulm' } } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { celsius: 3 } } }] },
    ],
    tools: [{ functionDeclarations: [{ name: 'weather' }] }],
  });
}
async function ollama() {
  await post('/api/chat', { model: 'llama3.2', messages: [{ role: 'user', content: 'hi' }] });
}
async function bedrock(name) {
  await post(`/model/us.amazon.nova-pro-v1%3A0/${name}`, {
    system: [{ text: 'Short.' }],
    messages: [{ role: 'user', content: [{ text: name }] }],
    toolConfig: { tools: [{ toolSpec: { name: 'weather' } }] },
  });
}
async function other() {
  await post('/v9/think', { model: 'brain', messages: [{ role: 'user', content: 'hm' }] });
}

await session({ tag: 'forecast' }, chatStream);
await tracing({ agent: 'planner' }, chatPlain)();
for (const ask of [chatWithoutUsage, retried, brokenStream, responses, long, claudeStream, claudePlain, claudeBroken])
  await ask();
await gemini('generateContent');
await gemini('streamGenerateContent', '?alt=sse');
await ollama();
await bedrock('converse');
await bedrock('converse-stream');
await other();
console.log(JSON.stringify(out));
