import type { Trace } from '../reader/trace.js';
import { version } from '../version.js';
import { isCapped, labelOf, processName, testsOf } from './describe.js';
import { type ExportOptions, jsonOf, type Notes } from './export-options.js';
import { extentsOf } from './extents.js';

/** Profiles beyond it make its list useless; the longest are kept. */
const MAX_PROFILES = 1000;

interface Profile {
  readonly name: string;
  readonly roots: readonly number[];
  readonly firstNs: number;
  readonly ns: number;
}

/**
 * A flame graph for speedscope.app: a profile a test, and a root outside of tests. A stack has one call at a time: of
 * calls that overlap the later one begins where the earlier ends, and what a call caused after its end is beside it.
 */
export function writeSpeedscope(trace: Trace, { chosen, put }: ExportOptions): Notes {
  const { end } = extentsOf(trace);
  const all = profilesOf(trace, chosen, end);
  const kept = all.length <= MAX_PROFILES ? all : longest(all);
  const { frames, frameOf } = framesOf(trace);
  const [first] = chosen;
  const name = first === undefined ? 'handit' : processName(trace, first);
  put(`{"$schema":"https://www.speedscope.app/file-format-schema.json","name":${jsonOf(name)},"profiles":[`);
  let comma = '\n';
  for (const profile of kept) {
    const { firstNs, name, roots } = profile;
    const head = jsonOf({ type: 'evented', name, unit: 'nanoseconds', startValue: 0 });
    put(`${comma}${head.slice(0, -1)},"events":[`);
    const last = writeEvents(trace, end, roots, (type, node, ns, first) => {
      put(`${first ? '' : ','}{"type":"${type}","frame":${frameOf(node)},"at":${ns - firstNs}}`);
    });
    put(`],"endValue":${Math.max(0, last - firstNs)}}`);
    comma = ',\n';
  }
  const shared = jsonOf({ frames });
  const active = kept.reduce((best, { ns }, i) => (ns > kept[best].ns ? i : best), 0);
  put(`\n],"shared":${shared},"activeProfileIndex":${active},"exporter":${jsonOf(`handit@${version}`)}}\n`);
  const left = all.length - kept.length;
  return left > 0 ? [`${left} of ${all.length} roots are left out, the shortest ones`] : [];
}

function profilesOf(trace: Trace, chosen: ReadonlySet<number>, end: Float64Array): Profile[] {
  const { t0 } = trace.nodes;
  const profiles = testsOf(trace, chosen).map(({ index, name, try: round }) => {
    const roots = [...trace.rootsOfTest(index)].filter((node) => !isCapped(trace, node));
    return profile(round !== undefined && round > 1 ? `${name} (try ${round})` : name, roots, t0, end);
  });
  for (const node of trace.roots) {
    if (trace.scopeOf(node).test !== -1 || !chosen.has(trace.processOf(node)) || isCapped(trace, node)) continue;
    profiles.push(profile(labelOf(trace, node), [node], t0, end));
  }
  return profiles.filter(({ roots }) => roots.length > 0).sort((a, b) => a.firstNs - b.firstNs);
}

function profile(name: string, roots: number[], t0: Float64Array, end: Float64Array): Profile {
  return {
    name,
    roots,
    firstNs: roots.length > 0 ? t0[roots[0]] : 0,
    ns: roots.reduce((sum, node) => sum + end[node] - t0[node], 0),
  };
}

function longest(all: readonly Profile[]): Profile[] {
  const kept = new Set(all.toSorted((a, b) => b.ns - a.ns).slice(0, MAX_PROFILES));
  return all.filter((one) => kept.has(one));
}

function framesOf(trace: Trace) {
  const frames: object[] = trace.functions.map(({ func, file, line, column }) => ({
    name: func,
    ...(file !== '' && { file, line, col: column }),
  }));
  const byLabel = new Map<string, number>();
  const frameOf = (node: number): number => {
    if (!trace.isExchange(node)) return trace.nodes.func[node];
    // Without the query, which would make a frame of each.
    const name = labelOf(trace, node).replace(/[?#].*/s, '');
    const known = byLabel.get(name) ?? frames.push({ name }) - 1;
    byLabel.set(name, known);
    return known;
  };
  return { frames, frameOf };
}

type Write = (type: 'O' | 'C', node: number, ns: number, first: boolean) => void;

/** Opens and closes in pairs, at times that never go back; returns the last one. */
function writeEvents(trace: Trace, end: Float64Array, roots: readonly number[], write: Write): number {
  const { t0 } = trace.nodes;
  const children = runningChildren(trace, end, roots);
  let now = -Infinity;
  let first = true;
  const event = (type: 'O' | 'C', node: number, ns: number): void => {
    now = Math.max(now, ns);
    write(type, node, now, first);
    first = false;
  };
  const waiting = children.get(-1)!.reverse();
  const limits: number[] = [];
  for (let node; (node = waiting.pop()) !== undefined;) {
    if (node < 0) {
      event('C', ~node, limits.pop()!);
      continue;
    }
    const limit = limits.at(-1) ?? Infinity;
    event('O', node, Math.min(t0[node], limit));
    limits.push(Math.min(limit, end[node]));
    waiting.push(~node);
    const below = children.get(node) ?? [];
    for (let i = below.length - 1; i >= 0; i--) waiting.push(below[i]);
  }
  return now;
}

/** By time, below the nearest caller that was still running; below -1 those without one. */
function runningChildren(trace: Trace, end: Float64Array, roots: readonly number[]): Map<number, number[]> {
  const { t0 } = trace.nodes;
  const above = new Map<number, number>();
  const children = new Map<number, number[]>([[-1, []]]);
  const waiting = [...roots].reverse();
  for (const root of roots) above.set(root, -1);
  for (let node; (node = waiting.pop()) !== undefined;) {
    let under = above.get(node)!;
    while (under !== -1 && end[under] < t0[node]) under = above.get(under)!;
    above.set(node, under);
    const list = children.get(under) ?? [];
    list.push(node);
    children.set(under, list);
    const below = trace.childrenOf(node);
    for (let i = below.length - 1; i >= 0; i--) {
      if (isCapped(trace, below[i])) continue;
      above.set(below[i], node);
      waiting.push(below[i]);
    }
  }
  for (const list of children.values()) list.sort((a, b) => t0[a] - t0[b] || a - b);
  return children;
}
