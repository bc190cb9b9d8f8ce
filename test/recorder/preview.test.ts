import { EventEmitter } from 'node:events';
import { spawn } from 'node:child_process';
import { createServer, IncomingMessage, OutgoingMessage } from 'node:http';
import { Socket } from 'node:net';
import { inspect } from 'node:util';
import vm from 'node:vm';
import { createPreviewer } from '../../src/recorder/preview.js';
import { quote } from '../../src/recorder/quote.js';
import { secretKeys } from '../../src/recorder/redact.js';

const limits = { maxString: 256, maxItems: 64, maxDepth: 4 };
const previewer = (changed: Partial<typeof limits> = {}) =>
  createPreviewer({ ...limits, ...changed }, secretKeys(null));
const { value, error } = previewer();
const hash = expect.stringMatching(/^[0-9a-f]{8}$/) as string;
/** Without the hash of what was cut. */
const hashless = (text: string) => text.replace(/,"hash":"[0-9a-f]{8}"/g, '');
const parsed = (input: unknown, preview = value) => JSON.parse(preview(input));
const thrown = (input: unknown) => JSON.parse(error(input).toJson());

describe('what JSON can say is plain JSON:', () => {
  test.each([
    [null, 'null'],
    [true, 'true'],
    [false, 'false'],
    [0, '0'],
    [-1.5, '-1.5'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    ['', '""'],
    ['tea', '"tea"'],
    [[], '[]'],
    [[1, 'a', null, [2]], '[1,"a",null,[2]]'],
    [{}, '{}'],
    [{ id: 1, user: { name: 'Ada' } }, '{"id":1,"user":{"name":"Ada"}}'],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ])('%j', (input, text) => expect(value(input)).toBe(text));
});

describe("of Node's own objects what tells them apart is shown:", () => {
  class Cart extends EventEmitter {
    items = ['tea'];
    _total = 4;
    later: unknown = undefined;
  }

  test('an emitter without its listeners', () => {
    const cart = new Cart().on('change', () => undefined);
    expect(parsed({ cart })).toEqual({ cart: { $type: 'Cart', items: ['tea'], _total: 4 } });
  });

  test('an emitter that was cut says so', () => {
    expect(parsed(new Cart(), previewer({ maxItems: 1 }).value)).toEqual({
      $type: 'Cart',
      items: ['tea'],
      truncated: true,
      hash,
    });
  });

  test('a request without its socket and raw headers, with what a framework has put there', () => {
    const request = Object.assign(new IncomingMessage(new Socket()), {
      method: 'GET',
      url: '/orders?token=secret',
      rawHeaders: ['authorization', 'Bearer secret'],
      params: { id: '7' },
      next: () => undefined,
      route: new (class Route {
        path = '/orders';
        stack = [{ handle: () => undefined }];
      })(),
    });
    const shown = { $type: 'IncomingMessage', url: '/orders?token=<redacted>', method: 'GET', params: { id: '7' } };
    expect(parsed(request)).toEqual({ ...shown, route: { $type: 'Route', path: '/orders', truncated: true } });
    expect(parsed(Object.assign(request, { route: { path: '/', of: 'mine' } }))).toEqual({
      ...shown,
      route: { path: '/', of: 'mine' },
    });
    expect(parsed({ request })).toEqual({ request: { $type: 'IncomingMessage', truncated: true } });
  });

  test('a request on its way out without its head', () => {
    const message = new OutgoingMessage();
    message.setHeader('authorization', 'Bearer secret');
    expect(value(message)).toBe('{"$type":"OutgoingMessage"}');
  });

  test('a request and a response of fetch, also of a class that extends them', () => {
    class Own extends Request {}
    const url = 'http://a.b/cart/1?token=secret';
    const shown = { method: 'POST', url: 'http://a.b/cart/1?token=<redacted>' };
    const init = { method: 'POST', body: 'x', headers: { authorization: 'Bearer secret' } };
    expect(parsed(new Request(url, init))).toEqual({ $type: 'Request', ...shown });
    expect(parsed([new Own(url, init)])).toEqual([{ $type: 'Own', ...shown }]);
    expect(parsed({ response: new Response('x', { status: 404 }) })).toEqual({
      response: { $type: 'Response', status: 404 },
    });
  });

  test('what the program has put on a request or response of fetch', () => {
    const response = Object.assign(new Response('x'), { _data: { id: 7 }, password: 'hush', empty: undefined });
    const shown = { $type: 'Response', status: 200, _data: { id: 7 }, password: '<redacted>' };
    expect(parsed(response)).toEqual(shown);
    const many = Object.assign(
      new Response('x'),
      Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`f${i}`, i])),
    );
    expect(parsed(many)).toMatchObject({ $type: 'Response', status: 200, f0: 0, truncated: true });
  });

  test('no getter runs of a class that has only the name, and no object without what it needs breaks the preview', () => {
    const read = jest.fn();
    const own = {
      Response: class {
        own = 1;
        get status() {
          return read() as unknown;
        }
      },
    };
    expect(parsed(new own.Response())).toEqual({ $type: 'Response', own: 1 });
    expect(read).not.toHaveBeenCalled();
    expect(value(Object.create(Request.prototype))).toBe('{"$type":"Request"}');
  });

  test('a server and a child process by what a person asks for', () => {
    expect(value(createServer())).toBe('{"$type":"Server"}');
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    const { spawnfile, spawnargs, pid } = child;
    expect(parsed(child)).toEqual({
      $type: 'ChildProcess',
      connected: false,
      killed: false,
      spawnfile,
      spawnargs,
      pid,
    });
  });

  test('a timer by its name alone', () => {
    const timer = setTimeout(() => undefined, 1);
    clearTimeout(timer);
    expect(value(timer)).toBe('{"$type":"Timeout"}');
  });
});

