import { counted, missingOf } from '../reader/missing.js';
import { groupTries } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import { paint } from './escape.js';
import { duration } from './format-duration.js';
import { processLine } from './node-line.js';

const MOST = 10;

/** What a long tree begins with: processes, failed tests, requests, the slowest functions, what is missing. */
export function overviewLines(trace: Trace, chosen: ReadonlySet<number>): string[] {
  const processes = trace.processes.filter(({ index }) => chosen.has(index));
  const lines = [paint.bold(`${counted(trace.runs.length, 'run')} in the file; of the one shown:`)];
  for (const process of processes.slice(0, MOST)) lines.push(`  ${processLine(trace, process)}`);
  if (processes.length > MOST) lines.push(`  … ${counted(processes.length - MOST, 'more process', 'more processes')}`);
  lines.push(...testLines(trace, chosen), ...exchangeLines(trace, chosen), ...slowLines(trace, chosen));
  for (const text of missingOf(trace, processes)) lines.push(paint.yellow(`missing: ${text}`));
  lines.push(paint.dim('see a part: handit print --failed, --errors, --http, --fn <regexp>, --depth 2'));
  return lines;
}

function testLines(trace: Trace, chosen: ReadonlySet<number>): string[] {
  const groups = groupTries(trace.tests).filter(({ process }) => chosen.has(process));
  if (groups.length === 0) return [];
  const failed = groups.filter(({ outcome }) => outcome === 'failed');
  const lines = [paint.bold(`${counted(groups.length, 'test')}, ${failed.length} failed`)];
  for (const { name } of failed.slice(0, MOST)) lines.push(paint.red(`  failed: ${name}`));
  if (failed.length > MOST) lines.push(`  … ${counted(failed.length - MOST, 'more')}`.replace('mores', 'more'));
  return lines;
}

function exchangeLines(trace: Trace, chosen: ReadonlySet<number>): string[] {
  const exchanges = trace.exchanges.filter(({ node }) => chosen.has(trace.processOf(node)));
  if (exchanges.length === 0) return [];
  const failed = exchanges.filter(({ node }) => trace.hasFailed(node));
  return [paint.bold(`${counted(exchanges.length, 'HTTP exchange')}, ${failed.length} failed or answered from 400`)];
}

function slowLines(trace: Trace, chosen: ReadonlySet<number>): string[] {
  const { nodes } = trace;
  const slowest: number[] = [];
  for (let node = 0; node < nodes.count; node++) {
    if (nodes.dt[node] <= (slowest.length < MOST ? 0 : nodes.dt[slowest[MOST - 1]])) continue;
    if (trace.isExchange(node) || !chosen.has(trace.processOf(node))) continue;
    slowest.push(node);
    slowest.sort((a, b) => nodes.dt[b] - nodes.dt[a]);
    slowest.length = Math.min(slowest.length, MOST);
  }
  if (slowest.length === 0) return [];
  return [
    paint.bold('slowest calls'),
    ...slowest.map((node) => {
      const { func, file, line } = trace.functionOf(node)!;
      return `  ${duration(nodes.dt[node]).padStart(9)}  ${func}  ${file}:${line}  ${trace.nameOf(node)}`;
    }),
  ];
}
