// What a call takes longer in the loop that makes it.
import { cases, cell, find, nameOf, overBare, shareRecorded, table, variants } from '../lib/results.mjs';
import { tools } from '../lib/tools.mjs';

const kinds = {
  numbers: '`add(number, number)`',
  strings: '`greet(string, string)`',
  record: '`pick(10-key object)`',
  awaited: '`await later(number)`',
  'awaited-library': '`await later(number)`, with a library loaded',
};
const ALL = { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' };
const DRAINING = 'lines made in the loop';
const CAPPED = 'beyond the cap';

export const calls = {
  name: 'calls',
  onEveryNode: true,
  async measure(bench) {
    const burst = bench.size(4000, 200);
    const long = bench.size(300_000, 5000);
    const results = [];
    for (const kind of bench.size(Object.keys(kinds), ['numbers', 'awaited-library'])) {
      const title = kinds[kind];
      const loop = (calls, bursts) => ['hot-loop.js', kind, String(calls), String(bursts)];
      const bursts = bench.size(200, 3);
      const slow = (tool) => Math.max(2, Math.round(bursts * (tools[tool].share ?? 1)));
      const others = bench.tools.filter((tool) => tool !== 'bare' && tool !== 'handit');
      results.push(
        ...(await bench.compare(title, [
          { tool: 'bare', args: loop(burst, bursts) },
          { tool: 'handit', args: loop(burst, bursts), env: ALL },
          { tool: 'handit', label: DRAINING, args: loop(long, bench.size(3, 1)), env: ALL },
          { tool: 'handit', label: CAPPED, args: loop(long, bench.size(40, 1)), env: { HANDIT_MAX_CALLS: '100' } },
          ...others.map((tool) => ({ tool, args: loop(burst, slow(tool)) })),
        ])),
      );
    }
    return results;
  },
  render(results) {
    const titles = cases(results);
    const row = ({ tool, label }) => [
      tool === 'bare' ? 'bare node, in all' : nameOf({ tool, label }),
      ...titles.map((title) => {
        const result = find(results, title, tool, label);
        const share = result && label !== CAPPED && tool !== 'cpu-prof' ? shareRecorded(result) : '';
        return cell(result, ({ ns }) => (tool === 'bare' ? ns : overBare(results, result, 'ns'))) + share;
      }),
    ];
    return table(['ns a call over bare node', ...titles], variants(results).map(row));
  },
  budgets: [
    budget('recorded call, two numbers, in the loop', 100, kinds.numbers),
    budget('recorded call, 10-key object, in the loop', 900, kinds.record),
    budget('`await` of a recorded async function', 250, kinds.awaited),
    {
      ...budget('`await` of a recorded async function, a library loaded', 250, kinds['awaited-library']),
      mostOn: { 22: 400 },
    },
    budget('call beyond the cap', 8, kinds.numbers, CAPPED),
  ],
};

function budget(title, most, kind, label) {
  return {
    title,
    most,
    unit: 'ns',
    of: (results) => overBare(results, find(results, kind, 'handit', label), 'ns'),
  };
}
