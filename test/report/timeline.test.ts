import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { closeBrowser, describeInBrowser, openFile } from '../helpers/browser.js';
import { handit } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';

const FILES = {
  'package.json': '{"type":"module"}',
  // Three siblings that wait for each other overlap for certain.
  'siblings.mjs': `
let arrived = 0;
let open;
const gate = new Promise((done) => (open = done));
async function meet() {
  if (++arrived === 3) open();
  await gate;
}
async function first() { await meet(); }
async function second() { await meet(); }
async function third() { await meet(); }
async function together() { await Promise.all([first(), second(), third()]); }
function after() { return 1; }
async function main() {
  await together();
  after();
}
main();
`,
  'threads.mjs': `
import { Worker } from 'node:worker_threads';
function start(n) { return new Promise((done) => new Worker('./worker.mjs', { workerData: n }).on('exit', done)); }
async function main() { await Promise.all([1, 2].map(start)); }
main();
`,
  'worker.mjs': `
import { workerData } from 'node:worker_threads';
function inWorker(n) { return square(n); }
function square(n) { return n * n; }
inWorker(workerData);
`,
};

/** A row of the table that says the same as the chart. */
interface Row {
  readonly what: string;
  readonly group: string;
  readonly lane: number;
}

describeInBrowser('the timeline', () => {
  let folder: string;
  beforeAll(() => {
    folder = tempProject(FILES);
  });
  afterAll(closeBrowser);

  const reportOf = async (program: string): Promise<string> => {
    const [trace, report] = [`${program}.jsonl`, `${program}.html`];
    const { code, stderr } = await runNode(process.execPath, ['--import', join(repository, 'register.mjs'), program], {
      cwd: folder,
      env: { HANDIT_OUTPUT_FILE: join(folder, trace) },
    });
    if (code !== 0) throw new Error(stderr);
    await handit(folder, 'report', trace, '--all', '-o', report);
    return join(folder, report);
  };

  const rowsOf = async (page: Page): Promise<Row[]> => {
    await page.keyboard.press('4');
    await page.locator('button', { hasText: 'as a table' }).click();
    const texts = await page.evaluate<string[][]>(
      `[...document.querySelectorAll('.plain-table tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))`,
    );
    return texts.map(([, , what, , lane]) => {
      const [, group, row] = /^(.*), (\d+)$/.exec(lane)!;
      return { what, group, lane: Number(row) };
    });
  };

  test('puts siblings that overlap in lanes of their own, and a call after them back in the first', async () => {
    const { page, trouble } = await openFile(await reportOf('siblings.mjs'));
    const rows = await rowsOf(page);
    const laneOf = (name: string): number => {
      const found = rows.filter(({ what }) => what === name);
      expect(found).toHaveLength(1);
      return found[0].lane;
    };
    const main = laneOf('main');
    const siblings = ['first', 'second', 'third'].map(laneOf);
    expect(laneOf('together')).toBe(main + 1);
    expect(siblings[0]).toBe(main + 2);
    expect(new Set(siblings).size).toBe(3);
    expect(laneOf('after')).toBe(main + 1);
    expect(trouble).toEqual([]);
  });

  test('has a group for each worker thread, with the calls of that thread only', async () => {
    const { page } = await openFile(await reportOf('threads.mjs'));
    const rows = await rowsOf(page);
    const groups = [...new Set(rows.map(({ group }) => group))];
    expect(groups.map((group) => group.replace(/\d+.*/, '').trim())).toEqual(['process', 'worker', 'worker']);
    const of = (group: string): string[] => rows.filter((row) => row.group === group).map(({ what }) => what);
    expect(of(groups[0])).toContain('main');
    expect(of(groups[0])).not.toContain('inWorker');
    for (const worker of groups.slice(1)) expect(of(worker)).toEqual(['inWorker', 'square']);
  });

  test('draws as wide as what is above it', async () => {
    const { page } = await openFile(await reportOf('threads.mjs'));
    await page.keyboard.press('4');
    await page.locator('canvas').waitFor();
    const width = (selector: string): Promise<number> =>
      page.evaluate<number>(`document.querySelector('${selector}').getBoundingClientRect().width`);
    expect(await width('canvas')).toBe(await width('.view .bar'));
  });
});
