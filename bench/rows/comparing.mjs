// What it costs to compare two runs: a tenth of the tests failed, and a few values differ.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cell, find, table } from '../lib/results.mjs';

const cli = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const CASE = 'a million calls a side';
const labels = { failed: 'tests that failed', all: 'all tests (`--all`)' };

export const comparing = {
  name: 'comparing',
  onEveryNode: false,
  async measure(bench) {
    const megabytes = bench.size(403, 2);
    const [base, red] = [await traceOf(bench, megabytes, 'green'), await traceOf(bench, megabytes, 'red')];
    const variant = (label, ...options) => {
      return { tool: 'bare', label, args: ['compare-traces.js', cli, base, red, ...options] };
    };
    return bench.compare(CASE, [variant('failed'), variant('all', '--all')]);
  },
  render(results) {
    const rows = Object.entries(labels).map(([label, title]) => {
      const result = find(results, CASE, 'bare', label);
      const [seconds, megabytes] = [({ seconds }) => seconds, ({ megabytes }) => megabytes];
      return [`${CASE}: ${title}`, cell(result, seconds, 's'), cell(result, megabytes, 'MB')];
    });
    return table(['', 'processor time', 'held at most'], rows);
  },
  budgets: [
    { title: `diff of ${CASE}, processor time`, ...{ most: 10, unit: 's' }, of: valuesOf('seconds') },
    { title: `diff of ${CASE}, memory`, ...{ most: 300, unit: 'MB' }, of: valuesOf('megabytes') },
  ],
};

function valuesOf(name) {
  return (results) => find(results, CASE, 'bare', 'failed')?.values[name];
}

async function traceOf(bench, megabytes, outcome) {
  const file = join(bench.project, 'node_modules', `${outcome}-${megabytes}.jsonl`);
  const { problem } = await bench.run({ tool: 'bare', args: ['make-trace.js', String(megabytes), file, outcome] });
  if (problem) throw new Error(`the trace could not be made: ${problem}`);
  return file;
}
