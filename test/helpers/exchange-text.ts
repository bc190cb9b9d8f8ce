import type { BodyPreview, HttpError, HttpRequest, HttpResponse, TraceRecord } from '../../src/trace-format.js';

/**
 * The HTTP exchanges of a trace, one a line, in the order of their start: the call that made it, the client, what was
 * asked and how it ended.
 *
 *     get > http GET /text -> 200 "hello" (5)
 *     send > axios[call 1, attempt 2] POST /echo {"a":1} (7) ! ECONNRESET
 */
export function exchangeText(records: readonly TraceRecord[], origin = ''): string[] {
  const names = new Map(
    records.flatMap((record) =>
      record.type === 'call' ? [[`${record.proc} ${record.id}`, record.func] as const] : [],
    ),
  );
  const requests = records.filter((record) => record.type === 'http_request');
  const calls = new Map<string, number>();
  return requests
    .sort((a, b) => a.t0_ns - b.t0_ns || a.id - b.id)
    .map((request) => {
      const key = `${request.proc} ${request.id}`;
      const ends = records.filter(
        (record): record is HttpResponse | HttpError =>
          (record.type === 'http_response' || record.type === 'http_error') && `${record.proc} ${record.id}` === key,
      );
      const parent = request.parent === null ? '' : `${names.get(`${request.proc} ${request.parent}`) ?? 'unknown'} > `;
      const callKey = `${request.proc} ${request.call}`;
      if (request.call !== undefined && !calls.has(callKey)) calls.set(callKey, calls.size + 1);
      const call = request.call === undefined ? '' : `[call ${calls.get(callKey)}, attempt ${request.attempt}]`;
      const side = request.side === 'server' ? ' server' : '';
      const url = origin === '' ? request.url : request.url.replace(origin, '');
      return `${parent}${request.client}${call}${side} ${request.method} ${url}${sent(request, ends)} ${ends.map(ended).join(' AND ') || '...'}`;
    });
}

function sent(request: HttpRequest, ends: (HttpResponse | HttpError)[]): string {
  const end = ends.at(-1);
  const body = request.request_body ?? end?.request_body;
  const size = request.side === 'client' ? (request.bytes_out ?? end?.bytes_out) : end?.bytes_in;
  return body === undefined ? '' : ` ${bodyText(body)} (${size})`;
}

function ended(end: HttpResponse | HttpError): string {
  const size = end.bytes_in;
  const body = end.response_body === undefined ? '' : ` ${bodyText(end.response_body)} (${size})`;
  if (end.type === 'http_response') {
    const trailers = end.trailers === undefined ? '' : ` trailers ${JSON.stringify(end.trailers)}`;
    return `-> ${end.status}${body}${trailers}`;
  }
  const status = end.status === undefined ? '' : `${end.status}${body} `;
  return `! ${status}${end.error.code ?? end.error.name}${end.aborted ? ' aborted' : ''}`;
}

function bodyText(body: BodyPreview): string {
  const content =
    body.json !== undefined
      ? JSON.stringify(body.json)
      : body.text !== undefined
        ? JSON.stringify(body.text)
        : 'binary';
  const cut = content.length > 60 ? `${content.slice(0, 60)}...` : content;
  return `${body.encoding === undefined ? '' : `${body.encoding} `}${cut}${body.truncated ? ' truncated' : ''}`;
}
