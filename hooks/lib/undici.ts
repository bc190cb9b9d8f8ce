import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { createNotes } from '../../src/recorder/notes.js';
import { isAbort } from './abort.js';
import { Exchange, headerOf } from './exchange.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import { releaseHttp2Stream } from './http2-claims.js';
import { createLibraryCalls, type LibraryCalls } from './library-watch.js';
import { createPatches } from './patch.js';
import { socketJson } from './socket-json.js';
import { UndiciDispatchers } from './undici-dispatchers.js';
import {
  answerHeaders,
  describeFetch,
  describeRequest,
  headersOf,
  isHttp1,
  sentByFetch,
  sentHeaders,
  urlOf,
  wireHeaders,
  type WireClient,
  type WireRequest,
} from './undici-forms.js';
import { UndiciMocks } from './undici-mocks.js';
import { UndiciRequests } from './undici-requests.js';
import {
  arrayPush,
  each,
  getPrototypeOf,
  SafeSet,
  SafeWeakMap,
  SafeWeakSet,
  String,
  Uint8Array,
} from '../../src/intrinsics.js';

const { subscribe, unsubscribe } = diagnostics;

/** What `require('undici')` returns. */
export interface UndiciExports {
  Client: { prototype: object };
  Dispatcher: { prototype: object };
  MockAgent?: { prototype: object };
  [name: string]: unknown;
}

interface HeadSent {
  request: WireRequest;
  headers: unknown;
  socket?: Socket;
}

/**
 * Requests of undici, of the copy in Node as well as of any copy that is installed: the channels are the same ones for
 * all. Heads and ends come through them.
 */
export class UndiciWire {
  readonly calls: LibraryCalls;
  /** Takes over a copy of undici that was loaded. */
  readonly adopt: (exports: UndiciExports) => void;
  /** Takes over the dispatchers that a call of `fetch` may use. */
  readonly adoptDispatchers: (args: unknown[]) => void;
  private readonly patches;
  private readonly requests: UndiciRequests;
  private readonly dispatchers: UndiciDispatchers;
  private readonly mocks: UndiciMocks;
  private readonly exchanges = createNotes<Exchange>();
  /** Prototypes that are watched already. */
  private readonly adopted = new SafeWeakSet<object>();
  private readonly subscribed: [name: string, listener: () => void][] = [];

  /** @param clients the ones to record; may change */
  constructor(
    private readonly host: HookHost,
    readonly clients: SafeSet<WireClient>,
  ) {
    const { adopted } = this;
    this.patches = createPatches(host);
    this.calls = createLibraryCalls(host);
    this.requests = new UndiciRequests(host, this.patches, adopted, (request) => this.exchanges.get(request));
    this.mocks = new UndiciMocks(host, clients, this.patches, () => this.dispatchers);
    this.dispatchers = new UndiciDispatchers(host, this.calls, this.patches, adopted, (prototype) =>
      this.mocks.adoptAgent(prototype),
    );
    const guard = createGuard(host.broken);
    this.adopt = guard((exports: UndiciExports) => this.adoptCopy(exports));
    this.adoptDispatchers = guard((args: unknown[]) => this.dispatchers.adoptOfFetch(args));
    this.subscribe('undici:request:create', ({ request }: { request: WireRequest }) => {
      // Most programs never come here, and each subscription takes time at the start.
      if (this.subscribed.length === 1) this.subscribeAll();
      this.begin(request);
    });
  }

  stop(): void {
    for (const one of each(this.subscribed)) unsubscribe(one[0], one[1]);
    this.patches.undo();
  }

  // ----------------------------------------------------------------- channels

  private subscribe<M>(name: string, step: (message: M) => void): void {
    const listener = createGuard(this.host.broken)(step as () => void);
    arrayPush(this.subscribed, [name, listener]);
    subscribe(name, listener);
  }

