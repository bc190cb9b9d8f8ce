import diagnostics from 'node:diagnostics_channel';
import type * as Http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasRequestCreatedChannel, hasSyncHooks } from '../../src/node-features.js';
import { createNotes } from '../../src/recorder/notes.js';
import type { Scope } from '../../src/recorder/scope.js';
import { isAbort } from './abort.js';
import { Exchange, pairs } from './exchange.js';
import { createGuard } from './guard.js';
import type { HookHost } from './hook.js';
import {
  headOf,
  isRedirect,
  isRequest,
  protocolOf,
  realClientRequest,
  urlOf,
  type Outgoing,
  type Protocol,
  type Request,
  type Response,
} from './message-forms.js';
import { patchMessages, type MessageArgs, type MessageSteps, type Sending } from './message-patches.js';
import { createPatches } from './patch.js';
import { socketJson } from './socket-json.js';
import { readTraceparent } from './trace-context.js';
import {
  arrayIncludes,
  arrayPush,
  each,
  Error,
  SafeSet,
  SafeWeakMap,
  SafeWeakSet,
  stringStartsWith,
} from '../../src/intrinsics.js';

const { subscribe, unsubscribe } = diagnostics;
const { getBuiltinModule, moduleLoadList = [], versions } = process as typeof process & { moduleLoadList?: string[] };

/**
 * Messages of HTTP/1.1, both sides, plain and encrypted: `node:http` and `node:https` share all of it. Heads and errors
 * come through Node's own diagnostics channels; bodies are seen as they pass through methods that Node or the program
 * calls anyway, so nothing is listened to, read, or held up.
 */
class MessageWire implements MessageSteps {
  private readonly patches;
  private readonly outgoing = createNotes<Exchange>();
  private readonly incoming = createNotes<Exchange>();
  /** Requests that the program itself has ended. */
  private readonly stopped = new SafeWeakSet<object>();
  /** Responses that a mock gives: what is pushed into them is all there is. */
  private readonly mocked = new SafeWeakSet<object>();
  private clientRequest: typeof Http.ClientRequest | null = null;
  private readonly subscribed: [name: string, listener: () => void][] = [];

  /** @param protocols the ones to record; may change */
  constructor(
    private readonly host: HookHost,
    readonly protocols: SafeSet<Protocol>,
  ) {
    this.patches = createPatches(host);
    this.subscribe('http.client.request.created', ({ request }: { request: Request }) => {
      this.patch();
      this.begin(request);
    });
    this.subscribe('http.client.request.error', ({ request, error }: { request: Request; error: unknown }) =>
      this.failed(request, error),
    );
    this.subscribe(
      'http.client.response.finish',
      ({ request, response }: { request: Request; response: IncomingMessage }) => this.responded(request, response),
    );
    this.subscribe(
      'http.server.request.start',
      ({ request, response }: { request: IncomingMessage; response: ServerResponse }) => {
        this.patch();
        this.requested(request, response);
      },
    );
    this.subscribe('http.server.response.finish', ({ response }: { response: Response }) => this.answered(response));
    this.patchInTime();
  }

  /**
   * Before the program can put anything of its own on the classes: what is put on ours later calls it, and leaves it
   * there when it is taken away. To load `http` for that at the start would take 4 ms, of programs without it as well.
   */
  private patchInTime(): void {
    const { node } = versions;
    // Without synchronous hooks the loader does not see ES modules before they run.
    const early = !hasRequestCreatedChannel(node) || !hasSyncHooks(node);
    if (early || arrayIncludes(moduleLoadList, 'NativeModule http')) return this.patch();
    const patch = createGuard(this.host.broken)(() => this.patch());
    for (const name of each(['http', 'https'])) this.host.whenImported(name, patch);
  }

  stop(): void {
    for (const one of each(this.subscribed)) unsubscribe(one[0], one[1]);
    this.patches.undo();
  }

  private subscribe<M>(name: string, step: (message: M) => void): void {
    const listener = createGuard(this.host.broken)(step as () => void);
    arrayPush(this.subscribed, [name, listener]);
    subscribe(name, listener);
  }

  private patch(): void {
    if (this.clientRequest !== null) return;
    // Loading it takes 4 ms, and by now the program has done so.
    const http = getBuiltinModule('node:http');
    this.clientRequest = realClientRequest(http);
    patchMessages(this.host, this.patches, this, http, this.clientRequest);
  }

