import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { change, handit } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const FILES = {
  'package.json': '{"jest":{"transform":{},"testEnvironment":"node"}}',
  'price.js': `
exports.discount = function discount(customer) {
  return customer.orders >= 10 ? 0.1 : 0;
};
exports.priceOf = function priceOf(customer, items) {
  const sum = items.reduce((all, item) => all + item.price, 0);
  return sum * (1 - exports.discount(customer));
};
`,
  'price.test.js': `
const { priceOf } = require('./price.js');
test('a new customer pays the price', () => { expect(priceOf({ orders: 0 }, [{ price: 20 }, { price: 5 }])).toBe(25); });
test('the tenth order is cheaper', () => { expect(priceOf({ orders: 10 }, [{ price: 20 }])).toBe(18); });
`,
};

describeInBrowser('a red run of jest', () => {
  afterAll(closeBrowser);

  test('leads by keyboard alone from the file to the line of the culprit and its value', async () => {
    const folder = tempProject(FILES);
    const run = async (trace: string): Promise<void> => {
      const jest = join(repository, 'node_modules/jest/bin/jest.js');
      await runNode(process.execPath, ['--require', join(repository, 'dist/register.cjs'), jest, '-i', '--ci'], {
        cwd: folder,
        env: { HANDIT_OUTPUT_FILE: join(folder, trace) },
      });
    };
    await run('green.jsonl');
    change(folder, 'price.js', '>= 10', '> 10');
    await run('red.jsonl');
    const { stderr, code } = await handit(folder, 'report', 'red.jsonl', '--base', 'green.jsonl');
    if (code !== 0) throw new Error(stderr);

    const { page, trouble } = await openFile(join(folder, 'handit_report.html'));
    expect(await page.textContent('h1')).toBe('1 of 2 tests failed');
    const focused = (): Promise<string> => page.evaluate<string>('document.activeElement?.textContent ?? ""');
    for (let steps = 0; steps < 40 && (await focused()) !== 'discount'; steps++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const details = page.locator('.details');
    await details.locator('.beside', { hasText: '→ 0' }).waitFor();
    expect(await details.locator('h2').first().textContent()).toBe('discount');
    const source = await details.locator('.source').innerText();
    expect(source).toContain('return customer.orders > 10 ? 0.1 : 0;');
    expect(source).toContain('customer = {orders: 10}');
    expect(trouble).toEqual([]);
    expect(readFileSync(join(folder, 'handit_report.html')).length).toBeLessThan(1e6);
  });
});
