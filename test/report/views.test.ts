import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { change, handit, recordTests } from '../helpers/red-and-green.js';
import { repository, tempProject } from '../helpers/run.js';
import { SHOP } from '../helpers/shop.js';
import { webAddressOf } from '../../src/report/repository.js';

describeInBrowser('the views of a red run', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = tempProject(SHOP);
    const git = (...args: string[]): void => {
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@b.test', '-c', 'commit.gpgsign=false'];
      execFileSync('git', [...who, ...args], { cwd: folder, stdio: 'ignore' });
    };
    git('init', '-b', 'main');
    git('add', '.');
    git('commit', '-m', 'shop');
    git('remote', 'add', 'origin', 'https://token:secret@github.com/ada/shop.git');
    await recordTests(folder, 'green.jsonl');
    change(folder, 'money.mjs', 'value * 100', 'value * 10');
    await recordTests(folder, 'red.jsonl');
    const { stderr, code } = await handit(folder, 'report', 'red.jsonl', '--base', 'green.jsonl', '--all');
    if (code !== 0) throw new Error(stderr);
    file = join(folder, 'handit_report.html');
  });
  afterAll(closeBrowser);

  const press = async (page: Page, ...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };

  test('Compare lays both trees on each other, and steps from difference to difference', async () => {
    const { page, trouble } = await openFile(file);
    await press(page, '7');
    const first = page.locator('.card').first();
    const rows = first.locator('[role=treeitem]');
    expect((await rows.locator('.name').allInnerTexts()).at(-1)).toBe('round');
    expect(await rows.last().innerText()).toMatch(/cause[\s\S]*result\s*29.75\s*2.98/);
    await first.locator('[role=tree]').focus();
    await press(page, ']');
    const selected = await first.locator('[aria-selected=true]').getAttribute('class');
    expect(selected).toMatch(/input|outcome/);
    await press(page, 'End');
    await page.locator('.details h2', { hasText: 'round' }).waitFor();
    expect(trouble).toEqual([]);
  });

  test('a value leads to the first call that returned it, and to all that it passed through', async () => {
    const { page, trouble } = await openFile(file);
    await press(page, '3', '/');
    await page.keyboard.type('fn:total');
    await press(page, 'Enter', 'Escape');
    await page.waitForSelector('.row.hit');
    await press(page, 'h');
    await page.waitForSelector('.details .where');
    await press(page, 'w');
    while ((await page.evaluate(`document.activeElement?.getAttribute('aria-label')`)) !== 'Where does it come from?') {
      await press(page, 'Tab');
    }
    await press(page, 'Enter');
    await page.locator('.origin [role=status]', { hasText: 'calls have it' }).waitFor();
    expect(await page.locator('.origin h2').innerText()).toBe('Where 2.98 comes from');
    const items = await page.locator('.origin li').allInnerTexts();
    expect(items[0].replace(/\s+/g, ' ')).toMatch(/^first returned by round money.mjs:\d+$/);
    expect(items.slice(1).some((text) => /returned by\s+Cart.total/.test(text))).toBe(true);
    await press(page, 'Escape');
    expect(await page.locator('.origin').count()).toBe(0);
    expect(trouble).toEqual([]);
  });

  test('a call opens in editors and on the web at its commit, and is copied as Markdown', async () => {
    const { page } = await openFile(file);
    await press(page, '3', '/');
    await page.keyboard.type('fn:round');
    await press(page, 'Enter', 'Escape');
    await page.waitForSelector('.row.hit');
    await press(page, 'h');
    const link = (text: string): Promise<string | null> =>
      page.locator('.open-in a', { hasText: text }).getAttribute('href');
    await page.waitForSelector('.open-in a');
    const sha = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim();
    expect(await link('VS Code')).toMatch(/^vscode:\/\/file\/.*\/money\.mjs:3:\d+$/);
    expect(await link('WebStorm')).toMatch(/^webstorm:\/\/open\?file=.*money\.mjs&line=3$/);
    expect(await link('GitHub')).toBe(`https://github.com/ada/shop/blob/${sha}/money.mjs#L3`);
    expect(readFileSync(file, 'utf8')).not.toContain('secret');
    await page.evaluate(`Object.defineProperty(navigator, 'clipboard', {
      value: { writeText: async (text) => (document.title = text) },
    })`);
    await press(page, 'm');
    expect(await page.title()).toMatch(/\*\*`round`\*\* money\.mjs:3 - value: `29.75` - outcome: `2.98`/);
  });

  test('a function says who called it and what it called, and each of these leads on', async () => {
    const { page, trouble } = await openFile(file);
    await press(page, '5');
    await page.locator('[role=grid] .row', { hasText: 'Cart.total' }).click();
    const relatives = async (): Promise<string> => (await page.innerText('.relatives')).replace(/\s+/g, ' ');
    expect(await relatives()).toMatch(
      /^called by test\("adds up"\) callback × 1 calls rateOf × 1 Cart.sum × 1 round × 1$/i,
    );
    await page.locator('.relatives button', { hasText: 'round' }).click();
    await page.locator('.bar b', { hasText: 'round' }).waitFor();
    expect(await relatives()).toMatch(/^called by (?=.*Cart.total × 1)(?=.*rounds nothing away)/);
    expect(trouble).toEqual([]);
  });

  test('the source says beside its lines how often a function ran, and how often it failed', async () => {
    const { page } = await openFile(file);
    await press(page, '3', '/');
    await page.keyboard.type('fn:rateOf ret:0.08');
    await press(page, 'Enter', 'Escape');
    await page.waitForSelector('.row.hit');
    await press(page, 'h');
    const line = page.locator('.details .source tr.marked');
    await line.waitFor();
    expect(await line.locator('.counts').innerText()).toBe('3× 1✕');
    expect(await line.locator('.counts span').getAttribute('title')).toBe('called 3 times, 1 failed');
  });

  test('the timeline has lanes by process, with bands of tests, and says the same as a table', async () => {
    const { page, trouble } = await openFile(file);
    await press(page, '4');
    const label = await page.locator('canvas').getAttribute('aria-label');
    const bars = Number(/^(\d+) bars/.exec(label!)![1]);
    await page.locator('button', { hasText: 'as a table' }).click();
    const rows = page.locator('.plain-table tbody tr');
    expect(await rows.count()).toBe(bars);
    const text = await page.innerText('.plain-table');
    for (const name of ['adds up', 'rounds nothing away', 'process', 'cart.test.mjs']) expect(text).toContain(name);
    expect(trouble).toEqual([]);
  });

  test('the address of a call leads to the same call in the report of another run', async () => {
    const first = await openFile(file);
    await press(first.page, '3', '/');
    await first.page.keyboard.type('fn:round test:adds');
    await press(first.page, 'Enter', 'Escape');
    await first.page.waitForSelector('.row.hit');
    await press(first.page, 'h');
    await first.page.waitForSelector('.details h2');
    const hash = new URL(first.page.url()).hash;
    // Lines move, ids and times are others.
    writeFileSync(join(folder, 'money.mjs'), `// a comment\n\n${readFileSync(join(folder, 'money.mjs'), 'utf8')}`);
    await recordTests(folder, 'later.jsonl');
    await handit(folder, 'report', 'later.jsonl', '--all', '-o', 'later.html');
    const { page } = await openFile(join(folder, 'later.html'), { hash });
    await page.waitForSelector('.details h2');
    expect(await page.innerText('.details h2')).toBe('round');
    expect(await page.innerText('.details')).toContain('money.mjs:5');
    expect(await page.innerText('.details .facts-list')).toContain('adds up');
  });

  test('every key of the list does something', async () => {
    const { page } = await openFile(file);
    await press(page, '?');
    const text = await page.innerText('dialog');
    const source = readFileSync(join(repository, 'src/viewer/keys.ts'), 'utf8');
    const acted = [...source.matchAll(/key === '([^']+)'/g)].map(([, key]) => key);
    expect(acted.length).toBeGreaterThan(10);
    for (const key of acted) expect(text).toContain(key === 'Escape' ? 'Esc' : key);
  });
});

test.each([
  ['[remote "origin"]\n\turl = git@github.com:ada/shop.git\n', 'https://github.com/ada/shop'],
  ['[remote "origin"]\n\turl = ssh://git@gitlab.test:2222/a/b/c.git\n', 'https://gitlab.test/a/b/c'],
  [
    '[remote "x"]\n\turl = https://u:p@h.test/a/b\n[remote "origin"]\n\turl = https://t@github.com/a/c\n',
    'https://github.com/a/c',
  ],
  ['[remote "origin"]\n\turl = /srv/git/shop.git\n', undefined],
  ['[remote "origin"]\n\turl = https://github.com/a/b"onclick=x\n', undefined],
  ['[core]\n\tbare = false\n', undefined],
])('the web address in %j', (config, url) => {
  expect(webAddressOf(config)).toBe(url);
});
