import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { segmentsOf } from '../reader/node/open-trace.js';
import { UsageError } from './command.js';
import { DEFAULT_FILE } from './inputs.js';
import { warn } from './output.js';
import { mirror, runCommand, runProgram, StartError, type RunOptions, type RunResult } from './run.js';
import { summarize } from './summary.js';
import { verdict } from './verdict.js';

/** `handit app.js`: a Node program under the agent. */
export function recordProgram(args: readonly string[]): Promise<void> {
  return record(runProgram, args);
}

/** `handit -- npm test`: any command, with every Node process that it starts under the agent. */
export function recordCommand(args: readonly string[], quiet = false): Promise<void> {
  return record(runCommand, args, quiet);
}

async function record(
  run: (args: readonly string[], options: RunOptions) => Promise<RunResult>,
  args: readonly string[],
  quiet = true,
): Promise<void> {
  const options = {
    register: join(__dirname, 'register.cjs'),
    env: process.env,
    cwd: process.cwd(),
    defaultFile: DEFAULT_FILE,
  };
  let result: RunResult;
  try {
    result = await run(args, options);
  } catch (error) {
    if (error instanceof StartError) throw new UsageError(error.message);
    throw error;
  }
  for (const line of summarize(result)) warn(line);
  if (!quiet && result.code !== 0 && (existsSync(result.file) || segmentsOf(result.file).length > 0)) {
    for (const line of await verdict(result.file)) warn(line);
  }
  mirror(result);
}
