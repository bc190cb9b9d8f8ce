// What it costs to compare two runs: a tenth of the tests failed, and a few values differ.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cell, find, table } from '../lib/results.mjs';

const cli = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const CASE = 'a million calls a side';
const VERDICT = 'the verdict at the end of a red run';
const verdicts = { base: 'with an earlier green run in the file', alone: 'without an earlier run' };
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
    const compared = await bench.compare(CASE, [variant('failed'), variant('all', '--all')]);
    return [...compared, ...(await measureVerdict(bench))];
  },
  render(results) {
    const rows = Object.entries(labels).map(([label, title]) => {
      const result = find(results, CASE, 'bare', label);
      const [seconds, megabytes] = [({ seconds }) => seconds, ({ megabytes }) => megabytes];
      return [`${CASE}: ${title}`, cell(result, seconds, 's'), cell(result, megabytes, 'MB')];
    });
    const ends = Object.entries(verdicts).map(([label, title]) => {
      const result = find(results, VERDICT, 'bare', label);
      const [milliseconds, seconds, megabytes] = ['milliseconds', 'seconds', 'megabytes'].map(
        (name) => (values) => values[name],
      );
      const cells = [cell(result, milliseconds, 'ms'), cell(result, seconds, 's'), cell(result, megabytes, 'MB')];
      return [`${VERDICT}, 250 MB: ${title}`, ...cells];
    });
    const head = ['', 'processor time', 'held at most'];
    return `${table(head, rows)}\n\n${table(['', 'wall time', ...head.slice(1)], ends)}`;
  },
  budgets: [
    { title: `diff of ${CASE}, processor time`, ...{ most: 10, unit: 's' }, of: valuesOf('seconds') },
    { title: `diff of ${CASE}, memory`, ...{ most: 300, unit: 'MB' }, of: valuesOf('megabytes') },
    ...Object.entries(verdicts).map(([label, title]) => ({
      ...{ title: `${VERDICT}, 250 MB, ${title}`, most: 2000, unit: 'ms' },
      of: (results) => find(results, VERDICT, 'bare', label)?.values.milliseconds,
    })),
  ],
};

async function measureVerdict(bench) {
  const megabytes = bench.size(250, 2);
  const both = await traceOf(bench, megabytes / 2, 'green', 'verdict');
  await traceOf(bench, megabytes / 2, 'red', 'verdict', '6a0c9a1e');
  const alone = await traceOf(bench, megabytes, 'red', 'verdict-alone');
  const variant = (label, file) => ({ tool: 'bare', label, args: ['verdict-of.js', cli, file] });
  return bench.compare(VERDICT, [variant('base', both), variant('alone', alone)]);
}

function valuesOf(name) {
  return (results) => find(results, CASE, 'bare', 'failed')?.values[name];
}

async function traceOf(bench, megabytes, outcome, name = outcome, ...later) {
  const file = join(bench.project, 'node_modules', `${name}-${megabytes}.jsonl`);
  const args = ['make-trace.js', String(megabytes), file, outcome, ...later];
  const { problem } = await bench.run({ tool: 'bare', args });
  if (problem) throw new Error(`the trace could not be made: ${problem}`);
  return file;
}
