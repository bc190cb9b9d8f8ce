import { Indexer } from '../../src/reader/indexer.js';
import { bytesSource } from '../../src/reader/source.js';
import { Trace } from '../../src/reader/trace.js';

/** The index of these lines: records, or text as it is. */
export function traceOf(...lines: (object | string)[]): Trace {
  const text = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join('');
  return traceOfBytes(Buffer.from(text));
}

/** @param block bytes that are given to the index at a time */
export function traceOfBytes(bytes: Uint8Array, block = bytes.length): Trace {
  const indexer = new Indexer();
  indexer.begin('t.jsonl');
  for (let at = 0; at < bytes.length; at += block) indexer.write(bytes.subarray(at, at + block));
  indexer.end();
  return new Trace(indexer, [bytesSource(bytes, 't.jsonl')]);
}

/** The tree as text: a line a node, two columns a level. */
export function outline(trace: Trace): string[] {
  const lines: string[] = [];
  const waiting = [...trace.roots].reverse().map((node) => ({ node, depth: 0 }));
  for (let next; (next = waiting.pop());) {
    const { node, depth } = next;
    const exchange = trace.exchangeOf(node);
    const name = exchange ? `${exchange.side} ${exchange.method}` : trace.functionOf(node)!.func;
    lines.push(`${'  '.repeat(depth)}${name}`);
    for (const child of [...trace.childrenOf(node)].reverse()) waiting.push({ node: child, depth: depth + 1 });
  }
  return lines;
}