class User {
  id = 1;
  #hidden = 2;
  get hidden() {
    return this.#hidden;
  }
}
class Failure extends Error {
  status = 500;
}
const detached = (() => {
  const view = new DataView(new ArrayBuffer(8));
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
})();

describe('what JSON cannot say is a tagged object:', () => {
  test.each<[string, unknown, string]>([
    ['undefined', undefined, '{"$type":"undefined"}'],
    ['NaN', NaN, '{"$type":"number","value":"NaN"}'],
    ['Infinity', Infinity, '{"$type":"number","value":"Infinity"}'],
    ['-Infinity', -Infinity, '{"$type":"number","value":"-Infinity"}'],
    ['a bigint', -12n, '{"$type":"bigint","value":"-12"}'],
    ['a symbol', Symbol('s'), '{"$type":"symbol","name":"s"}'],
    ['a symbol without a description', Symbol(), '{"$type":"symbol","name":""}'],
    ['a function', function f() {}, '{"$type":"function","name":"f"}'],
    [
      'an arrow',
      (
        () => () =>
          1
      )(),
      '{"$type":"function","name":""}',
    ],
    ['a class', User, '{"$type":"function","name":"User"}'],
    ['a class with a static name()', class { static name() {} }, '{"$type":"function","name":""}'], // prettier-ignore
    ['an instance', new User(), '{"$type":"User","id":1}'],
    ['an instance of a nameless class', new (class {})(), '{"$type":"Object"}'],
    ['a Map', new Map<unknown, unknown>([['a', 1], [{}, []]]), '{"$type":"Map","size":2,"entries":[["a",1],[{},[]]]}'], // prettier-ignore
    ['an empty Map', new Map(), '{"$type":"Map","size":0,"entries":[]}'],
    ['a Set', new Set([1, 'b']), '{"$type":"Set","size":2,"items":[1,"b"]}'],
    ['a Date', new Date(0), '{"$type":"Date","value":"1970-01-01T00:00:00.000Z"}'],
    ['an invalid Date', new Date(NaN), '{"$type":"Date","value":null}'],
    ['a RegExp', /a\/"b/gimsuy, '{"$type":"RegExp","value":"/a\\\\/\\"b/gimsuy"}'],
    ['an empty RegExp', new RegExp(''), '{"$type":"RegExp","value":"/(?:)/"}'],
    ['an Error', new TypeError('no'), '{"$type":"TypeError","message":"no"}'],
    ['an Error of a class', new Failure('no'), '{"$type":"Failure","message":"no"}'],
    ['a code', Object.assign(new Error('no'), { code: 'ENOENT' }), '{"$type":"Error","message":"no","code":"ENOENT"}'],
    ['a cause', new Error('a', { cause: new RangeError('b') }), '{"$type":"Error","message":"a","cause":{"$type":"RangeError","message":"b"}}'], // prettier-ignore
    ['a Promise', Promise.resolve(1), '{"$type":"Promise"}'],
    ['a typed array', new Float64Array(3), '{"$type":"Float64Array","length":3}'],
    ['an ArrayBuffer', new ArrayBuffer(5), '{"$type":"ArrayBuffer","length":5}'],
    ['a SharedArrayBuffer', new SharedArrayBuffer(6), '{"$type":"SharedArrayBuffer","length":6}'],
    ['a DataView', new DataView(new ArrayBuffer(8)), '{"$type":"DataView","length":8}'],
    ['a detached DataView', detached, '{"$type":"DataView","length":0}'],
    ['a WeakMap', new WeakMap(), '{"$type":"WeakMap"}'],
    ['a WeakSet', new WeakSet(), '{"$type":"WeakSet"}'],
    ['a generator', (function* () {})(), '{"$type":"Generator"}'],
    ['a boxed number', new Number(-0), '{"$type":"Number","value":-0}'],
    ['a boxed string', new String('s'), '{"$type":"String","value":"s"}'],
    ['a boxed boolean', new Boolean(false), '{"$type":"Boolean","value":false}'],
    ['a boxed bigint', Object(3n), '{"$type":"BigInt","value":{"$type":"bigint","value":"3"}}'],
    ['a Proxy', new Proxy({}, {}), '{"$type":"Proxy"}'],
    ['a Proxy of a function', new Proxy(() => 1, {}), '{"$type":"Proxy"}'],
    ['holes', [, 1, ,], '[{"$type":"hole"},1,{"$type":"hole"}]'], // eslint-disable-line no-sparse-arrays
    ['accessors', { get a() { return 1; }, set b(_: number) {} }, '{"a":{"$type":"getter"},"b":{"$type":"setter"}}'], // prettier-ignore
    ['an array with a getter', Object.defineProperty([1], 0, { get: () => 2 }), '[{"$type":"getter"}]'],
    ['an object of another realm', vm.runInNewContext('new (class Foreign { a = 1 })'), '{"$type":"Foreign","a":1}'],
  ])('%s', (_, input, text) => expect(value(input)).toBe(text));

  test('-0 stays what it is', () => {
    expect(value(-0)).toBe('-0');
    expect(Object.is(parsed([-0])[0], -0)).toBe(true);
  });

  test('a revoked Proxy', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(value([proxy])).toBe('[{"$type":"Proxy"}]');
    expect(thrown(proxy)).toMatchObject({ name: 'Thrown', value: { $type: 'Proxy' } });
  });

  test('a Proxy as the prototype', () => {
    expect(value(Object.create(new Proxy({}, {})))).toBe('{"$type":"Object"}');
  });

  test('an object inside itself, but not one that is there twice', () => {
    const twice = { a: 1 };
    const loop: Record<string, unknown> = { x: twice, y: twice, list: [], map: new Map() };
    (loop.list as unknown[]).push(loop);
    (loop.map as Map<string, unknown>).set('m', loop);
    expect(parsed(loop)).toEqual({
      ...{ x: { a: 1 }, y: { a: 1 }, list: [{ $type: 'circular' }] },
      map: { $type: 'Map', size: 1, entries: [['m', { $type: 'circular' }]] },
    });
  });
});

