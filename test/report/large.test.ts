import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile, violationsIn } from '../helpers/browser.js';
import { handit } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

interface FunctionStats {
  readonly func: string;
  readonly file: string;
  readonly line: number;
  readonly calls: number;
  readonly total_ns: number;
  readonly own_ns: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
}

function asShown(ns: number): string {
  return ns < 1e3 ? `${ns} ns` : ns < 1e6 ? `${(ns / 1e3).toFixed(1)} µs` : `${(ns / 1e6).toFixed(1)} ms`;
}

describeInBrowser('the report of a trace of 70,000 calls', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = tempProject({});
    const make = ['bench/programs/make-trace.js', '30', join(folder, 'large.jsonl'), '60'];
    await runNode(process.execPath, make, { cwd: repository, env: { BENCH_RESULT: join(folder, 'made.json') } });
    const { stderr, code } = await handit(folder, 'report', 'large.jsonl', '--all');
    if (code !== 0) throw new Error(stderr);
    file = join(folder, 'handit_report.html');
  });
  afterAll(closeBrowser);

  test('adds up functions as handit stats does', async () => {
    const { stdout } = await handit(folder, 'stats', 'large.jsonl', '--json', '--sort', 'own', '--top', '0');
    const stats = stdout.split('\n').filter(Boolean);
    const functions = stats.map((line) => JSON.parse(line) as FunctionStats).filter(({ func }) => func !== undefined);
    const { page, trouble } = await openFile(file);
    await page.keyboard.press('5');
    const rows = page.locator('[role=grid] .rows .row');
    await rows.first().waitFor();
    expect(await page.innerText('.bar')).toContain(`${functions.length} functions`);
    for (const at of [0, 1, 20]) {
      const one = functions[at];
      const [calls, errors, ...rest] = await rows.nth(at).locator('[role=gridcell]').allInnerTexts();
      const times = [one.total_ns, one.own_ns, one.p50_ns, one.p99_ns].map(asShown);
      expect([Number(calls.replace(',', '')), errors, ...rest.slice(0, -1)]).toEqual([one.calls, '', ...times]);
      expect(rest.at(-1)).toBe(`${one.func} ${one.file}:${one.line}`);
    }
    // One of them leads to each of its calls.
    await page.keyboard.press('Enter');
    await page.locator('.bar b', { hasText: functions[0].func }).waitFor();
    expect((await page.innerText('.bar')).replace(',', '')).toContain(`${functions[0].calls} calls`);
    expect(trouble).toEqual([]);
  });

  test('takes the next key while a view is still being worked out', async () => {
    const { page, trouble } = await openFile(file);
    for (const key of ['4', '5', '4', '3']) await page.keyboard.press(key);
    await page.locator('[role=treeitem] .args').first().waitFor();
    await page.keyboard.press('End');
    await page.locator('.details h2').first().waitFor();
    await page.keyboard.press('4');
    await page.locator('canvas').waitFor();
    expect(await page.locator('canvas').getAttribute('aria-label')).toMatch(/^[\d,]+ bars/);
    expect(trouble).toEqual([]);
  });

  test('of a green run says after the verdict where to look', async () => {
    const { page } = await openFile(file);
    const text = (await page.innerText('.failures')).replace(/\s+/g, ' ');
    expect(text).toMatch(/^\d+ tests, none failed .* Tests what each of \d+ called Tree [\d,]+ calls/);
    await page.locator('.failures button', { hasText: 'Functions' }).click();
    await page.locator('[role=grid] .row .name').first().waitFor();
  });

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { viewport: { width: 390, height: 844 } }],
  ] as const)('has no violation that axe finds in any view, with a row selected or none: %s', async (_, options) => {
    const { page, trouble } = await openFile(file, { bypassCSP: true, ...options });
    const found: string[] = [];
    const look = async (what: string): Promise<void> => {
      found.push(...(await violationsIn(page)).map((one) => `${what}: ${one}`));
    };
    const views = {
      1: '.verdict-head',
      2: '[role=option]',
      3: '[role=treeitem] .args',
      4: 'canvas',
      5: '.row .name',
      8: '.about',
    };
    for (const [key, part] of Object.entries(views)) {
      await page.keyboard.press(key);
      await page.locator(part).first().waitFor();
      await look(key);
    }
    await page.keyboard.press('3');
    await page.keyboard.press('End');
    await page.locator('.details h2').waitFor();
    await look('details');
    // The selected row is out of view.
    await page.evaluate(`document.querySelector('.list').scrollTop = 0`);
    await page.locator('.list:not([aria-activedescendant])').waitFor();
    await look('scrolled');
    await page.keyboard.press('f');
    await page.locator('.relatives').waitFor();
    await look('calls');
    await page.keyboard.press('Escape');
    await look('calls, none selected');
    expect(found).toEqual([]);
    expect(trouble).toEqual([]);
  });
});
