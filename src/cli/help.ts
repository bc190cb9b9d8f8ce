import type { Command, Option } from './command.js';

const BEFORE = `Usage:
  handit app.js [arguments]  run a Node program and record it
  handit -- npm test         run any command and record every Node process it starts; where tests fail, say why
  handit --quiet -- npm test the same, without saying why
`;

const AFTER = `
A file is handit_events.jsonl unless one is given. It may be .gz or .zst, "-" is standard input, and a folder means all
*.jsonl files in it; several are read as one trace.
Exit code: 0 nothing found, 1 a difference or failure found, 2 wrong use or unreadable input.
`;

/** All commands. */
export function generalHelp(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(commands).map(([name, { usage, summary }]) => [`handit ${name} ${usage}`, summary]);
  rows.push(['handit <command> --help', 'the options of a command'], ['handit --version', '']);
  return `${BEFORE}\nCommands:\n${table(rows)}${AFTER}`;
}

/** One command with its options. */
export function commandHelp(name: string, { usage, summary, options }: Command): string {
  const rows = Object.entries(options).map(([option, { summary: what, value, short }]) => [
    `${short ? `-${short}, ` : ''}--${option}${value ? ` ${value}` : ''}`,
    what,
  ]);
  rows.push(['--help', '']);
  return `Usage: handit ${name} ${usage}\n\n${capitalized(summary)}.\n\nOptions:\n${table(rows)}`;
}

function table(rows: readonly string[][]): string {
  const width = Math.min(40, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd() + '\n').join('');
}

function capitalized(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

/** For messages: `--fn, --http, --help`. */
export function optionList(options: Readonly<Record<string, Option>>): string {
  return [...Object.keys(options), 'help'].map((option) => `--${option}`).join(', ');
}
