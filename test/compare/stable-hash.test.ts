import { StableHash, type Surroundings } from '../../src/compare/stable-hash.js';

const green: Surroundings = {
  from: Date.UTC(2026, 10, 27),
  to: Date.UTC(2026, 10, 27, 1),
  pids: new Set([4711, 12]),
  cwd: '/home/ada/shop',
};
const red: Surroundings = {
  from: Date.UTC(2026, 11, 9),
  to: Date.UTC(2026, 11, 9, 1),
  pids: new Set([8150, 13]),
  cwd: '/builds/7/shop',
};

function hash(text: string, surroundings: Surroundings): string {
  const hash = new StableHash();
  hash.at(surroundings);
  hash.reset(1);
  hash.text(text);
  return `${hash.high} ${hash.low}`;
}

const same = (one: string, other: string): boolean => hash(one, green) === hash(other, red);

describe('what differs between two runs by nature is the same', () => {
  test.each([
    ['milliseconds since 1970', '{"at":1795737600123}', '{"at":1796774400456}'],
    ['milliseconds with a fraction', '{"atimeMs":1795737600123.25}', '{"atimeMs":1796774400456.5}'],
    ['seconds since 1970', '{"at":1795737600}', '{"at":1796774400}'],
    ['an ISO time', '"2026-11-27T00:10:00.000Z"', '"2026-12-09T00:20:00.123Z"'],
    ['a date of HTTP', '{"date":"Fri, 27 Nov 2026 00:00:01 GMT"}', '{"date":"Wed, 09 Dec 2026 00:00:01 GMT"}'],
    [
      'a date as text',
      '"Fri Nov 27 2026 00:10:51 GMT+0000 (Coordinated Universal Time)"',
      '"Wed Dec 09 2026 00:20:51 GMT+0100 (CET)"',
    ],
    ['the day of a date as text', '"on Fri Nov 27 2026."', '"on Wed Dec 09 2026."'],
    ['a UUID', '"6fa459ea-ee8a-3ca4-894e-db77e160355e"', '"16fd2706-8baf-433b-82eb-8c7fada847da"'],
    ['a UUID of digits', '"12345678-ee8a-3ca4-894e-db77e160355e"', '"16fd2706-8baf-433b-82eb-8c7fada847da"'],
    ['hex digits', '"id-5f0c9a1e7b"', '"id-0a1b2c3d4e"'],
    ['random letters and digits', '"V1StGXR8Z5jdHi6BmyT"', '"x9KfPq2LmN4oRsT7uVw"'],
    ['a fraction by chance in a name', '"after-0.8730107607454682"', '"after-0.164804965917063"'],
    ['a fraction by chance in a path', '"/0.8730107607454682"', '"/0.164804965917063"'],
    ['a fraction by chance after code', '"async (x) => {-0.8730107607454682"', '"async (x) => {-0.164804965917063"'],
    ['a port', '"http://127.0.0.1:38123/cart"', '"http://127.0.0.1:40001/cart"'],
    ['a port by its key', '{"port":38123}', '{"port":40001}'],
    ['a temporary folder', '"/tmp/handit-x7Ab/a.txt"', '"/tmp/handit-q9Zz/a.txt"'],
    [
      'the boundary of a form, by its header',
      '{"content-type":"multipart/form-data; boundary=aB3xY"}',
      '{"content-type":"multipart/form-data; boundary=qZ9-k"}',
    ],
    [
      'the boundary of a form, in its body',
      '"------formdata-undici-037590381827\\r\\ncontent"',
      '"------formdata-undici-091182736455\\r\\ncontent"',
    ],
    ['the working directory', '"/home/ada/shop/lib/a.js"', '"/builds/7/shop/lib/a.js"'],
    ['the process id', '{"pid":12}', '{"pid":13}'],
    [
      'the stack of an error, which only some of equal ones have',
      '{"name":"Error","message":"no","stack":"Error: no\\n    at a (x.js:1:\\"2)\\n    at b","code":1}',
      '{"name":"Error","message":"no","code":1}',
    ],
    ['the process id, as a value and in a name', '[4711,"worker-4711"]', '[8150,"worker-8150"]'],
    ['the process id, in a line of a log', '"{\\"pid\\":12}"', '"{\\"pid\\":13}"'],
    [
      'a stack',
      '"Error: no\\n    at a (/home/a.js:1:2)\\n    at b (\\"x\\")\\nend"',
      '"Error: no\\n    at c (/b.js:7:7)\\nend"',
    ],
    ['frames of Node', '["a.js","node:internal/timers","b"]', '["a.js","b","node:internal/test_runner/test"]'],
    ['call sites', '[{"$type":"CallSite"},{"$type":"CallSite"}]', '[{"$type":"CallSite"}]'],
    ['a header that follows from the body', '{"etag":"W/\\"5-a\\"","x":1}', '{"etag":"W/\\"6-b\\"","x":1}'],
    ['the file of the trace', '{"HANDIT_OUTPUT_FILE":"/a/one.jsonl"}', '{"HANDIT_OUTPUT_FILE":"/b/two.jsonl"}'],
    ['the length of a body', '{"content-length":"12"}', '{"content-length":"13"}'],
    [
      'the hash of what was cut, where a part of it is volatile',
      '{"$type":"string","value":"at 1795737600123 …","hash":"00112233"}',
      '{"$type":"string","value":"at 1796774400456 …","hash":"99887766"}',
    ],
  ])('%s', (_, one, other) => {
    expect(same(one, other)).toBe(true);
  });
});

describe('what a program computes stays different', () => {
  test.each([
    ['a number', '{"total":30}', '{"total":31}'],
    ['a long number', '{"total":12345678901}', '{"total":12345678902}'],
    ['a date that is not of the run', '"2020-01-01"', '"2020-01-02"'],
    ['a word', '".html"', '".HTML"'],
    ['what follows a boundary', '"boundary=a; charset=x"', '"boundary=a; charset=y"'],
    ['a fraction alone', '{"a":[-0.8730107607454682]}', '{"a":[-0.1648049659170634]}'],
    ['a short fraction in a name', '"v-0.5"', '"v-0.6"'],
    ['a fraction', '0.30000000000000004', '0.3'],
    ['a number that is the id of one process', '{"count":4711}', '{"count":815}'],
    ['what is after a stack', '"E\\n    at a (b.js:1:2)\\nend"', '"E\\n    at a (b.js:1:2)\\nOther"'],
    ['a list beside the frames of Node', '["a.js","node:internal/timers"]', '["b.js","node:internal/timers"]'],
    ['a version', '"1.2.3.4"', '"1.2.3.5"'],
    ['a long word', '"internationalization"', '"internationalisation"'],
    [
      'a hash of what was cut',
      '{"$type":"string","value":"abc","hash":"00112233"}',
      '{"$type":"string","value":"abc","hash":"99887766"}',
    ],
    ['a path', '"/home/ada/shop/lib/a.js"', '"/builds/7/shop/lib/b.js"'],
  ])('%s', (_, one, other) => {
    expect(same(one, other)).toBe(false);
  });
});

test('an end in the middle of a word or number is no reason to read on', () => {
  const bytes = new TextEncoder().encode('12345678-ee8a-3ca4-894e-db77e160355e 2026-11-27T00:00:00Z');
  const one = new StableHash();
  one.at(green);
  for (let end = 0; end <= bytes.length; end++) {
    one.reset(1);
    one.bytes(bytes, 0, end);
    const [high, low] = [one.high, one.low];
    one.reset(1);
    one.bytes(bytes.slice(0, end), 0, end);
    expect([one.high, one.low]).toEqual([high, low]);
  }
});
