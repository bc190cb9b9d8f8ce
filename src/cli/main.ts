import { buildCallTrees } from '../reader/call-tree.js';
import { type DamagedLine, readTrace } from '../reader/read-trace.js';
import { version } from '../version.js';
import { printTrees } from './print.js';

const DEFAULT_FILE = 'handit_events.jsonl';

const HELP = `Usage: handit <command>

Commands:
  print [file]   the calls in a trace as a tree (default: ${DEFAULT_FILE})

Options:
  --help         this text
  --version      the version of handit

Record a trace with: node --import handit/register app.js
`;

/** Something the user can put right: one line, exit code 1. */
class UsageError extends Error {}

const commands = new Map([['print', print]]);

function main(args: string[]): void {
  const [command, ...rest] = args;
  if (command === undefined || args.includes('--help') || args.includes('-h')) return write(HELP);
  if (command === '--version' || command === '-v') return write(`${version}\n`);
  const run = commands.get(command);
  if (!run) {
    throw new UsageError(
      `unknown command "${command}"; allowed: ${[...commands.keys()].join(', ')}, --help, --version`,
    );
  }
  run(rest);
}

function print(args: string[]): void {
  const option = args.find((arg) => arg.startsWith('-'));
  if (option !== undefined) throw new UsageError(`unknown option "${option}" of print; allowed: --help`);
  if (args.length > 1) throw new UsageError(`print takes one file, and got ${args.length}: ${args.join(', ')}`);
  const [file = DEFAULT_FILE] = args;
  const damaged: DamagedLine[] = [];
  const trees = readTrees(file, damaged);
  if (trees.length === 0 && damaged.length > 0) {
    throw new UsageError(`${file} is not a trace: line ${damaged[0].line} ${damaged[0].reason}`);
  }
  for (const line of printTrees(trees, { color: wantsColor() })) write(`${line}\n`);
  flush();
  if (trees.length === 0) warn(`${file} is empty`);
  for (const { line, reason } of damaged) warn(`${file}:${line} ${reason}; the line is left out`);
}

function readTrees(file: string, damaged: DamagedLine[]) {
  try {
    return buildCallTrees(readTrace(file, (line) => damaged.push(line)));
  } catch (error) {
    throw new UsageError(describeReadError(file, error as NodeJS.ErrnoException));
  }
}

function describeReadError(file: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') {
    return `there is no file ${file}; record one with: node --import handit/register app.js`;
  }
  if (error.code === 'EISDIR') return `${file} is a folder; give the file in it`;
  return `cannot read ${file}: ${error.message}`;
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

try {
  main(process.argv.slice(2));
  flush();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  flush();
  warn(error.message);
  process.exitCode = 1;
}
