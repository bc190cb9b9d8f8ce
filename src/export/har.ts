import { CLIENT, KIND_MASK, SERVER } from '../reader/columns.js';
import type { ExchangeDetail } from '../reader/details.js';
import type { Trace } from '../reader/trace.js';
import type { Exchange } from '../reader/types.js';
import type { BodyPreview, Headers } from '../trace-format.js';
import { version } from '../version.js';
import { processName } from './describe.js';
import { type ExportOptions, jsonOf, type Notes } from './export-options.js';

/** HTTP Archive 1.2: the exchanges of one side, which browsers and HTTP tools import. */
export function writeHar(trace: Trace, options: ExportOptions, side: 'client' | 'server'): Notes {
  const { put, chosen } = options;
  const wanted = side === 'client' ? CLIENT : SERVER;
  const rows = trace.exchanges.filter(({ node }) => chosen.has(trace.processOf(node)));
  const shown = rows.filter(({ node }) => (trace.nodes.flags[node] & KIND_MASK) === wanted);
  const [first] = chosen;
  const page = {
    startedDateTime: dateOf(trace, Math.min(...shown.map(({ node }) => trace.nodes.t0[node]), Infinity)),
    id: 'page_1',
    title: first === undefined ? 'handit' : processName(trace, first),
    pageTimings: { onContentLoad: -1, onLoad: -1 },
  };
  const head = { version: '1.2', creator: { name: 'handit', version }, pages: [page] };
  put(`{"log":${jsonOf(head).slice(0, -1)},"entries":[`);
  let comma = '\n';
  for (const exchange of shown) {
    put(comma + jsonOf(entryOf(trace, exchange, options.values)));
    comma = ',\n';
  }
  put('\n]}}\n');
  const others = rows.length - shown.length;
  if (shown.length > 0 || others === 0) return [];
  return [`there is no exchange at a ${side}; --side ${side === 'client' ? 'server' : 'client'} has ${others}`];
}

function entryOf(trace: Trace, exchange: Exchange, values: boolean): object {
  const { node, socket, ttfb, status } = exchange;
  const { t0, dt } = trace.nodes;
  const detail = trace.exchange(node);
  const time = dt[node] < 0 ? 0 : dt[node] / 1e6;
  // Unknown ones are -1, and the others add up to `time`.
  const wait = ttfb >= 0 ? ttfb / 1e6 : time;
  return {
    pageref: 'page_1',
    startedDateTime: dateOf(trace, t0[node]),
    time,
    request: requestOf(exchange, detail, values),
    response: responseOf(exchange, detail, values),
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, send: -1, wait, receive: ttfb >= 0 ? time - wait : -1, ssl: -1 },
    ...(socket?.remote_address !== undefined && { serverIPAddress: socket.remote_address }),
    ...(socket && { connection: String(socket.local_port) }),
    ...(status === 0 && { _error: detail.error?.message ?? 'no response' }),
    _handit: trace.nameOf(node),
  };
}

function requestOf({ method, client }: Exchange, detail: ExchangeDetail, values: boolean): object {
  const { url, requestHeaders, requestBody, end, request } = detail;
  const size = end?.bytes_out ?? request?.bytes_out;
  return {
    ...{ method, url, httpVersion: versionOf(client), cookies: [] },
    headers: values ? pairsOf(requestHeaders) : [],
    queryString: queryOf(url),
    ...(values && requestBody && requestBody.size > 0 && { postData: postDataOf(requestBody) }),
    ...{ headersSize: -1, bodySize: requestBody?.size ?? (request?.side === 'client' ? size : undefined) ?? -1 },
  };
}

function responseOf({ status, client }: Exchange, detail: ExchangeDetail, values: boolean): object {
  const { responseHeaders, responseBody } = detail;
  const location = responseHeaders.location;
  return {
    ...{ status, statusText: '', httpVersion: versionOf(client), cookies: [] },
    headers: values ? pairsOf(responseHeaders) : [],
    content: {
      size: responseBody?.size ?? 0,
      mimeType: responseBody?.content_type ?? 'x-unknown',
      ...(values && responseBody && textOf(responseBody)),
    },
    ...{ redirectURL: typeof location === 'string' ? location : '', headersSize: -1 },
    bodySize: responseBody?.size ?? -1,
  };
}

function postDataOf(body: BodyPreview): object {
  const mimeType = body.content_type ?? '';
  const { text = '', ...rest } = textOf(body);
  const params = mimeType === 'application/x-www-form-urlencoded' && !body.truncated;
  return params
    ? { mimeType, text, params: [...new URLSearchParams(text)].map(([name, value]) => ({ name, value })), ...rest }
    : { mimeType, text, ...rest };
}

/** What is known of it; a comment says how much is missing. */
function textOf({ text, tail, omitted, json, truncated, size }: BodyPreview): { text?: string; comment?: string } {
  const comment = truncated ? `cut: the whole has ${size} bytes` : undefined;
  if (json !== undefined) return { text: jsonOf(json), ...(comment && { comment }) };
  if (text === undefined) return comment ? { comment } : {};
  const between = tail === undefined ? '' : `\n[${omitted ?? 'some'} bytes left out]\n${tail}`;
  return { text: text + between, ...(comment && { comment }) };
}

function pairsOf(headers: Headers): object[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => ({ name, value: one })),
  );
}

function queryOf(url: string): object[] {
  const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
  return [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}

function versionOf(client: string): string {
  return client === 'http2' ? 'HTTP/2' : 'HTTP/1.1';
}

/** Milliseconds: later ones are no dates. */
const LAST_DATE = 8.64e15;

function dateOf(trace: Trace, ns: number): string {
  const sinceBase = Number.isFinite(ns) ? ns : 0;
  const ms = Number(trace.baseNs / 1_000_000n) + sinceBase / 1e6;
  return new Date(Math.min(ms, LAST_DATE)).toISOString();
}
