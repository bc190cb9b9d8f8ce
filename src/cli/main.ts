import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { buildCallTrees, type ProcessTree } from '../reader/call-tree.js';
import { type DamagedLine, readTrace } from '../reader/node/read-trace.js';
import type { TraceRecord } from '../trace-format.js';
import { version } from '../version.js';
import { completionScript, SHELLS } from './completion.js';
import { diagnose } from './doctor.js';
import { duration } from './format-duration.js';
import { printTrees, treesAsJson } from './print.js';
import { mirror, runCommand, runProgram, StartError, type RunOptions, type RunResult } from './run.js';
import { selectNodes } from './select.js';
import { functionStats, type FunctionStats } from './stats.js';
import { summarize } from './summary.js';

const DEFAULT_FILE = 'handit_events.jsonl';

const HELP = `Usage:
  handit app.js [arguments]       run a Node program and record it
  handit -- npm test              run any command and record every Node process below it
  handit print [file]             the calls in a trace as a tree
  handit stats [file]             what each function cost
  handit doctor [file]            why nothing, or too little, was recorded
  handit completion bash|zsh|fish a script for the shell

The file is ${DEFAULT_FILE} unless one is given.

Options of print:
  --fn <regexp>     only functions whose name or "file::name" matches, and what leads to them
  --http            only HTTP exchanges
  --errors          only what failed
  --test <regexp>   only what was done in tests whose title matches
  --slow <ms>       only what took at least so long
Options of stats:
  --top <n>         so many functions (default: 30; 0: all)
Options of print, stats and doctor:
  --json            for programs: JSON, one value a line
General options:
  --help, --version
`;

/** Something the user can put right: one line, exit code 1. */
class UsageError extends Error {}

type Values = Record<string, string | boolean | undefined>;

interface Command {
  options: NonNullable<ParseArgsConfig['options']>;
  run(files: string[], values: Values): void;
}

const commands: Record<string, Command> = {
  print: {
    options: {
      fn: { type: 'string' },
      http: { type: 'boolean' },
      errors: { type: 'boolean' },
      test: { type: 'string' },
      slow: { type: 'string' },
      json: { type: 'boolean' },
    },
    run: print,
  },
  stats: { options: { top: { type: 'string' }, json: { type: 'boolean' } }, run: stats },
  doctor: { options: { json: { type: 'boolean' } }, run: doctor },
  completion: { options: {}, run: completion },
};

async function main(args: string[]): Promise<void> {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help' || first === '-h') return write(HELP);
  if (first === '--version' || first === '-v') return write(`${version}\n`);
  if (first === '--') {
    if (rest.length === 0)
      throw new UsageError('nothing to run: give a command behind "--", as in: handit -- npm test');
    return record(runCommand, rest);
  }
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (!command) {
    if (existsSync(first) || existsSync(`${first}.js`)) return record(runProgram, args);
    throw new UsageError(
      `unknown command or file "${first}"; allowed: ${Object.keys(commands).join(', ')}, a file to run, -- <command>, --help, --version`,
    );
  }
  if (rest.includes('--help') || rest.includes('-h')) return write(HELP);
  const { positionals, values } = parsed(first, command, rest);
  command.run(positionals, values);
}

function parsed(name: string, { options }: Command, args: string[]): { positionals: string[]; values: Values } {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    return { positionals, values: values as Values };
  } catch (error) {
    const allowed = [...Object.keys(options).map((option) => `--${option}`), '--help'].join(', ');
    const given = /'(-[^' ]*)/.exec((error as Error).message)?.[1];
    const option = given?.replace(/^--/, '') ?? '';
    if (Object.hasOwn(options, option)) {
      const needs = options[option].type === 'string' ? 'needs a value' : 'takes no value';
      throw new UsageError(`the option "--${option}" of ${name} ${needs}`);
    }
    throw new UsageError(`unknown option "${given ?? args.join(' ')}" of ${name}; allowed: ${allowed}`);
  }
}

// ------------------------------------------------------------------- recording

async function record(
  run: (args: readonly string[], options: RunOptions) => Promise<RunResult>,
  args: string[],
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
  mirror(result);
}

// --------------------------------------------------------------------- reading

function print(args: string[], values: Values): void {
  const file = oneFile('print', args);
  const damaged: DamagedLine[] = [];
  const filters = {
    fn: pattern('fn', values),
    test: pattern('test', values),
    slowNs: values.slow === undefined ? undefined : number('slow', values.slow) * 1e6,
    http: values.http === true,
    errors: values.errors === true,
  };
  const all = reading(file, damaged, (records) => buildCallTrees(records));
  const trees: readonly ProcessTree[] = selectNodes(all, filters);
  const lines = values.json ? treesAsJson(trees) : printTrees(trees, { color: wantsColor() });
  for (const line of lines) write(`${line}\n`);
  flush();
  if (all.length === 0) warn(`${file} is empty`);
  else if (trees.length === 0) warn(`nothing in ${file} passes these filters`);
  report(file, damaged);
}

