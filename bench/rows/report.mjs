// What the report costs in a browser: its size, how soon it can be used, what it holds, how smooth it is.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { cleanEnv } from '../lib/bench.mjs';
import { cell, find, table } from '../lib/results.mjs';
import { median } from '../lib/stats.mjs';
import { register } from '../lib/tools.mjs';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const BROWSER = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const [VIEWER, EMPTY, RED] = ['viewer', 'an empty page', 'red run of 1,000 tests'];
const [LARGE, HUGE] = ['250 MB, everything', '1 GB, dropped'];
const PAINTS = 7;

export const report = {
  name: 'report',
  onEveryNode: false,
  async measure(bench) {
    const viewer = gzipSync(readFileSync(join(dist, 'viewer.html')), { level: 9 }).length / 1e3;
    const results = [result(VIEWER, { kilobytes: viewer })];
    if (!existsSync(BROWSER)) return [...results, { ...result(LARGE, {}), problem: 'no browser' }];
    const { chromium } = await import('playwright-core');
    const { empty, red } = await withBrowser(chromium, (browser) => redRun(bench, browser));
    results.push(result(EMPTY, empty), result(RED, red));
    results.push(result(LARGE, await withBrowser(chromium, (browser) => large(bench, browser))));
    results.push(result(HUGE, await withBrowser(chromium, (browser) => dropped(bench, browser))));
    return results;
  },
  render(results) {
    return table(
      [
        '',
        'size',
        'painted',
        'ready',
        'all views',
        'search of values',
        'held at most',
        'frame (p95)',
        'slowest key',
        '`JSON.parse` of each line',
      ],
      results.map((one) => [
        one.case,
        cell(one, ({ kilobytes }) => kilobytes, 'kB'),
        ...['painted', 'ready', 'views', 'search'].map((name) => cell(one, ({ [name]: values }) => values, 'ms')),
        cell(one, ({ megabytes }) => megabytes, 'MB'),
        ...['frame', 'key', 'parse'].map((name) => cell(one, ({ [name]: values }) => values, 'ms')),
      ]),
    );
  },
  budgets: [
    { title: 'the viewer, gzipped', most: 60, unit: 'kB', of: (all) => values(all, VIEWER, 'kilobytes') },
    { title: `report of a ${RED}`, most: 1000, unit: 'kB', of: (all) => values(all, RED, 'kilobytes') },
    { title: 'the same painted, without scripts', most: 200, unit: 'ms', of: (all) => values(all, RED, 'painted') },
    { title: `report of ${LARGE}`, most: 30_000, unit: 'kB', of: (all) => values(all, LARGE, 'kilobytes') },
    { title: 'the same, ready for use', most: 1000, unit: 'ms', of: (all) => values(all, LARGE, 'ready') },
    { title: 'the same, every view complete', most: 5000, unit: 'ms', of: (all) => values(all, LARGE, 'views') },
    { title: 'the same, memory of the page', most: 350, unit: 'MB', of: (all) => values(all, LARGE, 'megabytes') },
    {
      title: 'p95 of a frame while zooming and scrolling',
      most: 16,
      unit: 'ms',
      of: (all) => values(all, LARGE, 'frame'),
    },
    { title: 'the slowest key', most: 100, unit: 'ms', of: (all) => values(all, LARGE, 'key') },
    { title: `${HUGE}, ready for use`, most: 15_000, unit: 'ms', of: (all) => values(all, HUGE, 'ready') },
    { title: 'the same, memory of the page', most: 500, unit: 'MB', of: (all) => values(all, HUGE, 'megabytes') },
  ],
};

function values(results, title, name) {
  return find(results, title, 'bare')?.values[name];
}

function result(title, measured) {
  const lists = Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, [value]]));
  return { case: title, tool: 'bare', values: lists };
}

/** Each in a browser of its own, so that memory is of one page. A person's browser is open already. */
async function withBrowser(chromium, measure) {
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(dist, 'viewer.html')).href);
    await page.screenshot();
    await page.close();
    return await measure(browser);
  } finally {
    await browser.close();
  }
}

function run(args, options) {
  const { status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options,
  });
  return { status, stderr };
}

function write(trace, target, ...options) {
  const { status, stderr } = run([join(dist, 'cli.cjs'), 'report', trace, '-o', target, ...options]);
  if (status !== 0) throw new Error(`the report could not be written: ${stderr}`);
  return statSync(target).size / 1e3;
}

async function redRun(bench, browser) {
  const folder = join(bench.project, 'node_modules/suite');
  run([join(bench.project, 'make-suite.js'), folder, String(bench.size(1000, 40))], {
    env: { ...cleanEnv(), BENCH_RESULT: '' },
  });
  const trace = join(folder, 'red.jsonl');
  run(['--import', pathToFileURL(register.import).href, '--test', '--test-reporter=dot'], {
    cwd: folder,
    env: { ...cleanEnv(), HANDIT_OUTPUT_FILE: trace },
  });
  const target = join(folder, 'report.html');
  const kilobytes = write(trace, target);
  const page = await browser.newPage({ javaScriptEnabled: false, viewport: { width: 1440, height: 900 } });
  const blank = join(folder, 'empty.html');
  writeFileSync(blank, '<!doctype html><p>empty');
  // One after the other, for a browser that has other things to do paints no page soon. Its first page waits for it.
  const times = { [blank]: [], [target]: [] };
  for (let turn = 0; turn <= PAINTS; turn++) {
    for (const file of [blank, target]) {
      await page.goto(pathToFileURL(file).href);
      await page.screenshot();
      const painted = await page.evaluate(`performance.getEntriesByType('paint').at(-1)?.startTime`);
      if (painted === undefined) throw new Error('the browser does not say when it painted');
      if (turn > 0) times[file].push(painted);
    }
  }
  const text = await page.innerText('main');
  if (!/tests failed/.test(text)) throw new Error('the verdict is not there without scripts');
  return { empty: { painted: median(times[blank]) }, red: { kilobytes, painted: median(times[target]) } };
}

