import {
  ABORTED,
  CAPPED,
  ENDED,
  KIND_MASK,
  OPEN,
  OUTCOME_MASK,
  PENDING,
  RING,
  DOUBLED,
  SERVER,
} from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';
import type { Process } from '../reader/types.js';
import { paint, widthOf } from './escape.js';
import { duration } from './format-duration.js';
import { formatArguments, formatError, formatPreview } from './format-preview.js';

export interface LineStyle {
  /** Columns that a line may take. */
  readonly width: number;
  /** Nothing is cut. */
  readonly full?: boolean;
  /** `proc:id` before each node. */
  readonly ids?: boolean;
}

/** A call or an exchange on one line; the values take what its indentation and the other parts leave. */
export function nodeLine(trace: Trace, node: number, style: LineStyle, indent = 0, note = ''): string {
  const id = style.ids ? paint.dim(`${trace.nameOf(node)}  `) : '';
  const room = style.full ? Infinity : Math.max(40, style.width - indent - widthOf(id) - widthOf(note));
  const text = trace.isExchange(node) ? exchangeLine(trace, node, room) : callLine(trace, node, room);
  return `${id}${text}${strange(trace.nodes.flags[node])}${note}`;
}

function strange(flags: number): string {
  if ((flags & (RING | DOUBLED)) === 0) return '';
  return paint.yellow((flags & RING) !== 0 ? '  (named as its own caller)' : '  (id used twice)');
}

function callLine(trace: Trace, node: number, room: number): string {
  const { func, file, line } = trace.functionOf(node)!;
  const { flags, dt } = trace.nodes;
  const capped = (flags[node] & KIND_MASK) === CAPPED;
  const place = capped || file === '' ? '' : `  ${file}:${line}`;
  const time = timeText(dt[node]);
  const left = Math.max(30, room - func.length - place.length - time.length - 8);
  const detail = trace.call(node);
  const args = formatArguments(detail.args, Math.max(20, Math.floor(left * 0.55)));
  const head = `${func}(${args})`;
  const rest = Math.max(20, left - args.length);
  const outcome = flags[node] & OUTCOME_MASK;
  if (outcome === OPEN) return `${head} ${paint.yellow('... still open')}${paint.dim(place)}`;
  if (outcome !== ENDED) {
    const why = detail.error ? formatError(detail.error, rest) : '…';
    return `${head} ${paint.red(`threw ${why}`)}${time}${paint.dim(place)}`;
  }
  const value = detail.result === undefined ? '…' : formatPreview(detail.result, rest);
  const pending = (flags[node] & PENDING) !== 0 ? ' (pending)' : '';
  return `${head} -> ${value}${pending}${time}${settledText(trace, node, rest)}${paint.dim(place)}`;
}

function settledText(trace: Trace, node: number, width: number): string {
  const settlement = trace.settlementOf(node);
  if (!settlement) return '';
  const { settled } = trace.call(node);
  const time = timeText(settlement.dt);
  if (settled?.error) return `, ${paint.red(`rejected ${formatError(settled.error, width)}`)}${time}`;
  return `, fulfilled ${formatPreview(settled?.value ?? { $type: 'undefined' }, width)}${time}`;
}

function exchangeLine(trace: Trace, node: number, room: number): string {
  const { flags, dt } = trace.nodes;
  const { method, client, status } = trace.exchangeOf(node)!;
  const { url, error } = trace.exchange(node);
  const answers = (flags[node] & KIND_MASK) === SERVER ? 'answers ' : '';
  const head = `${answers}${method} ${room === Infinity ? url : cutMiddle(url, Math.max(30, room - 40))}`;
  const place = paint.dim(`  ${client}`);
  const time = timeText(dt[node]);
  const outcome = flags[node] & OUTCOME_MASK;
  if (outcome === OPEN) return `${head} ${paint.yellow('... still open')}${place}`;
  if (outcome === ENDED) return `${head} -> ${status >= 400 ? paint.red(String(status)) : status}${time}${place}`;
  const verb = outcome === ABORTED ? 'aborted' : 'failed';
  const why = error ? ` ${formatError(error, Math.max(20, room - head.length - 20))}` : '';
  return `${head} ${paint.red(`${verb}${why}`)}${time}${place}`;
}

/** Both ends of a url say something. */
function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor(width / 3);
  return `${text.slice(0, width - end - 1)}…${text.slice(-end)}`;
}

export function timeText(ns: number): string {
  return ns < 0 ? '' : `  ${duration(ns)}`;
}

/** `5f0c9a1e  app.js  2026-01-05 08:00:00  node v24.11.1  pid 7  2 calls  exit code 0`. */
export function processLine(trace: Trace, { proc, start, end, firstNs, calls }: Process, complete = true): string {
  const parts = [`process ${proc}`];
  if (start) {
    const script = scriptOf(start);
    if (script !== '') parts.push(script);
  }
  if (firstNs >= 0) parts.push(clockText(trace, firstNs));
  if (start) {
    parts.push(`node ${start.node}`, `pid ${start.pid}`);
    if (start.tid !== 0) parts.push(`worker ${start.tid}`);
  }
  if (!complete) return parts.join('  ');
  parts.push(calls === 1 ? '1 call' : `${calls} calls`);
  if (!end) parts.push('has not ended');
  else if (end.signal) parts.push(`ended by ${end.signal}`);
  else if (end.exit_code !== null) parts.push(`exit code ${end.exit_code}`);
  return parts.join('  ');
}

function scriptOf(start: NonNullable<Process['start']>): string {
  const { script } = start as { script?: unknown };
  if (typeof script === 'string') return script;
  const path = start.argv[1] ?? '';
  return path.startsWith(`${start.cwd}/`) ? path.slice(start.cwd.length + 1) : path;
}

/** The moment, in the time of this machine: `2026-01-05 08:00:00`. */
export function clockText(trace: Trace, ns: number): string {
  const date = new Date(Number(trace.baseNs / 1_000_000n) + ns / 1e6);
  if (Number.isNaN(date.getTime())) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
