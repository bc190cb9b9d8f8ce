/** Fields of a line that the index reads from the bytes; all others are passed over. */
export const FIELDS = [
  ...['type', 'proc', 'id', 'parent', 'func', 'file', 'line', 'column', 'kind', 'async', 'generator'],
  ...['t0_ns', 't1_ns', 'ts_ns', 'dt_ns', 'session_id', 'agent', 'test', 'test_id', 'pending', 'capped', 'error'],
  ...['side', 'client', 'method', 'url', 'status', 'call', 'attempt', 'socket', 'trace', 'aborted', 'ttfb_ns'],
  'first_token_ns',
  ...['args_preview', 'this_preview', 'return_preview', 'again', 'segment'],
] as const;

export type Field = (typeof FIELDS)[number];

/** Where each field is in the arrays of a scanned line. */
export const F = Object.fromEntries(FIELDS.map((name, index) => [name, index])) as Record<Field, number>;

/** The kinds of record; what is not among them passes as unknown. */
export const TYPES = [
  ...['call', 'return', 'exception', 'settle', 'http_request', 'http_response', 'http_error', 'annotation'],
  ...['session_start', 'session_end', 'test_end', 'summary', 'skipped', 'module', 'limit'],
  ...['process_start', 'process_end'],
] as const;

export type RecordType = (typeof TYPES)[number];

export const T = Object.fromEntries(TYPES.map((name, index) => [name, index])) as Record<RecordType, number>;

const BUCKETS = 256;

/** Finds which of a few known words some bytes are, without making a string. */
export class Words {
  readonly #buckets: { bytes: Uint8Array; index: number }[][] = Array.from({ length: BUCKETS }, () => []);

  constructor(words: readonly string[]) {
    words.forEach((word, index) => {
      const bytes = Uint8Array.from(word, (char) => char.charCodeAt(0));
      this.#buckets[bucketOf(bytes, 0, bytes.length)].push({ bytes, index });
    });
  }

  /** The index of the word between the two places; -1 for another one. */
  find(buffer: Uint8Array, start: number, end: number): number {
    if (end <= start) return -1;
    const bucket = this.#buckets[bucketOf(buffer, start, end)];
    next: for (let i = 0; i < bucket.length; i++) {
      const { bytes, index } = bucket[i];
      if (bytes.length !== end - start) continue;
      for (let k = 0; k < bytes.length; k++) if (bytes[k] !== buffer[start + k]) continue next;
      return index;
    }
    return -1;
  }
}

function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  return (bytes[start] * 7 + bytes[end - 1] * 31 + bytes[(start + end) >>> 1] * 13 + (end - start) * 3) & (BUCKETS - 1);
}
