import { createNotes, type Notes } from '../../src/recorder/notes.js';
import type { Hook, HookHost } from '../lib/hook.js';
import {
  openCall,
  own,
  recordUnsent,
  resumeCall,
  runningCall,
  type OpenCall,
  type UnsentEnd,
} from '../lib/library-call.js';
import { createProbes } from '../lib/probes.js';
import {
  Error,
  getPrototypeOf,
  hasOwn,
  isProxy,
  numberIsInteger,
  objectPrototype,
  regExpTest,
  String,
  URL,
} from '../../src/intrinsics.js';

/**
 * got, 11 to 16: retries and redirects share a call id; what never reaches the wire (a bad address, a hook that throws or
 * answers, the cache) is recorded too.
 */
export const gotHook: Hook = {
  name: 'got',
  libraryFiles: [
    {
      package: 'got',
      path: 'dist/source/create.js',
      rules: [
        {
          // `makeRequest` since 16.
          function: ['makeRequest', 'got'],
          enter: '__handit__.gotCall($1,$2)',
          pass: [
            { throw: true, to: 'failed' },
            { call: 'create_rejection_1.default', to: 'failed' },
          ],
        },
        // Behind the program's own handlers; in 11 by another name.
        { function: ['lastHandler', 'getPromiseOrStream'], enter: '__handit__.gotNext()' },
        {
          function: ['paginateEach'],
          first: 'const h$l=__handit__.gotPages()',
          pass: [{ call: 'got', to: 'page', count: 1 }],
        },
      ],
    },
    {
      package: 'got',
      path: 'dist/source/core/index.js',
      rules: [
        { function: ['Request.constructor'], field: '__handit__.gotRequest(this)' },
        { function: ['Request._onResponseBase'], first: '__handit__.gotResponse(this,$1)' },
        { function: ['Request._destroy'], first: '__handit__.gotEnd(this,$1)' },
      ],
    },
  ],
  install(host) {
    const state: State = { calls: createNotes(), requests: createNotes() };
    const probes = createProbes(host);
    probes.add('gotCall', (url: unknown, options: unknown) => begin(host, state, url, options), NO_CALL);
    probes.add('gotNext', () => next(host, state), NO_CALL);
    probes.add('gotPages', () => pages(host), NO_PAGES);
    probes.add('gotRequest', (request: object) => created(host, state, request), undefined);
    probes.add(
      'gotResponse',
      (request: object, response: unknown) => {
        const sent = state.requests.get(request);
        if (sent) sent.response = response;
      },
      undefined,
    );
    probes.add('gotEnd', (request: object, error: unknown) => ended(host, state, request, error), undefined);
    return probes.stop;
  },
};

interface State {
  /** Of calls of the library. */
  calls: Notes<Given>;
  /** Of its streams. */
  requests: Notes<Sent>;
}

/** A call as the program made it. */
interface Given {
  url: unknown;
  options: unknown;
  /** Streams of requests that it made. */
  requests: number;
}

/** One of got's streams: one a try, however many redirects it follows. */
interface Sent {
  open: Pick<OpenCall, 'call' | 'scope'>;
  given: Given | undefined;
  t0: number;
  attempts: number;
  exchanges: number;
  response?: unknown;
}

interface CallHandle {
  failed(error: unknown): unknown;
  leave(): void;
}

const NO_CALL: CallHandle = { failed: (error) => error, leave: () => undefined };

function begin(host: HookHost, state: State, url: unknown, options: unknown): CallHandle {
  const t0 = host.now();
  const open = openCall(host, 'got');
  const given: Given = { url, options, requests: 0 };
  state.calls.set(open.call, given);
  let over = false;
  return {
    leave: open.leave,
    failed(error) {
      if (over || given.requests > 0) return error;
      over = true;
      report(host, { open, given, t0 }, undefined, { error });
      return error;
    },
  };
}

function next(host: HookHost, state: State): CallHandle {
  const running = runningCall(host, 'got');
  if (!running) return NO_CALL;
  const open = resumeCall(host, running);
  const given = state.calls.get(running.call);
  if (given && open.call !== running.call) state.calls.set(open.call, given);
  return { leave: open.leave, failed: NO_CALL.failed };
}

interface Pages {
  page(input: unknown): unknown;
}

const NO_PAGES: Pages = { page: (input) => input };

/** All pages belong to the function that asked for the first, whatever has run since. */
function pages({ recorder, broken }: HookHost): Pages {
  if (recorder.current().parent === 0) return NO_PAGES;
  const scope = recorder.scope({});
  return {
    page(input) {
      try {
        // The generator goes on after an `await`, up to whose successor this lasts.
        if (recorder.current().parent === 0) recorder.enterScope(scope);
      } catch (error) {
        broken(error);
      }
      return input;
    },
  };
}

function created(host: HookHost, state: State, request: object): undefined {
  const open = runningCall(host, 'got');
  if (!open) return;
  const given = state.calls.get(open.call);
  if (given) given.requests++;
  const { attempts, exchanges } = open.call;
  state.requests.set(request, { open, given, t0: host.now(), attempts, exchanges });
}

function ended(host: HookHost, state: State, request: object, error: unknown): void {
  const sent = state.requests.take(request);
  if (!sent) return;
  const options = own(request, 'options');
  const { call } = sent.open;
  // One of the program's own functions that makes the request is recorded as such.
  const byItself = typeof field(options, 'request') === 'function' && call.exchanges > sent.exchanges;
  if (call.attempts > sent.attempts || byItself) return;
  // 11 sends what was cancelled all the same, and ends it then.
  if (!error && sent.response === undefined && !('flush' in request)) return;
  report(host, sent, options, endOf(error, sent.response));
}

function endOf(error: unknown, response: unknown): UnsentEnd {
  const status = field(response, 'statusCode');
  if (typeof status === 'number' && numberIsInteger(status)) {
    const body = own(response, 'rawBody') ?? own(response, 'body');
    return { status, headers: field(response, 'headers'), body };
  }
  if (error === null || error === undefined) {
    return { error: new Error('the request was cancelled before it was sent'), aborted: true };
  }
  const aborted =
    regExpTest(/^(CancelError|AbortError)$/, String(own(error, 'name'))) || own(error, 'code') === 'ERR_ABORTED';
  return { error, aborted };
}

function report(host: HookHost, sent: Pick<Sent, 'open' | 'given' | 't0'>, options: unknown, end: UnsentEnd): void {
  const { open, given, t0 } = sent;
  const of = (key: string): unknown => field(options, key) ?? own(given?.options, key);
  const url = of('url') ?? given?.url;
  const address = url instanceof URL ? url.href : typeof url === 'string' ? url : '';
  const form = of('form');
  const body = of('body') ?? of('json') ?? form;
  recordUnsent(host, open, { t0, method: of('method'), url: address, headers: of('headers'), body }, end);
}

/** A field of an object of got's or Node's, which may be a getter of theirs; of the program's objects only own values. */
function field(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null || isProxy(object)) return undefined;
  const plain = getPrototypeOf(object) === objectPrototype || getPrototypeOf(object) === null;
  // Its request is a stream of Node's.
  const theirs = !plain && (hasOwn(object, '_readableState') || object.constructor?.name === 'Options');
  return theirs ? (object as Record<string, unknown>)[key] : own(object, key);
}
