// Programs whose libraries are the user's own code, with the caps as they come.
import { cell, find, nameOf, table, timesBare } from '../lib/results.mjs';
import { byMedian, figure, median } from '../lib/stats.mjs';

// How often the work is done: once, and for about a second of bare node.
const programs = {
  parser: { title: 'acorn parses 247 kB', long: 60, library: 'acorn' },
  markdown: { title: 'marked renders 60 sections', long: 260, library: 'marked' },
  template: { title: 'handlebars compiles and renders a page', long: 650, library: 'handlebars' },
  'ray-tracer': { title: 'a ray tracer', long: 1000 },
};
const FAST = ['bare', 'handit', 'cpu-prof'];
const SLOW = ['appmap-node', 'njstrace'];
const ONCE = 'once';
const LONG = 'for a second';

export const programRows = {
  name: 'programs',
  onEveryNode: true,
  async measure(bench) {
    const results = [];
    for (const [name, { title, long, library }] of Object.entries(programs)) {
      if (library && !bench.has(library)) continue;
      const once = bench.full ? [[ONCE, 1]] : [];
      for (const [length, times] of [...once, ...bench.size([[LONG, long]], [])]) {
        const run = (tool) => ({
          ...{ tool, cpu: true, args: ['real/main.js', name, String(times)] },
          rounds: SLOW.includes(tool) ? 1 : undefined,
        });
        // Where each call costs tens of microseconds, a second of work would take many minutes, and once is a minute.
        const taking = bench.tools.filter((tool) => FAST.includes(tool) || (length === ONCE && SLOW.includes(tool)));
        const compared = await bench.compare(`${title}, ${length}`, taking.map(run));
        sameOutcome(compared);
        results.push(...compared);
      }
    }
    return results;
  },
  render(results) {
    const row = (result) => {
      const ratio = (name) => (result.tool === 'bare' ? '' : cell(result, () => timesBare(results, result, name), '×'));
      const { problem } = result;
      return [
        result.tool === 'bare' ? result.case : '',
        nameOf(result),
        problem ? '' : cell(result, ({ ms }) => ms, 'ms'),
        ratio('ms'),
        problem ? '' : cell(result, ({ cpu }) => cpu, 'ms'),
        problem ? '' : ratio('cpu'),
        result.tool === 'bare' ? callRate(results, result) : '',
      ];
    };
    const head = ['time of the work', 'of bare node', 'processor time', 'of bare node', 'calls in a µs'];
    return table(['', '', ...head], results.map(row), 2);
  },
  budgets: [
    budget(ONCE, 'time', 'ms', 5),
    budget(ONCE, 'processor time', 'cpu', 8),
    budget(LONG, 'time', 'ms', 3),
    budget(LONG, 'processor time', 'cpu', 8),
  ],
};

/** Of the program that suffers most. */
function budget(length, what, name, most) {
  return {
    title: `real programs, ${length}, the worst: ${what}, of bare node`,
    ...{ most, unit: '×' },
    of(results) {
      const ours = results.filter(({ tool, case: title }) => tool === 'handit' && title.endsWith(length));
      return byMedian(ours.map((result) => timesBare(results, result, name))).at(-1);
    },
  };
}

/** A tool under which a program does something else has measured something else. */
function sameOutcome(results) {
  const expected = results.find(({ tool }) => tool === 'bare').values.outcome?.[0];
  for (const result of results) {
    if (!result.problem && result.values.outcome.some((outcome) => outcome !== expected)) {
      Object.assign(result, { problem: 'another outcome', values: {} });
    }
  }
}

function callRate(results, bare) {
  const handit = find(results, bare.case, 'handit');
  if (bare.problem || !handit?.counted) return '';
  return figure(handit.counted / (median(bare.values.ms) * 1000));
}