  private subscribeAll(): void {
    this.subscribe('undici:client:sendHeaders', (message: HeadSent) => this.headSent(message));
    this.subscribe('undici:request:bodySent', ({ request }: { request: object }) => {
      const exchange = this.exchanges.get(request);
      if (exchange) exchange.requestBody.complete = true;
    });
    this.subscribe(
      'undici:request:headers',
      ({ request, response }: { request: object; response: { statusCode: number; headers: unknown } }) =>
        this.exchanges.get(request)?.response(response.statusCode, answerHeaders(response.headers)),
    );
    this.subscribe('undici:request:trailers', ({ request, trailers }: { request: object; trailers: unknown }) =>
      this.ended(request, trailers),
    );
    this.subscribe('undici:request:error', ({ request, error }: { request: object; error: unknown }) => {
      const chosen = this.requests.isStopped(request);
      this.exchanges.get(request)?.fail(error, chosen || isAbort(error), !chosen);
    });
  }

  private begin(request: WireRequest): void {
    this.requests.adopt(request);
    const client: WireClient = sentByFetch(request.headers) ? 'fetch' : 'undici';
    const dispatching = this.dispatchers.now;
    if (dispatching?.mock) {
      // A mock that lets this one through.
      const { mock } = dispatching;
      mock.dropped = true;
      if (mock.exchange.libraryCall?.id === mock.exchange.id) {
        mock.exchange.libraryCall.id = 0;
        mock.exchange.libraryCall.attempts--;
      }
    }
    if (!this.clients.has(client)) return;
    const current = dispatching?.current ?? this.host.recorder.current();
    const exchange = new Exchange(this.host, { side: 'client', client, current });
    if (this.host.propagate) sendTrace(request, exchange);
    this.exchanges.set(request, exchange);
    const { body } = request;
    if (body === null || body === undefined) exchange.requestBody.complete = true;
    else if (body instanceof Uint8Array) {
      exchange.requestBody.add(body);
      exchange.requestBody.complete = true;
    }
    exchange.request(String(request.method), urlOf(request.origin, request.path), wireHeaders(request));
  }

  private headSent({ request, headers, socket }: HeadSent): void {
    const exchange = this.exchanges.get(request);
    if (!exchange) return;
    const text = String(headers);
    exchange.socket = socketJson(socket);
    // With what undici added, if there was a connection at once.
    exchange.sentWith(sentHeaders(text, request));
    if (isHttp1(text)) releaseHttp2Stream(this.host);
  }

  private ended(request: object, trailers: unknown): void {
    const exchange = this.exchanges.get(request);
    const list = headersOf(trailers);
    if (list.length > 0) exchange?.trailing(list);
    exchange?.end();
  }

  // -------------------------------------------------------------- whole copies

  private adoptCopy(exports: UndiciExports): void {
    const base = getPrototypeOf(exports.Client.prototype) as object;
    this.adopted.add(base);
    this.dispatchers.patch(base);
    const mock = exports.MockAgent?.prototype;
    if (mock && !this.adopted.has(mock)) {
      this.adopted.add(mock);
      this.mocks.adoptAgent(mock);
    }
    const functions = exports as unknown as Record<string, () => unknown>;
    const methods = exports.Dispatcher.prototype as Record<string, () => unknown>;
    const { patches, calls } = this;
    for (const name of each(['request', 'stream', 'pipeline', 'connect', 'upgrade'])) {
      patches.method(
        functions,
        name,
        calls.wrap('undici', (args) => describeRequest(args[0], args[1])),
      );
      patches.method(
        methods,
        name,
        calls.wrap('undici', (args, self) => describeRequest(self, args[0])),
      );
    }
    patches.method(functions, 'fetch', calls.wrap('fetch', describeFetch));
  }
}

/** One that the program has set itself stays. */
function sendTrace(request: WireRequest, exchange: Exchange): void {
  if (headerOf(wireHeaders(request), 'traceparent') !== undefined) return;
  const value = exchange.traceparent();
  if (value !== undefined) request.addHeader?.('traceparent', value);
}

// --------------------------------------------------------------------- sharing

/** Adds a client to what is recorded; both share one set of patches. */
export function recordUndici(host: HookHost, client: WireClient): { wire: UndiciWire; stop: () => void } {
  let wire = wires.get(host);
  if (!wire) wires.set(host, (wire = new UndiciWire(host, new SafeSet())));
  const shared = wire;
  shared.clients.add(client);
  return {
    wire: shared,
    stop() {
      shared.clients.delete(client);
      if (shared.clients.size === 0 && wires.delete(host)) shared.stop();
    },
  };
}

const wires = new SafeWeakMap<HookHost, UndiciWire>();
