import type { Trace } from '../reader/trace.js';
import type { Detail, DetailsCache } from './details-cache.js';
import { short } from './format.js';

/** One word of a search: `fn:total`, `-status:200`, `timeout`. */
export interface Term {
  readonly text: string;
  readonly key: string;
  readonly value: string;
  readonly not: boolean;
}

export const KEYS = ['fn', 'file', 'arg', 'ret', 'err', 'status', 'dur', 'test', 'session', 'agent'] as const;

export function termsOf(query: string): Term[] {
  const words = query.match(/-?(?:\w+:)?(?:"[^"]*"|\S+)/g) ?? [];
  return words.map((text) => {
    const not = text.startsWith('-') && text.length > 1;
    const rest = not ? text.slice(1) : text;
    const [, key, value] = /^(\w+):(.*)$/s.exec(rest) ?? [];
    const known = KEYS.some((one) => one === key);
    return { text, key: known ? key : '', value: unquoted(known ? value : rest).toLowerCase(), not };
  });
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1');
}

/** Whether a node passes by what the index knows; undefined: its values must be looked at. */
function byIndex(trace: Trace, node: number, { key, value }: Term): boolean | undefined {
  const info = trace.functionOf(node);
  const exchange = trace.exchangeOf(node);
  const { session, agent } = trace.scopeOf(node);
  switch (key) {
    case 'fn':
      return (info?.func ?? '').toLowerCase().includes(value);
    case 'file':
      return (info?.file ?? '').toLowerCase().includes(value);
    case 'status':
      return exchange !== undefined && String(exchange.status).startsWith(value.split('x', 1)[0]);
    case 'dur':
      return durationPasses(trace.durationOf(node), value);
    case 'test':
      return (trace.tests[trace.testOf(node)]?.name ?? '').toLowerCase().includes(value);
    case 'session':
      return session !== -1 && `${trace.sessions[session].tag} ${trace.sessions[session].id}`.includes(value);
    case 'agent':
      return (agent ?? '').toLowerCase().includes(value);
    case 'err':
      return trace.hasFailed(node) ? (value === '' ? true : undefined) : false;
    case '':
      return (
        `${info?.func ?? ''} ${info?.file ?? ''} ${exchange?.url ?? ''}`.toLowerCase().includes(value) || undefined
      );
  }
  return undefined;
}

/** `>10ms`, `<1s`; without a sign at least so long. */
function durationPasses(ns: number, value: string): boolean {
  const [, sign, number, unit = 'ms'] = /^([<>]?)=?(\d+(?:\.\d+)?)(ns|us|µs|ms|s)?$/.exec(value) ?? [];
  if (number === undefined) return true;
  const bound = Number(number) * { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 }[unit]!;
  return sign === '<' ? ns >= 0 && ns < bound : ns >= bound;
}

function byValue(detail: Detail, { key, value }: Term): boolean {
  const has = (one: unknown): boolean => one !== undefined && short(one, 4000).toLowerCase().includes(value);
  if ('exchange' in detail) {
    const { url, requestBody, responseBody, error } = detail.exchange;
    if (key === 'err') return has(error?.message);
    if (key === 'arg') return has(requestBody?.json ?? requestBody?.text);
    if (key === 'ret') return has(responseBody?.json ?? responseBody?.text);
    return [url, requestBody?.json ?? requestBody?.text, responseBody?.json ?? responseBody?.text].some(has);
  }
  const { args, result, error, settled } = detail.call;
  const failure = error ?? settled?.error;
  if (key === 'arg') return has(args);
  if (key === 'ret') return has(settled && 'value' in settled ? settled.value : result);
  if (key === 'err') return has(failure && `${failure.name}: ${failure.message}`);
  return has(args) || has(result) || has(settled?.value) || has(failure?.message);
}

export interface Hits {
  /** 1: a hit; 2: an ancestor of one. */
  readonly marks: Uint8Array;
  readonly nodes: readonly number[];
  readonly done: boolean;
}

const SLICE_MS = 12;

/**
 * Looks through all nodes, in slices, and tells what was found so far.
 *
 * @returns a function that ends it
 */
export function search(trace: Trace, details: DetailsCache, query: string, found: (hits: Hits) => void): () => void {
  const terms = termsOf(query);
  const marks = new Uint8Array(trace.nodes.count);
  const nodes: number[] = [];
  let stopped = false;
  const mark = (node: number): void => {
    marks[node] = marks[node] === 2 ? 2 : 1;
    nodes.push(node);
    for (let at = trace.nodes.parent[node]; at !== -1 && marks[at] !== 2; at = trace.nodes.parent[at]) marks[at] = 2;
  };
  const passes = async (node: number): Promise<boolean> => {
    const open: Term[] = [];
    for (const term of terms) {
      const known = byIndex(trace, node, term);
      if (known === undefined) open.push(term);
      else if (known === term.not) return false;
    }
    if (open.length === 0) return true;
    const detail = await details.load(node);
    return open.every((term) => byValue(detail, term) !== term.not);
  };
  void (async () => {
    let until = performance.now() + SLICE_MS;
    for (let node = 0; node < trace.nodes.count && !stopped; node++) {
      if (await passes(node)) mark(node);
      if (performance.now() < until) continue;
      found({ marks, nodes, done: false });
      await new Promise((done) => setTimeout(done, 0));
      until = performance.now() + SLICE_MS;
    }
    if (!stopped) found({ marks, nodes, done: true });
  })();
  return () => {
    stopped = true;
  };
}
