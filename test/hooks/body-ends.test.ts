import { BodyCollector } from '../../hooks/lib/body-collector.js';
import { secretKeys } from '../../src/recorder/redact.js';
import type { BodyPreview } from '../../src/trace-format.js';
import { bodyJson } from '../helpers/body-json.js';

const isSecret = secretKeys(null);
const JSON_TYPE = 'application/json';

function shown(text: string, type: string, max: number, step = text.length): BodyPreview {
  const body = new BodyCollector(max);
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += step) body.add(bytes.subarray(from, from + step));
  body.complete = true;
  return JSON.parse(bodyJson(body, { type, encoding: undefined }, max, isSecret)) as BodyPreview;
}

const items = Array.from({ length: 100 }, (_, id) => ({ id, name: `item ${id}` }));

describe('of a long body the end is shown,', () => {
  test.each<[string, string, string, RegExp]>([
    [
      'of a list its last items',
      JSON.stringify(items),
      JSON_TYPE,
      /^,\{"id":9\d,"name":.*\},\{"id":99,"name":"item 99"\}\]$/,
    ],
    ['of an object its last fields', JSON.stringify({ items, total: 100 }), JSON_TYPE, /^,"total":100\}$/],
    ['of an object with one long text', JSON.stringify({ a: 'x'.repeat(2000), b: 'y' }), JSON_TYPE, /^,"b":"y"\}$/],
    ['indented', JSON.stringify({ items, total: 1 }, null, 2), JSON_TYPE, /^,\n {2}"total": 1\n\}$/],
    [
      'of events the last ones',
      `data: {"n":"some words"}\n\n`.repeat(99) + 'data: {"usage":7}\n\n',
      'text/event-stream',
      /^\n?data: \{"n".*data: \{"usage":7\}\n\n$/s,
    ],
    [
      'of lines of JSON the last ones',
      items.map((item) => JSON.stringify(item)).join('\n'),
      'application/x-ndjson',
      /^\{"id":9\d.*"item 99"\}$/s,
    ],
    [
      'of a form its last fields',
      `a=${'x'.repeat(2000)}&token=t&b=2`,
      'application/x-www-form-urlencoded',
      /^token=<redacted>&b=2$/,
    ],
    ['of text its last lines', 'some words\n'.repeat(200) + 'the end', 'text/plain', /^some words\n.*\nthe end$/s],
    ['of one line its last words', `${'a '.repeat(2000)}end`, 'text/plain', /^a a .*end$/],
    ['of what holds characters of several bytes', 'äöü€\n'.repeat(300), 'text/plain', /^(äöü€\n)+$/],
  ])('%s', (_, text, type, expected) => {
    for (const step of [text.length * 4, 1000, 7, 1]) {
      const body = shown(text, type, 400, step);
      expect(body).toMatchObject({ size: Buffer.byteLength(text), truncated: true });
      expect(body.tail).toMatch(expected);
      expect(Buffer.byteLength(body.tail!)).toBeLessThanOrEqual(110);
    }
  });

  test('and what is missing between is counted', () => {
    const text = 'some words\n'.repeat(200);
    const { text: head, tail, omitted } = shown(text, 'text/plain', 400);
    expect(head!.length + tail!.length + omitted!).toBe(text.length);
    expect(head!.length).toBe(300);
  });

  test.each([
    ['of JSON that is not whole', `[${'"a",'.repeat(500)}`, JSON_TYPE],
    ['of JSON that goes on after its end', `${JSON.stringify(items)} "more"`, JSON_TYPE],
    ['of one word', 'x'.repeat(2000), 'text/plain'],
    ['of one line with keys in it', `<script>x={"a":1}</script>`.repeat(100), 'text/html'],
    ['of bytes', '\u0000'.repeat(2000), 'text/plain'],
  ])('but not %s, where nobody knows what it belongs to', (_, text, type) => {
    expect(shown(text, type, 400)).not.toHaveProperty('tail');
  });

  test('of each that is on its way at once, and of those that come again', () => {
    const max = 400;
    const texts = Array.from({ length: 12 }, (_, i) => `${JSON.stringify([...items, { name: `last ${i}` }])}`);
    const started = (text: string): BodyCollector => {
      const body = new BodyCollector(max);
      for (const part of text.match(/.{1,90}/gs)!) body.add(Buffer.from(part));
      body.complete = true;
      return body;
    };
    for (let round = 0; round < 40; round++) {
      const bodies = texts.map(started);
      const ends = bodies.map((body) => {
        const about = { type: JSON_TYPE, encoding: undefined };
        const { tail } = JSON.parse(bodyJson(body, about, max, isSecret)) as BodyPreview;
        return /"last \d+"\}\]$/.exec(tail!)?.[0];
      });
      expect(ends).toEqual(texts.map((_, i) => `"last ${i}"}]`));
      for (const body of bodies) body.release();
    }
  });

  test('and not of a body that has not ended', () => {
    const body = new BodyCollector(400);
    body.add(JSON.stringify(items));
    const json = bodyJson(body, { type: JSON_TYPE, encoding: undefined }, 400, isSecret);
    expect(JSON.parse(json)).not.toHaveProperty('tail');
  });
});

