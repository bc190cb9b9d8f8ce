import { join } from 'node:path';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { handit } from '../helpers/red-and-green.js';
import { tempProject } from '../helpers/run.js';
import type { Page } from 'playwright-core';

const proc = '5f0c9a1e';

/** Two calls in a test, one in a session of an agent, two exchanges. */
function trace(): string {
  const call = { type: 'call', proc, parent: null, file: 'src/cart.js', line: 1, column: 1, kind: 'function' };
  const end = { type: 'return', proc, t1_ns: 9 };
  const client = { type: 'http_request', proc, parent: 1, side: 'client', client: 'fetch', method: 'GET', headers: {} };
  const response = { type: 'http_response', proc, headers: {}, bytes_in: 0, bytes_out: 0 };
  const lines = [
    {
      type: 'process_start',
      proc,
      ts_ns: 1,
      schema: 1,
      handit: '0',
      node: 'v24',
      pid: 1,
      ppid: 0,
      tid: 0,
      argv: [],
      cwd: '/',
    },
    {
      ...call,
      id: 1,
      func: 'total',
      t0_ns: 2,
      args_preview: { customer: 'Ada Lovelace' },
      test: 'adds up',
      test_id: 1,
    },
    { ...client, id: 2, url: 'http://shop.test/rates', t0_ns: 3, test: 'adds up', test_id: 1 },
    { ...response, id: 2, t1_ns: 4, dt_ns: 1, status: 200 },
    { ...client, id: 3, url: 'http://shop.test/gone', t0_ns: 5, test: 'adds up', test_id: 1 },
    { ...response, id: 3, t1_ns: 6, dt_ns: 1, status: 404 },
    { ...end, id: 1, func: 'total', dt_ns: 20_000_000, return_preview: { sum: 29.75 } },
    {
      ...call,
      id: 4,
      func: 'round',
      file: 'src/money.js',
      t0_ns: 10,
      args_preview: { value: 7 },
      test: 'adds up',
      test_id: 1,
    },
    {
      type: 'exception',
      proc,
      id: 4,
      func: 'round',
      t1_ns: 11,
      dt_ns: 1,
      error: { name: 'RangeError', message: 'too many digits' },
    },
    {
      type: 'test_end',
      proc,
      test: 'adds up',
      test_id: 1,
      file: 'a.test.js',
      titles: ['adds up'],
      outcome: 'passed',
      t1_ns: 12,
      dt_ns: 10,
    },
    { type: 'session_start', proc, session_id: 's1', tag: 'Checkout', t0_ns: 13 },
    { ...call, id: 5, func: 'plan', t0_ns: 14, args_preview: { goal: 'pay' }, session_id: 's1', agent: 'Planner' },
    { ...end, id: 5, func: 'plan', dt_ns: 2, return_preview: null },
  ];
  return lines.map((line) => JSON.stringify(line)).join('\n');
}

/** What each search finds, by name of function or path of URL. */
const FOUND: readonly (readonly [query: string, names: readonly string[]])[] = [
  ['fn:tot', ['total']],
  ['-fn:tot', ['/rates', '/gone', 'round', 'plan']],
  ['file:money', ['round']],
  ['arg:lovelace', ['total']],
  ['arg:"ada love"', ['total']],
  ['-arg:lovelace fn:o', ['round']],
  ['ret:29.75', ['total']],
  ['err:', ['/gone', 'round']],
  ['err:digits', ['round']],
  ['-err: fn:l', ['total', 'plan']],
  ['status:404', ['/gone']],
  ['status:2xx', ['/rates']],
  ['dur:>10ms', ['total']],
  ['dur:<10ms fn:n', ['round', 'plan']],
  ['test:adds', ['total', '/rates', '/gone', 'round']],
  ['-test:adds', ['plan']],
  ['session:checkout', ['plan']],
  ['agent:planner', ['plan']],
  ['lovelace', ['total']],
  ['shop.test', ['/rates', '/gone']],
  ['fn:round err:digits', ['round']],
  ['fn:round err:other', []],
];

async function search(page: Page, query: string): Promise<string[]> {
  await page.keyboard.press('/');
  await page.locator('.top input').fill(query);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.locator('.found', { hasText: /^[\d,]+[^\d,…]/ }).waitFor();
  const rows = await page.locator('.row.hit .name').allInnerTexts();
  return rows.map((text) => (text.startsWith('GET') ? text.slice(text.lastIndexOf('/')) : text));
}

describeInBrowser('the search', () => {
  let file: string;
  beforeAll(async () => {
    const folder = tempProject({ 't.jsonl': trace() });
    const { stderr, code } = await handit(folder, 'report', 't.jsonl', '--all');
    if (code !== 0) throw new Error(stderr);
    file = join(folder, 'handit_report.html');
  });
  afterAll(closeBrowser);

  test('finds by each of its terms, alone, together and negated', async () => {
    const { page, trouble } = await openFile(file);
    await page.keyboard.press('3');
    const found: [string, string[]][] = [];
    for (const [query] of FOUND) found.push([query, await search(page, query)]);
    expect(found).toEqual(FOUND);
    expect(trouble).toEqual([]);
  });

  test('shows each term as a chip that takes it away', async () => {
    const { page } = await openFile(file);
    await page.keyboard.press('3');
    await search(page, 'test:adds -fn:total');
    expect(await page.locator('.chip').allInnerTexts()).toEqual(['test:adds ✕', '-fn:total ✕']);
    await page.locator('.chip').last().click();
    expect(await page.locator('.chip').allInnerTexts()).toEqual(['test:adds ✕']);
    await page.locator('.found', { hasText: /^4[^\d…]/ }).waitFor();
    expect(await page.locator('.row.hit').count()).toBe(4);
  });
});
