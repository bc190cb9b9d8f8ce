import { createNotes, type Notes } from '../../src/recorder/notes.js';
import type { Hook, HookHost, LibraryFile } from '../lib/hook.js';
import { openCall, own, recordUnsent, runningCall, type OpenCall, type Unsent } from '../lib/library-call.js';
import { createProbes } from '../lib/probes.js';
import {
  Date,
  each,
  getPrototypeOf,
  isArray,
  numberIsInteger,
  objectKeys,
  regExpTest,
  String,
  stringIncludes,
  stringReplace,
  stringSplit,
  uncurry,
  URL,
  URLSearchParams,
} from '../../src/intrinsics.js';

const queryText = uncurry(URLSearchParams.prototype.toString);
const append = uncurry(URLSearchParams.prototype.append);
const dateText = uncurry(Date.prototype.toISOString);

// `Axios.prototype.request` makes a chain of promises, of which `dispatchRequest` is a link: before it come the
// interceptors of requests, in it the adapter is called, after it come the interceptors of responses.
const request: LibraryFile['rules'][number] = {
  // Since 1.6.3 `request` is async and awaits this one.
  function: ['Axios._request', 'Axios.request'],
  enter: '__handit__.axiosCall($1,$2,this)',
  catches: true,
  pass: [
    { behind: 'dispatchRequest', to: 'rejected', count: 1 },
    { call: 'Promise.reject', to: 'failed' },
  ],
};
const dispatch: LibraryFile['rules'] = [
  {
    function: ['dispatchRequest'],
    enter: '__handit__.axiosSend($1)',
    catches: true,
    pass: [{ call: 'adapter', to: 'adapted', count: 1 }],
  },
  { function: ['onAdapterResolution'], first: 'h$l.resolved($1)' },
  { function: ['onAdapterRejection'], first: 'h$l.refused($1)' },
];

/** axios, 0.27 and 1.x: its exchanges carry its name and share a call id; what never reaches the wire is recorded too. */
export const axiosHook: Hook = {
  name: 'axios',
  libraryFiles: [
    { package: 'axios', path: 'dist/node/axios.cjs', rules: [request, ...dispatch] },
    { package: 'axios', path: 'lib/core/Axios.js', rules: [request] },
    { package: 'axios', path: 'lib/core/dispatchRequest.js', rules: dispatch },
  ],
  install(host) {
    const calls = createNotes<CallState>();
    const probes = createProbes(host);
    probes.add('axiosCall', (first, second, axios) => callHandle(host, calls, first, second, axios), NO_CALL);
    probes.add('axiosSend', (config) => sendHandle(host, calls, config), NO_SEND);
    return probes.stop;
  },
};

interface CallState {
  url: unknown;
  /** How often an adapter was on its turn. */
  dispatches: number;
}

interface CallHandle {
  /** What stands where a request is rejected before its turn: a handler that passes the error on, or the error. */
  rejected(nothing: undefined): ((error: unknown) => never) | undefined;
  failed(error: unknown): unknown;
  fail(error: unknown): unknown;
  leave(): void;
}

const same = (error: unknown): unknown => error;
const nothing = (): undefined => undefined;
const NO_CALL: CallHandle = { rejected: nothing, failed: same, fail: same, leave: nothing };

function callHandle(
  host: HookHost,
  calls: Notes<CallState>,
  first: unknown,
  second: unknown,
  axios: unknown,
): CallHandle {
  const t0 = host.now();
  const given = typeof first === 'string' ? second : first;
  const url = typeof first === 'string' ? first : own(given, 'url');
  // A library's interceptor that repeats a request does it for the same call.
  const running = runningCall(host, 'axios');
  const again =
    running && running.call.parent === host.recorder.current().parent && calls.get(running.call)?.url === url;
  const open: Pick<OpenCall, 'call' | 'scope'> & { leave?: () => void } = again ? running : openCall(host, 'axios');
  let state = calls.get(open.call);
  if (!state) calls.set(open.call, (state = { url, dispatches: 0 }));
  const before = state.dispatches;
  let over = false;

  const failed = (error: unknown): unknown => {
    if (over || state.dispatches > before) return error;
    over = true;
    try {
      recordUnsent(host, open, sentBy({ t0, url, given, defaults: own(axios, 'defaults') }), endBy(error));
    } catch (problem) {
      host.broken(problem);
    }
    return error;
  };
  return {
    rejected: () => (error) => {
      throw failed(error);
    },
    failed,
    fail: failed,
    leave: open.leave ?? nothing,
  };
}

