// How fast sources are read for the first time.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cell, find, nameOf, overBare, table } from '../lib/results.mjs';

const CASE = 'loading';

export const rewriting = {
  name: 'rewriting',
  onEveryNode: false,
  async measure(bench) {
    const megabytes = writeSources(bench, 'sources');
    const args = ['load-all.js', 'sources'];
    const others = bench.tools.filter((tool) => tool !== 'bare' && tool !== 'handit');
    const results = await bench.compare(
      CASE,
      [
        { tool: 'bare', args },
        { tool: 'handit', label: 'cold cache', args, env: (out) => ({ HANDIT_CACHE_DIR: join(out, 'cache') }) },
        { tool: 'handit', label: 'warm cache', args },
        ...others.map((tool) => ({ tool, args })),
      ],
      { warmUp: true },
    );
    for (const { values, problem } of results) if (!problem) values.megabytes = values.ms.map(() => megabytes);
    return results;
  },
  render(results) {
    const megabytes = find(results, CASE, 'bare').values.megabytes[0];
    const row = (result) => [
      nameOf(result),
      cell(result, ({ ms }) => ms, 'ms'),
      result.tool === 'bare' || result.problem ? '' : cell(result, () => rate(results, result), 'MB/s'),
    ];
    return table(
      [`loading ${megabytes.toFixed(1)} MB of source`, 'time', 'a second, over bare node'],
      results.map(row),
    );
  },
  budgets: [
    {
      title: 'rewriting, cold, of source',
      ...{ least: 8, unit: 'MB/s' },
      of: (results) => rate(results, find(results, CASE, 'handit', 'cold cache')),
    },
  ],
};

function rate(results, result) {
  return overBare(results, result, 'ms')?.map((ms) => (result.values.megabytes[0] / ms) * 1000);
}

/** Real libraries, several times with a difference, for what is the same is rewritten once. Returns how many megabytes. */
function writeSources(bench, name) {
  const libraries = join(bench.project, 'libraries');
  const folder = join(bench.project, name);
  const sources = readdirSync(libraries).map((file) => readFileSync(join(libraries, file), 'utf8'));
  if (sources.length === 0) sources.push(readFileSync(join(bench.project, 'real/ray-tracer.js'), 'utf8'));
  if (!existsSync(folder)) mkdirSync(folder);
  let bytes = 0;
  for (let copy = 0; copy < bench.size(8, 1); copy++) {
    sources.forEach((source, i) => {
      const file = join(folder, `module-${i}-${copy}.js`);
      writeFileSync(file, `${source}\n;module.exports = { touch() { return 1; }, copy: ${copy} };\n`);
      bytes += statSync(file).size;
    });
  }
  return bytes / 1e6;
}
