import { llmCalls, candidatesOf } from '../llm/calls.js';
import { openTrace } from '../reader/node/open-trace.js';
import { findRuns } from '../reader/runs.js';
import type { Process } from '../reader/types.js';
import type { ProcessStart } from '../trace-format.js';
import type { Database } from './database.js';

/**
 * A row a process: which run it is of is said by more than one line.
 *
 * @param filled false: the columns alone
 */
export async function makeRuns(database: Database, filled: boolean): Promise<void> {
  if (!filled) return makeTable(database, 'runs', RUNS, []);
  const found =
    await database.rows(`select source, proc, min(coalesce(t0_ns, ts_ns, t1_ns)), max(coalesce(t1_ns, ts_ns, t0_ns)),
    any_value(json_object('pid', pid, 'ppid', ppid, 'tid', tid, 'argv', argv, 'cwd', cwd, 'node', node, 'script', script,
      'handit', handit, 'git', git, 'ci', ci)::varchar) filter (type = 'process_start'),
    any_value(json_object('exit_code', exit_code, 'signal', signal)::varchar) filter (type = 'process_end')
    from raw where proc is not null group by 1, 2`);
  const base = found.reduce<bigint>((least, [, , first]) => minimum(least, first as bigint | null), 2n ** 62n);
  const since = (ns: unknown): number => (typeof ns === 'bigint' ? Number(ns - base) : 0);
  const processes = found.map(([, proc, first, last, start], index): Process => {
    const known = start === null ? undefined : (JSON.parse(start as string) as ProcessStart);
    if (known) known.argv = Array.isArray(known.argv) ? known.argv.map(String) : [];
    return {
      ...{ index, proc: String(proc), start: known, end: undefined, folder: 0, calls: 0, exchanges: 0, run: -1 },
      ...{ firstNs: since(first), lastNs: since(last) },
    };
  });
  findRuns(processes);
  const rows = processes.map(({ run, proc, start }, i) => {
    const [source, , first, last, , end] = found[i];
    const { exit_code, signal } = JSON.parse((end as string | null) ?? '{}') as Record<string, unknown>;
    const { pid, ppid, tid, cwd, node, script, handit, argv, git, ci } = start ?? ({} as Partial<ProcessStart>);
    return {
      ...{ run: run + 1, source, proc, pid, ppid, tid, cwd, node, script, handit, argv },
      ...{ git_sha: git?.sha, git_branch: git?.branch, git_dirty: git?.dirty },
      ...{ ci_provider: ci?.provider, ci_run: ci?.run, ci_job: ci?.job, ci_url: ci?.url },
      ...{ t0_ns: text(first), t1_ns: text(last), exit_code, signal },
    };
  });
  await makeTable(database, 'runs', RUNS, rows);
}

const RUNS = {
  ...{ run: 'INTEGER', source: 'VARCHAR', proc: 'VARCHAR', pid: 'INTEGER', ppid: 'INTEGER', tid: 'INTEGER' },
  ...{ cwd: 'VARCHAR', node: 'VARCHAR', script: 'VARCHAR', handit: 'VARCHAR', argv: 'JSON', git_sha: 'VARCHAR' },
  ...{ git_branch: 'VARCHAR', git_dirty: 'BOOLEAN', ci_provider: 'VARCHAR', ci_run: 'VARCHAR', ci_job: 'VARCHAR' },
  ...{ ci_url: 'VARCHAR', t0_ns: 'BIGINT', t1_ns: 'BIGINT', exit_code: 'INTEGER', signal: 'VARCHAR' },
};

const LLM = {
  ...{ source: 'VARCHAR', proc: 'VARCHAR', id: 'BIGINT', tries: 'INTEGER', provider: 'VARCHAR', model: 'VARCHAR' },
  ...{ input: 'BIGINT', cached: 'BIGINT', cache_write: 'BIGINT', output: 'BIGINT', reasoning: 'BIGINT' },
  ...{ streamed: 'BOOLEAN', stop: 'VARCHAR', error: 'VARCHAR', tools: 'JSON', t0_ns: 'BIGINT', dt_ns: 'BIGINT' },
  ...{
    first_byte_ns: 'BIGINT',
    first_token_ns: 'BIGINT',
    tokens_per_second: 'DOUBLE',
    func: 'VARCHAR',
    file: 'VARCHAR',
    line: 'INTEGER',
  },
  ...{ session_id: 'VARCHAR', agent: 'VARCHAR', test: 'VARCHAR' },
};

/** The files of each, by its name. */
export type Traces = ReadonlyMap<string, readonly string[]>;

/** A row a call of a language model, with all of its tries. */
export async function makeLlm(database: Database, traces: Traces): Promise<void> {
  const rows: object[] = [];
  for (const [name, files] of traces) {
    const trace = await openTrace(files);
    for (const call of llmCalls(trace, candidatesOf(trace), (node) => trace.exchange(node))) {
      const first = call.tries[0];
      const { session, agent, test } = trace.scopeOf(first);
      const { func, file: place, line } = (call.caller === -1 ? undefined : trace.functionOf(call.caller)) ?? {};
      rows.push({
        ...{ source: name, proc: trace.processes[trace.processOf(first)].proc, id: trace.nodes.id[first] },
        ...{ tries: call.tries.length, provider: call.provider, model: call.model },
        ...{ input: call.usage.input, cached: call.usage.cacheRead, cache_write: call.usage.cacheWrite },
        ...{ output: call.usage.output, reasoning: call.usage.reasoning },
        ...{ streamed: call.streamed, stop: call.stop, error: call.error, tools: call.toolCalls },
        ...{
          t0_ns: String(trace.baseNs + BigInt(call.t0)),
          dt_ns: positive(call.dt),
          first_byte_ns: positive(call.first),
          first_token_ns: positive(call.firstToken),
        },
        ...{ tokens_per_second: call.speed, func, file: place, line, agent },
        session_id: session === -1 ? undefined : trace.sessions[session].id,
        test: test === -1 ? undefined : trace.tests[test].name,
      });
    }
    trace.close();
  }
  await makeTable(database, 'llm', LLM, rows);
}

function makeTable(database: Database, name: string, columns: Record<string, string>, rows: object[]): Promise<void> {
  const fields = Object.entries(columns).map(([column, type]) => `"${column}": "${type}"`);
  return database.run(
    `create table ${name} as select unnest(from_json($1::json, '[{${fields.join(', ')}}]'), recursive := true)`,
    [JSON.stringify(rows)],
  );
}

function minimum(a: bigint, b: bigint | null): bigint {
  return b !== null && b < a ? b : a;
}

function text(ns: unknown): string | null {
  return typeof ns === 'bigint' ? String(ns) : null;
}

function positive(ns: number): number | undefined {
  return ns < 0 ? undefined : ns;
}
