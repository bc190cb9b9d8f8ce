import type { Fields } from '../json.js';
import type { Reply } from '../reply.js';

/** An API, known by its shapes: hosts say nothing, for proxies and local servers have any name. */
export interface Provider {
  readonly name: string;
  /** Of the request's URL, without query. */
  readonly path: RegExp;
  /** Whether a response, or the first event of a stream, is one of it. */
  is(first: Fields): boolean;
  /** Takes a response that came whole, or the next event of a stream. */
  read(reply: Reply, event: Fields): void;
}
