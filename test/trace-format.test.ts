import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository, tempProject } from './helpers/run.js';
import { problemOf, recordTypes, validateTrace } from './helpers/trace.js';

const proc = '5f0c9a1e';
const time = 1_767_600_000_000_000_000;
const error = { name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at f (/a.js:1:1)' };
const http = { proc, id: 3, t1_ns: time, dt_ns: 5 };

const good: Record<string, object> = {
  process_start: {
    ...{ type: 'process_start', proc, ts_ns: time, schema: 1, handit: '0.1.0', node: 'v20.20.2', pid: 7, ppid: 1 },
    ...{ tid: 0, argv: ['node', 'a.js'], cwd: '/a', platform: 'linux' },
  },
  module: { type: 'module', proc, ts_ns: time, file: 'a.ts', hash: '0123456789abcdef' },
  call: {
    ...{ type: 'call', proc, id: 2, parent: 1, func: 'A.f', file: 'a.js', line: 1, column: 1, kind: 'method' },
    ...{ t0_ns: time, args_preview: { a: 1, b: { $type: 'undefined' }, c: [null, { $type: 'User', id: 1 }] } },
  },
  return: { type: 'return', proc, id: 2, func: 'A.f', t1_ns: time, dt_ns: 12, return_preview: null },
  settle: { type: 'settle', proc, id: 2, func: 'A.f', t1_ns: time, dt_ns: 12, return_preview: 'x' },
  exception: { type: 'exception', proc, id: 2, func: 'A.f', t1_ns: time, dt_ns: 12, error },
  http_request: {
    ...{ type: 'http_request', proc, id: 3, parent: null, side: 'client', client: 'fetch', method: 'GET' },
    ...{ url: 'http://a/', headers: { accept: '*/*', 'set-cookie': ['a', 'b'] }, t0_ns: time },
  },
  http_response: { type: 'http_response', ...http, status: 200, headers: {}, bytes_in: 0 },
  http_error: { type: 'http_error', ...http, error },
  session_start: { type: 'session_start', proc, session_id: 's', parent: null, tag: 't', t0_ns: time },
  session_end: { type: 'session_end', proc, session_id: 's', parent: null, tag: 't', t1_ns: time, dt_ns: 1 },
  test_end: {
    ...{
      type: 'test_end',
      proc,
      test_id: 1,
      try: 1,
      test: 'a.test.js > A > adds',
      file: 'a.test.js',
      titles: ['A', 'adds'],
    },
    ...{ outcome: 'passed', t1_ns: time, dt_ns: 5 },
  },
  annotation: { type: 'annotation', proc, id: 2, ts_ns: time, data: { model: 'small' } },
  summary: {
    type: 'summary',
    proc,
    ts_ns: time,
    func: 'f',
    file: 'a.js',
    line: 1,
    calls: 2,
    recorded: 1,
    exceptions: 0,
  },
  limit: { type: 'limit', proc, ts_ns: time, reason: 'max_file' },
  skipped: { type: 'skipped', proc, ts_ns: time, file: 'a.js', reason: 'no' },
  process_end: { type: 'process_end', proc, ts_ns: time, exit_code: 0, events: 1, files: 1, dropped: {} },
};

function problem(record: object): string | undefined {
  return problemOf(JSON.stringify(record));
}

function without(record: object, field: string): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
}

test('there is a good line here for every record type of the schema', () => {
  expect(Object.keys(good).sort()).toEqual(recordTypes().sort());
  expect(recordTypes()).toHaveLength(17);
});

describe.each(Object.entries(good))('a %s line', (type, record) => {
  test('is accepted', () => {
    expect(problem(record)).toBeUndefined();
  });

  test.each(Object.keys(record).filter((field) => field !== 'type'))('is rejected without %s', (field) => {
    expect(problem(without(record, field))).toContain(
      type === 'settle' && field === 'return_preview'
        ? 'must match exactly one schema'
        : `required property '${field}'`,
    );
  });

  test('is rejected with an unknown field', () => {
    expect(problem({ ...record, extra: 1 })).toContain('must NOT have additional properties "extra"');
  });

  test('is rejected with a proc that is not eight hex digits', () => {
    expect(problem({ ...record, proc: '5F0C9A1' })).toContain('/proc must match pattern');
  });

  const times = Object.keys(record).filter((field) => /^t[s01]_ns$/.test(field));

  test('has one time', () => {
    expect(times).toHaveLength(1);
  });

  test.each(times)('is rejected with a %s in microseconds', (field) => {
    expect(problem({ ...record, [field]: time / 1000 })).toContain(`/${field} must be >=`);
  });
});