describe('what is cut says its true size:', () => {
  const x = (length: number) => 'x'.repeat(length);

  test('a string is whole at HANDIT_MAX_STR and cut behind it', () => {
    expect(value(x(256))).toBe(`"${x(256)}"`);
    expect(parsed(x(257))).toEqual({ $type: 'string', length: 257, value: x(256), hash });
    expect(parsed('abc', previewer({ maxString: 2 }).value)).toEqual({ $type: 'string', length: 3, value: 'ab', hash });
    expect(parsed('', previewer({ maxString: 0 }).value)).toBe('');
  });

  test('what a long string looks like does not depend on the ones shown before', () => {
    const cut = (item: object) => `${JSON.stringify(item)}${'-'.repeat(400)}`;
    const texts = [
      x(300),
      `${x(299)}y`,
      cut({ password: 'hunter2' }),
      cut({ password: 'hunter3' }),
      cut({ name: 'a\n' }),
    ];
    // Of the last ones in a list no hash is made.
    const inputs = [...texts, ...texts, [...texts, ...texts], { a: texts[2] }, [[[[[texts[3]]]]]], ...texts];
    const used = previewer();
    const fresh = inputs.map((input) => previewer().value(input));
    expect(inputs.map((input) => used.value(input))).toEqual(fresh);
    used.forget();
    expect(inputs.map((input) => used.value(input))).toEqual(fresh);
    expect(fresh.join()).not.toMatch(/hunter/);
    expect(fresh[0]).not.toBe(fresh[1]);
  });

  test('an array is whole at HANDIT_MAX_LOCALS and cut behind it', () => {
    const items = (length: number) => Array.from({ length }, (_, i) => i);
    expect(parsed(items(64))).toEqual(items(64));
    expect(parsed(items(65))).toEqual({ $type: 'Array', length: 65, items: items(64), hash });
    expect(parsed([], previewer({ maxItems: 0 }).value)).toEqual([]);
    expect(parsed([1], previewer({ maxItems: 0 }).value)).toEqual({ $type: 'Array', length: 1, items: [], hash });
  });

  test('an object is whole at HANDIT_MAX_LOCALS and cut behind it', () => {
    const object = (length: number) => Object.fromEntries(Array.from({ length }, (_, i) => [`k${i}`, i]));
    expect(parsed(object(64))).toEqual(object(64));
    expect(parsed(object(65))).toEqual({ $type: 'Object', length: 65, ...object(64), hash });
    expect(parsed({ a: 1 }, previewer({ maxItems: 0 }).value)).toEqual({ $type: 'Object', length: 1, hash });
    expect(parsed(Object.assign(new User(), object(64)))).toEqual({
      ...{ $type: 'User', length: 65, id: 1, ...object(63), hash },
    });
  });

  test('keys "length" and "hash" of the object do not hide the true ones', () => {
    const short = (input: object) => hashless(previewer({ maxItems: 2 }).value(input));
    expect(short({ a: 1, length: 7, c: 3 })).toBe('{"$type":"Object","length":3,"a":1,"$length":7}');
    expect(short({ length: 7, b: 2, c: 3 })).toBe('{"$type":"Object","length":3,"$length":7,"b":2}');
    expect(short({ length: 7 })).toBe('{"length":7}');
    expect(short({ length: 7, hash: 8, c: 3 })).toBe('{"$type":"Object","length":3,"$length":7,"$hash":8}');
    expect(short({ hash: 8, length: 7, c: 3 })).toBe('{"$type":"Object","length":3,"$hash":8,"$length":7}');
    expect(short({ hash: 8, b: 2, c: 3 })).toBe('{"$type":"Object","length":3,"$hash":8,"b":2}');
    expect(short({ hash: 8 })).toBe('{"hash":8}');
  });

  test('a Map and a Set show HANDIT_MAX_LOCALS of their entries', () => {
    const short = (input: object) => hashless(previewer({ maxItems: 1 }).value(input));
    expect(short(new Map([['a', 1], ['b', 2]]))).toBe('{"$type":"Map","size":2,"entries":[["a",1]]}'); // prettier-ignore
    expect(short(new Set([1, 2]))).toBe('{"$type":"Set","size":2,"items":[1]}');
  });

  test('levels are shown down to HANDIT_MAX_DEPTH', () => {
    expect(value([[[[]]]])).toBe('[[[[]]]]');
    expect(value([[[['a']]]])).toBe('[[[["a"]]]]');
    expect(hashless(value([[[[['a', 'b']]]]]))).toBe('[[[[{"$type":"Array","length":2}]]]]');
    const below = [{}, new User(), new Map([[1, 2]]), new Set([1]), new Date(0)];
    expect(parsed({ a: below }, previewer({ maxDepth: 2 }).value).a).toEqual([
      { $type: 'Object', truncated: true, hash },
      { $type: 'User', truncated: true, hash },
      { $type: 'Map', size: 1, truncated: true, hash },
      { $type: 'Set', size: 1, truncated: true, hash },
      { $type: 'Date', truncated: true },
    ]);
    const flat = (input: unknown) => hashless(previewer({ maxDepth: 0 }).value(input));
    expect(flat({})).toBe('{"$type":"Object","truncated":true}');
    expect(flat([1])).toBe('{"$type":"Array","length":1}');
    expect(flat('a')).toBe('"a"');
  });

  test('a long key is cut, but not below 64 characters', () => {
    expect(value({ [x(256)]: 1 })).toBe(`{"${x(256)}":1}`);
    expect(value({ [x(257)]: 1 })).toBe(`{"${x(256)}...":1}`);
    const { value: short } = previewer({ maxString: 3 });
    expect(short({ [x(64)]: 1 })).toBe(`{"${x(64)}":1}`);
    expect(short({ [x(65)]: 1 })).toBe(`{"${x(64)}...":1}`);
  });

  test('a bigint of thousands of digits has no digits', () => {
    expect(value(2n ** 4096n)).toBe(`{"$type":"bigint","value":"${2n ** 4096n}"}`);
    expect(value(2n ** 4096n + 1n)).toBe('{"$type":"bigint"}');
    expect(value(-(2n ** 4096n) - 1n)).toBe('{"$type":"bigint"}');
  });
});

