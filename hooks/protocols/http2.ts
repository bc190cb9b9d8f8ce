import diagnostics from 'node:diagnostics_channel';
import type { ClientHttp2Stream, Http2Stream, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Scope } from '../../src/recorder/scope.js';
import { entries, Exchange, type HeaderList } from '../lib/exchange.js';
import { createGuard } from '../lib/guard.js';
import type { Hook, HookHost } from '../lib/hook.js';
import { isClaimedHttp2Stream } from '../lib/http2-claims.js';
import { readTraceparent } from '../lib/trace-context.js';
import { createPatches } from '../lib/patch.js';
import { socketJson } from '../lib/socket-json.js';
import {
  arrayFilter,
  arrayFind,
  arrayPush,
  each,
  Error,
  getOwnPropertyDescriptor,
  getOwnPropertySymbols,
  getPrototypeOf,
  Number,
  queueMicrotask,
  SafeWeakMap,
  SafeWeakSet,
  String,
  stringReplace,
  stringStartsWith,
} from '../../src/intrinsics.js';

const { subscribe, unsubscribe } = diagnostics;

type Headers = Record<string, unknown>;
type Args = [chunk?: unknown, encoding?: unknown, callback?: unknown];
type Stream = Http2Stream;
type StreamAndHeaders<S extends Stream = Stream> = { stream: S; headers: Headers };

const CANCEL = 8;

const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;

/**
 * `node:http2`, both sides, the compatibility API too. Streams are announced by Node's diagnostics channels, which exist
 * from 22.17; before them HTTP/2 is not recorded.
 */
export const http2Hook: Hook = {
  name: 'http2',
  install(host) {
    const wire = new Http2Wire(host);
    return () => wire.stop();
  },
};

class Http2Wire {
  private readonly patches;
  private readonly guard;
  private readonly patched = new SafeWeakSet<object>();
  private readonly exchanges = new SafeWeakMap<object, Exchange>();
  private readonly serverStreams = new SafeWeakSet<object>();
  private readonly scopes = new SafeWeakMap<object, Scope>();
  /** Streams that have sent their whole body before they were announced. */
  private readonly sent = new SafeWeakSet<object>();
  private readonly subscribed: [name: string, listener: () => void][] = [];

  constructor(private readonly host: HookHost) {
    this.patches = createPatches(host);
    this.guard = createGuard(host.broken);
    this.subscribe('client.stream.created', (message: StreamAndHeaders<ClientHttp2Stream>) =>
      this.clientCreated(message),
    );
    this.subscribe('client.stream.bodyChunkSent', (message: ChunksSent) => this.chunksSent(message));
    this.subscribe('client.stream.bodySent', ({ stream }: { stream: Stream }) => this.bodySent(stream));
    this.subscribe('server.stream.created', (message: StreamAndHeaders<ServerHttp2Stream>) =>
      this.serverCreated(message),
    );
    for (const side of each(['client', 'server'])) {
      this.subscribe(`${side}.stream.finish`, (message: StreamAndHeaders) => this.answered(message));
      this.subscribe(`${side}.stream.error`, (message: StreamAndError) => this.failed(message));
      this.subscribe(`${side}.stream.close`, ({ stream }: { stream: Stream }) => this.closed(stream));
    }
  }

  stop(): void {
    for (const one of each(this.subscribed)) unsubscribe(one[0], one[1]);
    this.patches.undo();
  }

  private subscribe<M>(event: string, step: (message: M) => void): void {
    const name = `http2.${event}`;
    const listener = this.guard(step as () => void);
    arrayPush(this.subscribed, [name, listener]);
    subscribe(name, listener);
  }

  private clientCreated({ stream, headers }: StreamAndHeaders<ClientHttp2Stream>): void {
    if (isClaimedHttp2Stream(this.host) || this.exchanges.has(stream)) return;
    this.patch(stream, false);
    const exchange = new Exchange(this.host, { side: 'client', client: 'http2' });
    this.exchanges.set(stream, exchange);
    exchange.socket = socketJson(socketOf(stream));
    exchange.requestBody.complete = this.sent.has(stream);
    report(exchange, stream, headers);
  }

  private serverCreated({ stream, headers }: StreamAndHeaders<ServerHttp2Stream>): void {
    // Even numbers are pushed by the server itself.
    if (this.exchanges.has(stream) || (stream.id ?? 0) % 2 === 0) return;
    this.patch(stream, true);
    const exchange = new Exchange(this.host, {
      ...{ side: 'server', client: 'http2', current: { parent: 0, scope: null } },
      trace: readTraceparent(headers.traceparent),
    });
    this.exchanges.set(stream, exchange);
    this.serverStreams.add(stream);
    exchange.socket = socketJson(socketOf(stream));
    const scope = exchange.asScope();
    report(exchange, stream, headers);
    this.scopes.set(stream, scope);
    this.host.recorder.enterScope(scope);
  }

  private answered({ stream, headers }: StreamAndHeaders): void {
    const exchange = this.exchanges.get(stream);
    if (exchange) exchange.socket ??= socketJson(socketOf(stream));
    exchange?.response(Number(headers[':status'] ?? 200), fields(headers));
  }

