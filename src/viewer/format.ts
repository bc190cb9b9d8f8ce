import { shortValue } from '../compare/short-value.js';
import type { Trace } from '../reader/trace.js';
import { visible } from '../report/visible.js';
import type { Detail } from './details-cache.js';

/** `640 ns`, `12.3 us`, `1.2 ms`, `4.56 s`. */
export function duration(ns: number): string {
  if (ns < 0) return '…';
  if (ns < 1000) return `${ns} ns`;
  if (ns < 999_950) return `${(ns / 1e3).toFixed(1)} µs`;
  if (ns < 999_950_000) return `${(ns / 1e6).toFixed(1)} ms`;
  return `${(ns / 1e9).toFixed(2)} s`;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1e6) return `${(size / 1e3).toFixed(1)} kB`;
  return `${(size / 1e6).toFixed(1)} MB`;
}

/** A recorded value on one line. */
export function short(value: unknown, most = 120): string {
  return visible(shortValue(value, most));
}

export function nameOf(trace: Trace, node: number): string {
  const exchange = trace.exchangeOf(node);
  if (!exchange) return visible(trace.functionOf(node)!.func);
  return `${exchange.method} ${visible(exchange.url.replace(/^https?:\/\//, '').slice(0, 160))}`;
}

/** The last of its titles. */
export function testTitle(name: string): string {
  return visible(name.split(' > ').at(-1)!);
}

export function placeOf(trace: Trace, node: number): string {
  const info = trace.functionOf(node);
  return info ? `${visible(info.file)}:${info.line}` : '';
}

export function argsText(detail: Detail | undefined, most = 160): string {
  if (!detail || !('call' in detail)) return '';
  const list = Object.entries(detail.call.args ?? {}).map(([, value]) => short(value, 60));
  const text = list.join(', ');
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** What it gave, and whether it failed. */
export function outcomeText(trace: Trace, node: number, detail: Detail | undefined, most = 120): string {
  if (!detail) return '';
  if ('exchange' in detail) {
    const { status } = trace.exchangeOf(node)!;
    if (detail.exchange.error) return visible(`${detail.exchange.error.name}: ${detail.exchange.error.message}`);
    return status ? String(status) : 'no response';
  }
  const { error, settled, result } = detail.call;
  const failure = error ?? settled?.error;
  if (failure) return cut(visible(`${failure.name}: ${failure.message}`.replace(/\s+/g, ' ')), most);
  if (settled && 'value' in settled) return short(settled.value, most);
  if (trace.nodes.dt[node] === -1) return 'has not ended';
  return short(result, most);
}

export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
