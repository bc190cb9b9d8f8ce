// From the start of a process to its end, where it does next to nothing.
import { join } from 'node:path';
import { cell, find, nameOf, overBare, table } from '../lib/results.mjs';
import { register } from '../lib/tools.mjs';

const CASE = 'hello world';

export const startUp = {
  name: 'start-up',
  onEveryNode: true,
  async measure(bench) {
    const args = ['hello.js'];
    const others = bench.tools.filter((tool) => tool !== 'bare' && tool !== 'handit');
    return bench.compare(
      CASE,
      [
        { tool: 'bare', args },
        { tool: 'handit', label: 'warm cache', args },
        { tool: 'handit', label: 'warm cache, `--import`', args, flags: ['--import', register.import] },
        { tool: 'handit', label: 'cold cache', args, env: (out) => ({ HANDIT_CACHE_DIR: join(out, 'cache') }) },
        ...others.map((tool) => ({ tool, args, proof: 'started' })),
      ],
      { times: 4, warmUp: true },
    );
  },
  render(results) {
    const row = (result) => [
      nameOf(result),
      cell(result, ({ wall }) => wall, 'ms'),
      result.tool === 'bare' || result.problem ? '' : cell(result, () => overBare(results, result, 'wall'), 'ms'),
    ];
    return table(['hello world', 'from start to end', 'over bare node'], results.map(row));
  },
  budgets: [
    {
      title: 'start-up over bare node, warm cache',
      most: 12,
      mostOn: { 20: 40, 22: 15 },
      unit: 'ms',
      of: (results) => over(results, 'warm cache'),
    },
    {
      title: 'start-up over bare node, cold cache',
      most: 45,
      unit: 'ms',
      of: (results) => over(results, 'cold cache'),
    },
  ],
};

function over(results, label) {
  return overBare(results, find(results, CASE, 'handit', label), 'wall');
}
