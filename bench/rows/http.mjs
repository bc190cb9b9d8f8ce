// Answers a second, of a client and of a server, every body recorded where a tool can.
import { cell, find, nameOf, overBare, shareRecorded, table, timesBare } from '../lib/results.mjs';
import { byMedian, pairwise } from '../lib/stats.mjs';

const clients = ['http', 'fetch', 'undici', 'axios', 'got'];
// Bytes of an answer, and requests at once.
const loads = [
  [1000, 1],
  [1000, 50],
  [100_000, 50],
];
/** Driven to their limit by a process that only writes to sockets, with a small order and five recorded calls for each. */
const frameworks = ['express', 'fastify'];
const DRIVEN = 50;
const ALL = { HANDIT_MAX_FILE_MB: '0' };
const OTHERS = ['opentelemetry', 'dd-trace', 'appmap-node'];

export const http = {
  name: 'http',
  onEveryNode: false,
  async measure(bench) {
    const seconds = bench.size(1, 0.1);
    const results = [];
    for (const side of bench.size([...clients, 'server'], ['http', 'fetch', 'server'])) {
      if (['undici', 'axios', 'got'].includes(side) && !bench.hasPackage(side)) continue;
      for (const [bytes, atOnce] of bench.size(loads, loads.slice(0, 1))) {
        // Others where it matters most: many small answers, once for each side.
        const here = bytes === 1000 && atOnce !== 1 && ['http', 'server'].includes(side);
        const others = here ? bench.tools.filter((tool) => OTHERS.includes(tool)) : [];
        const variants = ['bare', 'handit', ...others].map((tool) => ({ tool, env: ALL }));
        const title = `${side}, ${bytes / 1000} kB, ${atOnce} at once`;
        const once = (variant) => exchange(bench, variant, { side, bytes, atOnce, seconds });
        results.push(...(await bench.compare(title, variants, { once })));
      }
    }
    for (const framework of bench.size(frameworks, frameworks.slice(0, 1))) {
      if (!bench.hasPackage(framework)) continue;
      const variants = ['bare', 'handit'].map((tool) => ({ tool, env: ALL }));
      const once = (variant) => driven(bench, variant, framework, bench.size(2, 0.1));
      results.push(...(await bench.compare(titleOf(framework), variants, { once })));
    }
    return results;
  },
  render(results) {
    const row = (result) => [
      result.tool === 'bare' ? result.case : '',
      nameOf(result) + (result.problem ? '' : shareRecorded(result)),
      cell(result, ({ rate }) => rate),
      result.tool === 'bare' || result.problem ? '' : cell(result, () => timesBare(results, result, 'rate')),
      cell(result.problem ? undefined : result, ({ cpu }) => cpu, 'µs'),
      cell(result.problem ? undefined : result, bytesAnAnswer),
    ];
    const head = ['', '', 'answers a second', 'of bare node', 'processor time an answer', 'bytes of trace an answer'];
    return table(head, results.map(row), 2);
  },
  budgets: [
    rateBudget('HTTP clients, 1 kB, one at a time, the worst', 0.85, clients, '1 kB, 1 at once'),
    rateBudget('HTTP clients, 1 kB, 50 at once, the worst', 0.75, clients, '1 kB, 50 at once'),
    rateBudget('HTTP clients, 100 kB, the worst', 0.7, clients, '100 kB, 50 at once'),
    rateBudget('HTTP server, 1 kB', 0.85, ['server'], '1 kB, 50 at once'),
    rateBudget('HTTP server, 100 kB', 0.7, ['server'], '100 kB, 50 at once'),
    ...frameworks.flatMap((framework) => [
      {
        title: `${titleOf(framework)}: answers a second, of bare node`,
        ...{ least: framework === 'express' ? 0.6 : 0.4, unit: '×' },
        of: (all) => timesBare(all, find(all, titleOf(framework), 'handit'), 'rate'),
      },
      {
        title: `${titleOf(framework)}: processor time an answer, over bare node`,
        ...{ most: 25, unit: 'µs' },
        of: (all) => overBare(all, find(all, titleOf(framework), 'handit'), 'cpu'),
      },
      {
        title: `${titleOf(framework)}: bytes of trace an answer`,
        ...{ most: 1500, unit: 'bytes' },
        of: (all) => bytesAnAnswer(find(all, titleOf(framework), 'handit')?.values ?? {}),
      },
    ]),
  ],
};

function titleOf(framework) {
  return `${framework}, driven hard`;
}

async function driven(bench, variant, framework, seconds) {
  const { server, client } = await bench.runServer(
    { ...variant, proof: 'exchanges', args: ['framework-server.js', framework] },
    (port) => bench.run({ tool: 'bare', args: ['drive.js', port, DRIVEN, seconds].map(String) }),
  );
  return { ...server, values: { ...server.values, rate: client.values.rate } };
}

/** One of the two is recorded; the other is bare node. */
async function exchange(bench, variant, { side, bytes, atOnce, seconds }) {
  const ofServer = side === 'server';
  const [bare, recorded] = [{ tool: 'bare' }, { ...variant, proof: 'exchanges' }];
  const args = (port) => ['http-client.js', ofServer ? 'http' : side, port, bytes, atOnce, seconds].map(String);
  const { server, client } = await bench.runServer(
    { ...(ofServer ? recorded : bare), args: ['http-server.js'] },
    (port) => bench.run({ ...(ofServer ? bare : recorded), args: args(port) }),
  );
  if (!ofServer || client.problem) return client;
  return { ...server, values: { ...server.values, rate: client.values.rate } };
}

/** Nothing for those that have no file. */
function bytesAnAnswer({ bytes, calls }) {
  return bytes?.[0] > 0 ? pairwise(bytes, calls, (all, answers) => all / answers) : undefined;
}

/** Of several, the worst. */
function rateBudget(title, least, sides, load) {
  return {
    title: `${title}: answers a second, of bare node`,
    ...{ least, unit: '×' },
    of(results) {
      const ratios = sides.map((side) => timesBare(results, find(results, `${side}, ${load}`, 'handit'), 'rate'));
      return byMedian(ratios)[0];
    },
  };
}