describe('the hash of what was cut', () => {
  const hashOf = (input: unknown) => /"hash":"(\w+)"/.exec(value(input))?.[1];
  const list = (last: unknown) => [...Array<number>(70).fill(0), last];
  const object = (last: unknown) => Object.fromEntries(list(last).map((item, i) => [`k${i}`, item]));
  const lines = (last: string) => `${'some text, and more of it\n'.repeat(500)}${last}`;

  test.each<[string, (last: unknown) => unknown]>([
    ['a long text, at its beginning', (last) => `${'x'.repeat(300)}${String(last)}${'y'.repeat(5000)}`],
    ['a long text, in its last lines', (last) => lines(String(last))],
    ['the items of an array', list],
    ['the fields of an object', object],
    ['the entries of a Map', (last) => new Map(Object.entries(object(last)))],
    ['the items of a Set', (last) => new Set([...Array(70).keys(), last])],
    ['what is below the depth', (last) => [[[[{ last }]]]]],
    ['the items of what is below the depth', (last) => [[[[[1, last]]]]]],
    ['the entries of a Map below the depth', (last) => [[[[new Map([[1, last]])]]]]],
    ['the fields of an emitter', (last) => Object.assign(new EventEmitter(), object(last))],
  ])('tells %s apart', (_, make) => {
    expect(hashOf(make('one'))).toEqual(hash);
    expect(hashOf(make('one'))).toBe(hashOf(make('one')));
    expect(hashOf(make('one'))).not.toBe(hashOf(make('other')));
    expect(hashless(value(make('one')))).toBe(hashless(value(make('a.n'))));
  });

  test('is the same for times and ids that are made by chance', () => {
    const chance = [
      Date.now(),
      new Date(),
      new Date().toISOString(),
      '0b8c6a0e-5d0f-4c27-9c2e-0c4a3a6f1e11',
      'V1StGXR8Z5',
    ];
    const other = [
      1767600000000,
      new Date(0),
      '2026-01-05T08:00:00.000Z',
      '6f1b5f5c-92cf-4a3b-8a6b-2f6fd5f8c7aa',
      'a1Bc2dE3f',
    ];
    for (const [i, each] of chance.entries())
      expect([each, hashOf(list(each))]).toEqual([each, hashOf(list(other[i]))]);
    expect(hashOf(list(12_345))).not.toBe(hashOf(list(54_321)));
  });

  test.each<[string, (secret: string) => unknown]>([
    ['a field', (password) => ({ ...object(1), password })],
    ['a field below the depth', (password) => [[[[{ password }]]]]],
    ['a list of pairs', (secret) => [...Array<string>(70).fill(''), 'x-api-key', secret]],
    ['a text', (secret) => `${'x'.repeat(300)}\npassword=${secret}\n${'y'.repeat(5000)}`],
    ['the last lines of a text', (secret) => lines(`password=${secret}\n`)],
    ['a name and its value', (value) => ({ ...object(1), name: 'password', value })],
    ['a Map', (secret) => new Map([...Object.entries(object(1)), ['password', secret]])],
  ])('knows nothing of the secret in %s', (_, make) => {
    expect(hashOf(make('hunter2'))).toEqual(hash);
    expect(hashOf(make('hunter2'))).toBe(hashOf(make('dolphin')));
  });

  test('is there for the first ones of many in one preview', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ text: 'x'.repeat(300) + i }));
    expect(value(many).match(/"hash"/g)).toHaveLength(4);
  });
});

