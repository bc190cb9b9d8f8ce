// Programs whose libraries are the user's own code, with the caps as they come.
import { cases, cell, find, nameOf, table, timesBare, variants } from '../lib/results.mjs';
import { figure, median } from '../lib/stats.mjs';

// How often the work is done: once, and for about a second of bare node.
const programs = {
  parser: { title: 'acorn parses 247 kB', long: 60, library: 'acorn' },
  markdown: { title: 'marked renders 60 sections', long: 260, library: 'marked' },
  template: { title: 'handlebars compiles and renders a page', long: 650, library: 'handlebars' },
  'ray-tracer': { title: 'a ray tracer', long: 1000 },
};
const SLOW = ['appmap-node', 'njstrace'];

export const programRows = {
  name: 'programs',
  onEveryNode: true,
  async measure(bench) {
    const results = [];
    for (const [name, { title, long, library }] of Object.entries(programs)) {
      if (library && !bench.has(library)) continue;
      for (const [length, times] of [['once', 1], ...bench.size([['for a second', long]], [])]) {
        const run = (tool) => ({
          ...{ tool, cpu: true, args: ['real/main.js', name, String(times)] },
          rounds: SLOW.includes(tool) ? 1 : undefined,
        });
        // Where each call costs tens of microseconds, a second of work would take many minutes, and once is a minute.
        const taking = bench.tools.filter((tool) => length === 'once' || !SLOW.includes(tool));
        const compared = await bench.compare(`${title}, ${length}`, taking.map(run));
        sameOutcome(compared);
        results.push(...compared);
      }
    }
    return results;
  },
  render(results) {
    return ['ms', 'cpu']
      .map((name) =>
        table(
          [
            name === 'ms' ? 'time of the work, of bare node' : 'processor time of the process, of bare node',
            ...cases(results),
          ],
          [
            name === 'ms'
              ? ['calls in a µs of bare node', ...cases(results).map((title) => callRate(results, title))]
              : [],
            ...variants(results).map((variant) => [
              variant.tool === 'bare' ? 'bare node, in all' : nameOf(variant),
              ...cases(results).map((title) => {
                const result = find(results, title, variant.tool, variant.label);
                if (variant.tool === 'bare') return cell(result, (values) => values[name], 'ms');
                return cell(result, () => timesBare(results, result, name), '×');
              }),
            ]),
          ].filter((row) => row.length > 0),
        ),
      )
      .join('\n\n');
  },
  budgets: [
    {
      title: 'real programs, worst: time of the work, of bare node',
      most: 4,
      unit: '×',
      of: (results) => worst(results, 'ms'),
    },
    {
      title: 'real programs, worst: processor time, of bare node',
      most: 8,
      unit: '×',
      of: (results) => worst(results, 'cpu'),
    },
  ],
};

/** A tool under which a program does something else has measured something else. */
function sameOutcome(results) {
  const expected = results.find(({ tool }) => tool === 'bare').values.outcome?.[0];
  for (const result of results) {
    if (!result.problem && result.values.outcome.some((outcome) => outcome !== expected)) {
      Object.assign(result, { problem: 'another outcome', values: {} });
    }
  }
}

function callRate(results, title) {
  const [bare, handit] = [find(results, title, 'bare'), find(results, title, 'handit')];
  if (bare.problem || !handit?.counted) return '';
  return figure(handit.counted / (median(bare.values.ms) * 1000));
}

/** Of the program that suffers most. */
function worst(results, name) {
  const ratios = cases(results).map((title) => timesBare(results, find(results, title, 'handit'), name));
  return ratios.filter(Boolean).sort((a, b) => median(b) - median(a))[0];
}
