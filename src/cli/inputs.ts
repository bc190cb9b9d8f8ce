import { InputError, openTrace } from '../reader/node/open-trace.js';
import { counted } from '../reader/missing.js';
import type { Trace } from '../reader/trace.js';
import { UsageError } from './command.js';
import { warn } from './output.js';

export const DEFAULT_FILE = 'handit_events.jsonl';

/** What the files are called in a message. */
export function nameOfInputs(files: readonly string[]): string {
  return files.length === 0 ? DEFAULT_FILE : files.join(', ');
}

/** Opens the files that a command was given. What is damaged is said on stderr; what is no trace at all is refused. */
export async function openInputs(files: readonly string[]): Promise<Trace> {
  const end = watchProgress();
  let trace: Trace;
  try {
    trace = await openTrace(files.length === 0 ? [DEFAULT_FILE] : files, { onProgress: end.more });
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message);
    throw error;
  } finally {
    end.done();
  }
  const { bad, first } = trace.damage;
  if (bad > 0 && trace.processes.length === 0) {
    throw new UsageError(`${first[0].file} is not a trace: line ${first[0].line} ${first[0].reason}`);
  }
  sayDamage(trace);
  return trace;
}

/** The first three bad lines, and how many more there are. */
export function sayDamage({ damage }: Trace): void {
  for (const { file, line, reason } of damage.first) warn(`${file}:${line} ${reason}; the line is left out`);
  const more = damage.bad - damage.first.length;
  if (more > 0) warn(`${counted(more, 'more line')} left out`);
}

const PATIENCE_MS = 1000;

/** On a terminal, for what takes over a second. */
function watchProgress(): { more: (bytes: number) => void; done: () => void } {
  const began = Date.now();
  let bytes = 0;
  let said = 0;
  return {
    more(count) {
      bytes += count;
      if (!process.stderr.isTTY || Date.now() - Math.max(said, began) < PATIENCE_MS) return;
      said = Date.now();
      process.stderr.write(`\r${(bytes / 1e6).toFixed(0)} MB read`);
    },
    done() {
      if (said > 0) process.stderr.write('\r\x1b[K');
    },
  };
}
