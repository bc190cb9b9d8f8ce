import type { TraceIds } from '../trace-format.js';
import { F } from './fields.js';
import { textOf } from './function-table.js';
import { NO_ID, type LineScanner } from './scan-line.js';
import type { Exchange, Socket } from './types.js';

const MAX_URL = 2048;

/** HTTP exchanges: what a list of them shows; headers and bodies are read back from their lines. */
export class ExchangeTable {
  readonly all: Exchange[] = [];
  /** Words that come again and again, each as one string. */
  readonly #words = new Map<string, string>();

  begin(line: LineScanner, node: number): number {
    const call = line.id(F.call);
    const attempt = line.id(F.attempt);
    const exchange: Exchange = {
      index: this.all.length,
      node,
      side: textOf(line, F.side, '') === 'server' ? 'server' : 'client',
      client: this.#word(textOf(line, F.client, '?')),
      method: this.#word(textOf(line, F.method, '?')),
      url: textOf(line, F.url, '').slice(0, MAX_URL),
      status: 0,
      call: call === NO_ID ? undefined : call,
      attempt: attempt === NO_ID ? undefined : attempt,
      ttfb: -1,
      firstToken: -1,
      socket: socketOf(line.value(F.socket)),
      trace: traceOf(line.value(F.trace)),
      other: -1,
    };
    this.all.push(exchange);
    return exchange.index;
  }

  end(line: LineScanner, index: number): void {
    const exchange = this.all[index];
    const status = line.id(F.status);
    if (status < 1000) exchange.status = status;
    exchange.ttfb = line.amount(F.ttfb_ns);
    exchange.firstToken = line.amount(F.first_token_ns);
    exchange.socket ??= socketOf(line.value(F.socket));
    exchange.trace ??= traceOf(line.value(F.trace));
  }

  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    if (this.#words.size < 1000) this.#words.set(text, text);
    return text;
  }
}

function socketOf(value: unknown): Socket | undefined {
  const { local_port, remote_port, local_address, remote_address } = (value ?? {}) as Record<string, unknown>;
  if (!isPort(local_port) || !isPort(remote_port)) return undefined;
  const socket: Socket = { local_port, remote_port };
  if (typeof local_address === 'string') socket.local_address = local_address;
  if (typeof remote_address === 'string') socket.remote_address = remote_address;
  return socket;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 65_536;
}

function traceOf(value: unknown): TraceIds | undefined {
  const ids = value as TraceIds | undefined;
  return typeof ids?.trace_id === 'string' ? ids : undefined;
}
