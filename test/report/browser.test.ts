import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile, violationsIn } from '../helpers/browser.js';
import { handit } from '../helpers/red-and-green.js';
import { redShop } from '../helpers/shop.js';

const VIEWS = ['Failures', 'Tests', 'Tree', 'Timeline', 'Functions', 'HTTP', 'Compare', 'About'];

describeInBrowser('the report in Chromium', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = await redShop();
    await handit(folder, 'report', 'red.jsonl', '--base', 'green.jsonl', '--all');
    file = join(folder, 'handit_report.html');
  });
  afterAll(closeBrowser);

  test('leads from the failed test to the line and the value of the culprit, by keyboard alone', async () => {
    const { page, trouble } = await openFile(file);
    expect(await page.textContent('h1')).toBe('2 of 3 tests failed');
    await page.keyboard.press('3');
    await page.keyboard.press('/');
    await page.keyboard.type('fn:round');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.row.hit');
    await page.keyboard.press('h');
    const details = page.locator('.details');
    await details.locator('.source .beside', { hasText: '→ 2.98' }).waitFor();
    expect(await details.locator('h2').first().textContent()).toBe('round');
    expect(await details.locator('.source').textContent()).toContain('return Math.round(value * 10) / 100;');
    expect(trouble).toEqual([]);
  });

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['forced colors', { forcedColors: 'active' }],
    ['narrow', { viewport: { width: 390, height: 844 } }],
  ] as const)('has no trouble in any view, and no violation that axe finds: %s', async (_, options) => {
    const { page, trouble } = await openFile(file, { bypassCSP: true, ...options });
    const found: string[] = [];
    for (const [index, view] of VIEWS.entries()) {
      await page.keyboard.press(String(index + 1));
      if (view !== 'Failures') await page.keyboard.press('e');
      await page.waitForSelector(`nav button[aria-current]:has-text("${view}")`);
      found.push(...(await violationsIn(page)).map((one) => `${view}: ${one}`));
    }
    expect(found).toEqual([]);
    expect(trouble).toEqual([]);
  });

  test('moves nothing by itself where that is not wanted', async () => {
    const { page } = await openFile(file, { reducedMotion: 'reduce' });
    const moving = await page.evaluate<number>(
      `[...document.querySelectorAll('*')].filter((one) => {
        const { transitionDuration, animationName } = getComputedStyle(one);
        return transitionDuration !== '0s' || animationName !== 'none';
      }).length`,
    );
    expect(moving).toBe(0);
    const { page: usual } = await openFile(file, { reducedMotion: 'no-preference' });
    expect(await usual.evaluate(`getComputedStyle(document.querySelector('nav button')).transitionDuration`)).not.toBe(
      '0s',
    );
  });

  test('says what failed with scripts off', async () => {
    const { page } = await openFile(file, { javaScriptEnabled: false });
    const text = await page.innerText('main');
    expect(text).toContain('2 of 3 tests failed');
    expect(text).toContain('money.mjs:3');
  });

  test('comes back to the same call by its address', async () => {
    const first = await openFile(file);
    await first.page.keyboard.press('3');
    await first.page.keyboard.press('e');
    await first.page.waitForSelector('.details h2');
    const title = await first.page.textContent('.details h2');
    const hash = new URL(first.page.url()).hash;
    const { page } = await openFile(file, { hash });
    await page.waitForSelector('.details h2');
    expect(await page.textContent('.details h2')).toBe(title);
  });
});
