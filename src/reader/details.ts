import type {
  BodyPreview,
  ErrorInfo,
  Headers,
  HttpError,
  HttpRequest,
  HttpResponse,
  Preview,
} from '../trace-format.js';

/** What the lines of a call say, read back. Where a line lacks something, or has something else there, it is absent. */
export interface CallDetail {
  readonly args: { readonly [parameter: string]: Preview } | undefined;
  /** Of the receiver's own fields, where it was recorded. */
  readonly receiver: Preview | undefined;
  readonly result: Preview | undefined;
  readonly error: ErrorInfo | undefined;
  /** How a promise that was returned has settled. */
  readonly settled: { readonly value?: Preview; readonly error?: ErrorInfo; readonly dt: number } | undefined;
}

/** What the lines of an exchange say. */
export interface ExchangeDetail {
  readonly request: HttpRequest | undefined;
  readonly end: HttpResponse | HttpError | undefined;
  readonly url: string;
  readonly requestHeaders: Headers;
  readonly responseHeaders: Headers;
  readonly requestBody: BodyPreview | undefined;
  readonly responseBody: BodyPreview | undefined;
  readonly error: ErrorInfo | undefined;
}

type Line = Record<string, unknown> | undefined;

/** @param settle its duration is -1 where there is none */
export function callDetail(begin: Line, end: Line, settle: Line, settleDt: number): CallDetail {
  const settled = settle && {
    ...('return_preview' in settle && { value: settle.return_preview as Preview }),
    ...('error' in settle && { error: errorOf(settle.error) }),
    dt: settleDt,
  };
  return {
    args: isObject(begin?.args_preview) ? (begin.args_preview as { [name: string]: Preview }) : undefined,
    receiver: begin?.this_preview as Preview | undefined,
    result: end?.return_preview as Preview | undefined,
    error: end && 'error' in end ? errorOf(end.error) : undefined,
    settled,
  };
}

export function exchangeDetail(begin: Line, end: Line): ExchangeDetail {
  const body = (name: string): BodyPreview | undefined => bodyOf(end?.[name]) ?? bodyOf(begin?.[name]);
  return {
    request: begin as HttpRequest | undefined,
    end: end as HttpResponse | HttpError | undefined,
    url: typeof begin?.url === 'string' ? begin.url : '',
    requestHeaders: headersOf(begin?.headers),
    responseHeaders: headersOf(end?.headers),
    requestBody: body('request_body'),
    responseBody: body('response_body'),
    error: end && 'error' in end ? errorOf(end.error) : undefined,
  };
}

const MAX_CAUSES = 16;

/** An error with a name and a message, whatever the line has there. */
export function errorOf(value: unknown): ErrorInfo {
  const top = {} as ErrorInfo;
  let target = top;
  let source = value;
  for (let depth = 0; ; depth++) {
    const from: Record<string, unknown> = isObject(source) ? source : {};
    Object.assign(target, from);
    target.name = typeof from.name === 'string' ? from.name : 'Error';
    target.message = typeof from.message === 'string' ? from.message : '';
    if (typeof from.stack !== 'string') delete target.stack;
    if (typeof from.code !== 'string' && typeof from.code !== 'number') delete target.code;
    if (depth >= MAX_CAUSES || !isObject(from.cause) || typeof from.cause.message !== 'string') return top;
    source = from.cause;
    target.cause = target = {} as ErrorInfo;
  }
}

export function bodyOf(value: unknown): BodyPreview | undefined {
  if (!isObject(value)) return undefined;
  const body = { ...value } as unknown as BodyPreview & Record<string, unknown>;
  body.content_type = typeof value.content_type === 'string' ? value.content_type : null;
  body.size = typeof value.size === 'number' && value.size >= 0 ? value.size : 0;
  body.truncated = value.truncated === true;
  for (const field of ['text', 'tail', 'encoding']) if (typeof value[field] !== 'string') delete body[field];
  for (const field of ['omitted', 'chunks']) if (typeof value[field] !== 'number') delete body[field];
  return body;
}

function headersOf(value: unknown): Headers {
  if (!isObject(value)) return {};
  const isHeader = (one: unknown): boolean =>
    typeof one === 'string' || (Array.isArray(one) && one.every((part) => typeof part === 'string'));
  return Object.fromEntries(Object.entries(value).filter(([, one]) => isHeader(one))) as Headers;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
