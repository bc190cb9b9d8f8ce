import fc from 'fast-check';
import { createPreviewer } from '../../src/recorder/preview.js';
import { quote } from '../../src/recorder/quote.js';
import { redactText, secretKeys } from '../../src/recorder/redact.js';

const limits = { maxString: 20, maxItems: 5, maxDepth: 3 };
const previewer = createPreviewer(limits, secretKeys(null));
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
  maxDepth: 6,
  maxKeys: 8,
});
/** Not more than the limits allow: 5 items on each of 3 levels, each with a key, none longer than 64 characters. */
const MOST = 5 ** 3 * 6 * 200;

test('a preview of any value is JSON, bounded, and the same again', () => {
  fc.assert(
    fc.property(anything, (value) => {
      const before = fc.stringify(value);
      const text = previewer.value(value);
      expect(() => JSON.parse(text) as unknown).not.toThrow();
      expect(text.length).toBeLessThan(MOST);
      expect(text).not.toContain('\n');
      expect(previewer.value(value)).toBe(text);
      expect(fc.stringify(value)).toBe(before);
    }),
    { numRuns: 2000 },
  );
});

test('the text of a list shows no secret in JSON that is found by reading all of it', () => {
  const isSecret = secretKeys(null);
  const { value } = createPreviewer({ ...limits, maxString: 10_000 }, isSecret);
  const { item } = fc.letrec((tie) => ({
    item: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(1, null, 'a', 'authorization', 'X-Api-Key', 'Content-Type', 'hunter22', '4111111111111111'),
      fc.array(tie('item')),
      fc.record({ a: tie('item') }),
    ),
  }));
  const comma = fc.constantFrom(',', ' , ', '\n,', ',\n  ');
  fc.assert(
    fc.property(fc.array(item, { minLength: 1 }), comma, (list, between) => {
      const text = JSON.stringify(list).replaceAll(',', between);
      expect(value(text)).toBe(quote(redactText(text, isSecret)));
    }),
    { numRuns: 3000 },
  );
});

test('whatever is thrown has a name and a message, in JSON', () => {
  const thrown = fc.oneof(
    anything,
    fc
      .tuple(anything, anything, anything)
      .map(([message, cause, extra]) =>
        Object.assign(new Error('m', { cause }), { message, code: extra, name: extra }),
      ),
  );
  fc.assert(
    fc.property(thrown, (value) => {
      const error = JSON.parse(previewer.error(value).toJson()) as { name: unknown; message: unknown };
      expect([typeof error.name, typeof error.message]).toEqual(['string', 'string']);
    }),
    { numRuns: 1000 },
  );
});

test('no code of the program runs: no getter, trap, conversion or iterator', () => {
  let ran: string[] = [];
  const trap = (name: string) => () => {
    ran.push(name);
    throw new Error(name);
  };
  const traps = Object.fromEntries(
    Object.getOwnPropertyNames(Reflect).map((name) => [name, trap(`trap ${name}`)]),
  ) as ProxyHandler<object>;
  const hostile = fc.constantFrom<() => unknown>(
    () => new Proxy({}, traps),
    () => new Proxy(() => undefined, traps),
    () => ({ toJSON: trap('toJSON'), toString: trap('toString'), valueOf: trap('valueOf') }),
    () => Object.defineProperty({}, 'x', { get: trap('getter'), enumerable: true }),
    () => ({ [Symbol.iterator]: trap('iterator'), [Symbol.toPrimitive]: trap('toPrimitive') }),
    () => Object.defineProperty({}, Symbol.toStringTag, { get: trap('tag') }),
    () => Object.create({}, { constructor: { get: trap('constructor') } }) as object,
    () => Object.assign(new Map([[1, 2]]), { entries: trap('entries'), forEach: trap('forEach') }),
    () => Object.defineProperty(new Error('e'), 'message', { get: trap('message') }),
    () => Object.setPrototypeOf({}, new Proxy({}, traps)) as object,
    () => Object.defineProperty([1], 0, { get: trap('item'), enumerable: true }),
  );
  // As functions that make them: fast-check looks into the values that it hands out.
  type Make = () => unknown;
  const { any } = fc.letrec<{ any: Make; array: Make; object: Make; map: Make }>((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, hostile, tie('array'), tie('object'), tie('map')),
    array: fc.array(tie('any'), { maxLength: 3 }).map((makers) => () => makers.map((make) => make())),
    object: fc
      .array(fc.tuple(fc.string({ maxLength: 5 }), tie('any')), { maxLength: 3 })
      .map((entries) => () => Object.fromEntries(entries.map(([key, make]) => [key, make()]))),
    map: fc
      .array(fc.tuple(tie('any'), tie('any')), { maxLength: 2 })
      .map((entries) => () => new Map(entries.map(([key, value]) => [key(), value()]))),
  }));
  fc.assert(
    fc.property(any, (make) => {
      const value = make();
      ran = [];
      JSON.parse(previewer.value(value));
      JSON.parse(previewer.error(value).toJson());
      expect(ran).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

describe('redaction', () => {
  const words = ['password', 'api-key', 'authorization', 'set-cookie', 'access_token', 'client.secret', 'card number'];
  /** One name in many spellings. */
  const spelled = fc
    .tuple(
      fc.constantFrom(...words),
      fc.constantFrom('', '-', '_', '.', '$', '@', ' '),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
    )
    .map(([word, between, upper]) =>
      [...word.replace(/[-_. ]/g, between)].map((c, i) => (upper[i] ? c.toUpperCase() : c)).join(''),
    );
  const secret = fc.uuid().map((id) => `hidden ${id}`);

  test('what stands under a secret key is nowhere, however deep and in whatever', () => {
    const wraps = fc.array(fc.constantFrom('object', 'array', 'map', 'set', 'class', 'cause'), { maxLength: 8 });
    fc.assert(
      fc.property(spelled, secret, wraps, fc.boolean(), (key, hidden, around, inMap) => {
        class Holder {
          constructor(readonly inner: unknown) {}
        }
        const value: unknown = inMap ? new Map([[key, hidden]]) : { [key]: { deeper: [hidden] }, open: 'shown' };
        const whole = around.reduce<unknown>((inner, how) => {
          if (how === 'array') return [1, inner];
          if (how === 'map') return new Map([['k', inner]]);
          if (how === 'set') return new Set([inner]);
          if (how === 'class') return new Holder(inner);
          return how === 'cause' ? new Error('e', { cause: inner }) : { inner };
        }, value);
        const roomy = createPreviewer({ maxString: 256, maxItems: 64, maxDepth: 20 }, secretKeys(null));
        const texts = [roomy.value(whole), roomy.error(whole).toJson()];
        for (const text of texts) expect(text).not.toContain(hidden);
        expect(texts[0]).toContain('<redacted>');
      }),
      { numRuns: 1000 },
    );
  });

  test('any key at all is answered, in time that its length bounds', () => {
    const isSecret = secretKeys(null);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(5000), (key, times) => {
        expect(typeof isSecret(key.repeat(times))).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});
