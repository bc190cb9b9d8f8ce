import { createHash } from 'node:crypto';
import { ABORTED, ENDED, FAILED, OUTCOME_MASK, PENDING, REJECTED } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';
import type { Run } from '../reader/types.js';
import { errorOfNode, isCapped, testsOf, valuesOf } from './describe.js';
import { jsonOf } from './export-options.js';

interface Table {
  readonly columns: Readonly<Record<string, string>>;
  readonly order: string;
}

const NAME = 'LowCardinality(String)';
const RUN = {
  ...{ run: 'String', day: 'Date', git_sha: NAME, git_branch: NAME, ci_provider: NAME, ci_run: NAME, ci_job: NAME },
};
const NODE = {
  ...{ proc: NAME, id: 'UInt32', parent: 'UInt32', t0_ns: 'UInt64', dt_ns: 'Int64', outcome: NAME },
  ...{ error_name: NAME, error_message: 'String', test: NAME, test_id: 'UInt32', session_id: 'String', agent: NAME },
};

/** Written in this order: what is in `handit_runs` is complete. */
export const TABLES: Readonly<Record<string, Table>> = {
  handit_calls: {
    columns: { ...RUN, func: NAME, file: NAME, line: 'UInt32', ...NODE, args: 'String', result: 'String' },
    order: 'run, func, file, t0_ns, proc, id',
  },
  handit_http: {
    columns: { ...RUN, side: NAME, method: NAME, url: 'String', status: 'UInt16', ...NODE, values: 'String' },
    order: 'run, side, method, t0_ns, proc, id',
  },
  handit_tests: {
    columns: {
      ...{ ...RUN, test: NAME, file: NAME, try: 'UInt32', outcome: NAME, proc: NAME, test_id: 'UInt32' },
      ...{ t0_ns: 'UInt64', dt_ns: 'Int64', error_name: NAME, error_message: 'String' },
    },
    order: 'run, test, t0_ns, proc, test_id',
  },
  handit_runs: {
    columns: { ...RUN, t0_ns: 'UInt64', processes: 'UInt32', calls: 'UInt64', exchanges: 'UInt64', tests: 'UInt64' },
    order: 'run',
  },
};

/** One statement a table. A row that comes a second time takes the place of the first. */
export function ddl(): string[] {
  return Object.entries(TABLES).map(([name, { columns, order }]) => {
    const lines = Object.entries(columns).map(([column, type]) => `  ${column} ${type}`);
    const head = `CREATE TABLE IF NOT EXISTS ${name} (\n${lines.join(',\n')}\n)`;
    return `${head} ENGINE = ReplacingMergeTree\nPARTITION BY day\nORDER BY (${order})`;
  });
}

/** A run of a trace: the same one has the same id, wherever it is pushed from. */
export interface RunRows {
  readonly id: string;
  readonly day: string;
  readonly counts: { readonly calls: number; readonly exchanges: number; readonly tests: number };
  /** Lines of JSON for each table. */
  rows(table: string): Iterable<string>;
}

export function rowsOfRun(trace: Trace, run: Run, values: boolean): RunRows {
  const members = new Set(run.processes);
  const [first] = run.processes;
  const { proc, start, firstNs } = trace.processes[first];
  const t0 = trace.baseNs + BigInt(Math.max(0, firstNs));
  const id = createHash('sha256').update(`${proc} ${t0}`).digest('hex').slice(0, 16);
  const day = new Date(Number(t0 / 1_000_000n)).toISOString().slice(0, 10);
  const common = {
    ...{ run: id, day, git_sha: start?.git?.sha ?? '', git_branch: start?.git?.branch ?? '' },
    ...{ ci_provider: start?.ci?.provider ?? '', ci_run: start?.ci?.run ?? '', ci_job: start?.ci?.job ?? '' },
  };
  const tests = testsOf(trace, members);
  let calls = 0;
  let exchanges = 0;
  for (let node = 0; node < trace.nodes.count; node++) {
    if (!members.has(trace.processOf(node))) continue;
    if (trace.isExchange(node)) exchanges++;
    else if (!isCapped(trace, node)) calls++;
  }
  const counts = { calls, exchanges, tests: tests.length };
  const begin = jsonOf(common).slice(0, -1);
  function* nodes(http: boolean): Generator<string> {
    const heads = new Map<number, string>();
    const scopes = new Map<number, string>();
    const { func, scope } = trace.nodes;
    for (let node = 0; node < trace.nodes.count; node++) {
      if (trace.isExchange(node) !== http || isCapped(trace, node) || !members.has(trace.processOf(node))) continue;
      const head = known(
        heads,
        func[node],
        () => begin + fieldsOf(http ? httpHead(trace, node) : callHead(trace, node)),
      );
      const inside = known(scopes, scope[node], () => fieldsOf(scopeRow(trace, node)));
      yield `${head}${inside}${nodeFields(trace, node)}${values ? fieldsOf(valueRow(trace, node)) : ''}}`;
    }
  }
  function* testRows(): Generator<string> {
    for (const test of tests) yield jsonOf({ ...common, ...testRow(trace, test) });
  }
  const all: Record<string, () => Iterable<string>> = {
    handit_calls: () => nodes(false),
    handit_http: () => nodes(true),
    handit_tests: testRows,
    handit_runs: () => [jsonOf({ ...common, t0_ns: String(t0), processes: run.processes.length, ...counts })],
  };
  return { id, day, counts, rows: (table) => all[table]() };
}

