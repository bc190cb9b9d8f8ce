import { counted, missingOf } from '../reader/missing.js';
import { groupTries } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import { chooseProcesses, RUN_OPTIONS } from './choose-run.js';
import {
  type Command,
  type Given,
  JSON_OPTION,
  numberOption,
  patternOption,
  textOption,
  UsageError,
  type Values,
} from './command.js';
import { paint, widthOf } from './escape.js';
import { testFilter } from './filters.js';
import { duration } from './format-duration.js';
import { functionStats, type FunctionStats, quantile } from './function-stats.js';
import { nameOfInputs, openInputs } from './inputs.js';

/** What each function, route or test cost. */
export const statsCommand: Command = {
  usage: '[file...]',
  summary: 'what each function cost; with --http each route, with --tests each test',
  options: {
    http: { type: 'boolean', summary: 'a row for each route' },
    tests: { type: 'boolean', summary: 'a row for each test' },
    fn: { type: 'string', value: '<regexp>', summary: 'only functions whose name or "file::name" matches' },
    test: {
      type: 'string',
      value: '<text>',
      summary: 'only what was done in tests whose title has this text, or matches it',
    },
    sort: {
      type: 'string',
      value: '<column>',
      summary: 'sort by total, own, calls, errors, p50, p99 or name (default: total)',
    },
    top: { type: 'string', value: '<n>', summary: 'number of rows to show (default: 30; 0: all)' },
    ...RUN_OPTIONS,
    json: JSON_OPTION,
  },
  run: stats,
};

/** One row, whatever it is of; the name comes last in the table. */
interface Row {
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  readonly total_ns: number;
  readonly own_ns?: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
  readonly cells: readonly string[];
  /** As it is written with --json. */
  readonly value: object;
}

async function stats({ files, values, out }: Given): Promise<void> {
  const sort = sortOption(values);
  const top = numberOption(values, 'top') ?? 30;
  const trace = await openInputs(files);
  const chosen = chooseProcesses(trace, values);
  const { head, rows } = tableOf(trace, chosen, values);
  rows.sort(sort);
  const shown = top === 0 ? rows : rows.slice(0, top);
  if (values.json === true) for (const { value } of shown) out.json(value);
  else for (const line of tableLines(head, shown)) out.line(line);
  if (rows.length === 0) out.warn(`${nameOfInputs(files)} holds no calls`);
  else if (shown.length < rows.length)
    out.warn(`${counted(rows.length - shown.length, 'more row')}; --top 0 shows all`);
  const processes = trace.processes.filter(({ index }) => chosen.has(index));
  for (const text of missingOf(trace, processes)) out.warn(`not in these numbers: ${text}`);
  trace.close();
}

