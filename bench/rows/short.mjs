// What is over before it is fast: code that runs for the first time, and exceptions that are caught.
import { cell, find, nameOf, overBare, table } from '../lib/results.mjs';

const TASKS = '300 tasks, five at a time';
const ALL = { HANDIT_MAX_CALLS: '0', HANDIT_MAX_FILE_MB: '0' };
const throws = [
  { title: '200,000 equal exceptions, caught', times: 200_000, kind: 'equal' },
  { title: '20,000 equal exceptions, caught', times: 20_000, kind: 'equal' },
  { title: '20,000 exceptions with messages of their own, caught', times: 20_000, kind: 'different' },
];

export const short = {
  name: 'short',
  onEveryNode: true,
  async measure(bench) {
    const tools = ['bare', 'handit'];
    const results = await bench.compare(
      TASKS,
      tools.map((tool) => ({ tool, cpu: true, args: ['tasks.js'] })),
      { times: bench.size(3, 1), warmUp: true },
    );
    for (const { title, times, kind } of bench.size(throws, throws.slice(0, 1))) {
      const args = ['throws.js', String(bench.size(times, 100)), kind];
      const variants = tools.map((tool) => ({ tool, args, env: ALL }));
      results.push(...(await bench.compare(title, variants, { warmUp: true })));
    }
    return results;
  },
  render(results) {
    const row = (result) => {
      const [name, unit] = result.case === TASKS ? ['cpu', 'ms'] : ['us', 'µs each'];
      return [
        result.tool === 'bare' ? result.case : '',
        nameOf(result),
        cell(result, (values) => values[name], unit),
        result.tool === 'bare' ? '' : cell(result, () => overBare(results, result, name), unit),
      ];
    };
    const head = ['', '', 'processor time', 'over bare node'];
    return table(head, results.map(row), 2);
  },
  budgets: [
    {
      title: `cold code, ${TASKS}: processor time over bare node`,
      ...{ most: 30, unit: 'ms' },
      of: coldCode,
    },
    ...throws.map(({ title }) => ({
      title: `${title}: each, over bare node`,
      ...{ most: 5, unit: 'µs' },
      of: (results) => timeOfThrow(results, title),
    })),
  ],
};

/** Milliseconds of processor time over bare node. */
export function coldCode(results) {
  return overBare(results, find(results, TASKS, 'handit'), 'cpu');
}

/** Microseconds of processor time over bare node for an exception and its two recorded calls. */
export function timeOfThrow(results, title = throws[0].title) {
  return overBare(results, find(results, title, 'handit'), 'us');
}