  private failed({ stream, error }: StreamAndError): void {
    const { code } = error;
    // What the program passes to `destroy` carries no code of Node's or of the system.
    this.exchanges.get(stream)?.fail(error, typeof code !== 'string' || code === 'ABORT_ERR');
  }

  private closed(stream: Stream): void {
    const exchange = this.exchanges.get(stream);
    if (!exchange) return;
    if (stream.rstCode === 0) exchange.end();
    // An error may follow at once; after other codes it does.
    else if (stream.rstCode === CANCEL) {
      queueMicrotask(() => exchange.fail(new Error('the stream was cancelled'), true));
    }
  }

  private chunksSent({ stream, writev, data, encoding }: ChunksSent): void {
    const body = this.exchanges.get(stream)?.requestBody;
    if (!body) return;
    if (!writev) body.add(data, encoding);
    else for (const part of each(data as { chunk: unknown; encoding: unknown }[])) body.add(part.chunk, part.encoding);
  }

  private bodySent(stream: Stream): void {
    const exchange = this.exchanges.get(stream);
    if (exchange) exchange.requestBody.complete = true;
    else this.sent.add(stream);
  }

  private received(stream: Stream, exchange: Exchange, chunk: unknown): void {
    if (exchange.ended) return;
    const server = this.serverStreams.has(stream);
    const body = server ? exchange.requestBody : exchange.responseBody;
    if (chunk !== null) body.add(chunk);
    else if (server) body.complete = true;
    else if (!stream.destroyed && stream.rstCode === 0 && exchange.answered) exchange.end();
  }

  private answering(stream: Stream, chunk: unknown, encoding: unknown): void {
    const exchange = this.exchanges.get(stream);
    if (exchange && typeof chunk !== 'function' && !stream.writableEnded) exchange.responseBody.add(chunk, encoding);
  }

  /** The classes of streams are not public; their first instance leads there. */
  private patch(stream: Stream, server: boolean): void {
    const prototype = getPrototypeOf(stream) as ServerHttp2Stream;
    if (this.patched.has(prototype)) return;
    this.patched.add(prototype);
    this.patchReceiving(prototype);
    if (server) this.patchAnswering(prototype);
  }

  private patchReceiving(prototype: Stream): void {
    const { exchanges, scopes } = this;
    const { recorder } = this.host;
    const received = this.guard((stream: Stream, exchange: Exchange, chunk: unknown) =>
      this.received(stream, exchange, chunk),
    );
    this.patches.method(prototype, 'push', (next) => {
      return function (this: Stream, ...args: Args) {
        const exchange = exchanges.get(this);
        if (exchange === undefined) return apply(next(), this, args);
        received(this, exchange, args[0]);
        const before = recorder.enterScope(scopes.get(this) ?? exchange.scope);
        try {
          return apply(next(), this, args);
        } finally {
          recorder.enterScope(before);
        }
      };
    });
  }

  private patchAnswering(prototype: ServerHttp2Stream): void {
    const answering = this.guard((stream: Stream, chunk: unknown, encoding: unknown) =>
      this.answering(stream, chunk, encoding),
    );
    for (const name of each(['write', 'end'] as const)) {
      this.patches.method(prototype, name, (next) => {
        return function (this: Stream, ...args: Args) {
          answering(this, args[0], args[1]);
          return apply(next(), this, args);
        };
      });
    }
  }
}

/** A session shows its socket by a proxy alone, which would have to be made; beside it, it keeps it by a symbol. */
function socketOf(stream: Stream): Socket | undefined {
  return keptBySession(stream, 'socket') as Socket | undefined;
}

function keptBySession({ session }: Stream, name: string): unknown {
  if (!session) return undefined;
  const symbol = arrayFind(getOwnPropertySymbols(session), ({ description }) => description === name);
  return symbol && (getOwnPropertyDescriptor(session, symbol)?.value as unknown);
}

interface ChunksSent {
  stream: Stream;
  writev: boolean;
  data: unknown;
  encoding: unknown;
}
interface StreamAndError {
  stream: Stream;
  error: Error & { code?: unknown };
}

function report(exchange: Exchange, stream: Stream, headers: Headers): void {
  // A client may have left both to Node, which on 24.5 has not set them by then.
  const authority = text(headers[':authority'] ?? headers.host ?? keptBySession(stream, 'authority') ?? '');
  const scheme = stringReplace(text(headers[':scheme'] ?? keptBySession(stream, 'protocol') ?? 'https'), /:$/, '');
  const method = text(headers[':method'] ?? 'GET');
  const path = method === 'CONNECT' ? '' : text(headers[':path'] ?? '/');
  exchange.request(method, `${scheme}://${authority}${path}`, fields(headers));
}

/** Method, path, scheme and status have places of their own. */
function fields(headers: Headers): HeaderList {
  return arrayFilter(entries(headers), (entry) => !stringStartsWith(entry[0], ':'));
}

function text(value: unknown): string {
  return String(value);
}