test.each(['return', 'settle', 'exception', 'http_response', 'http_error', 'session_end'])(
  'the duration of a %s line is a whole number of nanoseconds, from 0',
  (type) => {
    expect(problem({ ...good[type], dt_ns: 0 })).toBeUndefined();
    expect(problem({ ...good[type], dt_ns: 1.5 })).toContain('/dt_ns must be integer');
    expect(problem({ ...good[type], dt_ns: -1 })).toContain('/dt_ns must be >= 0');
  },
);

test('a type that does not exist is rejected', () => {
  expect(problem({ type: 'cal', proc })).toBe('has an unknown type "cal"');
});

test('a line and a column count from 1', () => {
  expect(problem({ ...good.call, line: 0 })).toContain('/line must be >= 1');
  expect(problem({ ...good.call, column: 0 })).toContain('/column must be >= 1');
});

test.each(['function', 'arrow', 'method', 'getter', 'setter', 'constructor'])('a call may be a %s', (kind) => {
  expect(problem({ ...good.call, kind })).toBeUndefined();
});

test('a call is of no other kind', () => {
  expect(problem({ ...good.call, kind: 'lambda' })).toContain('/kind must be equal to one of the allowed values');
});

test('a call may be async and a generator, and these are true or absent', () => {
  expect(problem({ ...good.call, async: true, generator: true })).toBeUndefined();
  expect(problem({ ...good.call, async: false })).toContain('/async must be equal to constant');
});

test('a preview has a text as its $type, at any depth', () => {
  expect(problem({ ...good.return, return_preview: [{ a: { $type: 1 } }] })).toContain(
    '/return_preview/0/a/$type must be string',
  );
});

test('a settle line has a value or an error, not both', () => {
  const rest = without(good.settle, 'return_preview');
  expect(problem({ ...rest, error })).toBeUndefined();
  expect(problem({ ...good.settle, error })).toContain('must match exactly one schema in oneOf');
});

test('an exception of a capped call has a parent and no duration', () => {
  const rest = without(good.exception, 'dt_ns');
  expect(problem({ ...rest, capped: true, parent: null })).toBeUndefined();
  expect(problem({ ...rest, capped: true })).toContain("required property 'parent'");
  expect(problem({ ...good.exception, capped: true, parent: null })).toContain('/dt_ns');
  expect(problem({ ...good.exception, parent: 1 })).toContain('/parent');
});

test('an error may have a code, and a cause that is an error or any value', () => {
  const caused = { ...error, code: 'ENOENT', cause: { ...error, code: 20, cause: 'just text' } };
  expect(problem({ ...good.exception, error: caused })).toBeUndefined();
  expect(problem({ ...good.exception, error: { ...error, extra: 1 } })).toContain('additional properties "extra"');
});

test('an error needs a name and a message, not a stack', () => {
  expect(problem({ ...good.exception, error: { name: 'Thrown', message: 'no', value: 'no' } })).toBeUndefined();
  expect(problem({ ...good.exception, error: { name: 'E' } })).toContain(
    "/error must have required property 'message'",
  );
  expect(problem({ ...good.exception, error: { message: 'm' } })).toContain(
    "/error must have required property 'name'",
  );
});

test('a body shows text or JSON, not both', () => {
  const body = { content_type: 'application/json', size: 2, truncated: false, json: {} };
  expect(problem({ ...good.http_request, request_body: body, bytes_out: 2 })).toBeUndefined();
  expect(problem({ ...good.http_request, request_body: { ...body, text: '{}' } })).toContain('must NOT be valid');
});

test('every example line of docs/trace-format.md is valid', () => {
  const text = readFileSync(join(repository, 'docs/trace-format.md'), 'utf8');
  const examples = [...text.matchAll(/^```jsonl\n([^]*?)^```$/gm)].flatMap(([, block]) => block.trim().split('\n'));
  expect(examples.map((line) => [line, problemOf(line)])).toEqual(examples.map((line) => [line, undefined]));
  const types = new Set(examples.map((line) => JSON.parse(line).type));
  expect([...types].sort()).toEqual(recordTypes().sort());
});

describe('validateTrace()', () => {
  const file = (text: string) => join(tempProject({ 'trace.jsonl': text }), 'trace.jsonl');
  const line = JSON.stringify(good.return);

  test('answers the number of lines', () => {
    expect(validateTrace(file(`${line}\n${line}\n`))).toBe(2);
  });

  test('names the line and the reason', () => {
    expect(() => validateTrace(file(`${line}\n{"type":"return"}\n`))).toThrow(
      /trace\.jsonl:2 .*required property 'proc'/,
    );
  });

  test('refuses a line that is not JSON', () => {
    expect(() => validateTrace(file(`${line}\n{"type"\n`))).toThrow(/:2 is not JSON/);
  });

  test('refuses a last line without an end', () => {
    expect(() => validateTrace(file(`${line}\n${line}`))).toThrow('the last line has no end');
  });

  test('refuses an empty file', () => {
    expect(() => validateTrace(file(''))).toThrow('no line to validate');
  });
});
