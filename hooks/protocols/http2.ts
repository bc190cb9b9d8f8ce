import diagnostics from 'node:diagnostics_channel';
import type { ClientHttp2Stream, Http2Stream, ServerHttp2Stream } from 'node:http2';
import { entries, Exchange, type HeaderList } from '../lib/exchange.js';
import { createGuard } from '../lib/guard.js';
import type { Hook, HookHost } from '../lib/hook.js';
import { isClaimedHttp2Stream } from '../lib/http2-claims.js';
import { readTraceparent } from '../lib/trace-context.js';
import { createPatches } from '../lib/patch.js';

type Headers = Record<string, unknown>;
type Args = [chunk?: unknown, encoding?: unknown, callback?: unknown];

const CANCEL = 8;

/**
 * `node:http2`, both sides, the compatibility API too. Streams are told of by Node's diagnostics channels, which exist
 * from 22.17; before them HTTP/2 is not recorded.
 */
export const http2Hook: Hook = { name: 'http2', install };

function install(host: HookHost): () => void {
  const { recorder, broken } = host;
  const patches = createPatches(host);
  const patched = new WeakSet<object>();
  const exchanges = new WeakMap<object, Exchange>();
  const serverStreams = new WeakSet<object>();
  const scopes = new WeakMap<object, ReturnType<Exchange['asScope']>>();
  /** Streams that have sent their whole body before we were told of them. */
  const sent = new WeakSet<object>();
  const apply = Reflect.apply as (method: unknown, self: unknown, args: unknown[]) => unknown;

  const guard = createGuard(broken);

  function clientCreated({ stream, headers }: { stream: ClientHttp2Stream; headers: Headers }): void {
    if (isClaimedHttp2Stream(host) || exchanges.has(stream)) return;
    patch(stream, false);
    const exchange = new Exchange(host, { side: 'client', client: 'http2' });
    exchanges.set(stream, exchange);
    exchange.requestBody.complete = sent.has(stream);
    report(exchange, headers);
  }

  function serverCreated({ stream, headers }: { stream: ServerHttp2Stream; headers: Headers }): void {
    // Even numbers are pushed by the server itself.
    if (exchanges.has(stream) || (stream.id ?? 0) % 2 === 0) return;
    patch(stream, true);
    const exchange = new Exchange(host, {
      ...{ side: 'server', client: 'http2', current: { parent: 0, scope: null } },
      trace: readTraceparent(headers.traceparent),
    });
    exchanges.set(stream, exchange);
    serverStreams.add(stream);
    report(exchange, headers);
    const scope = exchange.asScope();
    scopes.set(stream, scope);
    recorder.enterScope(scope);
  }

  function report(exchange: Exchange, headers: Headers): void {
    const authority = text(headers[':authority'] ?? headers.host ?? '');
    const method = text(headers[':method'] ?? 'GET');
    const path = method === 'CONNECT' ? '' : text(headers[':path'] ?? '/');
    exchange.request(method, `${text(headers[':scheme'] ?? 'https')}://${authority}${path}`, fields(headers));
  }

  function answered({ stream, headers }: { stream: Http2Stream; headers: Headers }): void {
    exchanges.get(stream)?.response(Number(headers[':status'] ?? 200), fields(headers));
  }

  function failed({ stream, error }: { stream: Http2Stream; error: Error & { code?: unknown } }): void {
    const { code } = error;
    // What the program passes to `destroy` carries no code of Node's or of the system.
    exchanges.get(stream)?.fail(error, typeof code !== 'string' || code === 'ABORT_ERR');
  }

  function closed({ stream }: { stream: Http2Stream }): void {
    const exchange = exchanges.get(stream);
    if (!exchange) return;
    if (stream.rstCode === 0) exchange.end();
    // An error may follow at once; after other codes it does.
    else if (stream.rstCode === CANCEL) {
      queueMicrotask(() => exchange.fail(new Error('the stream was cancelled'), true));
    }
  }

  function chunksSent({ stream, writev, data, encoding }: Sent): void {
    const body = exchanges.get(stream)?.requestBody;
    if (!body) return;
    if (!writev) body.add(data, encoding);
    else for (const part of data as { chunk: unknown; encoding: unknown }[]) body.add(part.chunk, part.encoding);
  }

  function bodySent({ stream }: { stream: Http2Stream }): void {
    const exchange = exchanges.get(stream);
    if (exchange) exchange.requestBody.complete = true;
    else sent.add(stream);
  }

  const received = guard((stream: Http2Stream, exchange: Exchange, chunk: unknown) => {
    if (exchange.ended) return;
    const server = serverStreams.has(stream);
    const body = server ? exchange.requestBody : exchange.responseBody;
    if (chunk !== null) body.add(chunk);
    else if (server) body.complete = true;
    else if (!stream.destroyed && stream.rstCode === 0 && exchange.answered) exchange.end();
  });
  const answering = guard((stream: Http2Stream, chunk: unknown, encoding: unknown) => {
    const exchange = exchanges.get(stream);
    if (exchange && typeof chunk !== 'function' && !stream.writableEnded) exchange.responseBody.add(chunk, encoding);
  });

  /** The classes of streams are not public; their first instance leads there. */
  function patch(stream: Http2Stream, server: boolean): void {
    const prototype = Object.getPrototypeOf(stream) as ServerHttp2Stream;
    if (patched.has(prototype)) return;
    patched.add(prototype);
    patches.method(prototype, 'push', (original) => {
      return function (this: Http2Stream, ...args: Args) {
        const exchange = exchanges.get(this);
        if (exchange === undefined) return apply(original, this, args);
        received(this, exchange, args[0]);
        const before = recorder.enterScope(scopes.get(this) ?? exchange.scope);
        try {
          return apply(original, this, args);
        } finally {
          recorder.enterScope(before);
        }
      };
    });
    if (!server) return;
    for (const name of ['write', 'end'] as const) {
      patches.method(prototype, name, (original) => {
        return function (this: Http2Stream, ...args: Args) {
          answering(this, args[0], args[1]);
          return apply(original, this, args);
        };
      });
    }
  }

  const channels: Record<string, (message: never) => void> = {
    'http2.client.stream.created': clientCreated,
    'http2.client.stream.bodyChunkSent': chunksSent,
    'http2.client.stream.bodySent': bodySent,
    'http2.client.stream.finish': answered,
    'http2.client.stream.error': failed,
    'http2.client.stream.close': closed,
    'http2.server.stream.created': serverCreated,
    'http2.server.stream.finish': answered,
    'http2.server.stream.error': failed,
    'http2.server.stream.close': closed,
  };
  const subscribed = Object.entries(channels).map(([name, step]) => [name, guard(step as () => void)] as const);
  for (const [name, listener] of subscribed) diagnostics.subscribe(name, listener);
  return () => {
    for (const [name, listener] of subscribed) diagnostics.unsubscribe(name, listener);
    patches.undo();
  };
}

interface Sent {
  stream: Http2Stream;
  writev: boolean;
  data: unknown;
  encoding: unknown;
}

/** Method, path, scheme and status have places of their own. */
function fields(headers: Headers): HeaderList {
  return entries(headers).filter(([name]) => !name.startsWith(':'));
}

function text(value: unknown): string {
  return String(value);
}
