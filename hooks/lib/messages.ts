import diagnostics from 'node:diagnostics_channel';
import type * as Http from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import { entries, Exchange, headerOf, pairs, type HeaderList } from './exchange.js';
import { hasRequestCreatedChannel } from '../../src/node-features.js';
import type { Scope } from '../../src/recorder/scope.js';
import { isAbort } from './abort.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import { createNotes } from './notes.js';
import { createPatches } from './patch.js';
import { readTraceparent } from './trace-context.js';

type Protocol = 'http:' | 'https:';

/** What Node keeps on a message beyond what its types say; all of it is old and widely used. */
interface Outgoing extends OutgoingMessage {
  /** The head as text, once it has been put together. */
  _header?: string | null;
  /** false: what is written as a body is not sent. */
  _hasBody?: boolean;
}
type Request = ClientRequest & Outgoing & { res?: IncomingMessage & { upgrade?: boolean } };
type Response = ServerResponse & Outgoing;
type Args = [chunk?: unknown, encoding?: unknown, callback?: unknown];

/**
 * Messages of HTTP/1.1, both sides, plain and encrypted: `node:http` and `node:https` share all of it. Heads and errors
 * come through Node's own diagnostics channels; bodies are seen as they pass through methods that Node or the program
 * calls anyway, so nothing is listened to, read, or held up.
 *
 * @param protocols the ones to record; may change
 */
