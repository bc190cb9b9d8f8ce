import { asking } from './asking.mjs';
import { calls } from './calls.mjs';
import { comparing } from './comparing.mjs';
import { curves } from './curves.mjs';
import { http } from './http.mjs';
import { limits } from './limits.mjs';
import { memory } from './memory.mjs';
import { wholeProcess } from './process.mjs';
import { programRows } from './programs.mjs';
import { reading } from './reading.mjs';
import { report } from './report.mjs';
import { rewriting } from './rewriting.mjs';
import { short } from './short.mjs';
import { startUp } from './start-up.mjs';
import { suites } from './suites.mjs';

/**
 * @typedef {object} Row one kind of measurement
 * @property {string} name of `--only`, of the report's markers and of the results
 * @property {boolean} onEveryNode also on Node versions that are not the one measured in full
 * @property {(bench: Awaited<ReturnType<typeof import('../lib/bench.mjs').createBench>>) => Promise<import('../lib/bench.mjs').Result[]>} measure
 * @property {(results: import('../lib/bench.mjs').Result[]) => string} render the tables, as Markdown
 * @property {{ title: string, unit: string, most?: number, least?: number, mostOn?: { [major: string]: number }, of(results: import('../lib/bench.mjs').Result[]): number[] | undefined }[]} budgets
 */

/** @type {Row[]} */
export const rows = [
  limits,
  calls,
  wholeProcess,
  startUp,
  short,
  rewriting,
  programRows,
  suites,
  http,
  memory,
  curves,
  reading,
  asking,
  report,
  comparing,
];
