import {
  flatPairs,
  headerOf,
  headWith,
  pairs,
  urlJson,
  writeHeaders,
  type HeaderList,
  type RawHeaders,
} from '../../hooks/lib/headers.js';
import { createEncoder } from '../../src/recorder/encoder.js';

const isSecret = (key: string): boolean => key === 'cookie' || key === 'password';

function written(headers: RawHeaders): unknown {
  const out = createEncoder(() => undefined);
  writeHeaders(out, headWith(headers), isSecret);
  return JSON.parse(out.slice(0));
}

test('headers that come again and again are written as the first time, and others of the same size are not taken for them', () => {
  const plain: HeaderList = [
    ['Content-Type', 'text/plain'],
    ['X-Id', 'aa'],
    ['x-id', 'bb'],
  ];
  const others: HeaderList[] = [
    [['Content-Type', 'text/plain'], ...plain.slice(1, 2), ['x-id', 'bc']],
    [['Content-Tipe', 'text/plain'], ...plain.slice(1)],
    [
      ['Content-Type', 'text/plai'],
      ['X-Id', 'aan'],
      ['x-id', 'bb'],
    ],
  ];
  for (let i = 0; i < 4; i++) {
    expect(written([...plain])).toEqual({ 'content-type': 'text/plain', 'x-id': ['aa', 'bb'] });
    expect(others.map(written)).toEqual([
      { 'content-type': 'text/plain', 'x-id': ['aa', 'bc'] },
      { 'content-tipe': 'text/plain', 'x-id': ['aa', 'bb'] },
      { 'content-type': 'text/plai', 'x-id': ['aan', 'bb'] },
    ]);
  }
});

test('secrets are left out of headers that come again', () => {
  for (let i = 0; i < 4; i++) {
    expect(written([['Cookie', 'a=1']])).toEqual({ cookie: '<redacted>' });
    expect(written([['location', '/?password=Tr0ub4dor']])).toEqual({
      location: expect.not.stringContaining('Tr0ub4dor') as string,
    });
  }
});

test('a head as it was sent, and names and values in turn, are written as the list of them is', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Id: aa\r\nx-id: b: b\r\nSet-Cookie: \r\n\r\n';
  const flat = ['Content-Type', 'text/plain', 'X-Id', 'aa', 'x-id', 'b: b', 'Set-Cookie', ''];
  for (let i = 0; i < 3; i++) {
    for (const headers of [head, flat, pairs(flat)]) {
      expect(written(headers)).toEqual({ 'content-type': 'text/plain', 'x-id': ['aa', 'b: b'], 'set-cookie': '' });
    }
    expect(written(head.replace('aa', 'ab'))).toMatchObject({ 'x-id': ['ab', 'b: b'] });
  }
});

test('headerOf() finds a header whatever the case it was sent in', () => {
  const flat = ['X-Content-Type', 'a', 'host', 'content-type', 'Content-Type', 'text/plain', 'content-type', 'b'];
  const head = 'HTTP/1.1 200 OK\r\nX-Content-Type: a\r\nhost: content-type\r\nContent-Type: text/plain\r\n\r\n';
  for (const headers of [head, flat, pairs(flat)]) {
    expect(headerOf(headers, 'content-type')).toBe('text/plain');
    expect(headerOf(headers, 'host')).toBe('content-type');
    expect(headerOf(headers, 'content')).toBeUndefined();
  }
  expect(headerOf('HTTP/1.1 200 OK\r\n\r\n', 'host')).toBeUndefined();
});

test('URLs that come again are written as the first time, and others of the same length are not taken for them', () => {
  const urls = [
    'http://a/b?id=1',
    'http://a/c?id=1',
    'http://b/b?id=1',
    `http://a/${'x'.repeat(2000)}`,
    '',
    'http://é/',
  ];
  for (let i = 0; i < 3; i++) {
    expect(urls.map((url) => JSON.parse(urlJson(url, isSecret)) as string)).toEqual(urls);
    expect(urlJson('http://a/b?password=Tr0ub4dor', isSecret)).not.toContain('Tr0ub4dor');
  }
});

test('names and values in turn, also as bytes or with several values, are written as the list of them is', () => {
  const one = [Buffer.from('X-Id'), Buffer.from('a\xe9', 'latin1'), 'x-id', 'b', 'n', 1];
  const several = [...one, 'Set-Cookie', [Buffer.from('c'), 'd']];
  expect(flatPairs(one)).toEqual(['X-Id', 'aé', 'x-id', 'b', 'n', '1']);
  for (const raw of [one, several, []]) expect(written(flatPairs(raw))).toEqual(written(pairs(raw)));
  expect(written(flatPairs(several))).toEqual({ 'x-id': ['aé', 'b'], n: '1', 'set-cookie': ['c', 'd'] });
});
