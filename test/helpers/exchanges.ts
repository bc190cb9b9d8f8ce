import type { HttpError, HttpRequest, HttpResponse, TraceRecord } from '../../src/trace-format.js';

/**
 * What was requested by each function, as text: client, call and attempt, method, path, and how it ended. Calls of a
 * library are counted from A in each function.
 *
 *     redirect: axios A1 GET /redirect -> 302, axios A2 GET /ok -> 200 {"path":"/ok"}
 */
export function exchangesByFunction(records: readonly TraceRecord[]): Record<string, string> {
  const names = new Map<number, string>();
  const ends = new Map<number, HttpResponse | HttpError>();
  for (const record of records) {
    if (record.type === 'call') names.set(record.id, record.func);
    if (record.type !== 'http_response' && record.type !== 'http_error') continue;
    if (ends.has(record.id)) throw new Error(`exchange ${record.id} ends twice`);
    ends.set(record.id, record);
  }
  const byFunction: Record<string, string[]> = {};
  const letters = new Map<number, string>();
  for (const record of records) {
    if (record.type !== 'http_request') continue;
    const name = record.parent === null ? '-' : (names.get(record.parent) ?? `unknown ${record.parent}`);
    const lines = (byFunction[name] ??= []);
    let call = '';
    if (record.call !== undefined) {
      if (!letters.has(record.call)) {
        const used = [...letters.keys()].filter((id) => parentOf(records, id) === record.parent).length;
        letters.set(record.call, String.fromCharCode(65 + used));
      }
      call = `${letters.get(record.call)}${record.attempt} `;
    }
    const { pathname, search, protocol } = URL.canParse(record.url)
      ? new URL(record.url)
      : { pathname: record.url, search: '', protocol: '' };
    const path = (/^https?:$/.test(protocol) ? '' : protocol) + pathname + search;
    const client = `${record.side === 'client' ? '' : 'server '}${record.client}`;
    lines.push(
      `${client} ${call}${record.method} ${path}${sent(record, ends.get(record.id))} -> ${ended(ends.get(record.id))}`,
    );
  }
  return Object.fromEntries(Object.entries(byFunction).map(([name, lines]) => [name, lines.join(', ')]));
}

function parentOf(records: readonly TraceRecord[], id: number): number | null | undefined {
  return records.find((record): record is HttpRequest => record.type === 'http_request' && record.id === id)?.parent;
}

function sent(request: HttpRequest, end: HttpResponse | HttpError | undefined): string {
  const body = request.request_body ?? end?.request_body;
  return body === undefined ? '' : ` ${bodyText(body)}`;
}

function ended(end: HttpResponse | HttpError | undefined): string {
  if (end === undefined) return '...';
  const body = end.response_body === undefined ? '' : ` ${bodyText(end.response_body)}`;
  if (end.type === 'http_response') return `${end.status}${body}`;
  const status = end.status === undefined ? '' : `${end.status}${body} `;
  return `${status}! ${end.error.code ?? end.error.name}${end.aborted ? ' aborted' : ''}`;
}

function bodyText({ json, text, size }: { json?: unknown; text?: string; size: number }): string {
  const shown = json === undefined ? (text ?? '') : JSON.stringify(json);
  return shown.length > 100 ? `${size} bytes` : shown;
}
