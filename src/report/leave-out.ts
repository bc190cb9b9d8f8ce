/** What a report leaves out, at the wish of whoever writes it. */
export interface LeaveOut {
  readonly values: boolean;
  readonly bodies: boolean;
}

type Fields = Record<string, unknown>;

/** A function that takes values or bodies out of a line; undefined where all stays. */
export function leavingOut({ values, bodies }: LeaveOut): ((line: Uint8Array) => Uint8Array | undefined) | undefined {
  if (!values && !bodies) return undefined;
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  return (line) => {
    let record: unknown;
    try {
      record = JSON.parse(decoder.decode(line));
    } catch {
      return undefined;
    }
    if (typeof record !== 'object' || record === null) return undefined;
    return encoder.encode(JSON.stringify(values ? withoutValues(record as Fields) : withoutBodies(record as Fields)));
  };
}

/** What says which call it was, when, and how it ended. */
const KEPT = new Set([
  ...['type', 'proc', 'id', 'parent', 'func', 'file', 'line', 'column', 'kind', 'async', 'generator', 'pending'],
  ...['t0_ns', 't1_ns', 'ts_ns', 'dt_ns', 'ttfb_ns', 'session_id', 'agent', 'test', 'test_id', 'titles', 'try'],
  'first_token_ns',
  ...['side', 'client', 'method', 'status', 'call', 'attempt', 'socket', 'trace', 'aborted', 'capped', 'from'],
  ...['schema', 'handit', 'node', 'pid', 'ppid', 'tid', 'cwd', 'platform', 'git', 'ci', 'script', 'outcome', 'tag'],
  ...['hash', 'origin', 'reason', 'calls', 'recorded', 'exceptions', 'exit_code', 'signal', 'events', 'files'],
  ...['dropped', 'bytes_in', 'bytes_out', 'request'],
]);

function withoutValues(record: Fields): Fields {
  const kept: Fields = Object.fromEntries(Object.entries(record).filter(([name]) => KEPT.has(name)));
  if ('args_preview' in record) kept.args_preview = {};
  if (typeof record.url === 'string') kept.url = record.url.replace(/[?#].*/s, '');
  if ('headers' in record) kept.headers = {};
  if ('argv' in record) kept.argv = [];
  // The class of an error says how it ended, its message may quote anything.
  const { name } = (record.error ?? {}) as { name?: unknown };
  if ('error' in record) kept.error = { name, message: '' };
  for (const body of ['request_body', 'response_body']) if (body in record) kept[body] = sizeOnly(record[body]);
  return kept;
}

function withoutBodies(record: Fields): Fields {
  const kept = { ...record };
  for (const body of ['request_body', 'response_body']) if (body in record) kept[body] = sizeOnly(record[body]);
  return kept;
}

function sizeOnly(body: unknown): unknown {
  const { content_type, size, chunks } = (body ?? {}) as Fields;
  return { content_type, size, truncated: true, chunks };
}
