import type { ExchangeDetail } from '../reader/details.js';
import type { Trace } from '../reader/trace.js';
import type { Detail } from './details-cache.js';
import { duration, nameOf, outcomeText, placeOf, short } from './format.js';

/** Where the clipboard is refused, as in a sandboxed frame, through a selection. */
export function copyText(text: string): void {
  const bySelection = (): void => {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  };
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (clipboard) clipboard.writeText(text).catch(bySelection);
  else bySelection();
}

/** A call with its values and who called it, as one pastes it into an issue. */
export function markdownOf(trace: Trace, node: number, detail: Detail): string {
  const lines = [`**${code(nameOf(trace, node))}** ${placeOf(trace, node)}`, ''];
  if ('call' in detail) {
    for (const [name, value] of Object.entries(detail.call.args ?? {}))
      lines.push(`- ${name}: ${code(short(value, 400))}`);
  } else {
    const { requestBody, responseBody, url } = detail.exchange;
    lines.push(`- url: ${code(url)}`);
    for (const [name, body] of Object.entries({ request: requestBody, response: responseBody })) {
      if (body) lines.push(`- ${name}: ${code(short(body.json ?? body.text, 1000))}`);
    }
  }
  lines.push(
    `- outcome: ${code(outcomeText(trace, node, detail, 1000))}`,
    `- took: ${duration(trace.durationOf(node))}`,
  );
  const above: string[] = [];
  for (let at = trace.nodes.parent[node]; at !== -1 && above.length < 12; at = trace.nodes.parent[at])
    above.push(nameOf(trace, at));
  if (above.length > 0) lines.push(`- called by: ${above.map(code).join(' ← ')}`);
  return lines.join('\n');
}

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  return `${fence}${text}${fence}`;
}

/** Headers that curl writes by itself, or that are of the connection or of the bytes on it. */
const NOT_COPIED = new Set([
  ...['content-length', 'connection', 'transfer-encoding', 'accept-encoding', 'content-encoding', 'keep-alive'],
  ...['expect', 'upgrade', 'http2-settings', 'te', 'trailer'],
]);
/** Those it adds by itself, unless told not to. */
const OF_CURL = ['accept', 'user-agent', 'content-type'];
/** Others are not of HTTP/1.1, or curl would take them for the name of a file. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** The same request, for a shell. What was redacted stays redacted: it must be filled in. */
export function curlOf(method: string, { url, requestHeaders, requestBody }: ExchangeDetail): string {
  const body = requestBody && (requestBody.json === undefined ? requestBody.text : JSON.stringify(requestBody.json));
  const isCut = requestBody !== undefined && (requestBody.truncated || body === undefined) && requestBody.size > 0;
  // Brackets in a URL are no pattern, dots in it no way up; a body that begins with @ names no file.
  const parts = [`curl --globoff --path-as-is ${quoted(url)}`];
  if (method === 'HEAD') parts.push('--head');
  else parts.push(`--request ${quoted(method)}`);
  parts.push(...headersOf(url, requestHeaders));
  if (body !== undefined) parts.push(`--data-raw ${quoted(body)}`);
  const note = isCut ? '# The body was recorded in part only.\n' : '';
  return `${note}${parts.join(' \\\n  ')}`;
}

function headersOf(url: string, headers: ExchangeDetail['requestHeaders']): string[] {
  const copied: string[] = [];
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(headers)) {
    const isKnown = name.toLowerCase() === 'host' && url.split('/')[2] === value;
    if (NOT_COPIED.has(name.toLowerCase()) || isKnown || !HEADER_NAME.test(name)) continue;
    // A header without a value is written with a semicolon; with a colon it is left out.
    for (const one of [value].flat()) copied.push(one.trim() === '' ? `${name};` : `${name}: ${one}`);
  }
  for (const name of OF_CURL) if (!names.has(name)) copied.push(`${name}:`);
  return copied.map((header) => `--header ${quoted(header.replace(/[\r\n]+/g, ' '))}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