describe('text', () => {
  test.each(['"', '\\', '\n', '\0', '\u001f', '\u007f', '\u2028', '\u{1f375}', '</script>', '\ufeff'])(
    '%j comes back as it was',
    (text) => {
      expect(JSON.parse(quote(text))).toBe(text);
      expect(parsed({ [text]: text })).toEqual({ [text]: text });
    },
  );

  test('lone surrogates are escaped, so that the file is UTF-8', () => {
    expect(value('a\ud83c')).toBe('"a\\ud83c"');
    expect(value({ '\udf75': 1 })).toBe('{"\\udf75":1}');
    // The cut may go through a pair.
    expect(value(`${'x'.repeat(255)}\u{1f375}`)).toContain('\\ud83c"');
  });

  test('every single UTF-16 code unit comes back as it was', () => {
    for (let unit = 0; unit < 0x10000; unit++) {
      const text = String.fromCharCode(unit);
      if (JSON.parse(quote(text)) !== text) throw new Error(`U+${unit.toString(16)}`);
    }
  });
});

describe('keys', () => {
  test('$type of the program does not look like a tag', () => {
    expect(value({ $type: 'Map' })).toBe('{"$$type":"Map"}');
    expect(value({ $type: 1, $$type: 2, $$$type: 3 })).toBe('{"$$type":1,"$$$type":2,"$$$$type":3}');
    expect(value({ $types: 1, a$type: 2 })).toBe('{"$types":1,"a$type":2}');
  });

  test('__proto__ and constructor are keys like others', () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"hasOwnProperty":3}';
    expect(value(JSON.parse(text))).toBe(text);
  });

  test('symbols and what is not enumerable are left out', () => {
    expect(value(Object.defineProperty({ [Symbol('s')]: 1, a: 2 }, 'b', { value: 3 }))).toBe('{"a":2}');
  });
});

describe('secrets are redacted', () => {
  test('at any level, in Maps, and whatever the value is', () => {
    expect(
      parsed({ a: { password: 'x', max_tokens: 5 }, list: [{ 'X-API-Key': { nested: 1 } }], cookie: 'a' }),
    ).toEqual({ a: { password: '<redacted>', max_tokens: 5 }, list: [{ 'X-API-Key': '<redacted>' }], cookie: '<redacted>' }); // prettier-ignore
    expect(
      parsed(
        new Map<unknown, unknown>([
          ['token', 'x'],
          ['a', { sid: 'x' }],
          [{ secret: 'x' }, 2],
        ]),
      ).entries,
    ).toEqual([
      ...[['token', '<redacted>'], ['a', { sid: '<redacted>' }], [{ secret: '<redacted>' }, 2]], // prettier-ignore
    ]);
    expect(parsed(Object.assign(new User(), { apiKey: 'x' }))).toEqual({ $type: 'User', id: 1, apiKey: '<redacted>' });
  });

  test('the second time too', () => {
    expect([value({ pwd: 'x' }), value({ pwd: 'y' })]).toEqual(['{"pwd":"<redacted>"}', '{"pwd":"<redacted>"}']);
  });

  test('in more keys than are remembered', () => {
    const { value: fresh } = previewer();
    for (let i = 0; i < 10_050; i++) fresh({ [`k${i}`]: i });
    expect(fresh({ apiKey: 'x', k10049: 2 })).toBe('{"apiKey":"<redacted>","k10049":2}');
  });
});

describe('error()', () => {
  test('gives name, message, stack, code and cause', () => {
    const input = Object.assign(new TypeError('no', { cause: new RangeError('inner') }), { code: 'E_NO' });
    expect(thrown(input)).toEqual({
      name: 'TypeError',
      message: 'no',
      stack: input.stack,
      code: 'E_NO',
      cause: { name: 'RangeError', message: 'inner' },
    });
    expect(thrown(Object.assign(new Error('n'), { code: 7, cause: { a: 1 } }))).toMatchObject({
      code: 7,
      cause: { a: 1 },
    });
    expect(thrown(Object.assign(new Error('n'), { code: {} }))).not.toHaveProperty('code');
  });

  test('takes the name of the error, else that of its class', () => {
    class Odd extends Error {
      override name = 'OddName';
    }
    class Nameless extends Error {
      override name = '';
    }
    expect(thrown(new Odd('a')).name).toBe('OddName');
    expect(thrown(new Nameless('a')).name).toBe('Nameless');
  });

  test('knows a DOMException', () => {
    const { name, message } = thrown(new DOMException('gone', 'AbortError'));
    expect({ name, message }).toEqual({ name: 'AbortError', message: 'gone' });
    expect(thrown(Object.create(DOMException.prototype)).name).toBe('Thrown');
  });

  test.each<[unknown, object]>([
    ['text', { name: 'Thrown', message: 'text', value: 'text' }],
    [undefined, { name: 'Thrown', message: 'a value of type undefined was thrown', value: { $type: 'undefined' } }],
    [null, { name: 'Thrown', message: 'a value of type null was thrown', value: null }],
    [
      { password: 1234 },
      { name: 'Thrown', message: 'a value of type object was thrown', value: { password: '<redacted>' } },
    ],
  ])('shows %j, which is no error', (input, shown) => expect(thrown(input)).toEqual(shown));

  test('keeps 4096 characters of the message', () => {
    expect(thrown(new Error('x'.repeat(4096))).message).toBe('x'.repeat(4096));
    expect(thrown(new Error('x'.repeat(4097))).message).toBe(`${'x'.repeat(4096)}...`);
  });

  test('ends for causes in a circle, whatever the depth', () => {
    const input: Error = new Error('round');
    input.cause = input;
    const deep = createPreviewer({ ...limits, maxDepth: 1e9 }, () => false);
    const text = deep.error(input).toJson();
    expect(text.length).toBeLessThan(10_000);
    expect(JSON.parse(text).cause.cause.message).toBe('round');
  });
});

