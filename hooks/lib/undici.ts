import diagnostics from 'node:diagnostics_channel';
import { types } from 'node:util';
import type { Current } from '../../src/recorder/recorder.js';
import { Exchange, headerOf } from './exchange.js';
import { isAbort } from './abort.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import { claimHttp2Stream, releaseHttp2Stream } from './http2-claims.js';
import { createLibraryCalls, type LibraryCalls } from './library-watch.js';
import { createPatches } from './patch.js';
import {
  describeFetch,
  describeRequest,
  dispatcherUrl,
  headersOf,
  isHttp1,
  isObject,
  fields,
  sentByFetch,
  sentHeaders,
  urlOf,
  wireHeaders,
  type WireRequest,
} from './undici-forms.js';

type WireClient = 'fetch' | 'undici';

interface Dispatcher {
  dispatch: (options: unknown, handler: unknown) => unknown;
}
type Handler = Record<string, unknown>;

/** What `require('undici')` answers. */
export interface UndiciExports {
  Client: { prototype: object };
  Dispatcher: { prototype: object };
  MockAgent?: { prototype: object };
  [name: string]: unknown;
}

/** What the hooks of `fetch` and undici share. */
export interface UndiciWire {
  readonly calls: LibraryCalls;
  /** Takes over a copy of undici that was loaded. */
  adopt(exports: UndiciExports): void;
  /** Takes over the dispatchers that a call of `fetch` may use: their copy may be one that nobody told of. */
  adoptDispatchers(args: unknown[]): void;
}

/** Where copies of undici find the dispatcher that they share. */
const DISPATCHERS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];

const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;

/**
 * Requests of undici, of the copy in Node as well as of any copy that is installed: the channels are the same ones for
 * all. Heads and ends come through them; bodies are seen as they pass through methods that undici calls anyway, for the
 * oldest versions have no channel for these.
 *
 * @param clients the ones to record; may change
 */
