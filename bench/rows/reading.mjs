// What it costs to read a trace: the index of the reading core, beside a pass of JSON.parse over the same lines; and when
// `handit print` has its first line.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { cell, find, table } from '../lib/results.mjs';
import { over, ratio } from '../lib/stats.mjs';

const core = fileURLToPath(new URL('../../src/reader/node/open-trace.ts', import.meta.url));
const command = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const LARGE = '250 MB';
const LONG = '650 MB';
const HUGE = '1 GB';
const labels = {
  empty: 'the empty process',
  parse: '`JSON.parse` of each line',
  index: 'the index',
  print: '`handit print`',
};

export const reading = {
  name: 'reading',
  onEveryNode: false,
  async measure(bench) {
    const outfile = join(bench.project, 'node_modules/handit-reader.js');
    await build({ entryPoints: [core], outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning' });
    const results = [];
    for (const [title, megabytes, shown] of [
      [LARGE, bench.size(250, 2), Object.keys(labels)],
      [LONG, bench.size(650, 10), ['print']],
      [HUGE, bench.size(1000, 11), Object.keys(labels)],
    ]) {
      const file = join(bench.project, 'node_modules', `trace-${megabytes}.jsonl`);
      const { problem } = await bench.run({ tool: 'bare', args: ['make-trace.js', String(megabytes), file] });
      if (problem) throw new Error(`the trace could not be made: ${problem}`);
      results.push(
        ...(await bench.compare(
          title,
          shown.map((label) => ({ tool: 'bare', label, args: ['read-trace.js', label, file, command] })),
        )),
      );
      rmSync(file);
    }
    return results;
  },
  render(results) {
    return table(
      ['', 'calls', 'processor time', 'first line', 'held at most'],
      results.map((result) => [
        `${result.case}, ${labels[result.label]}`,
        cell(result, ({ calls }) => calls?.slice(-1)),
        cell(result, ({ seconds }) => seconds?.map((value) => value * 1000), 'ms'),
        cell(result, ({ first }) => first, 'ms'),
        cell(result, ({ megabytes }) => megabytes, 'MB'),
      ]),
    );
  },
  budgets: [
    {
      title: `index of ${LARGE}, processor time over a pass of JSON.parse`,
      ...{ most: 0.7, unit: '×' },
      of: (results) => compared(results, ratio, 'parse', 'seconds'),
    },
    {
      title: `index of ${LARGE}, memory over the empty process`,
      ...{ most: 150, unit: 'MB' },
      of: (results) => compared(results, over, 'empty', 'megabytes'),
    },
    {
      title: `index of ${HUGE}, memory in all`,
      ...{ most: 350, unit: 'MB' },
      of: (results) => find(results, HUGE, 'bare', 'index')?.values.megabytes,
    },
    {
      title: `\`handit print\` of ${LONG}, first line`,
      ...{ most: 300, unit: 'ms' },
      of: (results) => find(results, LONG, 'bare', 'print')?.values.first,
    },
    {
      title: `\`handit print\` of ${HUGE}, memory in all`,
      ...{ most: 300, unit: 'MB' },
      of: (results) => find(results, HUGE, 'bare', 'print')?.values.megabytes,
    },
  ],
};

function compared(results, by, label, name) {
  const own = find(results, LARGE, 'bare', 'index')?.values[name];
  const other = find(results, LARGE, 'bare', label)?.values[name];
  return own && other && by(own, other);
}