function watchMessages(host: HookHost, protocols: ReadonlySet<Protocol>): Watcher {
  const { recorder, broken } = host;
  const patches = createPatches(host);
  const outgoing = createNotes<Exchange>();
  const incoming = createNotes<Exchange>();
  /** Requests that the program itself has ended. */
  const stopped = new WeakSet<object>();
  /** Where a request goes, as its agent was told. */
  const targets = createNotes<{ host?: string; port?: string | number; socketPath?: string }>();
  let http: typeof Http | null = null;
  let clientRequest: typeof Http.ClientRequest | null = null;

  // ------------------------------------------------------------------ clients

  function begin(request: Request): Exchange | undefined {
    const known = outgoing.get(request);
    const protocol = protocolOf(request);
    if (known || !protocols.has(protocol)) return known;
    const exchange = new Exchange(host, { side: 'client', client: protocol === 'https:' ? 'https' : 'http' });
    outgoing.set(request, exchange);
    if (host.propagate) sendTrace(request, exchange);
    return exchange;
  }

  /** The exchange of a message that is being written; a request made before we were there gets one now. */
  function exchangeOf(message: Outgoing): Exchange | undefined {
    const exchange = outgoing.get(message);
    if (exchange || http === null || !(message instanceof clientRequest!)) return exchange;
    return begin(message);
  }

  /** One that the program has set itself stays; so does a head that is written already. */
  function sendTrace(request: Request, exchange: Exchange): void {
    if (request._header || request.hasHeader('traceparent')) return;
    const value = exchange.traceparent();
    if (value !== undefined) request.setHeader('traceparent', value);
  }

  function reportRequest(request: Request, exchange: Exchange): void {
    if (exchange.sent) return;
    const headers = headOf(request);
    exchange.request(request.method, urlOf(request, headers), headers);
  }

  function urlOf(request: Request, headers: HeaderList): string {
    const path = String(request.path);
    // To a proxy the path is the whole address.
    if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) return path;
    const protocol = protocolOf(request);
    if (request.method === 'CONNECT') return `${protocol}//${path}`;
    const named = headerOf(headers, 'host');
    const target = targets.get(request);
    if (!target?.host || target.socketPath) return `${protocol}//${named ?? String(request.host)}${path}`;
    const standard = protocol === 'https:' ? 443 : 80;
    const port = !target.port || Number(target.port) === standard ? '' : `:${target.port}`;
    return `${protocol}//${target.host.includes(':') ? `[${target.host}]` : target.host}${port}${path}`;
  }

  function failed(request: Request, error: unknown): void {
    const exchange = begin(request);
    if (!exchange) return;
    reportRequest(request, exchange);
    exchange.fail(error, stopped.has(request) || isAbort(error));
  }

  function responded(request: Request, response: IncomingMessage): void {
    const exchange = begin(request);
    if (!exchange) return;
    reportRequest(request, exchange);
    exchange.response(response.statusCode ?? 0, pairs(response.rawHeaders));
    incoming.set(response, exchange);
  }

  // ------------------------------------------------------------------ servers

  function requested(request: IncomingMessage, response: ServerResponse): void {
    const protocol = (request.socket as { encrypted?: boolean }).encrypted ? 'https:' : 'http:';
    if (!protocols.has(protocol)) return;
    const exchange = new Exchange(host, {
      side: 'server',
      client: protocol === 'https:' ? 'https' : 'http',
      current: { parent: 0, scope: null },
      trace: readTraceparent(request.headers.traceparent),
    });
    const path = request.url ?? '';
    const url = path.startsWith('/') ? `${protocol}//${request.headers.host ?? 'localhost'}${path}` : path;
    const scope = exchange.asScope();
    outgoing.set(response, exchange);
    incoming.set(request, exchange);
    served.set(request, { scope, response });
    exchange.request(request.method ?? '', url, pairs(request.rawHeaders));
    recorder.enterScope(scope);
  }
  const served = createNotes<{ scope: Scope; response: Response }>();

  function answered(response: Response): void {
    const exchange = outgoing.get(response);
    if (!exchange) return;
    exchange.response(response.statusCode, headOf(response));
    exchange.end();
  }

  // ------------------------------------------------------------------- bodies

  function sentChunk(message: Outgoing, exchange: Exchange | undefined, chunk: unknown, encoding: unknown): void {
    if (!exchange || exchange.ended || message._hasBody === false) return;
    const body = isRequest(message) ? exchange.requestBody : exchange.responseBody;
    if (!body.complete) body.add(chunk, encoding);
  }

  function receivedChunk(message: IncomingMessage, exchange: Exchange, chunk: unknown): void {
    const toServer = served.get(message) !== undefined;
    if (mocked.has(message)) exchange.response(message.statusCode ?? 0, pairs(message.rawHeaders));
    const body = toServer ? exchange.requestBody : exchange.responseBody;
    if (chunk !== null) body.add(chunk);
    else if (toServer) body.complete = true;
    else if (!message.destroyed) {
      if (message.rawTrailers?.length > 0) exchange.trailing(pairs(message.rawTrailers));
      exchange.end();
    }
  }

  const guard = createGuard(broken);

  /** Answers that a mock gives: what is pushed into them is all there is. */
  const mocked = new WeakSet<object>();

  function adopt(request: object, response: object, exchange: Exchange): void {
    patch();
    outgoing.set(request, exchange);
    incoming.set(response, exchange);
    mocked.add(response);
  }

  const beforeSend = guard((message: Outgoing, state: { exchange?: Exchange; open: boolean }) => {
    state.exchange = exchangeOf(message);
    state.open = !message.writableEnded && !message.destroyed;
  });
  const afterWrite = guard((message: Outgoing, { exchange, open }: Sending, [chunk, encoding]: Args) => {
    if (!exchange || !open) return;
    sentChunk(message, exchange, chunk, encoding);
    if (isRequest(message) && message._header) reportRequest(message, exchange);
  });
  const afterEnd = guard((message: Outgoing, { exchange, open }: Sending, [chunk, encoding]: Args) => {
    if (!exchange || !open) return;
    if (typeof chunk !== 'function') sentChunk(message, exchange, chunk, encoding);
    if (!message.writableEnded) return;
    if (!isRequest(message)) return;
    exchange.requestBody.complete = true;
    reportRequest(message, exchange);
  });
  const afterAddRequest = guard((request: Request, options: unknown) => {
    if (typeof options === 'object' && options !== null) targets.set(request, options);
  });
  const beginGuarded = guard(begin);

  interface Sending {
    exchange?: Exchange;
    open: boolean;
  }

  function patch(): void {
    if (http !== null) return;
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- 4 ms, and by now the program has loaded it
    http = require('node:http') as typeof Http;
    clientRequest = realClientRequest(http);
    const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;

    patches.method(http.OutgoingMessage.prototype, 'write', (original) => {
      return function (this: Outgoing, ...args: Args) {
        const sending: Sending = { open: false };
        beforeSend(this, sending);
        const result = apply(original, this, args);
        afterWrite(this, sending, args);
        return result;
      };
    });
    patches.method(http.OutgoingMessage.prototype, 'end', (original) => {
      return function (this: Outgoing, ...args: Args) {
        const sending: Sending = { open: false };
        beforeSend(this, sending);
        const result = apply(original, this, args);
        afterEnd(this, sending, args);
        return result;
      };
    });

    const beforePush = guard((message: IncomingMessage, chunk: unknown) => {
      const exchange = incoming.get(message);
      if (exchange && !exchange.ended) receivedChunk(message, exchange, chunk);
    });
    patches.method(http.IncomingMessage.prototype, 'push', (original) => {
      return function (this: IncomingMessage, ...args: Args) {
        const exchange = incoming.get(this);
        if (exchange === undefined) return apply(original, this, args);
        beforePush(this, args[0]);
        // Events of a body come from the socket, whose context may be another one's.
        const before = recorder.enterScope(served.get(this)?.scope ?? exchange.scope);
        try {
          return apply(original, this, args);
        } finally {
          recorder.enterScope(before);
        }
      };
    });
    const beforeDestroy = guard((message: IncomingMessage, error: unknown) => {
      const exchange = incoming.get(message);
      if (!exchange || exchange.ended) return;
      const code = (error as { code?: unknown } | undefined)?.code;
      const server = served.get(message);
      if (server) {
        // Node does this to every request that is not answered when its connection closes.
        if (code !== 'ECONNRESET') return;
        if (server.response.headersSent) exchange.response(server.response.statusCode, headOf(server.response));
        return exchange.fail(error, true);
      }
      // A client that goes on elsewhere wants no more of this one.
      if ((error ?? null) === null && isRedirect(message)) return exchange.end();
      const request = (message as { req?: object }).req;
      const chosen = code !== 'ECONNRESET' || (request !== undefined && stopped.has(request));
      exchange.fail(error ?? new Error('the response was destroyed before its end'), chosen);
    });
    patches.method(http.IncomingMessage.prototype, 'destroy', (original) => {
      return function (this: IncomingMessage, ...args: Args) {
        beforeDestroy(this, args[0]);
        return apply(original, this, args);
      };
    });

    const afterDestroy = guard((request: Request, error: unknown) => {
      // A signal that was aborted before stops it while it is being made; the error comes later.
      const known = outgoing.get(request) !== undefined;
      if (request.method === undefined && !known) return void stopped.add(request);
      // Mocks make requests of their own that no agent ever gets.
      if (!known && !isRequest(request)) return;
      const exchange = begin(request);
      if (!exchange || exchange.ended) return;
      stopped.add(request);
      if (error !== undefined && error !== null) return failed(request, error);
      // abort() before there is a connection: no error will come.
      if (request.aborted && !request.socket) failed(request, new Error('the request was aborted'));
    });
    patches.method(clientRequest.prototype, 'destroy', (original) => {
      return function (this: Request, ...args: Args) {
        const already = this.destroyed;
        const result = apply(original, this, args);
        if (!already) afterDestroy(this, args[0]);
        return result;
      };
    });
    // Node asks this just before it hands an upgraded connection over, which no channel tells.
    const beforeHandOver = guard((request: Request, name: unknown) => {
      const { res } = request;
      if ((name !== 'upgrade' && name !== 'connect') || !res?.upgrade) return;
      responded(request, res);
      outgoing.get(request)?.end();
    });
    patches.method(clientRequest.prototype, 'listenerCount', (original) => {
      return function (this: Request, ...args: Args) {
        beforeHandOver(this, args[0]);
        return apply(original, this, args);
      };
    });
    patches.method(http.Agent.prototype as Http.Agent & { addRequest: () => void }, 'addRequest', (original) => {
      return function (this: unknown, ...args: [Request, unknown]) {
        beginGuarded(args[0]);
        afterAddRequest(args[0], args[1]);
        return apply(original, this, args);
      };
    });
  }

  // ----------------------------------------------------------------- channels

  const channels: Record<string, (message: never) => void> = {
    'http.client.request.created': ({ request }: { request: Request }) => {
      patch();
      begin(request);
    },
    'http.client.request.error': ({ request, error }: { request: Request; error: unknown }) => failed(request, error),
    'http.client.response.finish': ({ request, response }: { request: Request; response: IncomingMessage }) =>
      responded(request, response),
    'http.server.request.start': ({ request, response }: { request: IncomingMessage; response: ServerResponse }) => {
      patch();
      requested(request, response);
    },
    'http.server.response.finish': ({ response }: { response: Response }) => answered(response),
  };
  const subscribed = Object.entries(channels).map(([name, step]) => [name, guard(step as () => void)] as const);
  for (const [name, listener] of subscribed) diagnostics.subscribe(name, listener);
  if (!hasRequestCreatedChannel(process.versions.node)) patch();

  return {
    adopt,
    stop() {
      for (const [name, listener] of subscribed) diagnostics.unsubscribe(name, listener);
      patches.undo();
    },
  };
}

