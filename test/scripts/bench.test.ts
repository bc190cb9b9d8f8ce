import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository, runNode, tempProject } from '../helpers/run.js';

const script = join(repository, 'bench/run.mjs');
const rows = [
  'limits',
  'calls',
  'process',
  'start-up',
  'short',
  'rewriting',
  'programs',
  'suites',
  'http',
  'memory',
  'curves',
  'reading',
  'asking',
  'report',
  'comparing',
];
const major = process.versions.node.split('.')[0];

interface Result {
  case: string;
  tool: string;
  values: Record<string, number[]>;
  problem?: string;
}

function bench(...args: string[]) {
  // No competitor is there, and none is fetched.
  const env = { HANDIT_BENCH_CACHE: join(tempProject({}), 'none') };
  return runNode(process.execPath, [script, ...args], { cwd: repository, env, timeout: 170_000 });
}

function render(results: string, reports: string) {
  return bench('--render', '--results', results, '--reports', reports);
}

const reportsIn = (folder: string) =>
  ['README.md', 'docs/performance.md', 'bench/README.md'].map((file) => readFileSync(join(folder, file), 'utf8'));

describe('the benchmark', () => {
  test('runs, and makes its report of what it measured', async () => {
    const folder = tempProject({});
    const [file, first, again] = ['results.json', 'first', 'again'].map((name) => join(folder, name));
    const run = await bench('--quick', '--results', file, '--reports', first);
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 0, stdout: '' });

    const results = JSON.parse(readFileSync(file, 'utf8'));
    const measured: Record<string, { results: Result[] }> = results.nodes[major].rows;
    expect(Object.keys(measured)).toEqual(rows);
    for (const row of rows) {
      const ours = measured[row].results.filter(({ tool }) => tool === 'bare' || tool === 'handit');
      expect(ours.map(({ case: title, tool, problem }) => ({ title, tool, problem }))).toEqual(
        ours.map(({ case: title, tool }) => ({ title, tool, problem: undefined })),
      );
      expect(ours.some(({ tool }) => tool === 'handit')).toBe(
        !['limits', 'reading', 'asking', 'report', 'comparing'].includes(row),
      );
    }

    // Another figure in the results is another figure in the report, and the only one that changes.
    expect((await render(file, again)).code).toBe(0);
    expect(reportsIn(again)).toEqual(reportsIn(first));
    measured.limits.results[0].values.clock = [123_456];
    writeFileSync(file, JSON.stringify(results));
    await render(file, again);
    const words = (path: string) =>
      reportsIn(path)
        .join('')
        .split(/[\s|-]+/);
    const [before, after] = [words(first), words(again)];
    expect(after.filter((word, i) => word !== before[i])).toEqual(['123456']);
  }, 180_000);

  test('has made the tables of README.md, docs/performance.md and bench/README.md of bench/results.json', async () => {
    const copies = tempProject({});
    expect((await render(join(repository, 'bench/results.json'), copies)).code).toBe(0);
    expect(reportsIn(copies)).toEqual(reportsIn(repository));
  });

  test('names what can be asked for when it is asked for something else', async () => {
    const { code, stderr } = await bench('--only', 'nothing');
    expect({ code, stderr }).toEqual({ code: 1, stderr: `bench: --only nothing is none of ${rows.join(', ')}\n` });
  });
});
