// Draws the pictures of the README, each from a trace that it records first: node scripts/pictures.mjs
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const app = join(root, 'fixtures/apps/order-service');

/** The calls of one refused order: an exchange, and an error on its way up. */
const FROM = /^OrderService\.place\(order: \{ id: 3,/;
const TO = /^isDomainError\(/;

/** What the order service leaves in a trace, as `handit print` shows it. */
export function printedTrace() {
  const folder = mkdtempSync(join(tmpdir(), 'handit-pictures-'));
  try {
    const env = { ...process.env, HANDIT_OUTPUT_FILE: join(folder, 'trace.jsonl'), COLUMNS: '200', NO_COLOR: '1' };
    run(['--import', pathToFileURL(join(root, 'register.mjs')).href, 'src/main.js'], { cwd: app, env });
    return run([join(root, 'dist/cli.cjs'), 'print', env.HANDIT_OUTPUT_FILE], { env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args, options) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

const LINE = 22;
const CHARACTER = 7.85;
const WIDTH = 960;
const PLACE_END = WIDTH - 24;
const TIME_END = PLACE_END - 190;
const MOST = 80;
const OUTCOME = 34;

/** @returns {string} an SVG that follows the color scheme of the reader */
export function drawTree(printed) {
  const lines = printed.split('\n');
  const start = lines.findIndex((line) => FROM.test(line));
  const end = lines.findIndex((line, index) => index > start && TO.test(line));
  if (start < 0 || end < 0) throw new Error('the order that the picture shows is not in the trace');
  const rows = lines.slice(start, end).map(drawRow);
  const height = 64 + rows.length * LINE + 14;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="The call tree that handit print shows: functions with arguments, results, errors and durations, and the HTTP requests they made">
<style>
${STYLE}</style>
<rect class="paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
<text class="prompt" x="24" y="32">$ npx handit print</text>
<path class="rule" d="M0.5 47.5H${WIDTH - 0.5}"/>
${rows.join('\n')}
</svg>
`;
}

const STYLE = `text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; fill: #24292f; }
.paper { fill: #fbfcfd; stroke: #d0d7de; } .rule { stroke: #d0d7de; } .guide { stroke: #dde3e9; }
.prompt, .quiet { fill: #68727d; } .name { fill: #0550ae; } .string { fill: #116329; } .number { fill: #953800; }
.http { fill: #6639ba; } .error { fill: #c4121f; }
@media (prefers-color-scheme: dark) {
  text { fill: #d6dde5; }
  .paper { fill: #0f141b; stroke: #30363d; } .rule { stroke: #30363d; } .guide { stroke: #262c34; }
  .prompt, .quiet { fill: #8b96a2; } .name { fill: #79b8ff; } .string { fill: #7ee2a0; } .number { fill: #ffb77a; }
  .http { fill: #cbabff; } .error { fill: #ff8a84; }
}
`;

/** A line as `handit print` writes it: indented text, duration, how its promise ended and when, place, start. */
const PRINTED =
  /^( *)(.+?) {2}([\d.]+ (?:ns|us|ms|s)(?:, .+? {2}[\d.]+ (?:ns|us|ms|s))?) {2}(\S+)(?: {2}at [\d.]+ (?:ns|us|ms|s))?$/;

function drawRow(line, index) {
  const [, indent, text, time, place] = PRINTED.exec(line) ?? [];
  if (text === undefined) throw new Error(`the picture cannot show this line: ${line}`);
  const y = 70 + index * LINE;
  const depth = indent.length / 2;
  const x = 24 + indent.length * CHARACTER;
  const guides = Array.from({ length: depth }, (_, level) => {
    const at = 27.5 + level * 2 * CHARACTER;
    return `<path class="guide" d="M${at.toFixed(1)} ${y - 15}v${LINE}"/>`;
  });
  const words = fit(text, MOST - indent.length);
  const texts = [
    `<text x="${x.toFixed(1)}" y="${y}">${paint(words)}</text>`,
    `<text class="quiet" x="${TIME_END}" y="${y}" text-anchor="end">${escapeXml(lastTime(time))}</text>`,
    `<text class="quiet" x="${PLACE_END}" y="${y}" text-anchor="end">${escapeXml(place.replace(/^src\//, ''))}</text>`,
  ];
  return [...guides, ...texts].join('');
}

/** Where a call returned a promise, the time at which that was settled. */
function lastTime(time) {
  return time.split('  ').at(-1);
}

/** Arguments give way to what became of the call. */
function fit(text, length) {
  if (text.length <= length) return text;
  const [, call, outcome] = /^(.*?)(\) (?:threw|->) .*)$/.exec(text) ?? [undefined, text, ''];
  const end = cut(outcome, Math.max(OUTCOME, length - call.length));
  const start = cut(call, length - end.length);
  return start + end;
}

function cut(text, length) {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

const WORDS =
  /(?<error>\bthrew .*$|\b[45]\d\d$)|(?<string>"(?:[^"\\…]|\\.)*["…]?)|(?<http>(?:answers )?\b[A-Z]{3,7} (?=https?:))|(?<plain>https?:\S+)|(?<quiet>->)|(?<number>\b\d[\d.]*\b)/g;

/** @returns {string} XML: names of functions, strings, numbers and errors have classes */
function paint(text) {
  const name = /^(?!answers |[A-Z]+ http)[^(]+(?=\()/.exec(text)?.[0] ?? '';
  let painted = span('name', name);
  let done = name.length;
  for (const match of text.matchAll(WORDS)) {
    if (match.index < done) continue;
    const [kind] = Object.entries(match.groups).find(([, word]) => word !== undefined);
    painted += escapeXml(text.slice(done, match.index)) + span(kind, match[0]);
    done = match.index + match[0].length;
  }
  return painted + escapeXml(text.slice(done));
}

function span(kind, text) {
  return text === '' ? '' : `<tspan class="${kind}">${escapeXml(text)}</tspan>`;
}

function escapeXml(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd]/g, '\ufffd');
}

const SHOP = {
  'package.json': '{"type":"module"}',
  'cart.js': `import { round } from './money.js';

export class Cart {
  #items = [];
  add(name, price, count) {
    this.#items.push({ name, price, count });
  }
  total(rate) {
    const sum = this.#items.reduce((sum, { price, count }) => sum + price * count, 0);
    return round(sum * (1 + rate));
  }
}
`,
  'money.js': `export function round(value) {
  return Math.round(value * 100) / 100;
}
`,
  'cart.test.js': `import assert from 'node:assert';
import { test } from 'node:test';
import { Cart } from './cart.js';

test('a cart adds up', () => {
  const cart = new Cart();
  cart.add('tea', 10, 2);
  cart.add('cup', 5, 1);
  assert.strictEqual(cart.total(0.19), 29.75);
});
`,
};

/** The report of a test that fails after a change, in Chromium (CHROMIUM_PATH). */
async function photographReport(target) {
  const { chromium } = await import('playwright-core');
  const folder = mkdtempSync(join(tmpdir(), 'handit-pictures-'));
  const record = (trace) => {
    const args = ['--import', pathToFileURL(join(root, 'register.mjs')).href, 'cart.test.js'];
    spawnSync(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, HANDIT_OUTPUT_FILE: join(folder, trace) },
    });
  };
  try {
    for (const [name, text] of Object.entries(SHOP)) writeFileSync(join(folder, name), text);
    record('green.jsonl');
    writeFileSync(join(folder, 'money.js'), SHOP['money.js'].replace('value * 100', 'value * 10'));
    record('red.jsonl');
    run([join(root, 'dist/cli.cjs'), 'report', 'red.jsonl', '--base', 'green.jsonl', '--all'], { cwd: folder });
    const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const page = await browser.newPage({ viewport: { width: 1100, height: 660 }, deviceScaleFactor: 1.5 });
    await page.goto(pathToFileURL(join(folder, 'handit_report.html')).href);
    await page.waitForSelector('html.ready');
    await page.screenshot({ path: target });
    await browser.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  mkdirSync(join(root, 'docs/pictures'), { recursive: true });
  await photographReport(join(root, 'docs/pictures/report.png'));
  writeFileSync(join(root, 'docs/pictures/tree.svg'), drawTree(printedTrace()));
}