describe('no code of the program runs', () => {
  let ran: string[];
  const trap = (name: string) =>
    function () {
      ran.push(name);
      return name as never;
    };
  beforeEach(() => (ran = []));

  function defineAll(target: object, names: PropertyKey[]): object {
    for (const name of names) Object.defineProperty(target, name, { get: trap(String(name)), configurable: true, enumerable: true }); // prettier-ignore
    return target;
  }
  const hooks = [
    ...['toJSON', 'toString', 'valueOf', 'constructor', 'name', 'message', 'stack', 'code', 'cause', 'size', 'length'],
    ...['source', 'flags', 'global', 'hasIndices', 'lastIndex', 'then', 'byteLength', 'buffer', 'entries', 'values'],
    ...[inspect.custom, Symbol.toPrimitive, Symbol.iterator, Symbol.toStringTag, Symbol.hasInstance, Symbol.species],
  ];

  test('of getters, wherever they are', () => {
    const class_ = (Base: any) => {
      class Trapped extends Base {}
      defineAll(Trapped.prototype, hooks);
      defineAll(Trapped, ['name', Symbol.hasInstance, Symbol.species]);
      return Trapped as any;
    };
    const own = (input: object) =>
      defineAll(
        input,
        hooks.filter((name) => Object.getOwnPropertyDescriptor(input, name)?.configurable !== false),
      );
    const bases = [Object, Map, Set, Date, Array, Error, TypeError, Uint8Array, ArrayBuffer, Number, String, Boolean];
    const inputs = [
      ...bases.map((Base) => new (class_(Base))()),
      ...bases.map((Base) => own(new (Base as any)())),
      new (class_(RegExp))('a', 'g'),
      own(/a/g),
      new (class_(DataView))(new ArrayBuffer(1)),
      own(function f() {}),
      own(Promise.resolve()),
      own(Object.create(null)),
    ];
    ran = [];
    expect(inputs).toHaveLength(2 * bases.length + 6);
    for (const input of inputs) {
      JSON.parse(value(input));
      JSON.parse(value({ input, list: [input], map: new Map([[input, input]]) }));
      JSON.parse(error(input).toJson());
      JSON.parse(error(Object.assign(new Error('a'), { cause: input })).toJson());
    }
    expect(ran).toEqual([]);
  });

  test('of a Proxy', () => {
    const handler = new Proxy({}, { get: (_, name) => (ran.push(String(name)), undefined) });
    const inputs = [{}, [], () => 1, class {}, new Map(), new Error('a')].map((target) => new Proxy(target, handler));
    for (const proxy of inputs) {
      const inherits = Object.create(proxy);
      for (const input of [proxy, inherits, { a: [proxy] }, new Map([[proxy, proxy]])]) {
        JSON.parse(value(input));
        JSON.parse(error(input).toJson());
        JSON.parse(error(new Error('a', { cause: input })).toJson());
      }
    }
    const error_ = Object.setPrototypeOf(new Error('a'), inputs[0]);
    error(error_).toJson();
    expect(ran).toEqual([]);
  });

  test('of accessors in lists, nor of what stands behind holes', () => {
    const getter = { get: () => (ran.push('get'), 1), configurable: true };
    const setter = { set: () => ran.push('set') };
    const list = [1, undefined, 2, 3, 4, null];
    Object.defineProperty(list, 2, getter);
    Object.defineProperty(list, 3, setter);
    Object.defineProperty(list, 4, { ...getter, ...setter });
    expect(value(list)).toBe('[1,{"$type":"undefined"},{"$type":"getter"},{"$type":"setter"},{"$type":"getter"},null]');
    const traps = new Proxy({}, { get: (_, name) => (ran.push(String(name)), undefined) });
    const sparse = Object.setPrototypeOf([1, 2], new Proxy([], traps));
    Reflect.deleteProperty(sparse, '0');
    expect(JSON.parse(value(sparse))).toEqual([{ $type: 'hole' }, 2]);
    Object.defineProperty(Array.prototype, 0, getter);
    try {
      // eslint-disable-next-line no-sparse-arrays
      expect(value([, 2])).toBe('[{"$type":"hole"},2]');
    } finally {
      Reflect.deleteProperty(Array.prototype, '0');
    }
    expect(ran).toEqual([]);
  });

  test('of the name of a class that defines it itself', () => {
    class Getter {
      static get name() {
        ran.push('name');
        return 'other';
      }
    }
    class Inherits extends Getter {}
    class Method {
      static name() {
        ran.push('name()');
      }
    }
    const heir = Object.setPrototypeOf(() => 1, Getter) as object;
    Reflect.deleteProperty(heir, 'name');
    const none = '{"$type":"function","name":""}';
    expect([Getter, Method, heir].map((input) => value(input))).toEqual([none, none, none]);
    expect(value(Inherits)).toBe('{"$type":"function","name":"Inherits"}');
    expect(ran).toEqual([]);
  });

  test('of name and message when the stack is asked for', () => {
    class Named extends Error {
      override get name() {
        ran.push('name');
        return 'Named';
      }
    }
    const objectName = Object.assign(new Error('a'), { name: { toString: trap('toString') } });
    for (const input of [new Named('a'), objectName]) expect(thrown(input)).not.toHaveProperty('stack');
    expect(ran).toEqual([]);
  });

  test('of patched prototypes', () => {
    const patches: [object, PropertyKey[]][] = [
      [Map.prototype, ['entries', 'get', 'set', 'has', 'size', Symbol.iterator]],
      [Set.prototype, ['values', 'size', Symbol.iterator]],
      [RegExp.prototype, ['flags', 'source', 'exec', 'test', 'toString', 'global', Symbol.replace]],
      [Array.prototype, ['includes', 'push', 'pop', 'slice', Symbol.iterator]],
      [String.prototype, ['slice', 'charCodeAt', 'replace', 'toLowerCase', 'includes', 'startsWith', Symbol.iterator]],
      [Date.prototype, ['toISOString', 'getTime', 'toJSON']],
      [Object.getPrototypeOf(new Map().entries()), ['next']],
      [Object.getPrototypeOf(new Set().values()), ['next']],
      [Error.prototype, ['toString']],
      [DataView.prototype, ['setFloat64', 'getFloat64', 'setUint32']],
      [Buffer.prototype, ['write', 'toString']],
      [Object.getPrototypeOf(Uint8Array.prototype), ['set', 'subarray', 'copyWithin']],
    ];
    const inputs = [
      ...[
        new Map([['token', /a/g]]),
        new Set(['x'.repeat(300)]),
        new Date(0),
        [1, ['a"b']],
        { ['k'.repeat(300)]: 'x' },
      ],
      ...[{ $type: 1, fresh_key_1: Symbol('a') }, new Error('x'.repeat(5000)), Object(1n), new Uint8Array(1)],
    ];
    const undo: (() => void)[] = [];
    try {
      for (const [target, names] of patches) {
        for (const name of names) {
          const before = Object.getOwnPropertyDescriptor(target, name)!;
          undo.push(() => Object.defineProperty(target, name, before));
          const log = `${String(name)}`;
          Object.defineProperty(target, name, {
            configurable: true,
            ...(before.get
              ? { get(this: unknown) { ran[ran.length] = log; return before.get!.call(this); } } // prettier-ignore
              : { value(this: unknown, ...args: unknown[]) { ran[ran.length] = log; return before.value.apply(this, args); } }), // prettier-ignore
          });
        }
      }
      ran = [];
      for (let i = 0; i < inputs.length; i++) {
        value(inputs[i]);
        error(inputs[i]).toJson();
      }
    } finally {
      const seen = ran;
      undo.forEach((each) => each());
      ran = seen;
    }
    expect(undo).toHaveLength(42);
    expect(ran).toEqual([]);
  });
});

