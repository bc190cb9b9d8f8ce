import type { Config } from '../config.js';
import { jsonStringify } from '../intrinsics.js';
import { processFacts } from '../process/process-facts.js';
import { quote } from '../recorder/quote.js';
import { argvWithoutSecrets, redactText } from '../recorder/redact.js';
import { threadId } from '../thread.js';
import { version } from '../version.js';

/** A record as a line; `_ns` fields are digits already and go in as numbers. */
export function line(record: Record<string, unknown>): string {
  const fields = Object.entries(record).flatMap(([key, value]) =>
    value === undefined ? [] : [`"${key}":${key === 'ts_ns' ? (value as string) : toJson(value)}`],
  );
  return `{${fields.join(',')}}\n`;
}

function toJson(value: unknown): string {
  return typeof value === 'string' ? quote(value) : jsonStringify(value);
}

export interface ProcessStart {
  proc: string;
  config: Config;
  started: string;
  isSecret: (key: string) => boolean;
  broken: (error: unknown) => void;
}

export function processStart({ proc, config, started, isSecret, broken }: ProcessStart): string {
  const program = process.argv[1] ?? '';
  return line({
    type: 'process_start',
    proc,
    ts_ns: started,
    schema: 1,
    handit: version,
    node: process.version,
    pid: process.pid,
    ppid: process.ppid,
    tid: threadId,
    argv: argvWithoutSecrets(process.argv, isSecret),
    cwd: config.cwd,
    platform: process.platform,
    ...processFacts({
      ...{ cwd: config.cwd, env: process.env, program, execArgv: process.execArgv, broken },
      withoutSecrets: (text) => redactText(text, isSecret),
    }),
  });
}
