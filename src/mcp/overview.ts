import type { Side } from '../compare/side.js';
import { candidatesOf, llmCalls } from '../llm/calls.js';
import { tokens } from '../llm/conversation.js';
import { CLIENT, KIND_MASK } from '../reader/columns.js';
import { counted, missingOf } from '../reader/missing.js';
import { groupTries } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import type { Exchange } from '../reader/types.js';
import type { Arguments } from './arguments.js';
import { matcher } from './find.js';
import { msText, nearest, nodeText, oneLine, quoted } from './text.js';

const MOST = 10;

/** What a trace holds, and where to go on. */
export function* overviewLines({ trace, processes }: Side, file: string): Generator<string> {
  const own = trace.processes.filter(({ index }) => processes.has(index));
  yield `${quoted(file)}: ${counted(trace.runs.length, 'run')}; of the last one:`;
  for (const { proc, start, end, calls, firstNs, lastNs } of own.slice(0, MOST)) {
    const script = typeof start?.script === 'string' ? start.script : (start?.argv?.[1] ?? '?');
    const ended = end ? `exit code ${String(end.exit_code)}` : 'has not ended, or was killed';
    yield `process ${proc} ${quoted(script, 120)}, ${counted(calls, 'call')}, ${msText(lastNs - firstNs)}, ${ended}`;
  }
  if (own.length > MOST) yield `and ${own.length - MOST} more processes`;
  yield* testLines({ trace, processes });
  yield* exchangeSummary({ trace, processes });
  yield* functionLines({ trace, processes });
  for (const text of missingOf(trace, own)) yield `missing: ${oneLine(text)}`;
}

type Part = Pick<Side, 'trace' | 'processes'>;

function* testLines({ trace, processes }: Part): Generator<string> {
  const groups = groupTries(trace.tests).filter(({ process }) => processes.has(process));
  if (groups.length === 0) return;
  const failed = groups.filter(({ outcome }) => outcome === 'failed' || outcome === undefined);
  yield `${counted(groups.length, 'test')}, ${failed.length} failed${failed.length > 0 ? '; why: failures' : ''}`;
  for (const { name } of failed.slice(0, MOST)) yield `  failed ${quoted(name)}`;
}

function* exchangeSummary({ trace, processes }: Part): Generator<string> {
  const exchanges = trace.exchanges.filter(({ node }) => processes.has(trace.processOf(node)));
  if (exchanges.length === 0) return;
  const failed = exchanges.filter(({ node }) => trace.hasFailed(node));
  yield `${counted(exchanges.length, 'HTTP exchange')}, ${failed.length} failed or answered from 400: http`;
}

/** Those that took longest, by what their calls took without those below. */
function* functionLines({ trace, processes }: Part): Generator<string> {
  const totals = new Map<number, { calls: number; failed: number; dt: number }>();
  const { nodes } = trace;
  for (let node = 0; node < nodes.count; node++) {
    if (trace.isExchange(node) || !processes.has(trace.processOf(node))) continue;
    const total = totals.get(nodes.func[node]) ?? { calls: 0, failed: 0, dt: 0 };
    totals.set(nodes.func[node], total);
    total.calls++;
    if (trace.hasFailed(node)) total.failed++;
    total.dt = Math.max(total.dt, nodes.dt[node]);
  }
  const slowest = [...totals].sort(([, a], [, b]) => b.dt - a.dt).slice(0, MOST);
  if (slowest.length > 0) yield `${totals.size} functions; the slowest calls are of:`;
  for (const [index, { calls, failed, dt }] of slowest) {
    const { func, file, line } = trace.functions[index];
    yield oneLine(`  ${func} ${file}:${line}  ${counted(calls, 'call')}, ${failed} failed, longest ${msText(dt)}`);
  }
}

/** Exchanges by what is asked for, in the order in which they began. */
export function* exchangeList(side: Side, args: Arguments): Generator<string> {
  const { trace } = side;
  const own = trace.exchanges.filter(({ node }) => side.has(node));
  if (args.llm === true) {
    yield* llmLines(trace, own);
    return;
  }
  const found = own.filter(exchangeFilter(trace, args));
  for (const { node, attempt } of found)
    yield `${nodeText(trace, node)}${(attempt ?? 1) > 1 ? `  attempt ${attempt}` : ''}${callerText(trace, node)}`;
  if (found.length > 0) return;
  yield 'No exchange matches.';
  const near = nearest(
    String(args.url ?? args.method ?? ''),
    own.map(({ method, url }) => `${method} ${url}`),
  );
  if (own.length > 0)
    yield `like it: ${(near.length > 0 ? near : own.slice(0, 3).map(({ method, url }) => `${method} ${url}`)).map((text) => quoted(text)).join('; ')}`;
}

function exchangeFilter(
  trace: Trace,
  { url, method, status, failed, side }: Arguments,
): (exchange: Exchange) => boolean {
  const matches =
    typeof url === 'string'
      ? matcher(
          url,
          trace.exchanges.map((one) => one.url),
        )
      : () => true;
  return (one) =>
    matches(one.url) &&
    (method === undefined || one.method.toLowerCase() === String(method).toLowerCase()) &&
    (status === undefined || one.status === status) &&
    (failed === undefined || trace.hasFailed(one.node) === failed) &&
    (side === undefined || one.side === side);
}

function callerText(trace: Trace, node: number): string {
  if ((trace.nodes.flags[node] & KIND_MASK) !== CLIENT) return '';
  const info = trace.nodes.parent[node] === -1 ? undefined : trace.functionOf(trace.nodes.parent[node]);
  return info ? oneLine(`  by ${info.func} ${info.file}:${info.line}`) : '';
}

function* llmLines(trace: Trace, own: readonly Exchange[]): Generator<string> {
  const nodes = new Set(own.map(({ node }) => node));
  const calls = llmCalls(
    trace,
    candidatesOf(trace).filter((node) => nodes.has(node)),
    (node) => trace.exchange(node),
  );
  if (calls.length === 0) yield 'No call of a language model.';
  for (const { tries, provider, model, usage, dt, stop, error, toolCalls } of calls) {
    const node = tries.at(-1)!;
    const parts = [
      `${trace.nameOf(node)} ${provider} ${quoted(model, 80)}`,
      `${tokens(usage.input)} in, ${tokens(usage.output)} out`,
      msText(dt),
    ];
    parts.push(error === undefined ? `stop ${quoted(stop ?? 'unknown', 40)}` : `failed ${quoted(error)}`);
    if (tries.length > 1) parts.push(`${tries.length} tries`);
    if (toolCalls.length > 0) parts.push(`calls ${toolCalls.map((name) => quoted(name, 60)).join(', ')}`);
    yield `${parts.join('  ')}${callerText(trace, node)}`;
  }
}
