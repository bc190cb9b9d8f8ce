import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { sse } from '../helpers/llm-server.js';
import { processStart } from '../helpers/records.js';
import { handit } from '../helpers/red-and-green.js';
import { tempProject } from '../helpers/run.js';

const proc = '5f0c9a1e';
const chunk = (delta: object, finish: string | null = null): object => ({
  ...{ object: 'chat.completion.chunk', model: 'gpt-4o-1' },
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const call = (part: object): object => chunk({ tool_calls: [{ index: 0, ...part }] });

function exchange(): object[] {
  const body = { truncated: false, size: 900 };
  const json = { model: 'gpt-4o', messages: [{ role: 'user', content: 'How warm is it?' }], tools: [] };
  const text = sse(
    chunk({ content: 'I will ' }),
    chunk({ content: 'look.' }),
    call({ id: 'call_1', function: { name: 'weather', arguments: '{"city":' } }),
    call({ function: { arguments: '"Ulm"}' } }),
    chunk({}, 'tool_calls'),
    { object: 'chat.completion.chunk', choices: [], usage: { prompt_tokens: 12, completion_tokens: 7 } },
  ).body as string;
  return [
    {
      ...{ type: 'http_request', proc, id: 1, parent: null, side: 'client', client: 'fetch', method: 'POST' },
      ...{ url: 'http://127.0.0.1:9/v1/chat/completions', headers: {}, t0_ns: 2 },
      request_body: { content_type: 'application/json', json, ...body },
    },
    {
      ...{ type: 'http_response', proc, id: 1, t1_ns: 9, dt_ns: 7, status: 200, headers: {}, bytes_in: 900 },
      response_body: { content_type: 'text/event-stream', text, ...body },
    },
  ];
}

describeInBrowser('a call of a language model in the report', () => {
  afterAll(closeBrowser);

  test('is a conversation, with streamed text and tool calls put together, as `handit llm --show` has it', async () => {
    const records = [processStart({ proc }), ...exchange()].map((one) => JSON.stringify(one));
    const folder = tempProject({ 'agent.jsonl': `${records.join('\n')}\n` });
    expect(await handit(folder, 'report', '--all', 'agent.jsonl')).toMatchObject({ code: 0 });
    const { page, trouble } = await openFile(join(folder, 'handit_report.html'));
    await page.keyboard.press('6');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('.conversation');
    const turns = await page.locator('.conversation li').allInnerTexts();
    expect(turns.map((turn) => turn.replace(/\s+/g, ' ').toLowerCase())).toEqual([
      'user how warm is it?',
      'assistant i will look. calls weather({"city":"ulm"}) (call_1)',
    ]);
    expect(await page.innerText('.details')).toMatch(/gpt-4o-1.*12 in, 7 out; stop: tool_calls/);
    const { stdout } = await handit(folder, 'llm', '--show', `${proc}:1`, 'agent.jsonl');
    expect(stdout).toContain('calls weather({"city":"Ulm"}) (call_1)');
    expect(trouble).toEqual([]);
  });
});