  // ------------------------------------------------------------------ clients

  private begin(request: Request): Exchange | undefined {
    const known = this.outgoing.get(request);
    const protocol = protocolOf(request);
    if (known || !this.protocols.has(protocol)) return known;
    const exchange = new Exchange(this.host, { side: 'client', client: protocol === 'https:' ? 'https' : 'http' });
    this.outgoing.set(request, exchange);
    if (this.host.propagate) this.sendTrace(request, exchange);
    return exchange;
  }

  /** The exchange of a message that is being written; a request made before we were there gets one now. */
  private exchangeOfOutgoing(message: Outgoing): Exchange | undefined {
    const exchange = this.outgoing.get(message);
    if (exchange || this.clientRequest === null || !(message instanceof this.clientRequest)) return exchange;
    return this.begin(message);
  }

  /** One that the program has set itself stays; so does a head that is written already. */
  private sendTrace(request: Request, exchange: Exchange): void {
    // By the message's own methods: a library may have replaced them.
    // eslint-disable-next-line handit/intrinsics -- asks the program's object
    if (request._header || request.hasHeader('traceparent')) return;
    const value = exchange.traceparent();
    // eslint-disable-next-line handit/intrinsics -- as above
    if (value !== undefined) request.setHeader('traceparent', value);
  }

  private reportRequest(request: Request, exchange: Exchange): void {
    if (exchange.sent) return;
    const headers = headOf(request);
    exchange.request(request.method, urlOf(request, headers, exchange.target), headers);
    exchange.target = null;
  }

  private failed(request: Request, error: unknown): void {
    const exchange = this.begin(request);
    if (!exchange) return;
    this.reportRequest(request, exchange);
    exchange.socket ??= socketJson(request.socket);
    exchange.fail(error, this.stopped.has(request) || isAbort(error));
  }

  private responded(request: Request, response: IncomingMessage): void {
    const exchange = this.begin(request);
    if (!exchange) return;
    this.reportRequest(request, exchange);
    exchange.socket = socketJson(request.socket);
    exchange.response(response.statusCode ?? 0, response.rawHeaders);
    this.incoming.set(response, exchange);
  }

  beforeAddRequest(request: Request, options: unknown): void {
    const exchange = this.begin(request);
    if (exchange && typeof options === 'object') exchange.target = options;
  }

  afterRequestDestroy(request: Request, error: unknown): void {
    // A signal that was aborted before stops it while it is being made; the error comes later.
    const known = this.outgoing.get(request) !== undefined;
    if (request.method === undefined && !known) return void this.stopped.add(request);
    // Mocks make requests of their own that no agent ever gets.
    if (!known && !isRequest(request)) return;
    const exchange = this.begin(request);
    if (!exchange || exchange.ended) return;
    this.stopped.add(request);
    if (error !== undefined && error !== null) return this.failed(request, error);
    // abort() before there is a connection: no error will come.
    if (request.aborted && !request.socket) this.failed(request, new Error('the request was aborted'));
  }

  beforeHandOver(request: Request, event: unknown): void {
    const { res } = request;
    if ((event !== 'upgrade' && event !== 'connect') || !res?.upgrade) return;
    this.responded(request, res);
    this.outgoing.get(request)?.end();
  }

  // ------------------------------------------------------------------ servers

  private requested(request: IncomingMessage, response: ServerResponse): void {
    const protocol = (request.socket as { encrypted?: boolean }).encrypted ? 'https:' : 'http:';
    if (!this.protocols.has(protocol)) return;
    const exchange = new Exchange(this.host, {
      side: 'server',
      client: protocol === 'https:' ? 'https' : 'http',
      current: { parent: 0, scope: null },
      trace: readTraceparent(request.headers.traceparent),
    });
    exchange.socket = socketJson(request.socket);
    const path = request.url ?? '';
    const url = stringStartsWith(path, '/') ? `${protocol}//${request.headers.host ?? 'localhost'}${path}` : path;
    const scope = exchange.asScope();
    this.outgoing.set(response, exchange);
    this.incoming.set(request, exchange);
    exchange.answer = response;
    exchange.request(request.method ?? '', url, request.rawHeaders);
    this.host.recorder.enterScope(scope);
  }

  private answered(response: Response): void {
    const exchange = this.outgoing.get(response);
    if (!exchange) return;
    exchange.responseBody.complete = true;
    exchange.response(response.statusCode, headOf(response));
    exchange.end();
  }

