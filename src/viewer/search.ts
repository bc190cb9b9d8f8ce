import type { Trace } from '../reader/trace.js';
import { IN_ARGUMENTS, IN_RESULT, type Sought } from './match-lines.js';
import { byIndex, termsOf, type Term } from './query.js';
import type { Places } from './store.js';
import type { StoreLink } from './store-link.js';

export const HIT = 1;
export const ABOVE_HIT = 2;

export interface Hits {
  /** By node: HIT, ABOVE_HIT, or both. */
  readonly marks: Uint8Array;
  readonly nodes: readonly number[];
  readonly done: boolean;
}

const SLICE_MS = 8;
const BATCH = 4096;
const TELL_MS = 120;

/**
 * Looks through all nodes, in slices, and tells what was found so far. The index decides what it can; values are looked
 * at by the store.
 *
 * @returns a function that ends it
 */
export function search(trace: Trace, store: StoreLink, query: string, found: (hits: Hits) => void): () => void {
  const terms = termsOf(query);
  const marks = new Uint8Array(trace.nodes.count);
  const nodes: number[] = [];
  const mark = (node: number): void => {
    marks[node] |= HIT;
    nodes.push(node);
    const { parent } = trace.nodes;
    for (let at = parent[node]; at !== -1 && !(marks[at] & ABOVE_HIT); at = parent[at]) marks[at] |= ABOVE_HIT;
  };
  let told = 0;
  const tell = (done: boolean): void => {
    if (!done && performance.now() - told < TELL_MS) return;
    told = performance.now();
    found({ marks, nodes, done });
  };
  const passes = passesByIndex(trace, terms);
  return overNodes(
    trace,
    async (from, to) => {
      const certain = new Set<number>();
      const open = new Map<string, number[]>();
      for (let node = from; node < to; node++) {
        const rest = passes(node);
        if (rest === undefined) continue;
        if (rest.length === 0) certain.add(node);
        else {
          const key = rest.join(' ');
          const list = open.get(key);
          if (list) list.push(node);
          else open.set(key, [node]);
        }
      }
      for (const [key, list] of open) {
        const sought = { terms: key.split(' ').map((term) => terms[Number(term)]) };
        const matched = await store.match(placesOf(trace, list), sought);
        list.forEach((node, index) => matched[index] && certain.add(node));
      }
      for (let node = from; node < to; node++) if (certain.has(node)) mark(node);
      tell(false);
    },
    () => tell(true),
  );
}

/** Undefined where a node fails already; else the terms that its values must be asked for. */
function passesByIndex(trace: Trace, terms: readonly Term[]): (node: number) => readonly number[] | undefined {
  const known = terms.map((term) => byIndex(trace, term));
  return (node) => {
    const open: number[] = [];
    for (const [index, { not }] of terms.entries()) {
      const passed = known[index](node);
      if (passed === undefined) open.push(index);
      else if (passed === not) return undefined;
    }
    return open;
  };
}

/** Where a value was seen. */
export interface Sighting {
  readonly node: number;
  readonly inArguments: boolean;
  readonly inResult: boolean;
}

/** All calls and exchanges that have a value in their arguments or their result, in the order of time. */
export function sightings(
  trace: Trace,
  store: StoreLink,
  value: unknown,
  found: (all: readonly Sighting[], done: boolean) => void,
): () => void {
  const sought: Sought = { json: JSON.stringify(value) };
  const all: Sighting[] = [];
  return overNodes(
    trace,
    async (from, to) => {
      const list = Array.from({ length: to - from }, (_, index) => from + index);
      const matched = await store.match(placesOf(trace, list), sought);
      const before = all.length;
      list.forEach((node, index) => {
        const parts = matched[index];
        if (parts) all.push({ node, inArguments: !!(parts & IN_ARGUMENTS), inResult: !!(parts & IN_RESULT) });
      });
      if (all.length > before) found([...all], false);
    },
    () => found([...all], true),
  );
}

/** In slices, so that the page is free between them. */
function overNodes(trace: Trace, look: (from: number, to: number) => Promise<void>, done: () => void): () => void {
  let stopped = false;
  void (async () => {
    let until = performance.now() + SLICE_MS;
    const { count } = trace.nodes;
    for (let from = 0; from < count && !stopped; from += BATCH) {
      await look(from, Math.min(count, from + BATCH));
      if (performance.now() < until) continue;
      await new Promise((go) => setTimeout(go, 0));
      until = performance.now() + SLICE_MS;
    }
    if (!stopped) done();
  })();
  return () => {
    stopped = true;
  };
}

function placesOf(trace: Trace, nodes: readonly number[]): Places {
  const at = new Float64Array(nodes.length * 3).fill(-1);
  const length = new Uint32Array(nodes.length * 3);
  const isExchange = new Uint8Array(nodes.length);
  nodes.forEach((node, index) => {
    if (trace.isExchange(node)) isExchange[index] = 1;
    trace.placesOf(node).forEach((place, part) => {
      if (!place) return;
      at[index * 3 + part] = place.at;
      length[index * 3 + part] = place.length;
    });
  });
  return { at, length, isExchange };
}
