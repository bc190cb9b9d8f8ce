// What it costs to ask a trace: in SQL, beside a pass of JSON.parse over the same lines, and by the server for coding agents.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cell, find, table } from '../lib/results.mjs';
import { ratio } from '../lib/stats.mjs';

const cli = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const SQL = 'a query of 150 MB';
const MCP = 'the server, 250 MB';
const labels = { parse: '`JSON.parse` of each line', first: 'the first query', later: 'a later query' };
const select = 'select func, count(*), sum(dt_ns) from calls group by 1 order by 3 desc limit 10';

export const asking = {
  name: 'asking',
  onEveryNode: false,
  async measure(bench) {
    const [small, large] = [bench.size(150, 21), bench.size(250, 2)];
    const [file, other] = [await traceOf(bench, small), await traceOf(bench, large)];
    const query = (env) => ({ tool: 'bare', args: ['query-trace.js', cli, file, select], env });
    const kept = { HANDIT_CACHE_DIR: join(bench.project, 'node_modules/kept') };
    await bench.run(query(kept));
    return [
      ...(await bench.compare(SQL, [
        { tool: 'bare', label: 'parse', args: ['read-trace.js', 'parse', file] },
        // Each has a cache of its own, which is empty.
        { ...query((out) => ({ HANDIT_CACHE_DIR: out })), label: 'first' },
        { ...query(kept), label: 'later' },
      ])),
      ...(await bench.compare(MCP, [{ tool: 'bare', label: 'mcp', args: ['ask-server.js', cli, other] }])),
    ];
  },
  render(results) {
    const sql = Object.entries(labels).map(([label, title]) => {
      const result = find(results, SQL, 'bare', label);
      return [
        `${SQL}: ${title}`,
        cell(result, ({ seconds }) => seconds.map((value) => value * 1000), 'ms'),
        cell(result, ({ megabytes }) => megabytes, 'MB'),
      ];
    });
    const mcp = find(results, MCP, 'bare', 'mcp');
    const answers = [
      ['until it has started', 'start'],
      ['the first answer, with the index', 'first'],
      ['a later answer', 'later'],
    ].map(([title, name]) => [
      `${MCP}: ${title}`,
      cell(mcp, (values) => values[name], 'ms'),
      cell(mcp, (values) => values.megabytes, 'MB'),
    ]);
    return `${table(['', 'processor time', 'held at most'], sql)}\n\n${table(['', 'wall time', 'held at most'], answers)}`;
  },
  budgets: [
    {
      title: `first query of 150 MB, processor time`,
      ...{ most: 4, unit: 's' },
      of: (results) => find(results, SQL, 'bare', 'first')?.values.seconds,
    },
    {
      title: `later query of 150 MB, processor time`,
      ...{ most: 0.5, unit: 's' },
      of: (results) => find(results, SQL, 'bare', 'later')?.values.seconds,
    },
    // The budgets were set where a pass of JSON.parse took 1.2 s.
    {
      title: `first query of 150 MB, processor time over a pass of JSON.parse`,
      ...{ most: 3.3, unit: '×' },
      of: (results) => overParse(results, 'first'),
    },
    {
      title: `later query of 150 MB, processor time over a pass of JSON.parse`,
      ...{ most: 0.42, unit: '×' },
      of: (results) => overParse(results, 'later'),
    },
    {
      title: `first query of 150 MB, memory`,
      ...{ most: 1000, unit: 'MB' },
      of: (results) => find(results, SQL, 'bare', 'first')?.values.megabytes,
    },
    {
      title: `start of the server for coding agents`,
      ...{ most: 300, unit: 'ms' },
      of: (results) => find(results, MCP, 'bare', 'mcp')?.values.start,
    },
  ],
};

function overParse(results, label) {
  const [own, parse] = [label, 'parse'].map((name) => find(results, SQL, 'bare', name)?.values.seconds);
  return own && parse && ratio(own, parse);
}

async function traceOf(bench, megabytes) {
  const file = join(bench.project, 'node_modules', `trace-${megabytes}.jsonl`);
  const { problem } = await bench.run({ tool: 'bare', args: ['make-trace.js', String(megabytes), file] });
  if (problem) throw new Error(`the trace could not be made: ${problem}`);
  return file;
}
