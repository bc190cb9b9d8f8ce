// A call must not cost more the more functions, modules, frames, open calls or calls before it there are.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cell, find, overBare, table } from '../lib/results.mjs';

const ALL = { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' };

const curveList = [
  {
    title: 'functions called in turn',
    points: [1, 10, 100, 1000, 10_000],
    args: (bench, functions) => [`curves/functions.js`, String(functions), String(bench.size(200_000, 2000))],
    prepare: writeFunctions,
  },
  {
    title: 'frames below the call',
    points: [1, 10, 100, 1000, 4000],
    args: (bench, depth) => ['curves/depth.js', String(depth), String(bench.size(200_000, 2000))],
  },
  {
    title: 'async calls open at the same time',
    points: [1, 10, 100, 1000, 10_000],
    args: (bench, open) => ['curves/open.js', String(open), String(bench.size(200_000, 2000))],
  },
];

const MODULES = { title: 'modules', points: [10, 100, 1000] };
// Calls in each slice of one process, and how many have been made by its end.
const SLICES = [100_000, 400_000, 500_000, 1_000_000, 2_000_000, 4_000_000];
const DURATION = 'calls made before';
const DEEPEST = 'frames until the stack is full';

export const curves = {
  name: 'curves',
  onEveryNode: false,
  async measure(bench) {
    const results = [];
    for (const { title, points, args, prepare } of curveList) {
      for (const point of bench.size(points, points.slice(0, 1))) {
        prepare?.(bench, point);
        const both = ['bare', 'handit'].map((tool) => ({ tool, args: args(bench, point), env: ALL }));
        results.push(...(await bench.compare(`${title}: ${point}`, both)));
      }
    }
    for (const point of bench.size(MODULES.points, MODULES.points.slice(0, 1))) {
      writeModules(bench, point);
      const args = ['load-all.js', `modules-${point}`];
      const tools = [
        { tool: 'bare', args },
        { tool: 'handit', label: 'warm cache', args },
        { tool: 'handit', label: 'cold cache', args, env: (out) => ({ HANDIT_CACHE_DIR: join(out, 'cache') }) },
      ];
      results.push(...(await bench.compare(`${MODULES.title}: ${point}`, tools, { warmUp: true })));
    }
    const slices = SLICES.map((calls) => String(bench.size(calls, calls / 100)));
    for (const [title, args] of [
      [DURATION, ['curves/duration.js', ...slices]],
      [DEEPEST, ['curves/deepest.js']],
    ]) {
      const both = ['bare', 'handit'].map((tool) => ({ tool, args, env: ALL }));
      results.push(...(await bench.compare(title, both)));
    }
    return results;
  },
  render(results) {
    const measured = ({ title, points }) => points.filter((point) => find(results, `${title}: ${point}`, 'bare'));
    const calls = curveList.map((curve) => {
      const [title, points] = [curve.title, measured(curve)];
      return table(
        [title, ...points.map(String)],
        [
          [
            'bare node, a call',
            ...points.map((point) => cell(find(results, `${title}: ${point}`, 'bare'), ({ ns }) => ns, 'ns')),
          ],
          [
            'handit, over it',
            ...points.map((point) => {
              const result = find(results, `${title}: ${point}`, 'handit');
              return cell(result, () => overBare(results, result, 'ns'), 'ns');
            }),
          ],
        ],
      );
    });
    const [title, points] = [MODULES.title, measured(MODULES)];
    const each = (tool, label) =>
      points.map((point) => {
        const result = find(results, `${title}: ${point}`, tool, label);
        const ms = () => (tool === 'bare' ? result.values.ms : overBare(results, result, 'ms'));
        return cell(result, () => ms().map((all) => (all * 1000) / point), 'µs');
      });
    const loading = table(
      [title, ...points.map(String)],
      [
        ['bare node, loading one', ...each('bare')],
        ['handit, over it, warm cache', ...each('handit', 'warm cache')],
        ['handit, over it, cold cache', ...each('handit', 'cold cache')],
      ],
    );
    const before = SLICES.map((_, i) => SLICES.slice(0, i).reduce((sum, calls) => sum + calls, 0));
    const slice = (tool) =>
      SLICES.map((_, i) => cell(find(results, DURATION, tool), (values) => values[`ns${i}`], 'ns'));
    const duration = table(
      [DURATION, ...before.map((count) => (count >= 1e6 ? `${count / 1e6} million` : String(count)))],
      [
        ['bare node, a call', ...slice('bare')],
        ['handit, a call', ...slice('handit')],
      ],
    );
    const deepest = ['bare', 'handit'].map((tool) => cell(find(results, DEEPEST, tool), ({ frames }) => frames));
    const deep = table([DEEPEST, 'bare node', 'handit'], [['`f(n - 1)`', ...deepest]]);
    return [...calls, loading, duration, deep].join('\n\n');
  },
  budgets: [],
};

function writeFunctions(bench, count) {
  const folder = join(bench.project, 'many-functions');
  mkdirSync(folder, { recursive: true });
  const functions = Array.from({ length: count }, (_, i) => `function add${i}(a, b) {\n  return a + b + ${i};\n}\n`);
  const names = functions.map((_, i) => `add${i}`);
  writeFileSync(join(folder, `${count}.js`), `${functions.join('')}module.exports = [${names.join(', ')}];\n`);
}

function writeModules(bench, count) {
  const folder = join(bench.project, `modules-${count}`);
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    const functions = Array.from({ length: 20 }, (_, n) => `function f${n}(a, b) {\n  return a + b + ${i * n};\n}\n`);
    const all = functions.map((_, n) => `f${n}`).join(', ');
    writeFileSync(join(folder, `m${i}.js`), `${functions.join('')}exports.touch = () => 1;\nexports.all = [${all}];\n`);
  }
}
