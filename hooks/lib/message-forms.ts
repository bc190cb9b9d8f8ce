import type * as Http from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import { entries, headerOf, type RawHeaders } from './exchange.js';
import { getPrototypeOf, Number, regExpTest, String, stringIncludes, stringStartsWith } from '../../src/intrinsics.js';

export type Protocol = 'http:' | 'https:';

/** What Node keeps on a message beyond what its types say; all of it is old and widely used. */
export interface Outgoing extends OutgoingMessage {
  /** The head as text, once it has been put together. */
  _header?: string | null;
  /** false: what is written as a body is not sent. */
  _hasBody?: boolean;
}
export type Request = ClientRequest & Outgoing & { res?: IncomingMessage & { upgrade?: boolean } };
export type Response = ServerResponse & Outgoing;

/** Where a request goes, as its agent was told. */
export interface Target {
  host?: string;
  port?: string | number;
  socketPath?: string;
}

export function isRequest(message: Outgoing): message is Request {
  return 'path' in message && 'agent' in message;
}

export function protocolOf(request: Request): Protocol {
  return request.protocol === 'https:' ? 'https:' : 'http:';
}

/** The headers as they are sent; those that Node adds are known once the head was put together. */
export function headOf(message: Outgoing): RawHeaders {
  const text = message._header;
  if (typeof text === 'string') return text;
  // eslint-disable-next-line handit/intrinsics -- asks the program's object
  return typeof message.getHeaders === 'function' ? entries(message.getHeaders()) : [];
}

/** The address of a request that this process makes. */
export function urlOf(request: Request, headers: RawHeaders, target: Target | null): string {
  const path = String(request.path);
  // To a proxy the path is the whole address.
  if (!stringStartsWith(path, '/') && regExpTest(/^[a-z][a-z\d+.-]*:\/\//i, path)) return path;
  const protocol = protocolOf(request);
  if (request.method === 'CONNECT') return `${protocol}//${path}`;
  const named = headerOf(headers, 'host');
  if (!target?.host || target.socketPath) return `${protocol}//${named ?? String(request.host)}${path}`;
  const standard = protocol === 'https:' ? 443 : 80;
  const port = !target.port || Number(target.port) === standard ? '' : `:${target.port}`;
  return `${protocol}//${stringIncludes(target.host, ':') ? `[${target.host}]` : target.host}${port}${path}`;
}

/** Mocks put a class of their own in its place, which inherits from it. */
export function realClientRequest({ ClientRequest, OutgoingMessage }: typeof Http): typeof Http.ClientRequest {
  let real = ClientRequest.prototype as object;
  for (;;) {
    const above = getPrototypeOf(real) as object | null;
    if (above === null) return ClientRequest;
    if (above === OutgoingMessage.prototype) return (real as { constructor: typeof Http.ClientRequest }).constructor;
    real = above;
  }
}

export function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
}