async function makeTrace(bench, name, megabytes) {
  const file = join(bench.project, 'node_modules', `${name}.jsonl`);
  const { problem } = await bench.run({ tool: 'bare', args: ['make-trace.js', String(megabytes), file, '60'] });
  if (problem) throw new Error(`the trace could not be made: ${problem}`);
  return file;
}

/** Before and after what it is held against, and by the same clock: others may use the machine. */
async function withParse(bench, file, measure) {
  const parse = async () => (await bench.run({ tool: 'bare', args: ['read-trace.js', 'parse', file] })).values.wall;
  const before = await parse();
  const measured = await measure();
  return { ...measured, parse: median([before, await parse()]) };
}

async function large(bench, browser) {
  const file = await makeTrace(bench, 'report-250', bench.size(250, 4));
  return withParse(bench, file, () => openLarge(file, browser));
}

async function openLarge(file, browser) {
  const target = `${file}.html`;
  const kilobytes = write(file, target, '--all');
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(WATCH);
  await page.goto(pathToFileURL(target).href);
  const ready = await readyAt(page);
  const views = ready + (await openViews(page));
  const frame = await frames(page);
  const search = await searchTime(page);
  const key = await page.evaluate('Math.max(0, ...watched.keys)');
  return { kilobytes, ready, views, search, frame, key, megabytes: await held(browser) };
}

async function dropped(bench, browser) {
  const file = await makeTrace(bench, 'report-1000', bench.size(1000, 4));
  return withParse(bench, file, () => drop(file, browser));
}

async function drop(file, browser) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(WATCH);
  await page.goto(pathToFileURL(join(dist, 'viewer.html')).href);
  await page.evaluate('watched.from = performance.now()');
  await page.setInputFiles('input[type=file]', file);
  const ready = await readyAt(page);
  await page.keyboard.press('3');
  await page.waitForSelector('[role=treeitem] .args');
  return { ready, megabytes: await held(browser) };
}

/** When the page was ready, and from each key to what was painted next. */
const WATCH = `
  globalThis.watched = { keys: [], from: 0, ready: 0 };
  new MutationObserver(() => {
    if (!document.documentElement.classList.contains('ready')) return;
    watched.ready ||= performance.now();
  }).observe(document, { attributes: true, subtree: true, attributeFilter: ['class'] });
  new PerformanceObserver((list) => {
    for (const { name, duration } of list.getEntries()) if (name === 'keydown') watched.keys.push(duration);
  }).observe({ type: 'event', durationThreshold: 16 });
`;

async function readyAt(page) {
  await page.waitForSelector('html.ready', { timeout: 120_000 });
  return page.evaluate('watched.ready - watched.from');
}

/** Every view with all that is in it, one after the other, by keys. */
async function openViews(page) {
  const from = Date.now();
  const views = { 2: '[role=option]', 3: '[role=treeitem] .args', 4: 'canvas', 5: '[role=row] .name', 8: '.about' };
  for (const [key, selector] of Object.entries(views)) {
    await page.keyboard.press(key);
    await page.locator(selector).first().waitFor();
  }
  const took = Date.now() - from;
  await page.keyboard.press('3');
  for (const key of ['e', 'n', 'f', 't', ...Array(20).fill('ArrowDown'), 'Home', 'End', 'd', '?']) {
    await page.keyboard.press(key);
  }
  await page.keyboard.press('Escape');
  return took;
}

/** While the timeline is zoomed and the tree scrolled: what the page works for one frame, up to its layout. */
async function frames(page) {
  const measure = (selector, step) => `(async () => {
    const target = document.querySelector('${selector}');
    const times = [];
    for (let turn = 0; turn < 120; turn++) {
      await new Promise(requestAnimationFrame);
      const from = performance.now();
      (${step})(target, turn);
      for (let turns = 0; turns < 3; turns++) await null;
      document.body.getBoundingClientRect();
      times.push(performance.now() - from);
    }
    return times;
  })()`;
  const zoom = `(canvas, turn) => canvas.dispatchEvent(new WheelEvent('wheel',
    { deltaY: turn % 40 < 20 ? -100 : 100, clientX: 700, clientY: 300, bubbles: true, cancelable: true }))`;
  const scroll = `(list) => { list.scrollTop += 400; list.dispatchEvent(new Event('scroll')); }`;
  await page.keyboard.press('4');
  await page.waitForSelector('canvas');
  const zoomed = await page.evaluate(measure('canvas', zoom));
  await page.keyboard.press('3');
  await page.waitForSelector('.list');
  const sorted = [...zoomed, ...(await page.evaluate(measure('.list', scroll)))].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)];
}

/** A word that is in the values of one call, at the end. */
async function searchTime(page) {
  await page.keyboard.press('/');
  await page.keyboard.type('ret:nowhere-to-be-found');
  const from = Date.now();
  await page.keyboard.press('Enter');
  await page.locator('.found', { hasText: /^0[^\d,…]/ }).waitFor({ timeout: 120_000 });
  return Date.now() - from;
}

/** Of the largest process that draws a page, at its most. */
async function held(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024);
  return Math.max(...sizes);
}