describe('the work is bounded:', () => {
  /** A previewer that counts the properties it looks at. */
  function counting(changed: Partial<typeof limits> = {}) {
    const { getOwnPropertyDescriptor, hasOwn } = Object;
    let looks = 0;
    let made: ReturnType<typeof previewer> | undefined;
    jest.isolateModules(() => {
      Object.getOwnPropertyDescriptor = (...args) => (looks++, getOwnPropertyDescriptor(...args));
      Object.hasOwn = (...args) => (looks++, hasOwn(...args));
      try {
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        made = require('../../src/recorder/preview.js').createPreviewer({ ...limits, ...changed }, () => false);
      } finally {
        Object.getOwnPropertyDescriptor = getOwnPropertyDescriptor;
        Object.hasOwn = hasOwn;
      }
    });
    return (input: unknown) => {
      looks = 0;
      const text = made!.value(input);
      return { text, looks };
    };
  }
  const huge = { maxString: 1e15, maxItems: 1e15, maxDepth: 1e15 };

  function bounded(input: unknown, changed = {}): any {
    const { text, looks } = counting(changed)(input);
    expect(looks).toBeLessThan(4000);
    expect(text.length).toBeLessThan(200_000);
    return JSON.parse(text);
  }

  test('counting() counts', () => expect(counting()({ a: 1, b: [2] }).looks).toBe(3));

  test('an array of 10^7 items', () => {
    const input = new Array(1e7).fill(7);
    expect(bounded(input)).toMatchObject({ $type: 'Array', length: 1e7 });
    expect(bounded(input, huge).items.length).toBeLessThan(300);
  });

  test('an array of 10^7 holes', () => expect(bounded(new Array(1e7), huge).items.length).toBeLessThan(300));

  test('an object with 10^5 keys', () => {
    const input = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`key${i}`, i]));
    expect(bounded(input)).toMatchObject({ $type: 'Object', length: 1e5, key63: 63 });
    expect(Object.keys(bounded(input, huge)).length).toBeLessThan(300);
  });

  test('an object with 10^4 getters', () => {
    const input = {};
    for (let i = 0; i < 1e4; i++) Object.defineProperty(input, `g${i}`, { get: () => 1, enumerable: true });
    expect(Object.keys(bounded(input, huge)).length).toBeLessThan(300);
  });

  test('a Map and a Set of 10^6', () => {
    const keys = Array.from({ length: 1e6 }, (_, i) => i);
    expect(bounded(new Map(keys.map((key) => [key, key])))).toMatchObject({ $type: 'Map', size: 1e6 });
    expect(bounded(new Map(keys.map((key) => [key, key])), huge).entries.length).toBeLessThan(300);
    expect(bounded(new Set(keys), huge).items.length).toBeLessThan(300);
  });

  test('a depth of 10^5', () => {
    let input: unknown = 'end';
    for (let i = 0; i < 1e5; i++) input = i % 2 ? [input] : { input };
    bounded(input);
    expect(JSON.stringify(bounded(input, huge))).not.toContain('unavailable');
  });

  test('a width of 64^4', () => {
    const leaf = Array.from({ length: 64 }, () => 'x'.repeat(256));
    const row = Array.from({ length: 64 }, () => leaf);
    bounded(Array.from({ length: 64 }, () => row));
    bounded(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`${i}${'k'.repeat(250)}`, row])));
  });

  test('what stands behind a large value is shown all the same', () => {
    const large = (): unknown[] => Array.from({ length: 64 }, () => ({ a: [1, 2, 3, 4, 5, 6, 7, 8] }));
    const seen = bounded({ first: large(), second: large(), id: 7, user: { name: 'Ada' } });
    expect(seen).toMatchObject({ id: 7, user: { name: 'Ada' } });
    expect(seen.second.items[0]).toEqual({ a: [1, 2, 3, 4, 5, 6, 7, 8] });
  });

  test('what stands deep is shown where it is little', () => {
    const chain = (left: number): unknown => (left === 0 ? 'end' : { at: left, next: chain(left - 1) });
    expect(JSON.stringify(bounded(chain(50), huge))).toContain('"end"');
  });

  test('a cyclic graph of 10^6 nodes', () => {
    const nodes = Array.from({ length: 1e6 }, (_, id) => ({ id, links: [] as unknown[] }));
    for (const { id, links } of nodes) for (let i = 1; i <= 70; i *= 3) links.push(nodes[(id * 7 + i) % 1e6]);
    bounded(nodes[0]);
    bounded(nodes[0], huge);
    bounded(nodes);
  });

  test('a string of 100 MB, flat or not, is told by its length and not copied', () => {
    const rope = 'x'.repeat(1e8);
    const flat = Buffer.alloc(1e8, 'x').toString('latin1');
    const before = process.memoryUsage().heapUsed + process.memoryUsage().external;
    for (const text of [rope, flat]) {
      expect(bounded(text)).toEqual({ $type: 'string', length: 1e8 });
      expect(bounded(new Map([[text, 1]])).entries).toEqual([[{ $type: 'string', length: 1e8 }, 1]]);
      expect(bounded(new Error(text))).toEqual({ $type: 'Error', message: { $type: 'string', length: 1e8 } });
      expect(thrown(text)).toMatchObject({ value: { $type: 'string', length: 1e8 } });
      expect(thrown(new Error(text)).message).toBe('a text of 100000000 characters');
    }
    const after = process.memoryUsage().heapUsed + process.memoryUsage().external;
    expect(after - before).toBeLessThan(50e6);
  });
});

