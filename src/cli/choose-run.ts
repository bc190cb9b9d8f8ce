import type { Trace } from '../reader/trace.js';
import { type Option, textOption, UsageError, type Values } from './command.js';
import { warn } from './output.js';

/** For every command that shows a part of a trace. */
export const RUN_OPTIONS: Record<'run' | 'last' | 'proc', Option> = {
  run: {
    type: 'string',
    value: '<n>',
    summary: 'the run to take: 1 is the first, "all" takes all (default: the last)',
  },
  last: { type: 'boolean', summary: 'only the last run, which is the default' },
  proc: { type: 'string', value: '<id>', summary: 'only this process, by its eight digits or its pid' },
};

/**
 * The rows of the processes to show. Runs append to one file: where it holds several, the last one is taken, and a line
 * on stderr says so.
 */
export function chooseProcesses(trace: Trace, values: Values): Set<number> {
  const proc = textOption(values, 'proc');
  if (proc !== undefined) return byName(trace, proc);
  const { runs } = trace;
  const run = textOption(values, 'run');
  if (run === 'all' || runs.length === 0) return new Set(trace.processes.map(({ index }) => index));
  if (run !== undefined) {
    const chosen = runs.at(Number(run) - 1);
    if (!/^[1-9]\d*$/.test(run) || !chosen) {
      throw new UsageError(`--run is "${run}"; it must be "all" or a number from 1 to ${runs.length}`);
    }
    return new Set(chosen.processes);
  }
  if (runs.length > 1 && values.last !== true) {
    warn(`the file holds ${runs.length} runs; this is the last one (--run all shows all, --run 1 the first)`);
  }
  return new Set(runs[runs.length - 1].processes);
}

function byName(trace: Trace, proc: string): Set<number> {
  const found = trace.processes.filter(({ proc: name, start }) => name === proc || String(start?.pid) === proc);
  if (found.length === 0) {
    const some = trace.processes.slice(0, 10).map(({ proc: name }) => name);
    throw new UsageError(`there is no process ${proc} in the trace; there are: ${some.join(', ')}`);
  }
  return new Set(found.map(({ index }) => index));
}
