// What a call costs the whole process, the file included, and what it leaves there.
import { cell, find, nameOf, table } from '../lib/results.mjs';
import { over, pairwise } from '../lib/stats.mjs';
import { tools } from '../lib/tools.mjs';

const CASE = 'many calls';
const ALL = { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' };

export const wholeProcess = {
  name: 'process',
  onEveryNode: true,
  async measure(bench) {
    const calls = bench.size(1_500_000, 5000);
    const run = (tool) => ({
      ...{ tool, cpu: true, env: ALL },
      args: ['many-calls.js', String(Math.round(calls * (tools[tool].share ?? 1)))],
    });
    return bench.compare(CASE, bench.tools.map(run));
  },
  render(results) {
    const row = (result) => [
      nameOf(result),
      cell(result, ({ cpu }) => cpu, 'ms'),
      cell(result.problem ? undefined : result, ({ calls }) => calls.slice(-1)),
      result.tool === 'bare' || result.problem ? '' : cell(result, () => cpuPerCall(results, result), 'ns'),
      result.tool === 'cpu-prof' || result.problem ? '' : cell(result, bytesPerCall),
    ];
    return table(['', 'processor time', 'calls', 'for each, over bare node', 'bytes a call'], results.map(row));
  },
  budgets: [
    {
      title: 'processor time of the whole process with the file, a call',
      ...{ most: 400, unit: 'ns' },
      of: (results) => cpuPerCall(results, find(results, CASE, 'handit')),
    },
    {
      title: 'bytes of a call in the file',
      ...{ most: 250, unit: 'bytes' },
      of: (results) => bytesPerCall(find(results, CASE, 'handit').values),
    },
  ],
};

/** Nanoseconds over bare node, the file included; undefined where the tool did not record. Tools that are given fewer calls have their start among them too: bare node's is in the time that is taken off. */
export function timePerCall(results, tool) {
  return cpuPerCall(results, find(results, CASE, tool));
}

function cpuPerCall(results, { problem, values }) {
  const bare = find(results, CASE, 'bare');
  if (problem || bare.problem) return undefined;
  return pairwise(over(values.cpu, bare.values.cpu), values.calls, (ms, calls) => (ms * 1e6) / calls);
}

function bytesPerCall({ bytes, calls }) {
  return bytes && pairwise(bytes, calls, (a, b) => a / b);
}
