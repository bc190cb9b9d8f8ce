import { ClickHouse, PushError } from '../export/clickhouse.js';
import { ddl, rowsOfRun } from '../export/clickhouse-tables.js';
import { endpointAt } from '../export/push.js';
import { counted } from '../reader/missing.js';
import { chooseProcesses } from './choose-run.js';
import { type Given, textOption, UsageError } from './command.js';
import { openInputs } from './inputs.js';
import { warn } from './output.js';

/** All runs in the files, for tables that hold those of many machines. */
export async function exportClickHouse(given: Given): Promise<void> {
  const { files, values, out } = given;
  if (values.ddl === true) return void process.stdout.write(`${ddl().join(';\n\n')};\n`);
  const endpoint = endpointOf(textOption(values, 'endpoint'));
  const trace = await openInputs(files);
  const chosen = values.run === undefined && values.proc === undefined ? undefined : chooseProcesses(trace, values);
  const runs = trace.runs.filter(({ processes }) => !chosen || processes.some((process) => chosen.has(process)));
  const server = new ClickHouse(endpoint);
  const what = values.values === true ? 'with values' : 'without values (--values adds them)';
  let pushed = 0;
  const sums = { calls: 0, exchanges: 0, tests: 0 };
  try {
    await server.createTables();
    for (const run of runs) {
      const rows = rowsOfRun(trace, run, values.values === true);
      if (!(await server.push(rows))) continue;
      pushed++;
      for (const name of ['calls', 'exchanges', 'tests'] as const) sums[name] += rows.counts[name];
    }
  } catch (error) {
    if (!(error instanceof PushError)) throw error;
    warn(`${endpoint.url} does not take it: ${error.message}`);
    warn('nothing is lost: run the same command again, and what is missing is added');
    process.exitCode = 1;
  }
  for (const note of trace.missing) warn(note);
  const parts = `${counted(sums.calls, 'call')}, ${counted(sums.exchanges, 'exchange')}, ${counted(sums.tests, 'test')}`;
  const there = runs.length - pushed;
  const known = there > 0 && process.exitCode !== 1 ? `; ${counted(there, 'run')} there already` : '';
  out.line(`${counted(pushed, 'run')} (${parts}) sent to ${endpoint.url}, ${what}${known}`);
  trace.close();
}

function endpointOf(given: string | undefined) {
  try {
    return endpointAt(given ?? '', { headers: {}, gzip: true, timeoutMs: 0 });
  } catch {
    const what = given === undefined ? 'is missing' : `is "${given}"`;
    throw new UsageError(`--endpoint ${what}; it must be like http://localhost:8123 (or give --ddl)`);
  }
}