  // ------------------------------------------------------------------- bodies

  beforeSend(message: Outgoing, sending: Sending): void {
    sending.exchange = this.exchangeOfOutgoing(message);
    sending.open = !message.writableEnded && !message.destroyed;
  }

  afterWrite(message: Outgoing, { exchange, open }: Sending, args: MessageArgs): void {
    if (!exchange || !open) return;
    this.sentChunk(message, exchange, args[0], args[1]);
    this.headSent(message, exchange);
  }

  afterFlush(message: Outgoing, { exchange, open }: Sending): void {
    if (exchange && open) this.headSent(message, exchange);
  }

  private headSent(message: Outgoing, exchange: Exchange): void {
    if (!message._header) return;
    if (isRequest(message)) this.reportRequest(message, exchange);
    else exchange.begun();
  }

  afterEnd(message: Outgoing, { exchange, open }: Sending, args: MessageArgs): void {
    if (!exchange || !open) return;
    if (typeof args[0] !== 'function') this.sentChunk(message, exchange, args[0], args[1]);
    if (!message.writableEnded) return;
    if (!isRequest(message)) return exchange.begun();
    exchange.requestBody.complete = true;
    this.reportRequest(message, exchange);
  }

  private sentChunk(message: Outgoing, exchange: Exchange, chunk: unknown, encoding: unknown): void {
    if (exchange.ended || message._hasBody === false) return;
    const body = isRequest(message) ? exchange.requestBody : exchange.responseBody;
    if (!body.complete) body.add(chunk, encoding);
  }

  exchangeOf(message: IncomingMessage): Exchange | undefined {
    return this.incoming.get(message);
  }

  scopeOf(exchange: Exchange): Scope | null {
    return exchange.inside ?? exchange.scope;
  }

  beforePush(message: IncomingMessage, exchange: Exchange, chunk: unknown): void {
    if (exchange.ended) return;
    const toServer = exchange.side === 'server';
    if (this.mocked.has(message)) exchange.response(message.statusCode ?? 0, pairs(message.rawHeaders));
    const body = toServer ? exchange.requestBody : exchange.responseBody;
    if (chunk !== null) body.add(chunk);
    else if (toServer) body.complete = true;
    else if (!message.destroyed) {
      if (message.rawTrailers?.length > 0) exchange.trailing(message.rawTrailers);
      exchange.end();
    }
  }

  beforeDestroy(message: IncomingMessage, error: unknown): void {
    const exchange = this.incoming.get(message);
    if (!exchange || exchange.ended) return;
    const code = (error as { code?: unknown } | undefined)?.code;
    if (exchange.side === 'server') {
      const answer = exchange.answer as Response;
      // Node does this to every request that is not answered when its connection closes.
      if (code !== 'ECONNRESET') return;
      if (answer.headersSent) exchange.response(answer.statusCode, headOf(answer));
      return exchange.fail(error, true);
    }
    // A client that goes on elsewhere wants no more of this one.
    if ((error ?? null) === null && isRedirect(message)) return exchange.end();
    const request = (message as { req?: object }).req;
    const chosen = code !== 'ECONNRESET' || (request !== undefined && this.stopped.has(request));
    exchange.fail(error ?? new Error('the response was destroyed before its end'), chosen);
  }

  /** See `adoptMessages`. */
  adopt(request: object, response: object, exchange: Exchange): void {
    this.patch();
    this.outgoing.set(request, exchange);
    this.incoming.set(response, exchange);
    this.mocked.add(response);
  }
}

/** Adds a protocol to what is recorded; both share one set of patches. */
export function recordProtocol(host: HookHost, protocol: Protocol): () => void {
  let wire = wires.get(host);
  if (!wire) wires.set(host, (wire = new MessageWire(host, new SafeSet())));
  const { protocols } = wire;
  protocols.add(protocol);
  return () => {
    protocols.delete(protocol);
    if (protocols.size > 0 || !wires.delete(host)) return;
    wire.stop();
  };
}

/** Has the messages of a mock, which never come from a connection, fill an exchange that has begun. */
export function adoptMessages(host: HookHost, request: object, response: object, exchange: Exchange): void {
  wires.get(host)?.adopt(request, response, exchange);
}

const wires = new SafeWeakMap<HookHost, MessageWire>();
