import { hasOwn, setOf } from '../intrinsics.js';

/** Whether an emitter is a stream of Node's; `_header` is that of a message on its way out. */
export function isStream(input: object): boolean {
  return hasOwn(input, '_readableState') || hasOwn(input, '_writableState') || hasOwn(input, '_header');
}

/** Besides those that begin with `_`. */
const STREAM_INTERNALS = setOf(
  (
    'socket connection client parser agent req res server allowHalfOpen connecting httpVersionMajor httpVersionMinor ' +
    'rawHeaders rawTrailers joinDuplicateHeaders outputData outputSize writable destroyed chunkedEncoding ' +
    'shouldKeepAlive maxRequestsOnConnectionReached useChunkedEncodingByDefault sendDate strictContentLength finished ' +
    'maxHeadersCount maxHeaderSize reusedSocket insecureHTTPParser timeoutCb upgradeOrConnect domain'
  ).split(' '),
);
const EMITTER_INTERNALS = setOf(['_events', '_eventsCount', '_maxListeners', 'domain']);
export const isEmitterInternal = (key: string): boolean => EMITTER_INTERNALS.has(key);
export const isStreamInternal = (key: string): boolean => STREAM_INTERNALS.has(key);
