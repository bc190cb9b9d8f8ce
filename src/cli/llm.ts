import { readFileSync } from 'node:fs';
import { candidatesOf, type LlmCall, llmCalls } from '../llm/calls.js';
import { conversationLines, tokens, usageText } from '../llm/conversation.js';
import { llmExchangeOf } from '../llm/exchange.js';
import { costOf, type Prices, pricesIn } from '../llm/prices.js';
import type { Usage } from '../llm/reply.js';
import { counted, missingOf } from '../reader/missing.js';
import type { Trace } from '../reader/trace.js';
import { chooseProcesses, RUN_OPTIONS } from './choose-run.js';
import { type Command, type Given, JSON_OPTION, textOption, UsageError, type Values } from './command.js';
import { paint } from './escape.js';
import { duration } from './format-duration.js';
import { nameOfInputs, openInputs } from './inputs.js';
import { clockText } from './node-line.js';
import type { Output } from './output.js';
import { quantile } from './function-stats.js';
import { tableLines } from './stats.js';

const GROUPS = ['provider', 'model', 'func', 'test', 'session', 'agent'] as const;

/** Calls of language models: what was asked, what came, what it cost. */
export const llmCommand: Command = {
  usage: '[file...]',
  summary: 'calls of language models: tokens, times, tools, who made them; --show <proc:id>: the conversation',
  options: {
    show: { type: 'string', value: '<proc:id>', summary: 'the conversation of one call' },
    by: { type: 'string', value: '<what>', summary: `totals by ${GROUPS.join(', ')}` },
    prices: { type: 'string', value: '<file>', summary: 'a JSON file of prices by model, for what the calls cost' },
    ...RUN_OPTIONS,
    json: JSON_OPTION,
  },
  run: llm,
};

async function llm({ files, values, out }: Given): Promise<void> {
  const by = groupOption(values);
  const prices = pricesOption(values);
  const show = textOption(values, 'show');
  const trace = await openInputs(files);
  const chosen = show === undefined ? chooseProcesses(trace, values) : undefined;
  const nodes = candidatesOf(trace).filter((node) => !chosen || chosen.has(trace.processOf(node)));
  const calls = llmCalls(trace, nodes, (node) => trace.exchange(node)).map((call) => rowOf(trace, call, prices));
  if (show !== undefined) showCall(trace, calls, show, out, values.json === true);
  else if (calls.length === 0) out.warn(`${nameOfInputs(files)} holds no call of a language model`);
  else if (by) writeTotals(calls, by, out, values.json === true, prices !== undefined);
  else if (values.json === true) for (const call of calls) out.json(jsonOf(trace, call));
  else for (const line of tableLines(...callTable(trace, calls, prices !== undefined))) out.line(line);
  for (const text of chosen
    ? missingOf(
        trace,
        trace.processes.filter(({ index }) => chosen.has(index)),
      )
    : []) {
    out.warn(`not in these numbers: ${text}`);
  }
  trace.close();
}

type Group = (typeof GROUPS)[number];

function groupOption(values: Values): Group | undefined {
  const by = textOption(values, 'by');
  if (by === undefined || GROUPS.includes(by as Group)) return by as Group | undefined;
  throw new UsageError(`--by is "${by}"; allowed: ${GROUPS.join(', ')}`);
}

