import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TraceRecord } from '../../src/trace-format.js';
import { installHandit, runNode, tempProject, type RunOptions, type RunResult } from './run.js';
import { readTrace, validateTrace } from './trace.js';

export interface TracedResult extends RunResult {
  /** Every line of the trace, validated. Empty when there is none. */
  records: TraceRecord[];
}

export interface Programs {
  folder: string;
  /** Runs it with an empty preload of the same kind, which already changes a few things in Node. */
  bare(nodePath: string, args: string[], options?: ProgramOptions): Promise<RunResult>;
  /** Runs it under the agent. */
  traced(nodePath: string, args: string[], options?: ProgramOptions): Promise<TracedResult>;
}

export interface ProgramOptions extends RunOptions {
  /** Default: `--import`. */
  flag?: '--import' | '--require';
}

/** A project with these files and handit installed in it. */
export function programs(files: Record<string, string>): Programs {
  const folder = tempProject({ ...files, 'node_modules/empty/empty.mjs': '', 'node_modules/empty/empty.cjs': '' });
  installHandit(folder);
  const preload = (flag: string, name: string): string => {
    const file = join(folder, 'node_modules', name);
    return flag === '--import' ? pathToFileURL(`${file}.mjs`).href : `${file}.cjs`;
  };
  let runs = 0;
  return {
    folder,
    bare(nodePath, args, { flag = '--import', ...options } = {}) {
      return runNode(nodePath, [flag, preload(flag, 'empty/empty'), ...args], { cwd: folder, ...options });
    },
    async traced(nodePath, args, { flag = '--import', ...options } = {}) {
      const agent = flag === '--import' ? 'handit/register' : 'handit/dist/register';
      const output = join(folder, 'node_modules', `trace-${++runs}.jsonl`);
      const env = { HANDIT_OUTPUT_FILE: output, ...options.env };
      const result = await runNode(nodePath, [flag, preload(flag, agent), ...args], { cwd: folder, ...options, env });
      if (!existsSync(output)) return { ...result, records: [] };
      validateTrace(output);
      const records = readTrace(output);
      rmSync(output);
      return { ...result, records };
    },
  };
}

/** What Node warns of names its process. */
export function withoutPid(run: RunResult): RunResult {
  return { ...run, stderr: run.stderr.replace(/\(node:\d+\)/g, '(node)') };
}

/** Runs `task` for each item, `atOnce` of them at a time, and answers the results in the order of the items. */
export async function eachAtOnce<T, R>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await task(items[index]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
