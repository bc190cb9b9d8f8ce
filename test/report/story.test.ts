import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { installed } from '../helpers/installed.js';
import { change, handit } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

/** A suite that is green until one of its functions is broken. */
interface Story {
  readonly runner: string;
  /** A folder with the suite; undefined where its runner cannot be had. */
  readonly make: () => Promise<string | undefined>;
  readonly command: readonly string[];
  readonly broken: { readonly file: string; readonly from: string; readonly to: string };
  readonly headline: string;
  readonly culprit: string;
  /** What must be in its source, and beside it. */
  readonly source: readonly string[];
  readonly result: string;
}

const modules = join(repository, 'node_modules');

const PRICES = {
  js: `
exports.discount = function discount(customer) {
  return customer.orders >= 10 ? 0.1 : 0;
};
exports.priceOf = function priceOf(customer, items) {
  const sum = items.reduce((all, item) => all + item.price, 0);
  return sum * (1 - exports.discount(customer));
};
`,
  ts: `
interface Customer { readonly orders: number }
export function discount(customer: Customer): number {
  return customer.orders >= 10 ? 0.1 : 0;
}
export function priceOf(customer: Customer, items: readonly { price: number }[]): number {
  const sum = items.reduce((all, item) => all + item.price, 0);
  return sum * (1 - discount(customer));
}
`,
  test: `
test('a new customer pays the price', () => { expect(priceOf({ orders: 0 }, [{ price: 20 }, { price: 5 }])).toBe(25); });
test('the tenth order is cheaper', () => { expect(priceOf({ orders: 10 }, [{ price: 20 }])).toBe(18); });
`,
};

const OF_PRICES = {
  headline: '1 of 2 tests failed',
  culprit: 'discount',
  source: ['return customer.orders > 10 ? 0.1 : 0;', 'customer = {orders: 10}'],
  result: '→ 0',
};

const stories: Story[] = [
  {
    runner: 'jest',
    make: () =>
      Promise.resolve(
        tempProject({
          'package.json': '{"jest":{"transform":{},"testEnvironment":"node"}}',
          'price.js': PRICES.js,
          'price.test.js': `const { priceOf } = require('./price.js');${PRICES.test}`,
        }),
      ),
    command: [join(modules, 'jest/bin/jest.js'), '-i', '--ci'],
    broken: { file: 'price.js', from: '>= 10', to: '> 10' },
    ...OF_PRICES,
  },
  {
    runner: 'vitest',
    async make() {
      const tools = await installed('story', '{"private":true,"dependencies":{"vitest":"4.1.12"}}').catch(
        (error: Error) => {
          process.stderr.write(`NO VITEST: its story is not told (${error.message})\n`);
        },
      );
      if (!tools) return undefined;
      const folder = tempProject({
        'package.json': '{"type":"module"}',
        'price.ts': PRICES.ts,
        'price.test.ts': `import { expect, test } from 'vitest';\nimport { priceOf } from './price.js';${PRICES.test}`,
      });
      symlinkSync(join(tools, 'node_modules'), join(folder, 'node_modules'), 'junction');
      return folder;
    },
    command: ['node_modules/vitest/vitest.mjs', 'run'],
    broken: { file: 'price.ts', from: '>= 10', to: '> 10' },
    ...OF_PRICES,
  },
  {
    runner: 'node:test in a package of the registry, avvio',
    make() {
      const folder = tempProject({});
      cpSync(join(modules, 'avvio'), folder, { recursive: true, dereference: true });
      rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
      symlinkSync(modules, join(folder, 'node_modules'), 'junction');
      return Promise.resolve(folder);
    },
    command: ['--test', '--test-reporter=dot', 'test/plugin-name.test.js', 'test/to-json.test.js'],
    broken: { file: 'lib/get-plugin-name.js', from: 'return options.name', to: 'return `${options.name}!`' },
    headline: '2 of 9 tests failed',
    culprit: 'getPluginName',
    source: ['return `${options.name}!`', 'options = {name: "test registration options name"}'],
    result: '→ "test registration options name!"',
  },
];

describeInBrowser.each(stories)('a red run of $runner', ({ make, command, broken, ...expected }) => {
  afterAll(closeBrowser);

  test('leads by keyboard alone from the file to the line of the culprit and its value', async () => {
    const folder = await make();
    if (folder === undefined) return;
    const run = async (trace: string): Promise<void> => {
      const register = `--require ${join(repository, 'dist/register.cjs')}`;
      const env = { NODE_OPTIONS: register, HANDIT_OUTPUT_FILE: join(folder, trace) };
      await runNode(process.execPath, [...command], { cwd: folder, env });
    };
    await run('green.jsonl');
    change(folder, broken.file, broken.from, broken.to);
    await run('red.jsonl');
    const { stderr, code } = await handit(folder, 'report', 'red.jsonl', '--base', 'green.jsonl');
    if (code !== 0) throw new Error(stderr);

    const { page, trouble } = await openFile(join(folder, 'handit_report.html'));
    expect(await page.textContent('h1')).toBe(expected.headline);
    const focused = (): Promise<string> => page.evaluate<string>('document.activeElement?.textContent ?? ""');
    for (let steps = 0; steps < 40 && (await focused()) !== expected.culprit; steps++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const details = page.locator('.details');
    await details.locator('.beside', { hasText: expected.result }).waitFor();
    expect(await details.locator('h2').first().textContent()).toBe(expected.culprit);
    const source = await details.locator('.source').innerText();
    for (const text of expected.source) expect(source).toContain(text);
    expect(trouble).toEqual([]);
    expect(readFileSync(join(folder, 'handit_report.html')).length).toBeLessThan(1e6);
  }, 150_000);
});
