import type { Trace } from '../reader/trace.js';
import type { FunctionInfo } from '../reader/types.js';

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
export function byIndex(trace: Trace, { key, value }: Term): (node: number) => boolean | undefined {
  const has = (text: string | undefined): boolean => (text ?? '').toLowerCase().includes(value);
  switch (key) {
    case 'fn':
      return byFunction(trace, ({ func }) => has(func));
    case 'file':
      return byFunction(trace, ({ file }) => has(file));
    case 'status':
      return (node) => {
        const exchange = trace.exchangeOf(node);
        return exchange !== undefined && String(exchange.status).startsWith(value.split('x', 1)[0]);
      };
    case 'dur':
      return (node) => durationPasses(trace.durationOf(node), value);
    case 'test': {
      const tests = trace.tests.map(({ name }) => has(name));
      return (node) => tests[trace.testOf(node)] ?? false;
    }
    case 'session': {
      const sessions = trace.sessions.map(({ tag, id }) => has(`${tag} ${id}`));
      return (node) => sessions[trace.scopeOf(node).session] ?? false;
    }
    case 'agent': {
      const scopes = trace.scopes.map(({ agent }) => agent !== undefined && has(agent));
      return (node) => scopes[trace.nodes.scope[node]];
    }
    case 'err':
      return (node) => (trace.hasFailed(node) ? value === '' || undefined : false);
    case '': {
      const named = byFunction(trace, ({ func, file }) => has(`${func} ${file}`));
      return (node) => named(node) || has(trace.exchangeOf(node)?.url) || undefined;
    }
  }
  return () => undefined;
}

/** Asked once a function, not once a call. */
function byFunction(trace: Trace, passes: (info: FunctionInfo) => boolean): (node: number) => boolean {
  const known = trace.functions.map((info) => passes(info));
  return (node) => !trace.isExchange(node) && known[trace.nodes.func[node]];
}

/** `>10ms`, `<1s`; without a sign at least so long. */
function durationPasses(ns: number, value: string): boolean {
  const [, sign, number, unit = 'ms'] = /^([<>]?)=?(\d+(?:\.\d+)?)(ns|us|µs|ms|s)?$/.exec(value) ?? [];
  if (number === undefined) return true;
  const bound = Number(number) * { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 }[unit]!;
  return sign === '<' ? ns >= 0 && ns < bound : ns >= bound;
}
