import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Debian's, Ubuntu's and what else a machine may have. */
const PLACES = [
  process.env.CHROMIUM_PATH,
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'],
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export const chromiumPath = PLACES.find((path) => path !== undefined && existsSync(path));

/** Tests of what a browser shows: without one they are skipped, and say so. */
export const describeInBrowser: typeof describe = chromiumPath === undefined ? describe.skip : describe;
if (chromiumPath === undefined) {
  process.stderr.write('NO CHROMIUM: the report is not tested in a browser; install chromium, or set CHROMIUM_PATH\n');
}

let browser: Promise<Browser> | undefined;

export interface Opened {
  readonly page: Page;
  /** Errors, warnings and violations of the policy that the page told of, and requests that it made. */
  readonly trouble: string[];
}

export interface OpenOptions extends BrowserContextOptions {
  readonly hash?: string;
  /** Until the trace is read; not where the page has none. */
  readonly wait?: boolean;
  /** As a server sends it, with this policy beside the page's own. */
  readonly policy?: string;
}

/** Opens a file in a page without a network. */
export async function openFile(path: string, options: OpenOptions = {}): Promise<Opened> {
  browser ??= chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  const { hash = '', wait = options.javaScriptEnabled !== false, policy, ...rest } = options;
  const context = await (
    await browser
  ).newContext({
    viewport: { width: 1440, height: 900 },
    offline: true,
    reducedMotion: 'reduce',
    ...rest,
  });
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('console', (message) => trouble.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    // A blob is made by the page: its own script, for the other thread.
    const isOwn = [pathToFileURL(path).href, 'http://reports.test/report.html', 'blob:'].some((start) =>
      request.url().startsWith(start),
    );
    if (!isOwn) trouble.push(`request: ${request.url().slice(0, 200)}`);
  });
  const url = policy === undefined ? pathToFileURL(path).href : 'http://reports.test/report.html';
  if (policy !== undefined) {
    const headers = { 'content-security-policy': policy, 'content-type': 'text/html' };
    await page.route(url, (route) => route.fulfill({ body: readFileSync(path), headers }));
  }
  await page.goto(`${url}${hash}`);
  if (wait) await page.waitForSelector('html.ready', { timeout: 45_000 });
  return { page, trouble };
}

/** What axe finds in the page as it is now, which was opened with `bypassCSP`. */
export async function violationsIn(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) {
    await page.addScriptTag({ content: readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8') });
  }
  return page.evaluate<string[]>(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`))',
  );
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