/** What is the same in many rows is written once. */
function known(texts: Map<number, string>, key: number, make: () => string): string {
  let text = texts.get(key);
  if (text === undefined) texts.set(key, (text = make()));
  return text;
}

/** `,"a":1,"b":2` */
function fieldsOf(values: object): string {
  const text = jsonOf(values).slice(1, -1);
  return text && `,${text}`;
}

function callHead(trace: Trace, node: number): object {
  const { func, file, line } = trace.functionOf(node)!;
  return { func, file, line };
}

function httpHead(trace: Trace, node: number): object {
  const { side, method, url, status } = trace.exchangeOf(node)!;
  return { side, method, url, status };
}

function scopeRow(trace: Trace, node: number): object {
  const { session, agent, test } = trace.scopeOf(node);
  return {
    ...{ proc: trace.processes[trace.processOf(node)].proc, agent },
    ...(session !== -1 && { session_id: trace.sessions[session].id }),
    ...(test !== -1 && { test: trace.tests[test].name, test_id: trace.tests[test].id ?? 0 }),
  };
}

/** Columns that are not in a row have nothing in them: '' or 0. */
function nodeFields(trace: Trace, node: number): string {
  const { nodes } = trace;
  const parent = nodes.parent[node];
  const isOwn = parent !== -1 && trace.processOf(parent) === trace.processOf(node);
  const outcome = outcomeOf(nodes.flags[node], trace.isExchange(node));
  const error = trace.hasFailed(node) ? errorOfNode(trace, node) : undefined;
  const failed = error ? fieldsOf({ error_name: error.name, error_message: error.message }) : '';
  const times = `"t0_ns":${timeOf(trace, nodes.t0[node])},"dt_ns":${trace.durationOf(node)}`;
  return `,"id":${nodes.id[node]},"parent":${isOwn ? nodes.id[parent] : 0},${times},"outcome":"${outcome}"${failed}`;
}

function valueRow(trace: Trace, node: number): object {
  const { args, result } = valuesOf(trace, node);
  return trace.isExchange(node) ? { values: textOf(args) } : { args: textOf(args), result: textOf(result) };
}

function testRow(trace: Trace, test: Trace['tests'][number]): object {
  const error = test.outcome === 'failed' ? trace.errorAt(test.place) : undefined;
  return {
    ...{ test: test.name, file: test.file, try: test.try ?? 1, outcome: test.outcome ?? 'open' },
    ...{ proc: trace.processes[test.process].proc, test_id: test.id ?? test.index },
    ...{ t0_ns: timeOf(trace, test.firstNs), dt_ns: String(test.dt) },
    ...{ error_name: error?.name ?? '', error_message: error?.message ?? '' },
  };
}

function outcomeOf(flags: number, isExchange: boolean): string {
  const outcome = flags & OUTCOME_MASK;
  if (outcome === FAILED) return isExchange ? 'failed' : 'threw';
  if (outcome === ABORTED) return 'aborted';
  if (outcome !== ENDED) return 'open';
  if (isExchange) return 'answered';
  return (flags & REJECTED) !== 0 ? 'rejected' : (flags & PENDING) !== 0 ? 'pending' : 'returned';
}

function timeOf(trace: Trace, ns: number): string {
  return String(trace.baseNs + BigInt(Math.max(0, Math.floor(ns))));
}

function textOf(value: unknown): string {
  return value === undefined ? '' : jsonOf(value);
}
