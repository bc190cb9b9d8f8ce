import { gzipSync } from 'node:zlib';
import { decoded } from '../llm/json.js';

export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly timeoutMs: number;
}

export type Answer =
  | { readonly kind: 'taken'; readonly text: string }
  | { readonly kind: 'too large' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Where it is worth to try again. */
const BUSY = new Set([429, 502, 503, 504]);
const TRIES = 5;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Sends one body; a receiver that is busy, or cannot be reached, is asked again, as late as it wants. */
export async function post(endpoint: Endpoint, body: string, stop?: AbortSignal): Promise<Answer> {
  const { url, headers, gzip, timeoutMs } = endpoint;
  const bytes = gzip ? gzipSync(body) : Buffer.from(body);
  const encoding: Record<string, string> = gzip ? { 'content-encoding': 'gzip' } : {};
  for (let round = 1; ; round++) {
    let reason: string;
    let wait = FIRST_PAUSE_MS * 2 ** (round - 1);
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: bytes,
        headers: { 'content-type': 'application/json', ...encoding, ...headers },
        // What it was not meant for does not get it.
        redirect: 'manual',
        signal: stop ? AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]) : AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      if (response.ok) return { kind: 'taken', text };
      if (response.status === 413) return { kind: 'too large' };
      reason = `status ${response.status}${text && `: ${text.slice(0, 200)}`}`;
      if (!BUSY.has(response.status)) return { kind: 'refused', reason };
      wait = pauseOf(response.headers.get('retry-after')) ?? wait;
    } catch (error) {
      reason = reasonOf(error as Error);
    }
    if (round === TRIES || stop?.aborted) return { kind: 'refused', reason };
    await pause(Math.min(wait, LONGEST_PAUSE_MS), stop);
  }
}

/** Why `fetch` got no answer. */
export function reasonOf({ cause, message }: Error): string {
  const { code, message: why } = (cause ?? {}) as { code?: string; message?: string };
  return code ?? why ?? message;
}

/** Seconds, or a date. */
function pauseOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms >= 0 ? ms : undefined;
}

export function pause(ms: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    if (stop?.aborted) return resume();
    const end = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', end);
      resume();
    };
    const timer = setTimeout(end, ms);
    stop?.addEventListener('abort', end);
  });
}

/** The URL without the user and password in it, which become a header: `fetch` takes none, and no message shows them. */
export function endpointAt(text: string, rest: Omit<Endpoint, 'url'>): Endpoint {
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError('not http');
  const { username, password } = url;
  url.username = url.password = '';
  const secret = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
  const headers = username ? { authorization: `Basic ${secret}`, ...rest.headers } : rest.headers;
  return { ...rest, url: url.href, headers };
}
