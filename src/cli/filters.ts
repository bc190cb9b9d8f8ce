import { CLIENT, KIND_MASK } from '../reader/columns.js';
import type { TestGroup } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import { type Option, patternOption, textOption, timeOption, UsageError, type Values } from './command.js';

/** Options that choose calls and exchanges. */
export const FILTER_OPTIONS: Readonly<Record<string, Option>> = {
  fn: { type: 'string', value: '<regexp>', summary: 'functions whose name or "file::name" matches' },
  file: { type: 'string', value: '<regexp>', summary: 'functions of files whose path matches' },
  test: { type: 'string', value: '<text>', summary: 'what tests did whose title has this text, or matches it' },
  errors: { type: 'boolean', summary: 'what failed, tests first' },
  slow: { type: 'string', value: '<ms>', summary: 'what took at least this many milliseconds (or 250ms, 2s)' },
  http: { type: 'boolean', summary: 'HTTP exchanges' },
  status: { type: 'string', value: '<codes>', summary: 'exchanges with this status: 404, 5xx, 400,401' },
  method: { type: 'string', value: '<name>', summary: 'exchanges with this method' },
  host: { type: 'string', value: '<text>', summary: 'exchanges whose host has this text' },
  since: { type: 'string', value: '<time>', summary: 'what began since then: 90s, 5m, 2h, or a date and time' },
};

/** Whether one node passes; undefined where nothing is filtered. */
export type NodeFilter = ((node: number) => boolean) | undefined;

/** All filters that look at a node alone. */
export function nodeFilter(trace: Trace, values: Values): NodeFilter {
  const tests: ((node: number) => boolean)[] = [];
  const { nodes } = trace;
  const fn = patternOption(values, 'fn');
  const file = patternOption(values, 'file');
  if (fn) tests.push(byFunction(trace, ({ func, file: path }) => fn.test(func) || fn.test(`${path}::${func}`)));
  if (file) tests.push(byFunction(trace, ({ file: path }) => file.test(path)));
  if (values.http === true || ['status', 'method', 'host'].some((name) => values[name] !== undefined)) {
    tests.push((node) => (nodes.flags[node] & KIND_MASK) >= CLIENT);
  }
  const status = statusFilter(textOption(values, 'status'));
  if (status) tests.push((node) => status(trace.exchangeOf(node)!.status));
  const method = textOption(values, 'method')?.toUpperCase();
  if (method !== undefined) tests.push((node) => trace.exchangeOf(node)!.method.toUpperCase() === method);
  const host = textOption(values, 'host');
  if (host !== undefined) tests.push((node) => hostOf(trace.exchangeOf(node)!.url).includes(host));
  if (values.errors === true) tests.push((node) => trace.hasFailed(node));
  const slow = timeOption(values, 'slow');
  if (slow !== undefined) tests.push((node) => trace.durationOf(node) >= slow * 1e6);
  const since = sinceOption(values);
  if (since !== undefined) tests.push((node) => msOf(trace, nodes.t0[node]) >= since);
  return tests.length === 0 ? undefined : (node) => tests.every((test) => test(node));
}

function byFunction(trace: Trace, matches: (info: Trace['functions'][number]) => boolean): (node: number) => boolean {
  // There are few functions and many calls.
  const known = trace.functions.map(matches);
  return (node) => !trace.isExchange(node) && known[trace.nodes.func[node]];
}

function statusFilter(text: string | undefined): ((status: number) => boolean) | undefined {
  if (text === undefined) return undefined;
  const codes = text.split(',').map((code) => code.trim().toLowerCase());
  if (!codes.every((code) => /^\d(\d\d|xx)$/.test(code))) {
    throw new UsageError(`--status is "${text}"; it must be codes such as 404, 5xx or 400,401`);
  }
  return (status) => codes.some((code) => code === String(status) || code === `${String(status)[0]}xx`);
}

export function hostOf(url: string): string {
  return /^\w+:\/\/([^/?#]*)/.exec(url)?.[1] ?? '';
}

const UNITS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** Milliseconds since 1970; a span counts back from now. */
function sinceOption(values: Values): number | undefined {
  const text = textOption(values, 'since');
  if (text === undefined) return undefined;
  const span = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  const moment = span ? Date.now() - Number(span[1]) * UNITS[span[2]] : Date.parse(text);
  if (Number.isNaN(moment)) {
    throw new UsageError(`--since is "${text}"; it must be a span such as 90s, 5m or 2h, or a date and time`);
  }
  return moment;
}

export function msOf(trace: Trace, ns: number): number {
  return Number(trace.baseNs / 1_000_000n) + ns / 1e6;
}

/** Chooses tests by a part of their name; where none has it, by a pattern. */
export function testFilter(groups: readonly TestGroup[], values: Values): ((name: string) => boolean) | undefined {
  const text = textOption(values, 'test');
  if (text === undefined) return undefined;
  if (groups.some(({ name }) => name.includes(text))) return (name) => name.includes(text);
  let pattern: RegExp;
  try {
    pattern = new RegExp(text);
  } catch {
    // No title has it, and it is no pattern: nothing is found, which is said.
    return () => false;
  }
  return (name) => pattern.test(name);
}

/** Marks what passes (2) and what leads there (1); undefined where all passes. */
export function marksOf(trace: Trace, filter: NodeFilter): Uint8Array | undefined {
  if (!filter) return undefined;
  const { nodes } = trace;
  const marks = new Uint8Array(nodes.count);
  for (let node = 0; node < nodes.count; node++) {
    if (!filter(node)) continue;
    marks[node] = 2;
    for (let above = nodes.parent[node]; above !== -1 && marks[above] === 0; above = nodes.parent[above]) {
      marks[above] = 1;
    }
  }
  return marks;
}
