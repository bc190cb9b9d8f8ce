import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { BodyCollector } from '../../hooks/lib/body-collector.js';
import { writeEscaped } from '../../hooks/lib/escape-text.js';
import { keyTest } from '../../src/recorder/key-kinds.js';
import { createEncoder } from '../../src/recorder/encoder.js';
import { bodyJson } from '../helpers/body-json.js';
import { redactText, secretKeys } from '../../src/recorder/redact.js';

const isSecret = secretKeys(null);

interface Shown {
  content_type: string | null;
  size: number;
  truncated: boolean;
  encoding?: string;
  text?: string;
  json?: unknown;
}

function body(content: string | Buffer, type?: string, { encoding = '', max = 1000, complete = true } = {}): Shown {
  const collector = new BodyCollector(max);
  collector.add(content);
  collector.complete = complete;
  return JSON.parse(bodyJson(collector, { type, encoding: encoding || undefined }, max, isSecret)) as Shown;
}

describe('a body is shown as what it is:', () => {
  test('whole JSON as JSON, digit for digit', () => {
    const collector = new BodyCollector(1000);
    collector.add('{\n  "id": 12345678901234567890.10,\r\n  "password": "p"\n}');
    collector.complete = true;
    expect(bodyJson(collector, { type: 'application/json', encoding: undefined }, 1000, isSecret)).toBe(
      '{"content_type":"application/json","size":55,"truncated":false,"json":{   "id": 12345678901234567890.10,   "password": "<redacted>" }}',
    );
  });

  test.each<[string, string | Buffer, string | undefined, Partial<Shown>]>([
    ['JSON without a type', '[1]', undefined, { content_type: null, json: [1] }],
    ['what only begins like JSON', '{not', 'application/json', { text: '{not' }],
    ['text', 'héllo', 'text/plain; charset=utf-8', { content_type: 'text/plain', size: 6, text: 'héllo' }],
    ['latin 1', Buffer.from('h\xe9', 'latin1'), 'text/plain; charset=iso-8859-1', { text: 'hé' }],
    ['UTF-16', Buffer.from('hé', 'utf16le'), 'text/plain; charset=utf-16le', { text: 'hé' }],
    ['a charset that nobody knows', 'a', 'text/plain; charset=x-none', { text: 'a' }],
    ['text with a mark of its byte order', '\uFEFF{"a":1}', 'application/json', { json: { a: 1 } }],
    ['a form', 'user=a&token=b', 'application/x-www-form-urlencoded', { text: 'user=a&token=<redacted>' }],
    [
      'XML',
      '<?xml version="1.0"?><a:Password>hunter2</a:Password>',
      'text/xml; charset=utf-8',
      { text: '<?xml version="1.0"?><a:Password><redacted></a:Password>' },
    ],
    ['bytes', Buffer.from([0, 1, 0xff]), 'application/octet-stream', { text: undefined, truncated: true }],
    ['bytes that call themselves text', Buffer.from([0xff, 0x41]), 'text/plain', { text: '\uFFFDA' }],
    ['bytes without a type', Buffer.from([0xff, 0x41]), undefined, { text: undefined, truncated: true }],
    ['text with a zero', 'a\0b', undefined, { text: undefined, truncated: true }],
    ['an empty body', '', 'text/plain', { size: 0, text: undefined, truncated: false }],
    ['JSON too deep for readers', '['.repeat(300) + ']'.repeat(300), 'application/json', { json: undefined }],
  ])('%s', (_, content, type, expected) => {
    const { text, json, ...rest } = body(content, type);
    expect({ text, json, ...rest }).toMatchObject(expected);
  });

  test('text that was cut in the middle of a character ends before it', () => {
    expect(body('aé', 'text/plain', { max: 2 })).toEqual({
      content_type: 'text/plain',
      size: 3,
      truncated: true,
      text: 'a',
      omitted: 2,
    });
    const longer = 'a\u{1F600}bcdef';
    expect(body(longer, 'text/plain', { max: 5 })).toMatchObject({ text: 'a', truncated: true, omitted: 9 });
    expect(body(longer, 'text/plain', { max: 7 })).toMatchObject({ text: 'a\u{1F600}b', truncated: true, omitted: 4 });
  });
});