function pricesOption(values: Values): Prices | undefined {
  const file = textOption(values, 'prices');
  if (file === undefined) return undefined;
  try {
    return pricesIn(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} has no prices: ${(error as Error).message}`);
  }
}

/** A call with what the tables and the totals say about it. */
interface CallRow extends LlmCall {
  readonly cost: number | undefined;
  readonly place: string;
  readonly names: Readonly<Record<Group, string>>;
}

function rowOf(trace: Trace, call: LlmCall, prices: Prices | undefined): CallRow {
  const { provider, model, asked, caller, tries, usage } = call;
  const node = tries.at(-1)!;
  const info = caller === -1 ? undefined : trace.functionOf(caller);
  const { session, agent } = trace.scopeOf(node);
  const test = trace.testOf(node);
  return {
    ...call,
    cost: prices && costOf(prices, [model, asked], usage),
    place: info ? `${info.file}:${info.line}` : '',
    names: {
      ...{ provider, model, func: info?.func ?? '', agent: agent ?? '' },
      test: test === -1 ? '' : trace.tests[test].name,
      session: session === -1 ? '' : trace.sessions[session].tag || trace.sessions[session].id,
    },
  };
}

// ---------------------------------------------------------------------- calls

const CALL_HEAD = ['time', 'id', 'provider', 'model', 'in', 'cached', 'written', 'out', 'reasoning'];
/** Columns where a call has them. */
const LABELS = ['session', 'agent'] as const;
const CALL_TIMES = ['first token', 'took', 'tokens/s', 'stop'];

function callTable(trace: Trace, calls: readonly CallRow[], priced: boolean): [string[], { cells: string[] }[]] {
  const labels = LABELS.filter((name) => calls.some(({ names }) => names[name] !== ''));
  const head = [...CALL_HEAD, ...CALL_TIMES, ...(priced ? ['cost'] : []), ...labels, 'made by'];
  return [head, calls.map((call) => ({ cells: cellsOf(trace, call, priced, labels) }))];
}

function cellsOf(trace: Trace, call: CallRow, priced: boolean, labels: readonly Group[]): string[] {
  const { tries, provider, model, usage, t0, dt, speed, stop, error, cost } = call;
  return [
    clockText(trace, t0).slice(11),
    trace.nameOf(tries.at(-1)!),
    ...[provider, model, ...usageCells(usage)],
    ...[firstText(call), dt < 0 ? 'open' : duration(dt), speed?.toFixed(1) ?? 'unknown'],
    error === undefined ? (stop ?? 'unknown') : paint.red('failed'),
    ...(priced ? [costText(cost)] : []),
    ...labels.map((name) => call.names[name]),
    madeBy(call, ['test']),
  ];
}

/** Where a stream does not say when it came, and of an answer that came whole: when the first byte did. */
function firstText({ first, firstToken }: CallRow): string {
  if (firstToken >= 0) return duration(firstToken);
  return first < 0 ? 'unknown' : `byte ${duration(first)}`;
}

function usageCells({ input, cacheRead, cacheWrite, output, reasoning }: Usage): string[] {
  return [input, cacheRead, cacheWrite, output, reasoning].map(tokens);
}

function madeBy({ names, place, tries, toolCalls, error }: CallRow, shown: readonly Group[]): string {
  const parts = [names.func === '' ? 'no recorded function' : `${names.func}  ${paint.dim(place)}`];
  if (tries.length > 1) parts.push(`${tries.length} tries`);
  if (error !== undefined) parts.push(paint.red(error));
  if (toolCalls.length > 0) parts.push(`calls ${toolCalls.join(', ')}`);
  for (const name of shown) if (names[name] !== '') parts.push(`${name} ${names[name]}`);
  return parts.join('  ');
}

function costText(cost: number | undefined): string {
  return cost === undefined ? 'unknown' : cost.toFixed(cost < 0.01 ? 6 : 4);
}

function jsonOf(trace: Trace, call: CallRow): object {
  const {
    tries,
    provider,
    model,
    asked,
    usage,
    streamed,
    stop,
    error,
    toolCalls,
    t0,
    dt,
    first,
    firstToken,
    speed,
    cost,
    place,
    cut,
  } = call;
  const known = Object.entries(call.names).filter(
    ([name, text]) => text !== '' && name !== 'model' && name !== 'provider',
  );
  return {
    ...{ type: 'llm', id: trace.nameOf(tries.at(-1)!), tries: tries.map((node) => trace.nameOf(node)) },
    ...{ provider, model, asked_model: asked, streamed, tokens: usageJson(usage), stop, error, tool_calls: toolCalls },
    ...{
      t0_ns: Number(trace.baseNs) + t0,
      dt_ns: dt < 0 ? undefined : dt,
      first_byte_ns: first < 0 ? undefined : first,
      first_token_ns: firstToken < 0 ? undefined : firstToken,
    },
    ...{
      tokens_per_second: speed,
      cost,
      ...Object.fromEntries(known),
      place: place || undefined,
      cut: cut || undefined,
    },
  };
}

function usageJson({ input, cacheRead, cacheWrite, output, reasoning }: Usage): object {
  return { input, cache_read: cacheRead, cache_write: cacheWrite, output, reasoning };
}

// --------------------------------------------------------------------- totals

const USAGE = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const;

interface Total {
  readonly name: string;
  readonly calls: readonly CallRow[];
}

function writeTotals(calls: readonly CallRow[], by: Group, out: Output, json: boolean, priced: boolean): void {
  const found = new Map<string, CallRow[]>();
  for (const call of calls) found.set(call.names[by], [...(found.get(call.names[by]) ?? []), call]);
  const totals = [...found]
    .map(([name, own]) => ({ name, calls: own }))
    .sort((a, b) => b.calls.length - a.calls.length);
  if (json) return totals.forEach((total) => out.json(totalJson(total, by, priced)));
  const head = ['calls', 'tries', 'failed', 'in', 'cached', 'written', 'out', 'reasoning', 'p50'];
  const rows = totals.map(({ name, calls: own }) => ({
    cells: [
      ...[own.length, triesOf(own), failedOf(own)].map(String),
      ...USAGE.map((key) => sumText(own.map(({ usage }) => usage[key]))),
      duration(medianOf(own)),
      ...(priced
        ? [
            sumText(
              own.map(({ cost }) => cost),
              costText,
            ),
          ]
        : []),
      name === '' ? `(no ${by})` : name,
    ],
  }));
  for (const line of tableLines([...head, ...(priced ? ['cost'] : []), by], rows)) out.line(line);
}

function totalJson({ name, calls }: Total, by: Group, priced: boolean): object {
  const sums = USAGE.map((key) => [key, calls.map(({ usage }) => usage[key])] as const);
  const tokensOf = Object.fromEntries(sums.map(([key, counts]) => [key, sumOf(counts)]));
  const unknown = Object.fromEntries(
    sums.map(([key, counts]) => [key, counts.filter((one) => one === undefined).length]),
  );
  const costs = calls.map(({ cost }) => cost);
  return {
    ...{ type: 'llm_total', [by]: name, calls: calls.length, tries: triesOf(calls), failed: failedOf(calls) },
    ...{ tokens: usageJson(tokensOf), unknown: usageJson(unknown), p50_ns: medianOf(calls) },
    ...(priced && { cost: sumOf(costs), unknown_costs: costs.filter((one) => one === undefined).length }),
  };
}

function triesOf(calls: readonly CallRow[]): number {
  return calls.reduce((sum, { tries }) => sum + tries.length, 0);
}

function failedOf(calls: readonly CallRow[]): number {
  return calls.filter(({ error }) => error !== undefined).length;
}

function medianOf(calls: readonly CallRow[]): number {
  return quantile(
    calls.map(({ dt }) => dt).filter((dt) => dt >= 0),
    0.5,
  );
}

/** Undefined where none is known. */
function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
}

/** `1,204 + 2 unknown`. */
function sumText(counts: readonly (number | undefined)[], text: (sum: number | undefined) => string = tokens): string {
  const unknown = counts.filter((one) => one === undefined).length;
  return unknown === 0 || unknown === counts.length
    ? text(sumOf(counts))
    : `${text(sumOf(counts))} + ${unknown} unknown`;
}

// ----------------------------------------------------------------------- show

function showCall(trace: Trace, calls: readonly CallRow[], name: string, out: Output, json: boolean): void {
  const node = trace.nodeNamed(name);
  const call = calls.find(({ tries }) => tries.includes(node));
  if (!call) throw new UsageError(`${name} is no call of a language model; "handit llm" lists those there are`);
  // The try that was named, which may not be the last one.
  const exchange = llmExchangeOf(trace.exchange(node))!;
  if (json) {
    const { messages, tools, reply } = exchange;
    return out.json({ ...jsonOf(trace, call), messages: [...messages, ...reply.said], tools });
  }
  const { provider, model, usage, tries, stop, dt, error } = call;
  out.line(paint.bold(`${provider}  ${model}  ${usageText(usage)}`));
  const times = [dt < 0 ? 'open' : duration(dt), error === undefined ? `stop: ${stop ?? 'unknown'}` : paint.red(error)];
  if (tries.length > 1)
    times.push(`${counted(tries.length, 'try', 'tries')}: ${tries.map((one) => trace.nameOf(one)).join(', ')}`);
  out.line([clockText(trace, call.t0), ...times].join('  '));
  out.line(madeBy({ ...call, error: undefined }, ['test', ...LABELS]));
  for (const { kind, text } of conversationLines(exchange)) {
    if (kind === 'role') out.line('');
    out.line(kind === 'role' ? paint.bold(text) : kind === 'note' ? paint.dim(text) : `  ${text}`);
  }
}
