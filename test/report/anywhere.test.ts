import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { handit } from '../helpers/red-and-green.js';
import { repository, tempProject } from '../helpers/run.js';

const HOSTILE = `</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\u202eevil\u0000__proto__`;
const proc = '5f0c9a1e';

/** A trace that says the same bad thing in every field that may hold it. */
function hostileTrace(): string {
  const start = {
    type: 'process_start',
    proc,
    ts_ns: 1,
    schema: 1,
    handit: '0',
    node: HOSTILE,
    pid: 1,
    ppid: 0,
    tid: 0,
  };
  const test = { test: HOSTILE, test_id: 1 };
  const call = { type: 'call', proc, parent: null, file: HOSTILE, line: 1, column: 1, kind: 'function', ...test };
  const request = { type: 'http_request', proc, id: 2, parent: 1, side: 'client', client: HOSTILE, method: HOSTILE };
  const body = { content_type: HOSTILE, size: 9, truncated: false };
  const error = { name: HOSTILE, message: HOSTILE, stack: HOSTILE, expected: HOSTILE, actual: HOSTILE };
  const lines = [
    { ...start, argv: ['node', HOSTILE], cwd: '/', platform: HOSTILE },
    { ...call, id: 1, func: HOSTILE, t0_ns: 2, args_preview: { [HOSTILE]: HOSTILE, __proto__x: { $type: HOSTILE } } },
    { ...request, url: `javascript:${HOSTILE}`, headers: { [HOSTILE]: HOSTILE }, t0_ns: 3, ...test },
    {
      ...{ type: 'http_response', proc, id: 2, t1_ns: 4, dt_ns: 1, status: 500, headers: { [HOSTILE]: HOSTILE } },
      ...{
        response_body: { ...body, text: HOSTILE },
        request_body: { ...body, json: { [HOSTILE]: HOSTILE } },
        bytes_in: 9,
      },
    },
    { type: 'exception', proc, id: 1, func: HOSTILE, t1_ns: 5, dt_ns: 3, error },
    { ...call, id: 3, func: 'long', t0_ns: 6, args_preview: { text: 'x'.repeat(10_000_000) } },
    { type: 'return', proc, id: 3, func: 'long', t1_ns: 7, dt_ns: 1, return_preview: null },
    { type: 'test_end', proc, ...test, file: HOSTILE, titles: [HOSTILE], outcome: 'failed', t1_ns: 8, dt_ns: 6, error },
  ];
  return lines.map((line) => JSON.stringify(line)).join('\n');
}

describeInBrowser('the report of a hostile trace', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = tempProject({ 'hostile.jsonl': hostileTrace() });
    const { stderr, code } = await handit(folder, 'report', 'hostile.jsonl');
    if (code !== 0) throw new Error(stderr);
    file = join(folder, 'handit_report.html');
  });
  afterAll(closeBrowser);

  test('shows it in every view, and runs nothing of it', async () => {
    const { page, trouble } = await openFile(file);
    for (const key of '12345678') {
      await page.keyboard.press(key);
      await page.keyboard.press('e');
      await page.waitForSelector('.app');
    }
    await page.keyboard.press('6');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('.details .headers');
    expect(await page.innerText('.details')).toContain('</script><script>alert(1)</script>');
    expect(await page.locator('img').count()).toBe(0);
    expect(trouble).toEqual([]);
  });

  test('works in a frame that may do nothing but run scripts', async () => {
    const frame = join(folder, 'frame.html');
    writeFileSync(
      frame,
      '<iframe sandbox="allow-scripts" src="handit_report.html" width="1200" height="700"></iframe>',
    );
    const { page } = await openFile(frame, { wait: false });
    const inner = page.frameLocator('iframe');
    await inner.locator('nav button', { hasText: 'Tree' }).click();
    await inner.locator('[role=treeitem]').first().waitFor();
    await inner.locator('[role=treeitem]').first().click();
    await inner.locator('.details h2').first().waitFor();
  });

  test('reads in a thread of its own, and in the thread of the page where a policy forbids another', async () => {
    const usual = await openFile(file);
    expect(usual.page.workers()).toHaveLength(1);
    const strict = await openFile(file, {
      policy: "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'",
    });
    expect(strict.page.workers()).toHaveLength(0);
    for (const { page } of [usual, strict]) {
      await page.keyboard.press('3');
      await page.keyboard.press('e');
      await page.waitForSelector('.details .message');
      expect(await page.innerText('.details .message')).toContain('onerror=alert(1)');
      await page.keyboard.press('/');
      await page.keyboard.type('arg:xxxxxxxxxx');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.row.hit');
      expect(await page.innerText('.found')).toContain('1');
    }
    expect(usual.trouble).toEqual([]);
    expect(strict.trouble.filter((text) => !text.includes('worker'))).toEqual([]);
  });

  test('the page without a trace takes a file', async () => {
    const { page, trouble } = await openFile(join(repository, 'dist/viewer.html'), { wait: false });
    await page.setInputFiles('input[type=file]', join(folder, 'hostile.jsonl'));
    await page.waitForSelector('html.ready');
    expect(await page.innerText('h1')).toContain('1 of 1 tests failed');
    await page.keyboard.press('3');
    await page.waitForSelector('[role=treeitem]');
    expect(trouble).toEqual([]);
  });
});
