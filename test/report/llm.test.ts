import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { llmRecords } from '../helpers/llm-records.js';
import { processStart, request, response } from '../helpers/records.js';
import { handit } from '../helpers/red-and-green.js';
import { repository, tempProject } from '../helpers/run.js';

const tabs = (page: Page): Promise<string[]> => page.locator('nav button > span:first-child').allInnerTexts();

describeInBrowser('calls of language models in the report', () => {
  afterAll(closeBrowser);

  async function reportOf(records: readonly object[]): Promise<string> {
    const folder = tempProject({ 'trace.jsonl': records.map((one) => `${JSON.stringify(one)}\n`).join('') });
    const { stderr, code } = await handit(folder, 'report', 'trace.jsonl', '--all');
    if (code !== 0) throw new Error(stderr);
    return join(folder, 'handit_report.html');
  }

  const records = (): object[] =>
    llmRecords().map((one) => (one.type === 'http_response' && one.id === 1 ? { ...one, first_token_ns: 1500 } : one));

  test('have a view of their own: what each took, and its conversation, by keyboard', async () => {
    const { page, trouble } = await openFile(await reportOf(records()));
    await page.waitForSelector('nav button:has-text("LLM")');
    await page.keyboard.press('9');
    const rows = page.locator('.list .row:not(.head)');
    await rows.first().waitFor();
    const texts = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
    expect(texts).toEqual([
      expect.stringMatching(
        /^\+\S+ µs 7 5 7 1.5 µs 2.0 µs gpt-4o-1 openai-chat · no recorded function ?tool_calls ?\S+ tokens.s ?calls weather$/,
      ),
      expect.stringMatching(
        /^\+\S+ µs 4 unknown unknown unknown 2.0 µs claude-1 anthropic · no recorded function ?overloaded_error: Overloaded$/,
      ),
    ]);
    await page.keyboard.press('ArrowDown');
    const details = page.locator('.details');
    await details.locator('.conversation', { hasText: 'How warm is it?' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await details.locator('.conversation', { hasText: 'Hi' }).waitFor();
    expect(trouble).toEqual([]);
  });

  test('are added up by model, and what is not known is no zero', async () => {
    const { page, trouble } = await openFile(await reportOf(records()));
    await page.waitForSelector('nav button:has-text("LLM")');
    await page.keyboard.press('9');
    await page.locator('.bar select').selectOption('model');
    const rows = page.locator('[aria-label="Totals by model"] .row:not(.head)');
    const texts = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
    expect(texts).toEqual(['1 0 7 5 7 2.0 µs gpt-4o-1', '1 1 4 unknown unknown 2.0 µs claude-1']);
    expect(trouble).toEqual([]);
  });

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { viewport: { width: 390, height: 844 } }],
  ] as const)('have no violation that axe finds: %s', async (name, options) => {
    const { page, trouble } = await openFile(await reportOf(records()), { bypassCSP: true, ...options });
    await page.addScriptTag({ content: readFileSync(join(repository, 'node_modules/axe-core/axe.min.js'), 'utf8') });
    await page.waitForSelector('nav button:has-text("LLM")');
    await page.keyboard.press('9');
    if (name !== 'narrow') await page.keyboard.press('ArrowDown');
    if (process.env.SHOT) await page.screenshot({ path: join(process.env.SHOT, `${name}.png`) });
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
    });
    expect(violations).toEqual([]);
    expect(trouble).toEqual([]);
  });

  test('no such view where there are none', async () => {
    const plain = [processStart(), request(1, null, 1, { method: 'POST' }), response(1, 5)];
    const { page } = await openFile(await reportOf(plain));
    await page.keyboard.press('6');
    await page.locator('.list .row').first().waitFor();
    await page.keyboard.press('9');
    expect(await page.locator('nav [aria-current]').innerText()).toMatch(/^HTTP/);
    expect(await tabs(page)).not.toContain('LLM');
  });
});