function watchUndici(host: HookHost, clients: ReadonlySet<WireClient>): { wire: UndiciWire; stop: () => void } {
  const { recorder } = host;
  const patches = createPatches(host);
  const calls = createLibraryCalls(host);
  const exchanges = new WeakMap<object, { exchange: Exchange; headers: [string, string][] }>();
  /** Requests that the program itself has ended. */
  const stopped = new WeakSet<object>();
  const guard = createGuard(host.broken);

  // --------------------------------------------------------------------- wire

  function begin(request: WireRequest): void {
    adoptRequest(request);
    const client: WireClient = sentByFetch(request.headers) ? 'fetch' : 'undici';
    const { mock } = dispatching ?? {};
    if (mock) {
      // A mock that lets this one through.
      mock.dropped = true;
      if (mock.exchange.libraryCall?.id === mock.exchange.id) {
        mock.exchange.libraryCall.id = 0;
        mock.exchange.libraryCall.attempts--;
      }
    }
    if (!clients.has(client)) return;
    const current = dispatching?.current ?? recorder.current();
    const exchange = new Exchange(host, { side: 'client', client, current });
    if (host.propagate) sendTrace(request, exchange);
    const headers = wireHeaders(request);
    exchanges.set(request, { exchange, headers });
    const { body } = request;
    if (body === null || body === undefined) exchange.requestBody.complete = true;
    else if (body instanceof Uint8Array) {
      exchange.requestBody.add(body);
      exchange.requestBody.complete = true;
    }
    exchange.request(String(request.method), urlOf(request.origin, request.path), headers);
  }

  /** One that the program has set itself stays. */
  function sendTrace(request: WireRequest, exchange: Exchange): void {
    if (headerOf(wireHeaders(request), 'traceparent') !== undefined) return;
    const value = exchange.traceparent();
    if (value !== undefined) request.addHeader?.('traceparent', value);
  }

  const of = (request: object): Exchange | undefined => exchanges.get(request)?.exchange;

  const channels: Record<string, (message: never) => void> = {
    'undici:client:sendHeaders': ({ request, headers }: { request: WireRequest; headers: unknown }) => {
      const known = exchanges.get(request);
      // The line is made later: by then it has what undici added, if there was a connection at once.
      if (!known) return;
      const text = String(headers);
      known.headers.splice(0, Infinity, ...sentHeaders(text, request));
      if (isHttp1(text)) releaseHttp2Stream(host);
    },
    'undici:request:bodySent': ({ request }: { request: object }) => {
      const exchange = of(request);
      if (exchange) exchange.requestBody.complete = true;
    },
    'undici:request:headers': (message: { request: object; response: { statusCode: number; headers: unknown } }) => {
      const { statusCode, headers } = message.response;
      of(message.request)?.response(statusCode, headersOf(headers));
    },
    'undici:request:trailers': ({ request, trailers }: { request: object; trailers: unknown }) => {
      const exchange = of(request);
      const list = headersOf(trailers);
      if (list.length > 0) exchange?.trailing(list);
      exchange?.end();
    },
    'undici:request:error': ({ request, error }: { request: object; error: unknown }) => {
      const chosen = stopped.has(request);
      of(request)?.fail(error, chosen || isAbort(error), !chosen);
    },
  };

  // ------------------------------------------------------ methods of requests

  const seenPrototypes = new WeakSet<object>();

  function adoptRequest(request: object): void {
    const prototype = Object.getPrototypeOf(request) as object;
    if (seenPrototypes.has(prototype)) return;
    seenPrototypes.add(prototype);
    const method = (
      names: string[],
      before: (request: WireRequest, args: unknown[]) => void,
      inScope: boolean,
    ): void => {
      const step = guard(before);
      for (const name of names) {
        patches.method(prototype as Record<string, () => unknown>, name, (original) => {
          if (!inScope) {
            return function (this: WireRequest, ...args: unknown[]) {
              step(this, args);
              return apply(original, this, args);
            };
          }
          return function (this: WireRequest, ...args: unknown[]) {
            const exchange = of(this);
            if (exchange === undefined) return apply(original, this, args);
            step(this, args);
            // What comes from a socket comes in the context of the request that opened it.
            const outer = recorder.enterScope(exchange.scope);
            try {
              return apply(original, this, args);
            } finally {
              recorder.enterScope(outer);
            }
          };
        });
      }
    };
    const nothing = (): void => undefined;
    method(['onConnect', 'onRequestStart'], connected, true);
    method(
      ['onHeaders', 'onResponseStart', 'onComplete', 'onResponseEnd', 'onError', 'onResponseError'],
      nothing,
      true,
    );
    method(['onBodySent'], (request, [chunk]) => sentChunk(request, chunk), false);
    method(['onData', 'onResponseData'], (request, [chunk]) => receivedChunk(request, chunk), true);
    method(['onUpgrade', 'onRequestUpgrade'], (request, [status, headers]) => upgraded(request, status, headers), true);
  }

  /** It is about to be written. Ends by the program pass through the function that its handler is given here. */
  function connected(request: WireRequest, args: unknown[]): void {
    // With HTTP/2 what comes next is the stream.
    claimHttp2Stream(host);
    const [abort] = args;
    if (typeof abort !== 'function') return;
    args[0] = (...reasons: unknown[]): unknown => {
      // The program's own stream that fails is no choice.
      const { errored } = (request.body ?? {}) as { errored?: unknown };
      if (!errored || errored !== reasons[0]) stopped.add(request);
      return apply(abort, undefined, reasons);
    };
  }

  function sentChunk(request: WireRequest, chunk: unknown): void {
    const exchange = of(request);
    if (!exchange || exchange.ended || exchange.requestBody.complete) return;
    exchange.requestBody.add(chunk);
    // The answer to a body of known length may come before undici says that it has sent it all.
    const { size } = (request.body ?? {}) as { size?: unknown };
    if (exchange.requestBody.size === (request.contentLength ?? size)) exchange.requestBody.complete = true;
  }

  function receivedChunk(request: WireRequest, chunk: unknown): void {
    const exchange = of(request);
    if (exchange && !exchange.ended) exchange.responseBody.add(chunk);
  }

  function upgraded(request: WireRequest, status: unknown, headers: unknown): void {
    const exchange = of(request);
    // With HTTP/2 the response comes later, with calls of its own.
    if (!exchange || typeof status !== 'number') return;
    exchange.response(status, headersOf(headers));
    exchange.end();
  }

  // --------------------------------------------------------------- dispatchers

  interface Mock {
    exchange: Exchange;
    /** It is recorded as what it is on the wire instead. */
    dropped: boolean;
  }
  interface Dispatching {
    current: Current;
    /** What ran when it began. */
    caller: number;
    mock?: Mock;
  }
  /** A pool may hold a request back until long after: whose it is, by its handler. */
  const dispatches = new WeakMap<object, Dispatching>();
  let dispatching: Dispatching | null = null;

  function dispatchingFor(handler: unknown, options: unknown): Dispatching {
    const caller = recorder.current().parent;
    const known = isObject(handler) ? dispatches.get(handler) : undefined;
    if (known) return { ...known, caller };
    // On its way through several dispatchers the handler may have been wrapped, unless the program came in between.
    const outer = dispatching?.caller === caller ? dispatching : null;
    const { headers } = (isObject(options) ? options : {}) as { headers?: unknown };
    const current = outer?.current ?? calls.current(sentByFetch(headers) ? 'fetch' : 'undici');
    const noted: Dispatching = { current, caller, mock: outer?.mock };
    if (isObject(handler)) dispatches.set(handler, noted);
    return noted;
  }

  const patchDispatch = (object: object): void => {
    patches.method(object as Dispatcher, 'dispatch', (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const outer = dispatching;
        try {
          dispatching = dispatchingFor(args[1], args[0]);
        } catch (error) {
          host.broken(error);
        }
        try {
          return apply(original, this, args);
        } finally {
          dispatching = outer;
        }
      };
    });
  };

  const seenDispatchers = new WeakSet<object>();

  function adoptDispatcher(dispatcher: unknown): void {
    if (!isObject(dispatcher) || types.isProxy(dispatcher) || seenDispatchers.has(dispatcher)) return;
    seenDispatchers.add(dispatcher);
    for (
      let at = Object.getPrototypeOf(dispatcher) as object | null;
      at;
      at = Object.getPrototypeOf(at) as object | null
    ) {
      if (seenPrototypes.has(at)) return;
      seenPrototypes.add(at);
      if (!Object.hasOwn(at, 'dispatch')) continue;
      if (Object.hasOwn(at, 'enableNetConnect') && Object.hasOwn(at, 'get')) adoptMockAgent(at);
      // The base class only throws.
      else if (Object.hasOwn(at, 'destroyed') || Object.hasOwn(at, 'closed')) patchDispatch(at);
    }
  }

  function adoptDispatchers([, init]: unknown[]): void {
    const { dispatcher } = isObject(init) ? fields(init, ['dispatcher']) : {};
    const shared = globalThis as unknown as Record<symbol, unknown>;
    for (const one of [dispatcher, ...DISPATCHERS.map((key) => shared[key])]) adoptDispatcher(one);
  }

  // --------------------------------------------------------------------- mocks

  const observed = new WeakSet<object>();

  /** A mock answers without ever making a request: what its handler is told is all there is. */
  function adoptMockAgent(prototype: object): void {
    patchMock(prototype, (self) => self);
    patches.method(prototype as { get: () => unknown }, 'get', (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const pool = apply(original, this, args);
        if (isObject(pool) && !observed.has(pool)) {
          observed.add(pool);
          guard(() => patchMock(pool, () => this))();
        }
        return pool;
      };
    });
  }

  function patchMock(object: object, agentOf: (self: unknown) => unknown): void {
    if (!Object.hasOwn(object, 'dispatch')) return;
    patches.method(object as Dispatcher, 'dispatch', (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const outer = dispatching;
        let mock: Mock | undefined;
        try {
          const active = (agentOf(this) as { isMockActive?: unknown } | undefined)?.isMockActive === true;
          if (active) mock = beginMock(this, args);
        } catch (error) {
          host.broken(error);
        }
        try {
          return apply(original, this, args);
        } catch (error) {
          if (mock) mockFailed(mock, error);
          throw error;
        } finally {
          dispatching = outer;
        }
      };
    });
  }

  const mockFailed = guard((mock: Mock, error: unknown) => {
    if (!mock.dropped) mock.exchange.fail(error, isAbort(error), false);
  });

  function beginMock(self: unknown, args: unknown[]): Mock | undefined {
    const [options, handler] = args as [Record<string, unknown>, Handler];
    if (!isObject(options) || !isObject(handler)) return undefined;
    const client: WireClient = sentByFetch(options.headers) ? 'fetch' : 'undici';
    if (!clients.has(client)) return undefined;
    const now = dispatchingFor(handler, options);
    // From the agent to its pool.
    if (now.mock) {
      dispatching = now;
      return undefined;
    }
    const exchange = new Exchange(host, { side: 'client', client, current: now.current });
    const mock: Mock = { exchange, dropped: false };
    const url = urlOf(options.origin ?? dispatcherUrl(self), String(options.path));
    const { body } = options;
    if (body === null || body === undefined) exchange.requestBody.complete = true;
    else if (typeof body === 'string' || ArrayBuffer.isView(body)) {
      exchange.requestBody.add(body);
      exchange.requestBody.complete = true;
    }
    const report = (): void =>
      exchange.request(typeof options.method === 'string' ? options.method : 'GET', url, headersOf(options.headers));
    const delegate = observe(handler, mock, report);
    dispatching = { ...now, mock };
    dispatches.set(delegate, dispatching);
    args[1] = delegate;
    return mock;
  }

  /** Passes everything on, in both forms that handlers have had. */
  function observe(handler: Handler, mock: Mock, report: () => void): Handler {
    const { exchange } = mock;
    const responded = (status: unknown, headers: unknown): void =>
      exchange.response(Number(status), headersOf(headers));
    const failed = (error: unknown): void => exchange.fail(error, isAbort(error), false);
    const done = (trailers: unknown): void => {
      const list = headersOf(trailers);
      if (list.length > 0) exchange.trailing(list);
      exchange.end();
    };
    const steps: Record<string, ((args: unknown[]) => void) | null> = {
      ...{ onConnect: null, onRequestStart: null, onRequestSent: null, onResponseStarted: null },
      ...{ onUpgrade: null, onRequestUpgrade: null },
      onBodySent: ([chunk]) => void (exchange.requestBody.complete || exchange.requestBody.add(chunk)),
      onHeaders: ([status, headers]) => responded(status, headers),
      onResponseStart: ([, status, headers]) => responded(status, headers),
      onData: ([chunk]) => exchange.responseBody.add(chunk),
      onResponseData: ([, chunk]) => exchange.responseBody.add(chunk),
      onComplete: ([trailers]) => done(trailers),
      onResponseEnd: ([, trailers]) => done(trailers),
      onError: ([error]) => failed(error),
      onResponseError: ([, error]) => failed(error),
    };
    const delegate: Handler = {};
    for (const [name, step] of Object.entries(steps)) {
      if (typeof handler[name] !== 'function') continue;
      const see = guard((args: unknown[]) => {
        if (mock.dropped || step === null) return;
        if (name !== 'onBodySent') report();
        step(args);
      });
      delegate[name] = (...args: unknown[]) => {
        see(args);
        return apply(handler[name], handler, args);
      };
    }
    return delegate;
  }

  // -------------------------------------------------------------- whole copies

  function adopt(exports: UndiciExports): void {
    const base = Object.getPrototypeOf(exports.Client.prototype) as object;
    seenPrototypes.add(base);
    patchDispatch(base);
    const mock = exports.MockAgent?.prototype;
    if (mock && !seenPrototypes.has(mock)) {
      seenPrototypes.add(mock);
      adoptMockAgent(mock);
    }
    const functions = exports as unknown as Record<string, () => unknown>;
    const methods = exports.Dispatcher.prototype as Record<string, () => unknown>;
    for (const name of ['request', 'stream', 'pipeline', 'connect', 'upgrade']) {
      patches.method(
        functions,
        name,
        calls.wrap('undici', ([url, options]) => describeRequest(url, options)),
      );
      patches.method(
        methods,
        name,
        calls.wrap('undici', ([options], self) => describeRequest(self, options)),
      );
    }
    patches.method(functions, 'fetch', calls.wrap('fetch', describeFetch));
  }

  const subscribed: [name: string, listener: () => void][] = [];
  const subscribe = (name: string, step: (message: never) => void): void => {
    const listener = guard(step as () => void);
    subscribed.push([name, listener]);
    diagnostics.subscribe(name, listener);
  };
  subscribe('undici:request:create', ({ request }: { request: WireRequest }) => {
    // Most programs never come here, and each subscription takes time at the start.
    if (subscribed.length === 1) for (const [name, step] of Object.entries(channels)) subscribe(name, step);
    begin(request);
  });
  return {
    wire: { calls, adopt: guard(adopt), adoptDispatchers: guard(adoptDispatchers) },
    stop() {
      for (const [name, listener] of subscribed) diagnostics.unsubscribe(name, listener);
      patches.undo();
    },
  };
}

// --------------------------------------------------------------------- sharing

/** Adds a client to what is recorded; both share one set of patches. */
export function recordUndici(host: HookHost, client: WireClient): { wire: UndiciWire; stop: () => void } {
  let shared = watchers.get(host);
  if (!shared) {
    const clients = new Set<WireClient>();
    watchers.set(host, (shared = { clients, ...watchUndici(host, clients) }));
  }
  const { clients, wire, stop } = shared;
  clients.add(client);
  return {
    wire,
    stop() {
      clients.delete(client);
      if (clients.size > 0) return;
      watchers.delete(host);
      stop();
    },
  };
}

const watchers = new WeakMap<HookHost, { clients: Set<WireClient>; wire: UndiciWire; stop: () => void }>();
