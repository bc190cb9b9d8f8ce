import { LineSplitter } from '../reader/line-splitter.js';
import type { Side } from '../compare/side.js';
import type { Trace } from '../reader/trace.js';

const PIECE = 1 << 20;

/** Those of calls and exchanges; all other kinds are few. */
const OF_NODES = /^\{"type":"(?:call|return|exception|settle|http_request|http_response|http_error|annotation)"/;

/**
 * The lines of some calls with those of other kinds of the same processes, in the order in which they are in the trace.
 * A second pass over the bytes: nothing is held.
 *
 * @param wanted nodes; undefined: all of these processes
 * @param take gets a line without its end; good until it returns
 */
export function selectLines(side: Side, wanted: Iterable<number> | undefined, take: (line: Uint8Array) => void): void {
  const { trace } = side;
  const places = placesOf(side, wanted);
  const procs = new Set(trace.processes.filter(({ index }) => side.processes.has(index)).map(({ proc }) => proc));
  let next = 0;
  let base = 0;
  for (const { size } of trace.inputs) {
    const from = base;
    const splitter = new LineSplitter({
      line(buffer, start, end, at) {
        while (next < places.length && places[next] < from + at) next++;
        const line = buffer.subarray(start, end);
        if (places[next] === from + at || isRare(line, procs)) take(line);
      },
      tooLong: () => undefined,
    });
    for (let offset = 0; offset < size; offset += PIECE) {
      splitter.write(trace.bytesAt({ at: base + offset, length: Math.min(PIECE, size - offset) }));
    }
    splitter.end();
    base += size;
  }
}

function isRare(line: Uint8Array, procs: ReadonlySet<string>): boolean {
  const head = latin1(line.subarray(0, 24));
  if (OF_NODES.test(head)) return false;
  try {
    const { type, proc } = JSON.parse(new TextDecoder().decode(line)) as { type?: unknown; proc?: unknown };
    return typeof type === 'string' && !OF_NODES.test(`{"type":"${type}"`) && procs.has(proc as string);
  } catch {
    return false;
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Where the lines of these nodes begin, in order. */
function placesOf({ trace, processes }: Side, wanted: Iterable<number> | undefined): Float64Array {
  const found: number[] = [];
  const add = (node: number): void => {
    for (const place of trace.placesOf(node)) if (place) found.push(place.at);
  };
  if (wanted) for (const node of wanted) add(node);
  else for (let node = 0; node < trace.nodes.count; node++) if (processes.has(trace.processOf(node))) add(node);
  const nodes = wanted && new Set(wanted);
  for (const { node, scope, place } of trace.annotations) {
    const isOurs = processes.has(trace.scopes[scope].process);
    if (isOurs && (node === -1 || !nodes || nodes.has(node))) found.push(place.at);
  }
  return Float64Array.from(found).sort();
}

/** Nodes with all that is below them, and what is above. */
export function withRelatives(trace: Trace, roots: Iterable<number>): Set<number> {
  const found = new Set<number>();
  const waiting = [...roots];
  for (const root of roots) {
    for (let at = trace.nodes.parent[root]; at !== -1 && !found.has(at); at = trace.nodes.parent[at]) found.add(at);
  }
  for (let node; (node = waiting.pop()) !== undefined;) {
    found.add(node);
    for (const child of trace.childrenOf(node)) waiting.push(child);
  }
  return found;
}