describe('a compressed body is decoded:', () => {
  test.each([
    ['gzip', gzipSync('zipped')],
    ['x-gzip', gzipSync('zipped')],
    ['deflate', deflateSync('zipped')],
    ['deflate', deflateRawSync('zipped')],
    ['br', brotliCompressSync('zipped')],
    ['br, gzip', gzipSync(brotliCompressSync('zipped'))],
    ['identity, GZIP', gzipSync('zipped')],
  ])('%s', (encoding, content) => {
    expect(body(content, 'text/plain', { encoding })).toMatchObject({
      size: content.length,
      truncated: false,
      text: 'zipped',
    });
  });

  test('as far as it came', () => {
    const whole = gzipSync(Array.from({ length: 5000 }, (_, i) => i).join());
    const shown = body(whole.subarray(0, 3000), 'text/plain', { encoding: 'gzip', max: 100_000, complete: false });
    expect(shown.truncated).toBe(true);
    expect(shown.text!.length).toBeGreaterThan(1000);
    expect(shown.text).toMatch(/^0,1,2,3/);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('%s that breaks off is truncated, also where the message is complete', (encoding, compress) => {
    const whole = compress(Array.from({ length: 500 }, (_, i) => i * 7919).join());
    expect(body(whole, 'text/plain', { encoding, max: 10_000 })).toMatchObject({ truncated: false });
    const cut = whole.subarray(0, whole.length - 300);
    expect(body(cut, 'text/plain', { encoding, max: 10_000 })).toMatchObject({ truncated: true, size: cut.length });
  });

  test('with its end, where it is long', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `line ${i}`).join('\n');
    expect(body(gzipSync(lines), 'text/plain', { encoding: 'gzip', max: 20_000 })).toMatchObject({
      tail: expect.stringMatching(/^line 4\d+\n.*\nline 4999$/s) as string,
    });
  });

  test('not when it is none of these, or is damaged', () => {
    expect(body('secret', 'text/plain', { encoding: 'rot13' })).toEqual({
      content_type: 'text/plain',
      size: 6,
      truncated: true,
    });
    expect(body('no gzip', 'text/plain', { encoding: 'gzip' })).not.toHaveProperty('text');
  });

  test.each(['gzip', 'br'])('a bomb of %s costs no more than its beginning', (encoding) => {
    const zeros = Buffer.alloc(256 * 1024 * 1024, 'a');
    const bomb = encoding === 'gzip' ? gzipSync(zeros, { level: 9 }) : brotliCompressSync(zeros);
    const before = process.memoryUsage().rss;
    const shown = body(bomb, 'text/plain', { encoding, max: 65_536 });
    expect(process.memoryUsage().rss - before).toBeLessThan(30e6);
    expect(shown).toMatchObject({ size: bomb.length, truncated: true });
    // Of some only the whole can be decoded, and then none of it is shown.
    expect(shown.text?.length ?? 0).toBeLessThanOrEqual(65_536);
  });
});

test('bodies that come at the same time stay apart, with memory that others have used before', () => {
  for (let round = 0; round < 3; round++) {
    const bodies = Array.from({ length: 100 }, () => new BodyCollector(100_000));
    const sent = bodies.map(() => '');
    for (let step = 0; step < 12; step++) {
      for (const [i, collector] of bodies.entries()) {
        const chunk = `${round}.${i}.${step};`.repeat(step === 5 ? 9000 : i * 10);
        const bytes = Buffer.from(chunk);
        collector.add(i % 2 === 0 ? bytes : chunk);
        // The program may use its memory again.
        bytes.fill(0);
        sent[i] += chunk;
      }
    }
    for (const [i, collector] of bodies.entries()) {
      const cut = sent[i].length > 100_000;
      expect(collector.bytes().toString()).toBe(cut ? sent[i].slice(0, 75_000) : sent[i]);
      expect(collector.tail()?.toString()).toBe(cut ? sent[i].slice(-25_000) : undefined);
      expect([collector.size, collector.chunks]).toEqual([sent[i].length, i === 0 ? 1 : 12]);
      expect(collector.held).toBeGreaterThanOrEqual(Math.min(sent[i].length, 100_000));
      collector.release();
      collector.add('late');
      expect([collector.held, collector.bytes().length, collector.size]).toEqual([0, 0, sent[i].length + 4]);
    }
  }
});

describe('the quick way for large texts', () => {
  const escape = (bytes: Buffer): string | null => {
    const out = createEncoder(() => undefined);
    const done = writeEscaped(bytes, out, keyTest(isSecret));
    expect(done || out.at === 0).toBe(true);
    return done ? out.slice(0) : null;
  };

  test('gives what JSON.stringify gives', () => {
    let every = '';
    for (let code = 0; code < 0x250; code++) every += String.fromCharCode(code);
    for (const text of ['', 'a', '"', '\\', every, '\u2028\u{1F600}', '{"a":"b\\"c","d" : 1}']) {
      expect(escape(Buffer.from(text))).toBe(JSON.stringify(text));
    }
  });

  test.each([
    '{"password":1234',
    '{"a":1,"api_key" : "k"',
    '{"a":"{\\"token\\":\\"t\\"}"',
    '{"pass\\u0077ord":1234',
    '{"user":{"secret":[1',
  ])('leaves %s to the careful one', (text) => {
    expect(redactText(text, isSecret)).not.toBe(text);
    expect(escape(Buffer.from(text))).toBe(null);
    // Also when it has learned that other keys are none.
    escape(Buffer.from('{"id":1,"name":2,"user":3,"a":4}'));
    expect(escape(Buffer.from(text))).toBe(null);
  });

  test('is what cut bodies go', () => {
    expect(body(`{"a":"${'x'.repeat(2000)}"}`, 'application/json', { max: 10 })).toMatchObject({
      text: '{"a":"xx',
      truncated: true,
    });
    expect(body(`{"password":"${'x'.repeat(2000)}"}`, 'application/json', { max: 20 })).toMatchObject({
      text: '{"password":"<redacted>"',
    });
  });
});