function stats(args: string[], values: Values): void {
  const file = oneFile('stats', args);
  const damaged: DamagedLine[] = [];
  const top = values.top === undefined ? 30 : number('top', values.top);
  const all = reading(file, damaged, (records) => functionStats(records));
  const shown = top === 0 ? all : all.slice(0, top);
  if (values.json) for (const entry of shown) write(`${JSON.stringify(entry)}\n`);
  else for (const line of statsTable(shown)) write(`${line}\n`);
  flush();
  if (all.length === 0) warn(`${file} holds no calls`);
  else if (shown.length < all.length) warn(`${all.length - shown.length} more functions; --top 0 shows all`);
  report(file, damaged);
}

function doctor(args: string[], values: Values): void {
  const file = oneFile('doctor', args);
  const findings = diagnose({ file: resolve(file), env: process.env, cwd: process.cwd(), node: process.versions.node });
  for (const finding of findings) {
    const mark = { ok: 'ok  ', note: 'note', problem: 'FAIL' }[finding.level];
    write(values.json ? `${JSON.stringify(finding)}\n` : `${mark}  ${finding.text}\n`);
  }
  flush();
  if (findings.some(({ level }) => level === 'problem')) process.exitCode = 1;
}

function completion(args: string[]): void {
  const [shell] = args;
  const options = Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [
      name,
      [...Object.keys(command.options).map((option) => `--${option}`), '--help'],
    ]),
  );
  const script = shell === undefined ? undefined : completionScript(shell, options);
  if (script === undefined || args.length > 1) {
    throw new UsageError(
      `completion takes the name of a shell, and got "${args.join(' ')}"; allowed: ${SHELLS.join(', ')}`,
    );
  }
  write(script);
}

function oneFile(command: string, args: string[]): string {
  if (args.length > 1) throw new UsageError(`${command} takes one file, and got ${args.length}: ${args.join(', ')}`);
  return args[0] ?? DEFAULT_FILE;
}

function pattern(name: string, values: Values): RegExp | undefined {
  const text = values[name];
  if (typeof text !== 'string') return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`--${name} is not a regular expression: ${(error as Error).message}`);
  }
}

function number(name: string, value: string | boolean): number {
  const parsedNumber = Number(value);
  if (value === '' || !(parsedNumber >= 0)) {
    throw new UsageError(`--${name} is "${value}"; it must be a number of at least 0`);
  }
  return parsedNumber;
}

function reading<T>(file: string, damaged: DamagedLine[], read: (records: Iterable<TraceRecord>) => T): T {
  let seen = 0;
  function* counted(): Generator<TraceRecord> {
    for (const record of readTrace(file, (line) => damaged.push(line))) {
      seen++;
      progress(seen);
      yield record;
    }
  }
  let result: T;
  try {
    result = read(counted());
  } catch (error) {
    throw new UsageError(describeReadError(file, error as NodeJS.ErrnoException));
  } finally {
    progress(-1);
  }
  if (seen === 0 && damaged.length > 0) {
    throw new UsageError(`${file} is not a trace: line ${damaged[0].line} ${damaged[0].reason}`);
  }
  return result;
}

function report(file: string, damaged: DamagedLine[]): void {
  for (const { line, reason } of damaged) warn(`${file}:${line} ${reason}; the line is left out`);
}

function describeReadError(file: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') {
    return `there is no file ${file}; record one with: node --import handit/register app.js`;
  }
  if (error.code === 'EISDIR') return `${file} is a folder; give the file in it`;
  return `cannot read ${file}: ${error.message}`;
}

function statsTable(stats: readonly FunctionStats[]): string[] {
  const head = ['calls', 'total', 'self', 'p50', 'p99', 'errors', 'function'];
  const rows = stats.map((entry) => [
    String(entry.calls),
    ...[entry.total_ns, entry.self_ns, entry.p50_ns, entry.p99_ns].map(duration),
    String(entry.errors),
    `${entry.func}  ${entry.file}:${entry.line}`,
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  return [head, ...rows].map((row) =>
    row.map((cell, column) => (column === head.length - 1 ? cell : cell.padStart(widths[column]))).join('  '),
  );
}

// -------------------------------------------------------------------- terminal

const PROGRESS_EVERY = 200_000;

/** On a terminal, and only for long traces; -1 takes it away. */
function progress(records: number): void {
  if (!process.stderr.isTTY) return;
  if (records === -1) process.stderr.write('\r\x1b[K');
  else if (records % PROGRESS_EVERY === 0) process.stderr.write(`\r${(records / 1e6).toFixed(1)} million lines`);
}

function wantsColor(): boolean {
  return process.stdout.isTTY && !process.env.NO_COLOR;
}

let unwritten = '';

function write(text: string): void {
  unwritten += text;
  if (unwritten.length > 1 << 16) flush();
}

function flush(): void {
  process.stdout.write(unwritten);
  unwritten = '';
}

function warn(line: string): void {
  process.stderr.write(`handit: ${line}\n`);
}

// The reader of a pipe may have seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

main(process.argv.slice(2)).then(flush, (error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  flush();
  warn(error.message);
  process.exitCode = 1;
});
