import { entries, flatPairs, headerOf, pairs, type HeaderList, type RawHeaders } from './exchange.js';
import { own } from './library-call.js';
import type { Asked } from './library-watch.js';
import {
  arrayFilter,
  arrayFind,
  arrayFlat,
  arrayIncludes,
  arrayMap,
  arrayPush,
  fromEntries,
  getOwnPropertyDescriptor,
  getOwnPropertySymbols,
  isArray,
  isProxy,
  listFrom,
  objectEntries,
  regExpExec,
  regExpTest,
  setOf,
  String,
  stringIncludes,
  stringEndsWith,
  stringIndexOf,
  stringSlice,
  stringSplit,
  stringStartsWith,
  stringToUpperCase,
  stringTrim,
  Symbol,
  Uint8Array,
  URL,
} from '../../src/intrinsics.js';

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
  return fromEntries(arrayMap(names, (name) => [name, own(object, name)])) as Partial<Record<K, unknown>>;
}

/** Only `fetch` sends this, always. */
export function sentByFetch(headers: unknown): boolean {
  if (isArray(headers)) {
    return arrayIncludes(headers, 'sec-fetch-mode') || (isArray(headers[0]) && sentByFetch(arrayFlat(headers)));
  }
  return typeof headers === 'string' && stringIncludes(headers, '\r\nsec-fetch-mode: ');
}

/** A flat list, a list of pairs, an object, text: whatever undici takes or makes. */
export function headersOf(headers: unknown): HeaderList {
  if (typeof headers === 'string') return lines(headers);
  if (!isObject(headers) || isProxy(headers)) return [];
  if (isArray(headers)) return pairs(isArray(headers[0]) ? arrayFlat(headers as unknown[]) : headers);
  if (typeof headers[Symbol.iterator as never] === 'function') {
    return pairs(arrayFlat(listFrom(headers as unknown as Iterable<[string, string]>)));
  }
  return entries(headers);
}

/** Those of a response, as its channel has them. */
export function answerHeaders(headers: unknown): RawHeaders {
  return isArray(headers) && !isProxy(headers) && !isArray(headers[0]) ? flatPairs(headers) : headersOf(headers);
}

function lines(text: string): [string, string][] {
  const list: [string, string][] = [];
  const all = stringSplit(text, '\r\n');
  for (let i = 0; i < all.length; i++) {
    const line = all[i];
    // Those of HTTP/2 may begin with a colon.
    const colon = stringIndexOf(line, ':', 1);
    if (colon > 0) arrayPush(list, [stringSlice(line, 0, colon), stringTrim(stringSlice(line, colon + 1))]);
  }
  return list;
}

/** Those of a request that has not been sent. */
export function wireHeaders(request: WireRequest): [string, string][] {
  const list = headersOf(request.headers);
  const host = request.host ?? hostOf(originOf(request.origin));
  const all: [string, string][] = [];
  if (host !== '' && headerOf(list, 'host') === undefined) arrayPush(all, ['host', host]);
  for (let i = 0; i < list.length; i++) arrayPush(all, list[i] as [string, string]);
  const length = lengthOf(request);
  if (length !== null) arrayPush(all, length);
  return all;
}

/** The last origin and its host: the next request often goes there as well. */
const last = { origin: '', host: '' };

function hostOf(origin: string): string {
  if (origin !== last.origin) {
    last.host = regExpExec(/^\w+:\/\/([^/]*)/, origin)?.[1] ?? '';
    last.origin = origin;
  }
  return last.host;
}

/** A head of HTTP/2 has no line before the headers. */
export function isHttp1(head: string): boolean {
  return regExpTest(/^[^\r\n]* HTTP\/1\.\d\r\n/, head);
}

export function sentHeaders(text: string, request: WireRequest): RawHeaders {
  if (!isHttp1(text)) return lines(text);
  const length = lengthOf(request);
  return length === null ? text : `${text}${length[0]}: ${length[1]}\r\n`;
}

/** What undici writes between the head and the body. */
function lengthOf({ method, body, contentLength }: WireRequest): [string, string] | null {
  if (body === null || body === undefined) return WITH_BODY.has(method) ? ['content-length', '0'] : null;
  const length = body instanceof Uint8Array ? body.byteLength : contentLength;
  return typeof length === 'number' ? ['content-length', String(length)] : ['transfer-encoding', 'chunked'];
}

const WITH_BODY = setOf(['PUT', 'POST', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

export function urlOf(origin: unknown, path: string): string {
  const from = originOf(origin);
  if (stringStartsWith(path, '/') || path === '') return from + path;
  // To a proxy the path is the whole address.
  return regExpTest(/^[a-z][a-z\d+.-]*:\/\//i, path) ? path : `${from}/${path}`;
}

function originOf(origin: unknown): string {
  if (typeof origin === 'string') return stringEndsWith(origin, '/') ? stringSlice(origin, 0, -1) : origin;
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
  if (!isObject(dispatcher) || isProxy(dispatcher)) return undefined;
  const key = arrayFind(getOwnPropertySymbols(dispatcher), ({ description }) => description === 'url');
  return key && getOwnPropertyDescriptor(dispatcher, key)?.value;
}

/** The arguments of `fetch`. */
export function describeFetch(args: unknown[]): Asked {
  const input = args[0];
  const init = args[1];
  const given = fields(isObject(init) ? init : {}, ['method', 'signal', 'headers']);
  // eslint-disable-next-line handit/intrinsics -- taken at the start it would load all of fetch
  const request = input instanceof Request ? input : undefined;
  const method = given.method ?? request?.method;
  return {
    method: typeof method === 'string' ? stringToUpperCase(method) : 'GET',
    url: request?.url ?? (input instanceof URL ? input.href : typeof input === 'string' ? input : ''),
    headers: headersOf(given.headers ?? request?.headers),
    signal: given.signal ?? request?.signal,
  };
}

function defined(given: object): Record<string, unknown> {
  return fromEntries(arrayFilter(objectEntries(given as Record<string, unknown>), (entry) => entry[1] !== undefined));
}
