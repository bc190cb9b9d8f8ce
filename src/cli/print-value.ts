import { counted } from '../reader/missing.js';
import type { Trace } from '../reader/trace.js';
import { paint } from './escape.js';
import { nodeLine } from './node-line.js';
import { jsonText, type Output } from './output.js';

type Way = 'returned by' | 'passed to' | 'thrown by' | 'sent' | 'received';

/** The first call that returned a value, then every call and exchange that it passed through, by time. */
export async function printValue(
  trace: Trace,
  chosen: ReadonlySet<number>,
  text: string,
  style: { full: boolean },
  out: Output,
): Promise<void> {
  const { nodes } = trace;
  const needle = JSON.stringify(text).slice(1, -1);
  let found = 0;
  let first = true;
  const rows: { node: number; ways: Way[] }[] = [];
  for (let node = 0; node < nodes.count; node++) {
    if (!chosen.has(trace.processOf(node))) continue;
    const ways = waysOf(trace, node, needle);
    if (ways.length > 0) rows.push({ node, ways });
  }
  const origin = rows
    .filter(({ ways }) => ways.some((way) => way === 'returned by' || way === 'received'))
    .sort((a, b) => nodes.t0[a.node] + nodes.dt[a.node] - nodes.t0[b.node] - nodes.dt[b.node])
    .at(0);
  const say = (title: string, node: number): void => {
    if (!first) out.line('');
    first = false;
    out.line(paint.bold(title));
    out.line(`  ${nodeLine(trace, node, { ...style, width: out.width, ids: true }, 2)}`);
    found++;
  };
  if (origin) say('first returned by', origin.node);
  const others = rows.filter(({ node }) => node !== origin?.node);
  if (others.length > 0) out.line(paint.bold(`${origin ? 'then ' : ''}in ${counted(others.length, 'call')}`));
  for (const { node, ways } of others) {
    out.line(`  ${ways.join(', ')}  ${nodeLine(trace, node, { ...style, width: out.width, ids: true }, 20)}`);
    found++;
    await out.drained();
  }
  if (found === 0) out.warn(`no value in the trace has the text ${JSON.stringify(text)}`);
}

/** @param needle as it is in JSON */
function waysOf(trace: Trace, node: number, needle: string): Way[] {
  const inLines = trace.placesOf(node).some((place) => place && textIn(trace.bytesAt(place), needle));
  if (!inLines) return [];
  const ways: Way[] = [];
  const has = (value: unknown): boolean => value !== undefined && jsonText(value).includes(needle);
  if (trace.isExchange(node)) {
    const { requestBody, responseBody, url } = trace.exchange(node);
    const answers = trace.exchangeOf(node)!.side === 'server';
    if (has(requestBody) || url.includes(needle)) ways.push(answers ? 'received' : 'sent');
    if (has(responseBody)) ways.push(answers ? 'sent' : 'received');
    return ways;
  }
  const { args, result, error, settled } = trace.call(node);
  if (has(args)) ways.push('passed to');
  if (has(result) || has(settled?.value)) ways.push('returned by');
  if (has(error) || has(settled?.error)) ways.push('thrown by');
  return ways;
}

function textIn({ buffer, byteOffset, length }: Uint8Array, text: string): boolean {
  return Buffer.from(buffer, byteOffset, length).includes(text);
}
