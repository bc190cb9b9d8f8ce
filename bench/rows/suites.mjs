// The tests of libraries, started as their authors start them: where most people meet handit.
//   HANDIT_BENCH_CHECKOUTS=~/express,~/koa npm run bench -- --only suites   also those of checkouts with their dependencies
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout, installed, LIBRARIES } from '../../scripts/mutants/libraries.mjs';
import { testCommand } from '../../scripts/mutants/suites.mjs';
import { cleanEnv } from '../lib/bench.mjs';
import { bytesBelow } from '../lib/files.mjs';
import { runToEnd } from '../lib/processes.mjs';
import { cell, nameOf, table, timesBare } from '../lib/results.mjs';
import { byMedian, median } from '../lib/stats.mjs';
import { register } from '../lib/tools.mjs';

const LONGEST_SECONDS = 100;
/** Its tests did not end in the time above when they were started from here. */
const LEFT_OUT = ['pino'];
/** Of a long suite, files from all over it. */
const MOST_FILES = 12;
// A library's own tests may fail, where they ask for the network.
const WHATEVER_IT_SAYS = ['sh', ['-c', '"$@" >/dev/null 2>&1; exit 0', 'suite']];

export const suites = {
  name: 'suites',
  onEveryNode: true,
  async measure(bench) {
    const checkouts = (process.env.HANDIT_BENCH_CHECKOUTS?.split(',') ?? []).map(checkout);
    // Results are told apart by name.
    const leftOut = [...LEFT_OUT, ...checkouts.map(({ name }) => name)];
    const libraries = LIBRARIES.filter(({ name }) => !leftOut.includes(name));
    const results = [];
    for (const project of bench.size([...libraries, ...checkouts], [small(bench.project)])) {
      const { name, folder, tests } = project.folder ? project : installed(project);
      const command = testCommand(folder, tests);
      const once = ({ tool }) => runSuite(bench.node, tool, folder, command);
      results.push(...(await bench.compare(name, [{ tool: 'bare' }, { tool: 'handit' }], { warmUp: true, once })));
    }
    return results;
  },
  render(results) {
    const row = (result) => {
      const ratio = (name) => (result.tool === 'bare' ? '' : cell(result, () => timesBare(results, result, name), '×'));
      return [
        result.tool === 'bare' ? result.case : '',
        nameOf(result),
        cell(result, ({ cpu }) => cpu, 'ms'),
        ratio('cpu'),
        cell(result, ({ wall }) => wall, 'ms'),
        ratio('wall'),
        result.tool === 'bare' ? '' : cell(result, ({ bytes }) => bytes.map((each) => each / 1e6), 'MB'),
      ];
    };
    const head = ['processor time', 'of bare node', 'from start to end', 'of bare node', 'trace'];
    return table(['tests of', '', ...head], results.map(row), 2);
  },
  budgets: [
    { title: 'tests of a library, the worst: processor time, of bare node', most: 1.25, unit: '×', of: worst('cpu') },
    { title: 'tests of a library, the worst: time, of bare node', most: 1.6, unit: '×', of: worst('wall') },
    {
      title: 'tests of all libraries: time, of bare node, on average',
      ...{ most: 1.25, unit: '×' },
      of(results) {
        const medians = ratios(results, 'wall').map(median);
        return medians.length > 0 ? [medians.reduce((sum, each) => sum + each, 0) / medians.length] : undefined;
      },
    },
  ],
};

function worst(name) {
  return (results) => byMedian(ratios(results, name)).at(-1);
}

function ratios(results, name) {
  return results
    .filter(({ tool }) => tool === 'handit')
    .map((each) => timesBare(results, each, name))
    .filter(Boolean);
}

async function runSuite(node, tool, folder, { args, files }) {
  const out = mkdtempSync(join(tmpdir(), 'handit-bench-suite-'));
  const env = { ...cleanEnv(), NODE_ENV: 'test', PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  if (tool === 'handit') {
    env.NODE_OPTIONS = `--import=${pathToFileURL(register.import)}`;
    env.HANDIT_OUTPUT_FILE = join(out, 'trace.jsonl');
  }
  const [shell, options] = WHATEVER_IT_SAYS;
  const line = [...options, node, ...args.slice(1), ...some(files)];
  try {
    const { wall, cpu, problem } = await runToEnd({
      ...{ command: shell, args: line, env, cwd: folder },
      ...{ cpu: true, seconds: LONGEST_SECONDS },
    });
    const values = { wall, ...(cpu !== undefined && { cpu }) };
    if (problem) return { values, problem };
    if (tool === 'bare') return { values };
    const bytes = bytesBelow(out);
    return bytes === 0 ? { values, problem: 'did not record' } : { values: { ...values, bytes } };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function some(files) {
  if (files.length <= MOST_FILES) return files;
  return Array.from({ length: MOST_FILES }, (_, i) => files[Math.floor((i * files.length) / MOST_FILES)]);
}

/** Of no library: tells whether the measuring works. */
function small(project) {
  const folder = join(project, 'suite');
  mkdirSync(join(folder, 'test'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "scripts": { "test": "node --test" } }');
  writeFileSync(join(folder, 'test/a.test.js'), "require('node:test')('adds', () => [1, 2].map((n) => n + 1));\n");
  return { name: 'one test', folder, tests: ['test'] };
}
