import { types } from 'node:util';
import { entries, headerOf, pairs, type HeaderList } from './exchange.js';
import { own } from './library-call.js';
import type { Asked } from './library-watch.js';

export type WireClient = 'fetch' | 'undici';

/** A request as undici puts it on the wire, in any of its versions; channels hand it out. */
export interface WireRequest {
  method: string;
  path: string;
  origin?: unknown;
  /** Text in the first versions of undici 6. */
  headers: unknown;
  host?: string | null;
  body?: unknown;
  contentLength?: number | null;
  addHeader?(name: string, value: string): unknown;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Fields of the program's object, without running any of its code. */
export function fields<K extends string>(object: object, names: readonly K[]): Partial<Record<K, unknown>> {
  return Object.fromEntries(names.map((name) => [name, own(object, name)])) as Partial<Record<K, unknown>>;
}

/** Only `fetch` sends this, always. */
export function sentByFetch(headers: unknown): boolean {
  if (Array.isArray(headers)) {
    return headers.includes('sec-fetch-mode') || (Array.isArray(headers[0]) && sentByFetch(headers.flat()));
  }
  return typeof headers === 'string' && headers.includes('\r\nsec-fetch-mode: ');
}

/** A flat list, a list of pairs, an object, text: whatever undici takes or makes. */
export function headersOf(headers: unknown): HeaderList {
  if (typeof headers === 'string') return lines(headers);
  if (!isObject(headers) || types.isProxy(headers)) return [];
  if (Array.isArray(headers)) return pairs(Array.isArray(headers[0]) ? headers.flat() : headers);
  if (typeof headers[Symbol.iterator as never] === 'function') {
    return pairs(Array.from(headers as unknown as Iterable<[string, string]>).flat());
  }
  return entries(headers);
}

function lines(text: string): [string, string][] {
  return text.split('\r\n').flatMap((line): [string, string][] => {
    // Those of HTTP/2 may begin with a colon.
    const colon = line.indexOf(':', 1);
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : [];
  });
}

/** Those of a request that has not been sent. */
export function wireHeaders(request: WireRequest): [string, string][] {
  const list = headersOf(request.headers) as [string, string][];
  const host = request.host ?? /^\w+:\/\/([^/]*)/.exec(originOf(request.origin))?.[1] ?? '';
  const named = headerOf(list, 'host') === undefined && host !== '' ? [['host', host] as [string, string]] : [];
  return [...named, ...list, ...lengthOf(request)];
}

/** A head of HTTP/2 has no line before the headers. */
export function isHttp1(head: string): boolean {
  return /^[^\r\n]* HTTP\/1\.\d\r\n/.test(head);
}

export function sentHeaders(text: string, request: WireRequest): [string, string][] {
  if (!isHttp1(text)) return lines(text);
  return [...lines(text.slice(text.indexOf('\r\n'))), ...lengthOf(request)];
}

/** What undici writes between the head and the body. */
function lengthOf({ method, body, contentLength }: WireRequest): [string, string][] {
  if (body === null || body === undefined) {
    return /^(PUT|POST|PATCH|QUERY|PROPFIND|PROPPATCH)$/.test(method) ? [['content-length', '0']] : [];
  }
  const length = body instanceof Uint8Array ? body.byteLength : contentLength;
  return typeof length === 'number' ? [['content-length', String(length)]] : [['transfer-encoding', 'chunked']];
}

export function urlOf(origin: unknown, path: string): string {
  // To a proxy the path is the whole address.
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) return path;
  const from = originOf(origin);
  return path.startsWith('/') || path === '' ? from + path : `${from}/${path}`;
}

function originOf(origin: unknown): string {
  if (typeof origin === 'string') return origin.replace(/\/$/, '');
  return origin instanceof URL ? origin.origin : '';
}

// ------------------------------------------------- what the program asked for

/** @param target what the first argument was, or the dispatcher whose method it is */
export function describeRequest(target: unknown, options: unknown): Asked {
  const first = isObject(target) && !(target instanceof URL) ? target : {};
  const given = isObject(options) ? fields(options, REQUEST) : {};
  const { method, path, origin, signal, headers } = { ...fields(first, REQUEST), ...defined(given) };
  const address =
    typeof target === 'string' ? target : originOf(target) || originOf(origin) || originOf(dispatcherUrl(first));
  return {
    method: typeof method === 'string' ? method : 'GET',
    url: typeof path === 'string' ? urlOf(address, path) : address,
    headers: headersOf(headers),
    signal,
  };
}

const REQUEST = ['method', 'path', 'origin', 'signal', 'headers'] as const;

/** What a client or pool was made for. */
export function dispatcherUrl(dispatcher: unknown): unknown {
  if (!isObject(dispatcher) || types.isProxy(dispatcher)) return undefined;
  const key = Object.getOwnPropertySymbols(dispatcher).find(({ description }) => description === 'url');
  return key && Object.getOwnPropertyDescriptor(dispatcher, key)?.value;
}

/** The arguments of `fetch`. */
export function describeFetch([input, init]: unknown[]): Asked {
  const given = fields(isObject(init) ? init : {}, ['method', 'signal', 'headers']);
  const request = input instanceof Request ? input : undefined;
  const method = given.method ?? request?.method;
  return {
    method: typeof method === 'string' ? method.toUpperCase() : 'GET',
    url: request?.url ?? (input instanceof URL ? input.href : typeof input === 'string' ? input : ''),
    headers: headersOf(given.headers ?? request?.headers),
    signal: given.signal ?? request?.signal,
  };
}

function defined(given: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
