import type { Trace } from '../reader/trace.js';

export const VIEWS = ['failures', 'tests', 'tree', 'timeline', 'functions', 'http', 'compare', 'about', 'llm'] as const;
export type View = (typeof VIEWS)[number];

/** What is shown, as it is in the fragment of the address. */
export interface Shown {
  readonly view: View;
  /** A row in `tests`; -1: all of the run. */
  readonly test: number;
  /** The selected node; -1: none. */
  readonly node: number;
  /** The function of which every call is shown; -1: none. */
  readonly fn: number;
  readonly query: string;
}

const MAX_STEPS = 60;

/**
 * The fragment: names and not rows, so that it means the same in the report of another run: the test by its name, the
 * node by the functions on the way to it, each with its place among the siblings of that function.
 */
export function fragmentOf(trace: Trace, { view, test, node, fn, query }: Shown): string {
  const parts = new URLSearchParams();
  if (test !== -1) parts.set('test', trace.tests[test].name);
  if (node !== -1) parts.set('path', pathOf(trace, node));
  if (fn !== -1) parts.set('fn', functionKey(trace, fn));
  if (query) parts.set('q', query);
  const text = parts.toString();
  return `#${view}${text ? `?${text}` : ''}`;
}

export function shownAt(trace: Trace, fragment: string): Partial<Shown> {
  const [name, text = ''] = fragment.replace(/^#/, '').split('?');
  const view = VIEWS.find((one) => one === name);
  const parts = new URLSearchParams(text);
  const test = parts.has('test') ? trace.tests.findLastIndex((one) => one.name === parts.get('test')) : -1;
  const fn = parts.has('fn') ? trace.functions.findIndex((_, row) => functionKey(trace, row) === parts.get('fn')) : -1;
  const node = parts.has('path') ? nodeAt(trace, parts.get('path')!, test) : -1;
  return { ...(view && { view }), test, fn, node, query: parts.get('q') ?? '' };
}

function functionKey(trace: Trace, row: number): string {
  const { func, file, line } = trace.functions[row];
  return `${func}@${file}:${line}`;
}

/** Without the line, which moves. */
function stepKey(trace: Trace, node: number): string {
  const info = trace.functionOf(node);
  if (info) return `${info.func}@${info.file}`;
  const { method, url } = trace.exchangeOf(node)!;
  return `${method} ${url.replace(/^\w+:\/\/[^/]*/, '')}`;
}

function sameFunction(trace: Trace, node: number): ((other: number) => boolean) | undefined {
  const own = trace.functionOf(node);
  if (!own) return undefined;
  return (other) => {
    const info = trace.functionOf(other);
    return info === own || (info !== undefined && info.func === own.func && info.file === own.file);
  };
}

function pathOf(trace: Trace, node: number): string {
  const steps: string[] = [];
  for (let at = node; at !== -1; at = trace.nodes.parent[at]) {
    const key = stepKey(trace, at);
    // Most siblings are of the same row or of another function: no text is made of these.
    const isSame = sameFunction(trace, at) ?? ((sibling: number) => stepKey(trace, sibling) === key);
    let before = 0;
    for (const sibling of siblingsOf(trace, at)) {
      if (sibling === at) break;
      if (isSame(sibling)) before++;
    }
    steps.push(`${key}~${before}`);
    if (steps.length > MAX_STEPS) return trace.nameOf(node);
  }
  return steps.reverse().join('\n');
}

function siblingsOf(trace: Trace, node: number): Int32Array {
  const parent = trace.nodes.parent[node];
  if (parent !== -1) return trace.childrenOf(parent);
  const test = trace.testOf(node);
  return test === -1 ? trace.roots.subarray(0, 2000) : trace.rootsOfTest(test);
}

function nodeAt(trace: Trace, path: string, test: number): number {
  if (/^[\w-]+:\d+$/.test(path)) return trace.nodeNamed(path);
  let among = test === -1 ? trace.roots : trace.rootsOfTest(test);
  let found = -1;
  for (const step of path.split('\n')) {
    const [, key, index] = /^(.*)~(\d+)$/s.exec(step) ?? [];
    const same = [...among].filter((node) => stepKey(trace, node) === key);
    const next = same[Math.min(Number(index), same.length - 1)];
    if (next === undefined) return found;
    found = next;
    among = trace.childrenOf(found);
  }
  return found;
}
