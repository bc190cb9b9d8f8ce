import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { BodyCollector } from '../../hooks/lib/body-collector.js';
import { secretKeys } from '../../src/recorder/redact.js';
import { bodyJson } from '../helpers/body-json.js';

const isSecret = secretKeys(null);
const MAX = 500;
const types = fc.constantFrom(
  ...[
    undefined,
    '',
    'application/json',
    'text/plain; charset=utf-8',
    'text/html; charset=latin1',
    'multipart/form-data',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'text/event-stream',
    'image/png',
    'x; charset=none',
    ';;',
    'application/x-ndjson',
  ],
);
const codings = fc.constantFrom(undefined, '', 'gzip', 'deflate', 'br', 'zstd', 'gzip, br', 'identity', 'what');
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary', maxLength: 1000 }).map((text) => Buffer.from(text)),
);

interface Shown {
  size: number;
  text?: string;
  json?: unknown;
}

function shown(chunks: readonly (Buffer | string)[], type?: string, encoding?: string, complete = true): Shown {
  const body = new BodyCollector(MAX);
  for (const chunk of chunks) body.add(chunk);
  body.complete = complete;
  const text = bodyJson(body, { type, encoding }, MAX, isSecret);
  expect(text).not.toMatch(/[\r\n]/);
  return JSON.parse(text) as Shown;
}

test('whatever comes as a body is shown as JSON, bounded, with its true size', () => {
  fc.assert(
    fc.property(
      fc.array(content, { maxLength: 4 }),
      types,
      codings,
      fc.boolean(),
      (chunks, type, encoding, complete) => {
        const { size, text, json } = shown(chunks, type, encoding, complete);
        expect(size).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
        expect((text ?? '').length).toBeLessThanOrEqual(MAX);
        expect(JSON.stringify(json ?? '').length).toBeLessThanOrEqual(MAX * 2 + 2);
      },
    ),
    { numRuns: 3000 },
  );
});

test('what was compressed is shown as what it was', () => {
  const compress = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('gzip' as const, 'deflate' as const, 'br' as const),
      (value, coding) => {
        const text = JSON.stringify([value]);
        fc.pre(
          text.length <= MAX &&
            !/"(?:__proto__|[^"]*(?:pass|secret|token|auth|key|sid|pan|otp|cookie|pw)[^"]*)":/i.test(text),
        );
        expect(shown([compress[coding](text)], 'application/json', coding).json).toEqual(JSON.parse(text));
      },
    ),
  );
});

test('the value of a secret key is never shown, wherever the body is cut and however deep it lies', () => {
  const secret = 'sYnThEtIcSeCrEt';
  const key = fc.constantFrom('password', 'api_key', 'X-Api-Key', 'access_token', 'clientSecret', 'authorization');
  const around = fc.array(fc.constantFrom('array', 'object', 'text'), { maxLength: 4 });
  const value = fc.constantFrom<unknown>(secret, [secret], { a: secret }, `"${secret}\\"`, [[{ b: [secret] }]]);
  fc.assert(
    fc.property(key, around, value, fc.nat(600), fc.nat(300), (name, wraps, hidden, before, cutAt) => {
      let inner: unknown = { [name]: hidden, after: 1 };
      for (const wrap of wraps)
        inner = wrap === 'array' ? [0, inner] : wrap === 'object' ? { id: 1, inner } : JSON.stringify(inner);
      const text = `${JSON.stringify({ pad: 'x'.repeat(before) })}\n${JSON.stringify({ inner })}`;
      const cut = text.slice(0, text.length - (cutAt % text.length));
      for (const type of ['application/json', 'text/plain', undefined]) {
        expect(JSON.stringify(shown([text], type))).not.toContain(secret);
        expect(JSON.stringify(shown([cut], type))).not.toContain(secret);
      }
    }),
    { numRuns: 1000 },
  );
});