function sortOption(values: Values): (a: Row, b: Row) => number {
  const sort = textOption(values, 'sort') ?? 'total';
  const by: Record<string, (row: Row) => number> = {
    total: (row) => row.total_ns,
    own: (row) => row.own_ns ?? row.total_ns,
    calls: (row) => row.calls,
    errors: (row) => row.errors,
    p50: (row) => row.p50_ns,
    p99: (row) => row.p99_ns,
  };
  if (sort === 'name') return (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  if (!Object.hasOwn(by, sort)) {
    throw new UsageError(`--sort is "${sort}"; allowed: ${Object.keys(by).join(', ')}, name`);
  }
  return (a, b) => by[sort](b) - by[sort](a) || b.total_ns - a.total_ns || b.calls - a.calls;
}

function tableOf(trace: Trace, chosen: ReadonlySet<number>, values: Values): { head: string[]; rows: Row[] } {
  if (values.http === true && values.tests === true) throw new UsageError('give --http or --tests, not both');
  if (values.http === true) return { head: HTTP_HEAD, rows: routeRows(trace, chosen, inTests(trace, values)) };
  if (values.tests === true) return { head: TEST_HEAD, rows: testRows(trace, chosen, values) };
  return { head: FUNCTION_HEAD, rows: functionRows(trace, chosen, values) };
}

/** Whether a node is of a test that was asked for. */
function inTests(trace: Trace, values: Values): ((node: number) => boolean) | undefined {
  const passes = testFilter(groupTries(trace.tests), values);
  if (!passes) return undefined;
  const known = trace.tests.map(({ name }) => passes(name));
  return (node) => {
    const test = trace.testOf(node);
    return test !== -1 && known[test];
  };
}

// ------------------------------------------------------------------ functions

const FUNCTION_HEAD = ['calls', 'total', 'own', 'p50', 'p99', 'errors', 'function'];

function functionRows(trace: Trace, chosen: ReadonlySet<number>, values: Values): Row[] {
  const fn = patternOption(values, 'fn');
  const passes = inTests(trace, values);
  return functionStats(trace, chosen, passes ?? (() => true), !passes)
    .filter(({ func, file }) => !fn || fn.test(func) || fn.test(`${file}::${func}`))
    .map(functionRow);
}

function functionRow(entry: FunctionStats): Row {
  const { func, file, line, column, calls, recorded, errors, total_ns, own_ns, p50_ns, p99_ns, waits } = entry;
  const times = [duration(total_ns), `${waits ? '~' : ''}${duration(own_ns)}`, duration(p50_ns), duration(p99_ns)];
  const capped = recorded < calls ? ` (${recorded} recorded)` : '';
  const place = column > 0 ? `${file}:${line}:${column}` : `${file}:${line}`;
  return {
    ...{ name: func, calls, errors, total_ns, own_ns, p50_ns, p99_ns, value: entry },
    cells: [`${calls}${capped}`, ...times, String(errors), `${func}  ${paint.dim(place)}`],
  };
}

// --------------------------------------------------------------------- routes

const HTTP_HEAD = ['exchanges', 'total', 'p50', 'p99', 'failed', 'route'];

interface Group {
  errors: number;
  durations: number[];
}

function routeRows(trace: Trace, chosen: ReadonlySet<number>, passes?: (node: number) => boolean): Row[] {
  const groups = new Map<string, Group>();
  for (const { node, side, method, url } of trace.exchanges) {
    if (!chosen.has(trace.processOf(node)) || (passes && !passes(node))) continue;
    const name = `${side === 'server' ? 'answers ' : ''}${method} ${routeOf(url, side === 'client')}`;
    const group = groups.get(name) ?? { errors: 0, durations: [] };
    groups.set(name, group);
    if (trace.hasFailed(node)) group.errors++;
    group.durations.push(trace.nodes.dt[node]);
  }
  return [...groups].map(([name, { errors, durations }]) => {
    const ended = durations.filter((one) => one >= 0);
    return rowOfGroup(name, 'route', durations.length, errors, ended);
  });
}

/** Parts of a path that are an id are one route: numbers, uuids, long digits. */
export function routeOf(url: string, withHost: boolean): string {
  const [, host, path] = /^(\w+:\/\/[^/?#]*)?([^?#]*)/.exec(url) ?? [];
  const route = (path || '/').replace(
    /(?<=\/)(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|(?=[^/]*\d)[\w-]{20,})(?=\/|$)/gi,
    ':id',
  );
  return withHost ? `${(host ?? '').replace(/(\/\/(?:localhost|127\.0\.0\.1|\[::1\])):\d+$/, '$1')}${route}` : route;
}

// ---------------------------------------------------------------------- tests

const TEST_HEAD = ['tries', 'total', 'p50', 'p99', 'failed', 'test'];

function testRows(trace: Trace, chosen: ReadonlySet<number>, values: Values): Row[] {
  const groups = groupTries(trace.tests);
  const passes = testFilter(groups, values);
  return groups
    .filter(({ process, name }) => chosen.has(process) && (!passes || passes(name)))
    .map(({ name, tries, outcome }) => {
      const ended = tries.map(({ dt }) => dt).filter((one) => one >= 0);
      const failed = tries.filter((test) => test.outcome === 'failed').length;
      return rowOfGroup(
        `${name}${outcome === 'passed' ? '' : `  ${outcome ?? 'has not ended'}`}`,
        'test',
        tries.length,
        failed,
        ended,
      );
    });
}

function rowOfGroup(name: string, kind: string, count: number, errors: number, ended: number[]): Row {
  const total_ns = ended.reduce((sum, one) => sum + one, 0);
  const [p50_ns, p99_ns] = [quantile(ended, 0.5), quantile(ended, 0.99)];
  return {
    ...{ name, calls: count, errors, total_ns, p50_ns, p99_ns },
    cells: [String(count), duration(total_ns), duration(p50_ns), duration(p99_ns), String(errors), name],
    value: { [kind]: name, count, errors, total_ns, p50_ns, p99_ns },
  };
}

/** Columns to the right, but the last one. */
export function tableLines(head: readonly string[], rows: readonly { readonly cells: readonly string[] }[]): string[] {
  const table = [head, ...rows.map(({ cells }) => cells)];
  const widths = head.map((_, column) => Math.max(...table.map((row) => widthOf(row[column]))));
  return table.map((row) =>
    row
      .map((cell, column) => (column === head.length - 1 ? cell : ' '.repeat(widths[column] - widthOf(cell)) + cell))
      .join('  '),
  );
}
