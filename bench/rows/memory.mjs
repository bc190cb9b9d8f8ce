// How much a process holds at most, over bare node, however much it has recorded.
import { cell, find, nameOf, overBare, table } from '../lib/results.mjs';
import { tools } from '../lib/tools.mjs';

const CASE = 'many calls';
const ALL = { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' };

export const memory = {
  name: 'memory',
  onEveryNode: false,
  async measure(bench) {
    const calls = bench.size(3_000_000, 5000);
    const args = (tool) => ['many-calls.js', String(Math.round(calls * (tools[tool].share ?? 1)))];
    const others = bench.tools.filter((tool) => tool !== 'bare' && tool !== 'handit');
    return bench.compare(CASE, [
      { tool: 'bare', args: args('bare') },
      { tool: 'handit', label: 'all calls in detail', args: args('handit'), env: ALL },
      { tool: 'handit', label: 'caps as they come', args: args('handit') },
      ...others.map((tool) => ({ tool, args: args(tool) })),
    ]);
  },
  render(results) {
    const row = (result) => [
      nameOf(result),
      cell(result.problem ? undefined : result, ({ calls }) => calls.slice(-1)),
      cell(result, ({ megabytes }) => megabytes, 'MB'),
      result.tool === 'bare' || result.problem ? '' : cell(result, () => overBare(results, result, 'megabytes'), 'MB'),
    ];
    return table(['', 'calls', 'held at most', 'over bare node'], results.map(row));
  },
  budgets: [
    {
      title: 'memory over bare node at 3 million calls',
      ...{ most: 64, unit: 'MB' },
      of: (results) => overBare(results, find(results, CASE, 'handit', 'all calls in detail'), 'megabytes'),
    },
  ],
};
