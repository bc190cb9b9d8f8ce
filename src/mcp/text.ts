import { shortValue } from '../compare/short-value.js';
import { escapeControls } from '../escape-controls.js';
import { ABORTED, CAPPED, ENDED, FAILED, KIND_MASK, OPEN, OUTCOME_MASK, SERVER } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';

/** As one line, whatever it holds: with the short escapes of JSON. */
export function oneLine(text: string, most = 2000): string {
  const line = escapeControls(text.replaceAll('\b', '\\b').replaceAll('\f', '\\f'));
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** A recorded text, in quotes. */
export function quoted(text: string, most = 300): string {
  const part = text.length > most ? `${text.slice(0, most)}…` : text;
  return oneLine(JSON.stringify(part), Infinity);
}

/** A value on one line; a text in it that was cut has its end quote, so that nothing after it is taken for a part of it. */
export function valueText(value: unknown, most: number): string {
  return closed(shortValue(value, most));
}

export function closed(text: string): string {
  const line = oneLine(text, Infinity).replace(/(^|[^\\])((?:\\\\)*)\\…$/, '$1$2…');
  return (line.replace(/\\./g, '').split('"').length - 1) % 2 === 0 ? line : `${line}"`;
}

export function msText(ns: number): string {
  return ns < 0 ? 'open' : `${Number((ns / 1e6).toPrecision(3))} ms`;
}

export interface NodeStyle {
  /** Characters for all values. */
  readonly values?: number;
  readonly id?: boolean;
}

/** `5f0c9a1e:17 Cart.total(country: "de") -> 29.75  12 ms  cart.mjs:7`; every recorded value is JSON in it. */
export function nodeText(trace: Trace, node: number, { values = 160, id = true }: NodeStyle = {}): string {
  const text = trace.isExchange(node) ? exchangeText(trace, node) : callText(trace, node, values);
  return `${id ? `${trace.nameOf(node)} ` : ''}${text}`;
}

function callText(trace: Trace, node: number, room: number): string {
  const { func, file, line } = trace.functionOf(node)!;
  const { flags } = trace.nodes;
  const { args = {}, result, error, settled } = trace.call(node);
  const each = Math.max(24, Math.floor((room * 0.6) / Math.max(1, Object.keys(args).length)));
  const list = Object.entries(args).map(([name, value]) => `${oneLine(name, 60)}: ${valueText(value, each)}`);
  const failure = error ?? settled?.error;
  const outcome = flags[node] & OUTCOME_MASK;
  const end =
    failure || outcome === FAILED
      ? `threw ${failure ? errorText(failure, room) : 'an error'}`
      : outcome === OPEN
        ? 'still open'
        : `-> ${valueText(settled && 'value' in settled ? settled.value : result, Math.max(40, room * 0.4))}`;
  const place = (flags[node] & KIND_MASK) === CAPPED ? '' : `  ${oneLine(file)}:${line}`;
  return oneLine(`${func}(${list.join(', ')}) ${end}  ${msText(trace.durationOf(node))}${place}`);
}

function exchangeText(trace: Trace, node: number): string {
  const { method, url, status } = trace.exchangeOf(node)!;
  const { flags, dt } = trace.nodes;
  const side = (flags[node] & KIND_MASK) === SERVER ? 'answers ' : '';
  const outcome = flags[node] & OUTCOME_MASK;
  const word = outcome === ABORTED ? 'aborted' : outcome === OPEN ? 'still open' : 'failed';
  const end = outcome === ENDED ? String(status) : word;
  return `${side}${oneLine(method, 20)} ${quoted(url, 200)} -> ${end}  ${msText(dt[node])}`;
}

export function errorText({ name, message }: { name: string; message: string }, most = 300): string {
  return `${oneLine(name, 100)}: ${quoted(message, most)}`;
}

/** The names most like a text, by the pairs of letters they share. */
export function nearest(text: string, names: Iterable<string>, most = 5): string[] {
  const wanted = pairs(text);
  return [...new Set(names)]
    .map((name) => ({ name, shared: [...pairs(name)].filter((pair) => wanted.has(pair)).length, length: name.length }))
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared || a.length - b.length)
    .slice(0, most)
    .map(({ name }) => name);
}

function pairs(text: string): Set<string> {
  const small = text.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, small.length - 1) }, (_, at) => small.slice(at, at + 2)));
}
