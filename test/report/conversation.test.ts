import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { llmRecords } from '../helpers/llm-records.js';
import { handit } from '../helpers/red-and-green.js';
import { tempProject } from '../helpers/run.js';

describeInBrowser('a call of a language model in the report', () => {
  afterAll(closeBrowser);

  test('is a conversation, with streamed text and tool calls put together, as `handit llm --show` has it', async () => {
    const records = llmRecords().map((one) => JSON.stringify(one));
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
    expect(await page.innerText('.details')).toMatch(/gpt-4o-1.*7 in, 5 from the cache, 7 out.*stop: tool_calls/);
    const { stdout } = await handit(folder, 'llm', '--show', '5f0c9a1e:1', 'agent.jsonl');
    expect(stdout).toContain('calls weather({"city":"Ulm"}) (call_1)');
    expect(trouble).toEqual([]);
  });
});