describe('no part of a secret is shown, wherever the cut falls:', () => {
  // Every four characters of it are found nowhere else.
  const SECRET = 'S3CR-wx7Q-mB0Z-kk9J-Vp2L-8hTd';
  const pieces = Array.from({ length: SECRET.length - 3 }, (_, i) => SECRET.slice(i, i + 4));
  const filler = 'lorem ipsum '.repeat(30);
  const bodies: [string, string, (before: string, after: string) => string][] = [
    ['a field', JSON_TYPE, (a, b) => JSON.stringify({ a, password: SECRET, b })],
    ['a field with escapes', JSON_TYPE, (a, b) => JSON.stringify({ a, password: `\\"${SECRET}"\\`, b })],
    ['an escaped key', JSON_TYPE, (a, b) => `{"a":"${a}","pass\\u0077ord":"${SECRET}","b":"${b}"}`],
    ['a nested object', JSON_TYPE, (a, b) => JSON.stringify({ a, credentials: { user: { x: SECRET, y: [1] } }, b })],
    ['a list', JSON_TYPE, (a, b) => JSON.stringify({ a, cookies: ['x', SECRET, { y: SECRET }], b })],
    ['below a list', JSON_TYPE, (a, b) => JSON.stringify([{ a }, { secret: [[SECRET]] }, { b }])],
    ['indented', JSON_TYPE, (a, b) => JSON.stringify({ a, secret: { x: SECRET }, b }, null, 2)],
    ['a text of JSON', JSON_TYPE, (a, b) => JSON.stringify({ a, text: JSON.stringify({ token: SECRET }), b })],
    ['a line', 'application/x-ndjson', (a, b) => `{"a":"${a}"}\n{"token":"${SECRET}"}\n{"b":"${b}"}\n`],
    ['an event', 'text/event-stream', (a, b) => `data: {"a":"${a}"}\n\ndata: {"token":"${SECRET}"}\n\ndata: ${b}\n\n`],
    [
      'indented JSON in text',
      'text/plain',
      (a, b) => `${a}\n${JSON.stringify({ secret: [1, SECRET], c: 2 }, null, 1)}\n${b}\n`,
    ],
    ['a form', 'application/x-www-form-urlencoded', (a, b) => `a=${a.replaceAll(' ', '+')}&password=${SECRET}&b=${b}`],
    [
      'a part',
      'multipart/form-data; boundary=XX',
      (a, b) =>
        ['a', 'password', 'b']
          .map((name, i) => `--XX\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${[a, SECRET, b][i]}\r\n`)
          .join('') + '--XX--\r\n',
    ],
  ];
  test.each(bodies)('%s', (_, type, make) => {
    let tails = 0;
    let withSecretGone = 0;
    for (let cut = 0; cut < 300; cut++) {
      // The length of what follows moves the secret through the end; that of what precedes, through the beginning.
      for (const text of [make(filler + filler, filler.slice(0, cut)), make(filler.slice(0, cut), filler + filler)]) {
        const body = shown(text, type, 200);
        const visible = JSON.stringify([body.text ?? '', body.tail ?? '', body.json ?? '']);
        expect(pieces.filter((piece) => visible.includes(piece))).toEqual([]);
        tails += body.tail === undefined ? 0 : 1;
        withSecretGone += visible.includes('<redacted>') ? 1 : 0;
      }
    }
    expect(tails).toBeGreaterThan(20);
    expect(withSecretGone).toBeGreaterThan(20);
  });
});
