import { join } from 'node:path';
import { nodes } from '../helpers/node-versions.js';
import { change } from '../helpers/red-and-green.js';
import { repository, runNode, tempProject } from '../helpers/run.js';
import { connected } from './client.js';

// What a coding agent has is "the tests are red": how far is it to the file and the line that did it, by tools alone?

interface Story {
  files: Record<string, string>;
  /** What breaks it after a green run: file, text, other text. Without: it was never green. */
  breaks?: [string, string, string];
  /** Where it was broken. */
  place: string;
}

const stories: Record<string, Story> = {
  'through HTTP, and never green': {
    files: {
      'server.mjs': `
import http from 'node:http';
import { price } from './price.mjs';
export const server = http.createServer((request, response) => {
  try {
    const { searchParams } = new URL(request.url, 'http://x');
    response.end(JSON.stringify({ total: price(searchParams.get('item'), searchParams.get('coupon')) }));
  } catch {
    response.statusCode = 500;
    response.end();
  }
});
`,
      'price.mjs': `
const PRICES = { tea: 4, cup: 9 };
const COUPONS = { half: { factor: 0.5 } };
export function price(item, coupon) {
  return PRICES[item] * factorOf(coupon);
}
function factorOf(coupon) {
  return COUPONS[coupon].factor;
}
`,
      'server.test.mjs': `
import { test, after } from 'node:test';
import assert from 'node:assert';
import { server } from './server.mjs';
const url = await new Promise((done) => server.listen(0, '127.0.0.1', () => done('http://127.0.0.1:' + server.address().port)));
after(() => server.close());
const ask = (query) => fetch(url + '/price?' + query);
test('half price', async () => { assert.deepEqual(await (await ask('item=tea&coupon=half')).json(), { total: 2 }); });
test('no coupon', async () => { assert.equal((await ask('item=cup')).status, 200); });
`,
    },
    place: 'price.mjs:7',
  },
  'asynchronous, after a green run': {
    files: {
      'stock.mjs': `
const stock = new Map([['tea', 3]]);
const later = (value) => new Promise((done) => setTimeout(() => done(value), 2));
export async function reserve(item, count) {
  const left = await levelOf(item);
  return left >= count ? take(item, left - count) : 'sold out';
}
async function levelOf(item) {
  return later(stock.get(item) ?? 0);
}
async function take(item, left) {
  await later();
  stock.set(item, left);
  return 'reserved';
}
`,
      'stock.test.mjs': `
import { test } from 'node:test';
import assert from 'node:assert';
import { reserve } from './stock.mjs';
test('reserves what is there', async () => {
  assert.equal(await reserve('tea', 2), 'reserved');
  assert.equal(await reserve('tea', 1), 'reserved');
});
test('knows what is not', async () => { assert.equal(await reserve('cup', 1), 'sold out'); });
`,
    },
    breaks: ['stock.mjs', 'stock.get(item) ?? 0', 'stock.get(item) - 1'],
    place: 'stock.mjs:8',
  },
  'in TypeScript, after a green run': {
    files: {
      'dates.ts': `
export interface Span { readonly from: Date; readonly days: number; }

export function endOf(span: Span): Date {
  return addDays(span.from, span.days);
}

export function addDays(date: Date, days: number): Date {
  const end: Date = new Date(date);
  end.setUTCDate(end.getUTCDate() + days);
  return end;
}
`,
      'dates.test.ts': `
import { test } from 'node:test';
import assert from 'node:assert';
import { endOf } from './dates.ts';
test('ends after so many days', () => {
  assert.equal(endOf({ from: new Date('2026-02-27'), days: 3 }).toISOString().slice(0, 10), '2026-03-02');
});
`,
    },
    breaks: ['dates.ts', 'end.getUTCDate() + days', 'end.getUTCDay() + days'],
    place: 'dates.ts:8',
  },
};

const node = nodes().at(-1)!;

/** The first place that is none of the test itself: what to look at, or what threw. */
function placeIn(why: string): { place: string; id: string } | undefined {
  const places = [
    ...why.matchAll(/look at (\S+) \S+ {2}\(.*\) {2}([0-9a-f]{8}:\d+)|threw in it: (\S+) .* (\S+:\d+)$/gm),
  ];
  const found = places.map(([, place, id, thrower, thrownAt]) => ({ place: place ?? thrownAt, id: id ?? thrower }));
  return found.find(({ place }) => !place.includes('.test.'));
}

test.each(Object.entries(stories))('%s: the place is found in four calls and 20,000 characters', async (_, story) => {
  const folder = tempProject({ 'package.json': '{"type":"module"}', ...story.files });
  const test = Object.keys(story.files).find((name) => name.includes('.test.'))!;
  const run = async (): Promise<number | null> => {
    const args = ['--import', join(repository, 'register.mjs'), '--test', '--test-reporter=dot', test];
    return (await runNode(node.path, args, { cwd: folder })).code;
  };
  if (story.breaks) {
    expect(await run()).toBe(0);
    change(folder, ...story.breaks);
  }
  expect(await run()).toBe(1);

  const agent = await connected(folder);
  const why = await agent.text('failures');
  const look = placeIn(why);
  expect([look?.place, why]).toEqual([story.place, why]);
  const call = await agent.text('call', { id: look!.id });
  const [file, line] = story.place.split(':');
  expect(call).toMatch(new RegExp(`${file}:${line}[^]*source:\n[^]* ${line}\\| `));
  expect(agent.calls).toBeLessThanOrEqual(4);
  expect(agent.size).toBeLessThan(20_000);
  await agent.close();
});
