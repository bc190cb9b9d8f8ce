import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { handit } from '../helpers/red-and-green.js';
import { redShop } from '../helpers/shop.js';
import { startFirefox, type Firefox } from '../helpers/firefox.js';

const path = ['/usr/bin/firefox-esr', '/usr/bin/firefox', process.env.FIREFOX_PATH].find(
  (one) => one && existsSync(one),
);
const describeInFirefox = path === undefined ? describe.skip : describe;
if (path === undefined) {
  process.stderr.write('NO FIREFOX: the report is tested in Chromium only; install firefox-esr, or set FIREFOX_PATH\n');
}

describeInFirefox('the report in Firefox', () => {
  let firefox: Firefox;
  let url: string;
  beforeAll(async () => {
    const folder = await redShop();
    await handit(folder, 'report', 'red.jsonl', '--base', 'green.jsonl', '--all');
    url = pathToFileURL(join(folder, 'handit_report.html')).href;
    firefox = await startFirefox(path!);
  }, 120_000);
  afterAll(() => firefox?.stop());

  test('has the verdict, every view, the values of a call and its source, and no error', async () => {
    await firefox.open(url);
    await firefox.until(`document.documentElement.classList.contains('ready')`);
    expect(await firefox.evaluate(`document.querySelector('h1').textContent`)).toBe('2 of 3 tests failed');
    for (const [key, selector] of Object.entries({
      ...{ 2: '[role=option]', 3: '[role=treeitem]', 4: 'canvas', 5: '[role=row] .name' },
      ...{ 7: '.difference-tree [role=treeitem]', 8: '.about' },
    })) {
      await firefox.press(key);
      await firefox.until(`document.querySelector('${selector}')`);
    }
    await firefox.press('3', '/', ...'fn:round', '\uE007', '\uE00C');
    await firefox.until(`document.querySelector('.row.hit')`);
    await firefox.press('h');
    await firefox.until(`/→ 2.98/.test(document.querySelector('.details .beside')?.closest('table').textContent)`);
    expect(await firefox.evaluate(`document.querySelector('.details h2').textContent`)).toBe('round');
    expect(firefox.errors).toEqual([]);
  }, 120_000);
});
