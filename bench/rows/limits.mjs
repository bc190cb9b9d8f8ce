// What the machine and the language ask for one call, whoever records it.
import { join } from 'node:path';
import { cell, find, table } from '../lib/results.mjs';

const steps = {
  clock: 'two readings of the clock',
  memory: 'these and the numbers of one call, into memory',
  lines: 'two lines made by hand, in the file',
  stringify: 'two lines by `JSON.stringify`, in the file',
};

export const limits = {
  name: 'limits',
  onEveryNode: true,
  async measure(bench) {
    const args = ['limits.js', String(bench.size(400_000, 2000)), join(bench.project, 'limits.jsonl')];
    return bench.compare('one call', [{ tool: 'bare', args }]);
  },
  render(results) {
    const values = find(results, 'one call', 'bare');
    return table(
      ['the least for one call', 'ns'],
      Object.entries(steps).map(([name, title]) => [title, cell(values, (all) => all[name], 'ns')]),
    );
  },
  budgets: [],
};
