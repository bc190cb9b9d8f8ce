import { ABORTED, ENDED, KIND_MASK, OPEN, OUTCOME_MASK, PENDING, SERVER } from '../reader/columns.js';
import { groupTries } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import type { Values } from './command.js';
import { marksOf, nodeFilter, testFilter } from './filters.js';
import type { Output } from './output.js';
import { type Entry, rootsOfEntry, sectionsOf } from './sections.js';

/** The tree for programs: a value a process, test and node, with its depth, in the order of the lines of the tree. */
export async function printJson(trace: Trace, chosen: ReadonlySet<number>, values: Values, out: Output): Promise<void> {
  const marks = marksOf(trace, nodeFilter(trace, values));
  const passesTest = testFilter(groupTries(trace.tests), values);
  const passes = (entry: Entry): boolean => {
    if (entry.type === 'test') {
      if (values.failed === true && entry.group.outcome !== 'failed') return false;
      if (passesTest && !passesTest(entry.group.name)) return false;
      if (values.errors === true && entry.group.outcome === 'failed') return true;
    } else if (values.failed === true || passesTest) return false;
    return !marks || rootsOfEntry(trace, entry).some((node) => marks[node] > 0);
  };
  for (const { process, entries } of sectionsOf(trace, chosen)) {
    const shown = entries.filter(passes);
    if (shown.length === 0 && (marks || passesTest || values.failed === true)) continue;
    out.json({ type: 'process', proc: process.proc, start: process.start ?? null, end: process.end ?? null });
    for (const entry of shown) {
      if (entry.type === 'test') out.json(testValue(trace, entry));
      for (const root of rootsOfEntry(trace, entry))
        await writeTree(trace, root, entry.type === 'test' ? 1 : 0, marks, out);
    }
  }
}

async function writeTree(trace: Trace, root: number, depth: number, marks: Uint8Array | undefined, out: Output) {
  const waiting = [root];
  const depths = [depth];
  for (let node; (node = waiting.pop()) !== undefined;) {
    const level = depths.pop()!;
    if (marks?.[node] === 0) continue;
    out.json(nodeValue(trace, node, level));
    await out.drained();
    const children = trace.childrenOf(node);
    for (let i = children.length - 1; i >= 0; i--) {
      waiting.push(children[i]);
      depths.push(level + 1);
    }
  }
}

function testValue(trace: Trace, entry: Extract<Entry, { type: 'test' }>): object {
  const { name, process, tries, outcome } = entry.group;
  return {
    type: 'test',
    proc: trace.processes[process].proc,
    depth: 0,
    test: name,
    outcome: outcome ?? 'open',
    tries: tries.map((test) => ({
      outcome: test.outcome ?? 'open',
      ...(test.id !== undefined && { test_id: test.id }),
      ...(test.dt >= 0 && { dt_ns: test.dt }),
      ...(test.place && test.outcome === 'failed' && { error: trace.errorAt(test.place) }),
    })),
  };
}

const OUTCOMES: Record<number, string> = { [OPEN]: 'open', [ENDED]: 'returned', [ABORTED]: 'aborted' };

/** One call or exchange; fields that are not known are absent. */
export function nodeValue(trace: Trace, node: number, depth: number): object {
  const { nodes } = trace;
  const flags = nodes.flags[node];
  const { test, session } = trace.scopeOf(node);
  const common = {
    proc: trace.processes[trace.processOf(node)].proc,
    id: nodes.id[node],
    parent: nodes.parent[node] === -1 ? null : trace.nameOf(nodes.parent[node]),
    depth,
    t0_ns: Number(trace.baseNs) + nodes.t0[node],
    ...(nodes.dt[node] >= 0 && { dt_ns: nodes.dt[node] }),
    ...(test !== -1 && { test: trace.tests[test].name }),
    ...(session !== -1 && { session_id: trace.sessions[session].id }),
  };
  const outcome = OUTCOMES[flags & OUTCOME_MASK];
  if (trace.isExchange(node)) return { type: 'http', ...common, ...exchangeValue(trace, node, outcome) };
  const { func, file, line, column, kind } = trace.functionOf(node)!;
  const { args, receiver, result, error, settled } = trace.call(node);
  return {
    type: 'call',
    ...common,
    ...{ func, file, line, column, kind, outcome: outcome ?? 'threw' },
    ...((flags & PENDING) !== 0 && { pending: true }),
    ...{ args_preview: args, this_preview: receiver, return_preview: result, error },
    ...(settled && { settled: { return_preview: settled.value, error: settled.error, dt_ns: settled.dt } }),
  };
}

function exchangeValue(trace: Trace, node: number, outcome: string | undefined): object {
  const { method, client, status, other } = trace.exchangeOf(node)!;
  const detail = trace.exchange(node);
  const ended = outcome === 'returned' ? 'answered' : (outcome ?? 'failed');
  return {
    side: (trace.nodes.flags[node] & KIND_MASK) === SERVER ? 'server' : 'client',
    ...{ client, method, url: detail.url, outcome: ended },
    ...(status > 0 && { status }),
    ...(other !== -1 && { other: trace.nameOf(other) }),
    ...{ request_headers: detail.requestHeaders, response_headers: detail.responseHeaders },
    ...{ request_body: detail.requestBody, response_body: detail.responseBody, error: detail.error },
  };
}
