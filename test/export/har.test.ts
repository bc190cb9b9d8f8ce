import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSpec } from 'har-to-openapi';
import { chromium } from 'playwright-core';
import type { BodyPreview } from '../../src/trace-format.js';
import { chromiumPath, describeInBrowser } from '../helpers/browser.js';
import { exported, keyOf, recordApp, type Recorded } from '../helpers/exported.js';
import { handit } from '../helpers/red-and-green.js';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- it has no types
const validator = require('har-validator') as { har(data: unknown): Promise<unknown> };

interface Entry {
  startedDateTime: string;
  time: number;
  request: { method: string; url: string; queryString: object[]; headers: object[]; postData?: { text: string } };
  response: { status: number; content: { text?: string; size: number; mimeType: string } };
  timings: Record<string, number>;
  _handit: string;
  _error?: string;
}

let app: Recorded;
let log: { pages: object[]; entries: Entry[] };

beforeAll(async () => {
  app = await recordApp();
  log = (JSON.parse(await exported(app.folder, '--to', 'har', '--values')) as { log: typeof log }).log;
});

test('it is a valid archive, also when it is empty, without values and of the other side', async () => {
  const texts = [
    await exported(app.folder, '--to', 'har'),
    await exported(app.folder, '--to', 'har', '--values', '--side', 'server'),
    await exported(app.folder, '--to', 'har', '--proc', app.tests[0].proc),
    JSON.stringify({ log }),
  ];
  for (const text of texts) await validator.har(JSON.parse(text));
  expect(texts.map((text) => (JSON.parse(text) as { log: typeof log }).log.entries.length)).toEqual([3, 2, 0, 3]);
  await expect(validator.har({ log: { ...log, entries: [{}] } })).rejects.toThrow();
  expect(texts[0]).not.toContain('needle');
});

test('entries say what the trace says', () => {
  const clients = app.requests.filter(({ side }) => side === 'client');
  expect(log.entries.map(({ _handit }) => _handit)).toEqual(clients.map(keyOf));
  log.entries.forEach((entry, i) => {
    const { method, url, t0_ns } = clients[i];
    const end = app.ends.get(keyOf(clients[i]))! as { dt_ns: number; status?: number; response_body?: BodyPreview };
    expect(entry.request).toMatchObject({ method, url });
    expect(Math.abs(Date.parse(entry.startedDateTime) - t0_ns / 1e6)).toBeLessThan(1);
    expect(entry.time).toBe(end.dt_ns / 1e6);
    const known = ['send', 'wait', 'receive'].map((name) => entry.timings[name]).filter((ms) => ms >= 0);
    expect(known.reduce((sum, ms) => sum + ms)).toBeCloseTo(entry.time, 6);
    expect(entry.response.status).toBe(end.status ?? 0);
    if (end.response_body) expect(JSON.parse(entry.response.content.text!)).toEqual(end.response_body.json);
  });
  const [cart, , closed] = log.entries;
  expect(cart.request.queryString).toEqual([
    { name: 'x', value: '1' },
    { name: 'y', value: 'two' },
  ]);
  expect(JSON.parse(cart.request.postData!.text)).toEqual({ sent: 'needle-sent' });
  expect(closed._error).toMatch(/.+/);
});

test('where all exchanges are at the other side, it says so', async () => {
  const { stderr } = await handit(app.folder, 'export', '--run', 'all', '--to', 'har', '--side', 'both');
  expect(stderr).toBe('handit: --side is "both"; allowed: client, server\n');
});

test('har-to-openapi imports it', async () => {
  const { spec } = await generateSpec({ log } as never, { forceAllRequestsInSameSpec: true });
  expect(Object.keys((spec as { paths: object }).paths).sort()).toEqual(['/cart', '/closed', '/missing']);
});

describeInBrowser('a browser that plays it', () => {
  test('gives the recorded answers', async () => {
    await exported(app.folder, '--to', 'har', '--values');
    copyFileSync(join(app.folder, 'out'), join(app.folder, 'out.har'));
    const browser = await chromium.launch({
      executablePath: chromiumPath,
      args: ['--no-sandbox', '--disable-web-security'],
    });
    try {
      const context = await browser.newContext();
      await context.routeFromHAR(join(app.folder, 'out.har'), { notFound: 'abort' });
      const page = await context.newPage();
      await page.goto('data:text/html,');
      // Nothing listens there any more.
      const got = await page.evaluate(async (url) => {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(url, { method: 'POST', headers, body: '{"sent":"needle-sent"}' });
        return [response.status, await response.text()];
      }, log.entries[0].request.url);
      expect(got).toEqual([200, '{"got":"needle-body"}']);
    } finally {
      await browser.close();
    }
  });
});
