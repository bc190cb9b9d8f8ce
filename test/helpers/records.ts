import type {
  Call,
  Exception,
  HttpError,
  HttpRequest,
  HttpResponse,
  ProcessEnd,
  ProcessStart,
  Return,
  Settle,
  TestEnd,
} from '../../src/trace-format.js';

// Literal records for unit tests of readers. Times are microseconds after a fixed start: a double holds no less.
const start = 1_767_600_000_000_000_000;
const at = (us: number) => start + us * 1000;
const proc = '5f0c9a1e';

export const processStart = (extra: Partial<ProcessStart> = {}): ProcessStart => ({
  ...{ type: 'process_start', proc, ts_ns: start, schema: 1, handit: '0.1.0', node: 'v24.11.1', pid: 7, ppid: 1 },
  ...{ tid: 0, argv: ['node', 'a.js'], cwd: '/srv', platform: 'linux', ...extra },
});

export const processEnd = (extra: Partial<ProcessEnd> = {}): ProcessEnd => ({
  ...{ type: 'process_end', proc, ts_ns: start, exit_code: 0, events: 1, files: 1, dropped: {}, ...extra },
});

export const call = (id: number, parent: number | null, us: number, extra: Partial<Call> = {}): Call => ({
  ...{ type: 'call', proc, id, parent, func: `f${id}`, file: 'a.js', line: id, column: 1, kind: 'function' },
  ...{ t0_ns: at(us), args_preview: {}, ...extra },
});

export const returned = (id: number, us: number, extra: Partial<Return> = {}): Return => ({
  ...{ type: 'return', proc, id, func: `f${id}`, t1_ns: at(us), dt_ns: 1000, return_preview: null, ...extra },
});

export const settled = (id: number, us: number, extra: Partial<Settle>): Settle => ({
  ...{ type: 'settle', proc, id, func: `f${id}`, t1_ns: at(us), dt_ns: 9000, ...extra },
});

export const threw = (id: number, us: number, extra: Partial<Exception> = {}): Exception => ({
  ...{ type: 'exception', proc, id, func: `f${id}`, t1_ns: at(us), dt_ns: 1000 },
  ...{ error: { name: 'Error', message: 'no' }, ...extra },
});

export const request = (
  id: number,
  parent: number | null,
  us: number,
  extra: Partial<HttpRequest> = {},
): HttpRequest => ({
  ...{ type: 'http_request', proc, id, parent, side: 'client', client: 'fetch', method: 'GET', url: 'http://a/' },
  ...{ headers: {}, t0_ns: at(us), ...extra },
});

export const response = (id: number, us: number, extra: Partial<HttpResponse> = {}): HttpResponse => ({
  ...{ type: 'http_response', proc, id, t1_ns: at(us), dt_ns: 2000, status: 200, headers: {}, bytes_in: 0, ...extra },
});

export const httpError = (id: number, us: number, extra: Partial<HttpError> = {}): HttpError => ({
  ...{ type: 'http_error', proc, id, t1_ns: at(us), dt_ns: 2000, error: { name: 'Error', message: 'no' }, ...extra },
});

export const testEnd = (test: string, us: number, extra: Partial<TestEnd> = {}): TestEnd => ({
  ...{
    type: 'test_end',
    proc,
    test_id: 1,
    test,
    try: 1,
    file: test.split(' > ')[0],
    titles: test.split(' > ').slice(1),
  },
  ...{ outcome: 'passed', t1_ns: at(us), dt_ns: 3000, ...extra },
});

/** Records as a trace has them. */
export const jsonl = (...records: object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('');
