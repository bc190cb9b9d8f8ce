import { writeHeaders, type HeaderList } from '../../hooks/lib/headers.js';
import { createEncoder } from '../../src/recorder/encoder.js';

const isSecret = (key: string): boolean => key === 'cookie' || key === 'password';

function written(headers: HeaderList): unknown {
  const out = createEncoder(() => undefined);
  writeHeaders(out, headers, isSecret);
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