test('a preview holds what was there when it was taken', () => {
  const input = { list: [1], map: new Map([['a', { b: 1 }]]) };
  const text = value(input);
  input.list.push(2);
  input.map.get('a')!.b = 2;
  expect(text).toBe('{"list":[1],"map":{"$type":"Map","size":1,"entries":[["a",{"b":1}]]}}');
});

test('thousands of random values give valid JSON that says the same', () => {
  let seed = 20_240_229;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const text = () =>
    Array.from({ length: random(12) }, () => String.fromCharCode(random(0x10000) >> random(12))).join('');
  const made = { plain: true };
  const odd = <T>(input: T): T => ((made.plain = false), input);
  const leaves: (() => unknown)[] = [
    ...[() => random(1e6) / 7 - 5e4, text, () => null, () => random(2) === 0],
    ...[
      () => odd(undefined),
      () => odd(BigInt(random(1e9))),
      () => odd(Symbol(text())),
      () => odd(new Date(random(1e9))),
    ],
    ...[
      () => odd(NaN),
      () => odd('x'.repeat(300)),
      () => odd(new Error(text())),
      () => odd(() => 1),
      () => odd(/\n"/g),
    ],
    ...[() => odd(new Uint8Array(random(9))), () => odd(new Proxy({}, {})), () => odd(Object(text()))],
  ];
  const make = (depth: number): unknown => {
    const items = () => Array.from({ length: random(5) }, () => make(depth - 1));
    if (depth === 0 || random(3) === 0) return leaves[random(random(2) ? 4 : leaves.length)]();
    switch (random(8)) {
      case 0:
        return odd(new Map(items().map((item) => [item, item])));
      case 1:
        return odd(new Set(items()));
      case 2:
        return odd(Object.assign(new User(), { [text()]: make(depth - 1) }));
      case 3:
      case 4:
        return items();
      default:
        return Object.fromEntries(items().map((item) => [text(), item]));
    }
  };
  let same = 0;
  for (let i = 0; i < 5000; i++) {
    made.plain = true;
    const input = make(random(5));
    const shown = parsed(input);
    JSON.parse(error(input).toJson());
    if (!made.plain || shown?.$type) continue;
    expect(shown).toEqual(input);
    same++;
  }
  expect(same).toBeGreaterThan(1000);
});

test('built-in objects are shown as such, whatever their prototype was given to before', () => {
  const fresh = createPreviewer(limits, () => false);
  for (const { prototype } of [Map, Set, Date, Error, RegExp, Uint8Array]) fresh.value(Object.create(prototype));
  expect(fresh.value(new Map([[1, 2]]))).toBe('{"$type":"Map","size":1,"entries":[[1,2]]}');
  expect(fresh.value(new Set([1]))).toBe('{"$type":"Set","size":1,"items":[1]}');
  expect(fresh.value(new Date(0))).toBe('{"$type":"Date","value":"1970-01-01T00:00:00.000Z"}');
  expect(fresh.value(new Error('no'))).toBe('{"$type":"Error","message":"no"}');
  expect(fresh.value(/a/g)).toBe('{"$type":"RegExp","value":"/a/g"}');
  expect(fresh.value(new Uint8Array(2))).toBe('{"$type":"Uint8Array","length":2}');
});
