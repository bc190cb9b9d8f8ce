import { CLIENT, KIND_MASK } from '../reader/columns.js';
import type { ExchangeDetail } from '../reader/details.js';
import type { Trace } from '../reader/trace.js';
import { type LlmExchange, llmExchangeOf } from './exchange.js';
import type { Usage } from './reply.js';

/** One call of a language model, with all of its tries. */
export interface LlmCall {
  /** Exchanges, in the order in which they began. */
  readonly tries: readonly number[];
  readonly provider: string;
  /** As the response names it, else the request. */
  readonly model: string;
  readonly asked: string;
  readonly usage: Usage;
  readonly streamed: boolean;
  readonly stop: string | undefined;
  /** Why it failed: the last try. */
  readonly error: string | undefined;
  /** Names of the tools that the model called, in order. */
  readonly toolCalls: readonly string[];
  /** Nanoseconds from the base of the trace. */
  readonly t0: number;
  /** From the first try to the end of the last one; -1 while open. */
  readonly dt: number;
  /** Of the last try: to the first byte of the response; -1 where it is not known. */
  readonly first: number;
  /** To the first content of a stream; -1 where it is not known. */
  readonly firstToken: number;
  /** Output tokens a second of the last try, counted from the first token of a stream, else from its first byte. */
  readonly speed: number | undefined;
  /** The call that made it; -1: none that was recorded. */
  readonly caller: number;
  /** Not all of the bodies is in the trace. */
  readonly cut: boolean;
}

/** Exchanges that may be with a language model. */
export function candidatesOf(trace: Trace): number[] {
  return trace.exchanges
    .filter(({ node, method }) => method === 'POST' && (trace.nodes.flags[node] & KIND_MASK) === CLIENT)
    .map(({ node }) => node);
}

/** @param detailOf what the lines of an exchange say; asked for once each, in order */
export function llmCalls(
  trace: Trace,
  nodes: readonly number[],
  detailOf: (node: number) => ExchangeDetail,
): LlmCall[] {
  const found = new LlmCalls(trace);
  for (const node of nodes) found.add(node, detailOf(node));
  return found.all();
}

/** Exchanges one after another, of which no body is kept. */
export class LlmCalls {
  readonly #trace: Trace;
  readonly #calls: Found[] = [];
  readonly #last = new Map<string, Found>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  add(node: number, detail: ExchangeDetail): void {
    const exchange = llmExchangeOf(detail);
    if (!exchange) return;
    const trace = this.#trace;
    const key = `${trace.processOf(node)} ${trace.nodes.parent[node]} ${detail.url} ${bodyKey(detail)}`;
    const before = this.#last.get(key);
    if (before && isRetry(trace, before, node)) {
      before.tries.push(node);
      before.call = callOf(trace, before.tries, exchange);
      return;
    }
    const found = { tries: [node], call: callOf(trace, [node], exchange) };
    this.#calls.push(found);
    this.#last.set(key, found);
  }

  all(): LlmCall[] {
    return this.#calls.map(({ call }) => call);
  }
}

interface Found {
  readonly tries: number[];
  call: LlmCall;
}

/** The same was asked again, after that had failed; or the library says so. */
function isRetry(trace: Trace, { tries, call }: Found, node: number): boolean {
  const before = tries.at(-1)!;
  const { t0, dt } = trace.nodes;
  if (dt[before] < 0 || t0[node] < t0[before] + dt[before]) return false;
  const library = trace.exchangeOf(node)!.call;
  return (
    call.error !== undefined ||
    trace.hasFailed(before) ||
    (library !== undefined && library === trace.exchangeOf(before)!.call)
  );
}

function callOf(trace: Trace, tries: readonly number[], exchange: LlmExchange): LlmCall {
  const { nodes } = trace;
  const last = tries.at(-1)!;
  const { provider, asked = 'unknown', streamed, cut, reply } = exchange;
  const { ttfb, firstToken, status } = trace.exchangeOf(last)!;
  const t0 = nodes.t0[tries[0]];
  const { output } = reply.usage;
  const spent = nodes.dt[last] - (streamed ? Math.max(0, firstToken < 0 ? ttfb : firstToken) : 0);
  return {
    ...{ tries: [...tries], provider, asked, model: reply.model ?? asked, usage: reply.usage, streamed, cut },
    stop: reply.stop,
    error: reply.error ?? (status >= 400 ? `HTTP ${status}` : undefined),
    toolCalls: reply.said
      .flatMap(({ parts }) => parts)
      .flatMap(({ kind, name = '?' }) => (kind === 'call' ? [name] : [])),
    ...{ t0, dt: nodes.dt[last] < 0 ? -1 : nodes.t0[last] + nodes.dt[last] - t0, first: ttfb, firstToken },
    speed: output === undefined || nodes.dt[last] < 0 || spent <= 0 ? undefined : (output / spent) * 1e9,
    caller: callerOf(trace, last),
  };
}

function callerOf(trace: Trace, node: number): number {
  let above = trace.nodes.parent[node];
  while (above !== -1 && trace.isExchange(above)) above = trace.nodes.parent[above];
  return above;
}

/** Tells bodies apart, without keeping them. */
function bodyKey({ requestBody }: ExchangeDetail): string {
  const text =
    requestBody?.json === undefined ? `${requestBody?.text}${requestBody?.tail}` : JSON.stringify(requestBody.json);
  let [one, other] = [0x811c9dc5, 5381];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 0x01000193);
    other = (Math.imul(other, 33) + unit) | 0;
  }
  return `${text.length} ${one} ${other}`;
}