interface Watcher {
  adopt(request: object, response: object, exchange: Exchange): void;
  stop(): void;
}

function isRequest(message: Outgoing): message is Request {
  return 'path' in message && 'agent' in message;
}

function protocolOf(request: Request): Protocol {
  return request.protocol === 'https:' ? 'https:' : 'http:';
}

/** The headers as they are sent; those that Node adds are known once the head was put together. */
function headOf(message: Outgoing): HeaderList {
  const text = message._header;
  if (typeof text !== 'string') return typeof message.getHeaders === 'function' ? entries(message.getHeaders()) : [];
  const list: [string, string][] = [];
  let from = text.indexOf('\r\n') + 2;
  for (let end = text.indexOf('\r\n', from); end > from; end = text.indexOf('\r\n', from)) {
    const colon = text.indexOf(': ', from);
    if (colon > from && colon < end) list.push([text.slice(from, colon), text.slice(colon + 2, end)]);
    from = end + 2;
  }
  return list;
}

/** Mocks put a class of their own in its place, which inherits from it. */
function realClientRequest({ ClientRequest, OutgoingMessage }: typeof Http): typeof Http.ClientRequest {
  let real = ClientRequest.prototype as object;
  for (;;) {
    const above = Object.getPrototypeOf(real) as object | null;
    if (above === null) return ClientRequest;
    if (above === OutgoingMessage.prototype) return (real as { constructor: typeof Http.ClientRequest }).constructor;
    real = above;
  }
}

function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
}

/** Adds a protocol to what is recorded; both share one set of patches. */
export function recordProtocol(host: HookHost, protocol: Protocol): () => void {
  let shared = watchers.get(host);
  if (!shared) {
    const protocols = new Set<Protocol>();
    watchers.set(host, (shared = { protocols, watcher: watchMessages(host, protocols) }));
  }
  const { protocols, watcher } = shared;
  protocols.add(protocol);
  return () => {
    protocols.delete(protocol);
    if (protocols.size > 0) return;
    watchers.delete(host);
    watcher.stop();
  };
}

/** Has the messages of a mock, which never come from a connection, fill an exchange that has begun. */
export function adoptMessages(host: HookHost, request: object, response: object, exchange: Exchange): void {
  watchers.get(host)?.watcher.adopt(request, response, exchange);
}

const watchers = new WeakMap<HookHost, { protocols: Set<Protocol>; watcher: Watcher }>();
