import { hasOwn, setOf } from '../intrinsics.js';

/** Whether an emitter is a stream of Node's; `_header` is that of a message on its way out. */
export function isStream(input: object): boolean {
  return hasOwn(input, '_readableState') || hasOwn(input, '_writableState') || hasOwn(input, '_header');
}

/** Whether an emitter is a server or a child process of Node's. */
export function isHandle(input: object): boolean {
  return hasOwn(input, '_handle');
}

/**
 * What says little about a stream, a message or a server, besides names that begin with `_`. What is left is what a person
 * asks for (`method`, `url`, `statusCode`, `path`), and what the program has put there itself.
 */
const HANDLE_INTERNALS = setOf(
  (
    'socket connection client parser agent req res server allowHalfOpen connecting httpVersion httpVersionMajor ' +
    'httpVersionMinor complete aborted upgrade rawHeaders rawTrailers joinDuplicateHeaders outputData outputSize writable ' +
    'readable destroyed chunkedEncoding shouldKeepAlive maxRequestsOnConnectionReached useChunkedEncodingByDefault ' +
    'sendDate strictContentLength finished maxHeadersCount maxHeaderSize reusedSocket insecureHTTPParser timeoutCb ' +
    'upgradeOrConnect domain on addListener prependListener setEncoding destroySoon autoClose bytesRead bytesWritten ' +
    'flags mode flush requestTimeout headersTimeout keepAliveTimeout keepAliveTimeoutBuffer connectionsCheckingInterval ' +
    'requireHostHeader rejectNonStandardBodyWrites optimizeEmptyRequests shouldUpgradeCallback pauseOnConnect noDelay ' +
    'keepAlive keepAliveInitialDelay highWaterMark httpAllowHalfOpen timeout maxRequestsPerSocket stdin stdout stderr stdio'
  ).split(' '),
);
const EMITTER_INTERNALS = setOf(['_events', '_eventsCount', '_maxListeners', 'domain']);
export const isEmitterInternal = (key: string): boolean => EMITTER_INTERNALS.has(key);
export const isHandleInternal = (key: string): boolean => key[0] === '_' || HANDLE_INTERNALS.has(key);