interface SendHandle {
  adapted(config: unknown): unknown;
  resolved(response: unknown): void;
  refused(reason: unknown): void;
  fail(error: unknown): unknown;
  leave(): void;
}

const NO_SEND: SendHandle = { adapted: same, resolved: nothing, refused: nothing, fail: same, leave: nothing };

function sendHandle(host: HookHost, calls: Notes<CallState>, given: unknown): SendHandle {
  const running = runningCall(host, 'axios');
  if (!running) return NO_SEND;
  const { call } = running;
  const state = calls.get(call);
  if (state) state.dispatches++;
  const t0 = host.now();
  const before = call.exchanges;
  let config = given;
  let over = false;

  const end = (outcome: unknown, response: unknown): void => {
    // Whatever was sent is recorded where it is sent.
    if (over || call.exchanges > before) return;
    over = true;
    try {
      const status = own(response, 'status');
      const answered = typeof status === 'number' && numberIsInteger(status);
      recordUnsent(
        host,
        running,
        sentBy({ t0, url: own(config, 'url'), given: config, defaults: undefined }),
        answered ? { status, headers: own(response, 'headers'), body: own(response, 'data') } : endBy(outcome),
      );
    } catch (problem) {
      host.broken(problem);
    }
  };
  return {
    adapted: (adapted) => (config = adapted),
    resolved: (response) => end(response, response),
    refused: (reason) => end(reason, own(reason, 'response')),
    fail(error) {
      end(error, undefined);
      return error;
    },
    leave: nothing,
  };
}

function endBy(error: unknown): { error: unknown; aborted: boolean } {
  // 0.27 and CancelToken throw objects that only say they are a cancellation.
  const aborted = own(error, 'code') === 'ERR_CANCELED' || own(error, 'name') === 'CanceledError' || isCancel(error);
  return { error, aborted };
}

function isCancel(error: unknown): boolean {
  return typeof error === 'object' && error !== null && own(getPrototypeOf(error), '__CANCEL__') === true;
}

interface Config {
  t0: number;
  url: unknown;
  given: unknown;
  defaults: unknown;
}

function sentBy({ t0, url, given, defaults }: Config): Unsent {
  const of = (key: string): unknown => own(given, key) ?? own(defaults, key);
  return {
    t0,
    method: of('method'),
    url: address(url, of('baseURL'), of('params')),
    headers: of('headers'),
    body: of('data'),
  };
}

/** Where axios would send it: the base, the path, the parameters. */
function address(url: unknown, base: unknown, params: unknown): string {
  const path = typeof url === 'string' ? url : url instanceof URL ? url.href : '';
  const whole =
    typeof base === 'string' && base !== '' && !regExpTest(/^([a-z][a-z\d+.-]*:)?\/\//i, path)
      ? path === ''
        ? base
        : `${stringReplace(base, /(?<!\/)\/+$/, '')}/${stringReplace(path, /^\/+/, '')}`
      : path;
  const query = queryOf(params);
  if (query === '') return whole;
  const bare = stringSplit(whole, '#')[0];
  return `${bare}${stringIncludes(bare, '?') ? '&' : '?'}${query}`;
}

function queryOf(params: unknown): string {
  if (params instanceof URLSearchParams) return queryText(params);
  if (typeof params !== 'object' || params === null) return '';
  const query = new URLSearchParams();
  for (const key of each(objectKeys(params))) {
    const value = own(params, key);
    const values = isArray(value) ? (value as unknown[]) : [value];
    for (const one of each(values)) {
      const simple = typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean';
      if (simple) append(query, isArray(value) ? `${key}[]` : key, String(one));
      else if (one instanceof Date) append(query, key, dateText(one));
    }
  }
  return queryText(query);
}
