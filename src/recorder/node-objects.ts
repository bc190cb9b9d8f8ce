import { uncurry } from './uncurry.js';

const { hasOwn } = Object;

/** Whether an emitter is a stream of Node's; `_header` is that of a message on its way out. */
export function isStream(input: object): boolean {
  return hasOwn(input, '_readableState') || hasOwn(input, '_writableState') || hasOwn(input, '_header');
}

/** Besides those that begin with `_`. */
const STREAM_INTERNALS = new Set(
  (
    'socket connection client parser agent req res server allowHalfOpen connecting httpVersionMajor httpVersionMinor ' +
    'rawHeaders rawTrailers joinDuplicateHeaders outputData outputSize writable destroyed chunkedEncoding ' +
    'shouldKeepAlive maxRequestsOnConnectionReached useChunkedEncodingByDefault sendDate strictContentLength finished ' +
    'maxHeadersCount maxHeaderSize reusedSocket insecureHTTPParser timeoutCb upgradeOrConnect domain'
  ).split(' '),
);
const EMITTER_INTERNALS = new Set(['_events', '_eventsCount', '_maxListeners', 'domain']);
export const isEmitterInternal = uncurry(Set.prototype.has).bind(null, EMITTER_INTERNALS) as (key: string) => boolean;
export const isStreamInternal = uncurry(Set.prototype.has).bind(null, STREAM_INTERNALS) as (key: string) => boolean;
