// What users are shown of the results: one table of handit, and one that compares it with other tools.
import { find, overBare, table, timesBare } from './results.mjs';
import { figure, median } from './stats.mjs';
import { timePerCall } from '../rows/process.mjs';
import { coldCode, timeOfThrow } from '../rows/short.mjs';
import { tools } from './tools.mjs';

/** Of each line: which row has measured it, and what is shown of it. */
const figures = [
  {
    title: 'a recorded call with two numbers, in the loop that makes it',
    row: 'calls',
    of: (all) => overBare(all, find(all, '`add(number, number)`', 'handit'), 'ns'),
    unit: 'ns',
  },
  {
    title: 'the same with its two lines in the file, all processor time',
    row: 'process',
    of: (all) => timePerCall(all, 'handit'),
    unit: 'ns',
  },
  {
    title: 'a call with an object of 10 keys',
    row: 'calls',
    of: (all) => overBare(all, find(all, '`pick(10-key object)`', 'handit'), 'ns'),
    unit: 'ns',
  },
  {
    title: 'an `await` of a recorded async function',
    row: 'calls',
    of: (all) => overBare(all, find(all, '`await later(number)`', 'handit'), 'ns'),
    unit: 'ns',
  },
  {
    title: 'the same in a program that has loaded a library',
    row: 'calls',
    of: (all) => overBare(all, find(all, '`await later(number)`, with a library loaded', 'handit'), 'ns'),
    unit: 'ns',
  },
  { title: 'an exception that is caught, with its two calls', row: 'short', of: (all) => timeOfThrow(all), unit: 'µs' },
  {
    title: 'a call after `HANDIT_MAX_CALLS`, which is only counted',
    row: 'calls',
    of: (all) => overBare(all, find(all, '`add(number, number)`', 'handit', 'beyond the cap'), 'ns'),
    unit: 'ns',
  },
  { title: 'start-up', row: 'start-up', of: (all) => startUp(all, 'handit', 'warm cache'), unit: 'ms' },
  {
    title: 'start-up, the first time (nothing in the cache)',
    row: 'start-up',
    of: (all) => startUp(all, 'handit', 'cold cache'),
    unit: 'ms',
  },
  { title: 'a script of 300 small tasks that run once', row: 'short', of: coldCode, unit: 'ms' },
  ...['find-my-way', 'fastify', 'express', 'koa', 'hono'].map((name) => ({
    title: `tests of ${name}, processor time`,
    row: 'suites',
    of: (all) => timesBare(all, find(all, name, 'handit'), 'cpu'),
    unit: '× of it',
  })),
  {
    title: 'memory, while 3 million calls are recorded',
    row: 'memory',
    of: (all) =>
      overBare(
        all,
        all.find(({ label }) => label === 'all calls in detail'),
        'megabytes',
      ),
    unit: 'MB',
  },
  ...httpFigures('HTTP server, 1 kB bodies', 'server, 1 kB, 50 at once'),
  ...httpFigures('HTTP server, 100 kB bodies', 'server, 100 kB, 50 at once'),
  ...httpFigures('HTTP client, 1 kB bodies', 'http, 1 kB, 50 at once'),
  ...httpFigures('HTTP client, 100 kB bodies', 'http, 100 kB, 50 at once'),
  ...['express', 'fastify'].map((name) => ({
    title: `${name} at its limit, five recorded calls an answer`,
    row: 'http',
    of: (all) => overBare(all, find(all, `${name}, driven hard`, 'handit'), 'cpu'),
    unit: 'µs an answer',
  })),
];

function httpFigures(title, name) {
  return [
    { title, row: 'http', of: (all) => timesBare(all, find(all, name, 'handit'), 'rate'), unit: '% of the rate' },
  ];
}

/** One column for each Node. */
export function resultsTable(measured) {
  const lines = figures.map(({ title, row, of, unit }) => [
    title,
    ...measured.map(({ rows }) => shown(rows[row] && of(rows[row].results), unit)),
  ]);
  return table(['over bare Node', ...measured.map(({ node }) => `Node ${node}`)], lines);
}

function shown(numbers, unit) {
  if (!numbers?.length) return '';
  const middle = median(numbers);
  if (unit.startsWith('%')) return `${Math.round(100 * middle)} ${unit}`;
  if (unit.startsWith('×')) return `${figure(middle)} ${unit}`;
  return `+${figure(middle)} ${unit}`;
}

const described = {
  handit: ['every call: arguments, result, error, caller; HTTP with all bodies', 'one JSON Lines file'],
  'appmap-node': [
    'every call: arguments, result, error, caller; HTTP with bodies of responses; SQL',
    'JSON files in `tmp/appmap`',
  ],
  opentelemetry: ['spans of HTTP and of dozens of libraries; no functions, no bodies', 'spans, sent to a collector'],
  'dd-trace': ['spans of HTTP and of dozens of libraries; no functions, no bodies', 'spans, sent to the Datadog agent'],
  'cpu-prof': ['samples of the stack, about one a millisecond; no values', 'a `.cpuprofile` file for a process'],
};

/** What handit is beside other tools, with what both cost on the Node that was measured in full. */
export function comparison(measured) {
  const full = fullyMeasured(measured);
  if (!full) return NOT_YET;
  const { process, 'start-up': start, http } = full.rows;
  const lines = Object.entries(described).map(([tool, texts]) => [
    tools[tool].title,
    ...texts,
    perCall(process.results, tool),
    shown(startUp(start.results, tool, tool === 'handit' ? 'warm cache' : undefined), 'ms'),
    ...['server', 'http'].map((side) => rateOf(http?.results ?? [], `${side}, 1 kB, 50 at once`, tool)),
  ]);
  const head = ['', 'what it records', 'output', 'a call', 'start-up', 'HTTP server', 'HTTP client'];
  return table(head, lines, 3);
}

/** Of bare node's requests a second. */
function rateOf(results, title, tool) {
  return shown(timesBare(results, find(results, title, tool), 'rate'), '%');
}

function perCall(results, tool) {
  const numbers = timePerCall(results, tool);
  if (!numbers) return 'not recorded';
  const ns = median(numbers);
  return ns < 1000 ? `${ns < 100 ? figure(ns) : Math.round(ns)} ns` : `${figure(ns / 1000)} µs`;
}

const NOT_YET = '_Not measured yet._';

/** A Node that was measured alone has the other tools in its rows as well. */
function fullyMeasured(measured) {
  const beside = measured.filter(({ rows }) => rows.process?.results.some(({ tool }) => tool === 'appmap-node'));
  return beside.find(({ rows }) => rows.http) ?? beside[0];
}

function startUp(results, tool, label) {
  return overBare(results, find(results, 'hello world', tool, label), 'wall');
}
