import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '../reader/missing.js';
import type { Trace } from '../reader/trace.js';
import type { ErrorInfo, Headers, Preview } from '../trace-format.js';
import { bodyLines } from './bodies.js';
import { type Command, JSON_OPTION, UsageError } from './command.js';
import { paint } from './escape.js';
import { formatError, formatPreview } from './format-preview.js';
import { openInputs } from './inputs.js';
import { clockText, nodeLine, processLine } from './node-line.js';
import type { Output } from './output.js';
import { nodeValue } from './print-json.js';

/** Children that are listed. */
const MOST_CHILDREN = 100;
const MOST_CALLERS = 50;

/** One call or exchange, whole. */
export const showCommand: Command = {
  usage: '<proc:id> [file...]',
  summary: 'one call or exchange, whole: callers, values, error, source, children, bodies',
  options: { json: JSON_OPTION },
  async run({ files: [name, ...files], values, out }) {
    if (name === undefined || !/^\w+:\d+$/.test(name)) {
      throw new UsageError(`show takes a proc:id, as "handit print --ids" shows them, and got "${name ?? ''}"`);
    }
    const trace = await openInputs(files);
    const node = trace.nodeNamed(name);
    if (node === -1) throw new UsageError(`there is no call or exchange ${name} in the trace`);
    if (values.json === true) out.json(nodeValue(trace, node, 0));
    else for (const line of showLines(trace, node, out)) out.line(line);
    trace.close();
  },
};

function* showLines(trace: Trace, node: number, out: Output): Generator<string> {
  const process = trace.processes[trace.processOf(node)];
  yield paint.bold(processLine(trace, process));
  const test = trace.testOf(node);
  if (test !== -1) yield `test ${trace.tests[test].name}`;
  const { session } = trace.scopeOf(node);
  if (session !== -1) yield `session ${trace.sessions[session].tag} (${trace.sessions[session].id})`;
  yield `began ${clockText(trace, trace.nodes.t0[node])}`;
  const style = { width: out.width, ids: true };
  const callers = trace.callersOf(node);
  if (callers.length > MOST_CALLERS) yield paint.dim(`… ${counted(callers.length - MOST_CALLERS, 'caller')} above`);
  for (const caller of callers.slice(-MOST_CALLERS)) yield `  ${nodeLine(trace, caller, style, 2)}`;
  yield paint.bold(nodeLine(trace, node, style));
  yield '';
  if (trace.isExchange(node)) yield* exchangeLines(trace, node);
  else yield* callLines(trace, node);
  yield* childLines(trace, node, style);
}

function* callLines(trace: Trace, node: number): Generator<string> {
  const { file, line } = trace.functionOf(node)!;
  const { args, receiver, result, error, settled } = trace.call(node);
  if (receiver !== undefined) yield* valueLines('this', receiver);
  for (const [name, value] of Object.entries(args ?? {})) yield* valueLines(name, value);
  if (result !== undefined) yield* valueLines('result', result);
  if (settled?.value !== undefined) yield* valueLines('fulfilled', settled.value);
  for (const one of [error, settled?.error]) if (one) yield* errorLines(one);
  yield* sourceLines(trace.folders[trace.functionOf(node)!.folder], file, line);
}

const SHORT = 100;

function* valueLines(name: string, value: Preview): Generator<string> {
  const short = formatPreview(value);
  if (short.length <= SHORT || typeof value !== 'object') {
    yield `${paint.bold(name)}: ${short}`;
    return;
  }
  yield `${paint.bold(name)}:`;
  for (const line of prettyLines(value)) yield `  ${line}`;
}

function prettyLines(value: Preview): string[] {
  try {
    return JSON.stringify(value, null, 2).split('\n');
  } catch {
    return [formatPreview(value)];
  }
}

function* errorLines(error: ErrorInfo): Generator<string> {
  yield paint.red(formatError(error));
  const { expected, actual } = error as { expected?: Preview; actual?: Preview };
  if (expected !== undefined) yield* valueLines('expected', expected);
  if (actual !== undefined) yield* valueLines('actual', actual);
  for (const line of error.stack?.split('\n') ?? []) yield `  ${line.trim()}`;
  let cause = error.cause as ErrorInfo | undefined;
  for (let level = 0; level < 16 && typeof cause?.message === 'string'; level++) {
    yield `${paint.red('caused by')} ${formatError(cause)}`;
    for (const line of cause.stack?.split('\n') ?? []) yield `  ${line.trim()}`;
    cause = cause.cause as ErrorInfo | undefined;
  }
}

const SOURCE_LINES = 12;

/** As the file is now, where it is on this machine. */
function* sourceLines(folder: string, file: string, line: number): Generator<string> {
  let text: string;
  try {
    text = readFileSync(file.startsWith('/') ? file : join(folder, file), 'utf8');
  } catch {
    return;
  }
  const lines = text.split(/\r?\n/).slice(line - 1, line - 1 + SOURCE_LINES);
  if (lines.length === 0) return;
  yield '';
  yield paint.dim(`${file}, as it is now`);
  for (const [index, source] of lines.entries())
    yield `${paint.dim(String(line + index).padStart(5))}  ${source.replaceAll('\t', '  ')}`;
}

function* exchangeLines(trace: Trace, node: number): Generator<string> {
  const detail = trace.exchange(node);
  const { other, ttfb, firstToken } = trace.exchangeOf(node)!;
  yield `${paint.bold('url')}: ${detail.url}`;
  if (other !== -1) yield `${paint.bold('other end')}: ${trace.nameOf(other)}`;
  if (ttfb >= 0) yield `${paint.bold('first byte after')}: ${(ttfb / 1e6).toFixed(1)} ms`;
  if (firstToken >= 0) yield `${paint.bold('first token after')}: ${(firstToken / 1e6).toFixed(1)} ms`;
  yield* headerLines('request headers', detail.requestHeaders);
  yield* headerLines('response headers', detail.responseHeaders);
  if (detail.error) yield* errorLines(detail.error);
  yield* bodyLines(detail);
}

function* headerLines(title: string, headers: Headers): Generator<string> {
  const entries = Object.entries(headers);
  if (entries.length === 0) return;
  yield paint.bold(title);
  for (const [name, value] of entries) yield `  ${name}: ${Array.isArray(value) ? value.join(', ') : value}`;
}

function* childLines(trace: Trace, node: number, style: { width: number; ids: boolean }): Generator<string> {
  const children = trace.childrenOf(node);
  if (children.length === 0) return;
  yield '';
  yield paint.bold(counted(children.length, 'call'));
  for (const child of children.subarray(0, MOST_CHILDREN)) yield `  ${nodeLine(trace, child, style, 2)}`;
  if (children.length > MOST_CHILDREN) yield paint.dim(`  … ${children.length - MOST_CHILDREN} more`);
}
