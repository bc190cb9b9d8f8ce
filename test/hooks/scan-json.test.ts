import { redactMultipart } from '../../hooks/lib/redact-text.js';
import { CAREFUL, JSON_TEXT, LINES, scanJson } from '../../hooks/lib/scan-json.js';
import { keyTest } from '../../src/recorder/key-kinds.js';
import { redactText, secretKeys } from '../../src/recorder/redact.js';

const parses = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
};

const keyKind = keyTest(secretKeys(null));
const isJsonText = (text: string): boolean => scanJson(Buffer.from(text), keyKind) !== 0;

describe('scanJson()', () => {
  const whole = [
    '{}',
    '[]',
    ' [ ] ',
    '{"a":1}',
    '[1,-2.5e+10,0,-0,1E5,0.1]',
    '[true,false,null]',
    '{"a":{"b":[{}]},"c":"\\u00e9\\n\\/"}',
    '["\\ud800"]',
    '{"a":[1,2,{"b":"}"}],\r\n\t"c":"[\\""}',
    '["é\u2028"]',
  ];
  test.each(whole)('takes %s', (text) => expect([isJsonText(text), parses(text)]).toEqual([true, true]));
  test.each([
    '',
    ' ',
    '{',
    '[',
    ']',
    '}',
    '{]',
    '[}',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,}',
    '{a:1}',
    "{'a':1}",
    '[01]',
    '[1.]',
    '[.5]',
    '[+1]',
    '[1e]',
    '[--1]',
    '[-]',
    '["a]',
    '["\\x"]',
    '["\\u12g4"]',
    '["\n"]',
    '[tru]',
    '[truefalse]',
    '[1 2]',
    '{"a":1 "b":2}',
    '{}{}',
    '[]]',
    '[undefined]',
    '[NaN]',
    '["a":1]',
    '{"a":1]',
    '\uFEFF[]',
    '[1]x',
    '{"a" 1}',
    '{1:2}',
    '{"a"',
    '{"a',
    '{"a":"b\\"}',
  ])('refuses %j', (text) => expect([isJsonText(text), parses(text)]).toEqual([false, false]));

  test('says of each of 20,000 changed texts what JSON.parse says', () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const parts = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '1',
      '-',
      '.',
      'e',
      '+',
      't',
      'true',
      'null',
      ' ',
      '\n',
      'é',
      '"a"',
      '\\u0041',
    ];
    let valid = 0;
    for (let round = 0; round < 20_000; round++) {
      let text = whole[random(whole.length)];
      for (let change = random(3); change >= 0; change--) {
        const at = random(text.length + 1);
        text = text.slice(0, at) + (random(2) ? parts[random(parts.length)] : '') + text.slice(at + random(3));
      }
      const expected = parses(text);
      if (expected) valid++;
      if (isJsonText(text) !== expected) throw new Error(`${JSON.stringify(text)} is ${expected ? '' : 'not '}JSON`);
    }
    expect(valid).toBeGreaterThan(500);
  });

  test.each<[string, number]>([
    ['{"a":[1,"b",null]}', JSON_TEXT],
    ['{"a" :1}\n', JSON_TEXT + LINES],
    ['{"a"\r\n:1}', JSON_TEXT + LINES],
    ['{"id":1,"password":1}', JSON_TEXT + CAREFUL],
    ['{"pass\\u0077ord":1}', JSON_TEXT + CAREFUL],
    ['[{"api_key":\n1}]', JSON_TEXT + CAREFUL + LINES],
    ['{"a":"{\\"token\\":1}"}', JSON_TEXT + CAREFUL],
    ['["word","a:b=c"]', JSON_TEXT],
    ['["password","x"]', JSON_TEXT + CAREFUL],
    ['["postgres://a:b@c/d"]', JSON_TEXT + CAREFUL],
    ['{"name":"password","value":"x"}', JSON_TEXT + CAREFUL],
    ['{"a":"ghp_abcdefghijklmnopqrstuvwxyz"}', JSON_TEXT + CAREFUL],
  ])('tells of %j what else there is to be known', (text, found) => {
    expect(scanJson(Buffer.from(text), keyKind)).toBe(found);
    expect(scanJson(Buffer.from(text), keyKind)).toBe(found);
  });

  test('refuses more levels than a reader can walk', () => {
    expect(isJsonText('['.repeat(200) + ']'.repeat(200))).toBe(true);
    expect(isJsonText('['.repeat(201) + ']'.repeat(201))).toBe(false);
  });
});

describe('redactText()', () => {
  const isSecret = secretKeys(null);
  test.each([
    ['{"token":"a","b":1}', '{"token":"<redacted>","b":1}'],
    ['{ "apiKey" : 1234.5 , "b":1}', '{ "apiKey" : "<redacted>" , "b":1}'],
    ['{"secret":{"a":["}",{"b":1}]},"c":2}', '{"secret":"<redacted>","c":2}'],
    ['{"tokens":1,"auth_token":["a","]"],"d":3}', '{"tokens":1,"auth_token":"<redacted>","d":3}'],
    ['{"password":"a\\"b\\\\","c":1}', '{"password":"<redacted>","c":1}'],
    ['{"a":1,"password":"cut off he', '{"a":1,"password":"<redacted>"'],
    ['{"a":1,"secret":{"b":["cut', '{"a":1,"secret":"<redacted>"'],
    ['data: {"api_key":"k"}\n\ndata: {"x":"y"}\n\n', 'data: {"api_key":"<redacted>"}\n\ndata: {"x":"y"}\n\n'],
    [
      '{"arguments":"{\\"password\\":\\"p\\",\\"n\\":1}"}',
      '{"arguments":"{\\"password\\":\\"<redacted>\\",\\"n\\":1}"}',
    ],
    [
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ token: 'x"y', n: 1 }) }) }),
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ token: '<redacted>', n: 1 }) }) }),
    ],
    ['{"pass\\u0077ord":"p"}', '{"pass\\u0077ord":"<redacted>"}'],
    ['{"x":"say \\"hi\\"","authorization":"Bearer a"}', '{"x":"say \\"hi\\"","authorization":"<redacted>"}'],
  ])('makes of %s %s', (text, expected) => expect(redactText(text, isSecret)).toBe(expected));

  test.each([
    '{"a":"password","b":["token"]}',
    '"password"',
    'password: x',
    '{"max_tokens":5,"author":"x"}',
    '{"password":null,"token":true,"pin":7}',
    '',
  ])('leaves %s', (text) => expect(redactText(text, isSecret)).toBe(text));
});

test('redactText() does not hang on a text of backslashes', () => {
  const text = `{"password":1111,"x":"${'\\'.repeat(300_000)}`;
  const start = process.cpuUsage();
  expect(redactText(text, secretKeys(null))).toBe(text.replace('1111', '"<redacted>"'));
  // 0.4 s; 84 where the run of them was looked at from each of its places to its end.
  expect(process.cpuUsage(start).user).toBeLessThan(20e6);
});

test('redactMultipart() leaves out the content of parts with a secret name', () => {
  const part = (name: string, content: string): string =>
    `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
  const body = `${part('user', 'ada')}${part('password', 'hunter2\r\nline 2')}${part('note', 'hi')}--xyz--\r\n`;
  expect(redactMultipart(body, secretKeys(null))).toBe(
    `${part('user', 'ada')}${part('password', '<redacted>')}${part('note', 'hi')}--xyz--\r\n`,
  );
});
