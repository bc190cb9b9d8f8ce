import type { Output } from './output.js';

/** One word after `handit`. A command is a file of its own, and a line in `commands.ts`. */
export interface Command {
  /** What stands after the name: `[file...]`. */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** By name, without the dashes. */
  readonly options: Readonly<Record<string, Option>>;
  /** May set `process.exitCode`: 0 nothing found, 1 a difference or a failure found. `UsageError` makes it 2. */
  run(given: Given): void | Promise<void>;
}

export interface Option {
  readonly type: 'boolean' | 'string';
  /** What the value is called in the help: `<ms>`. */
  readonly value?: string;
  /** One letter, for those that are typed every day. */
  readonly short?: string;
  /** May be given more than once. */
  readonly multiple?: true;
  readonly summary: string;
}

export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** What was typed after the name of the command. */
export interface Given {
  readonly files: readonly string[];
  readonly values: Values;
  readonly out: Output;
  /** The whole table. */
  readonly commands: Readonly<Record<string, Command>>;
}

/** Something the user can put right: one line on stderr, and exit code 2. */
export class UsageError extends Error {}

/** The option's text; undefined where it was not given. */
export function textOption(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

export function patternOption(values: Values, name: string): RegExp | undefined {
  const text = textOption(values, name);
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`--${name} is not a regular expression: ${(error as Error).message}`);
  }
}

/** A number of at least 0. */
export function numberOption(values: Values, name: string): number | undefined {
  const text = textOption(values, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) {
    throw new UsageError(`--${name} is "${text}"; it must be a number of at least 0`);
  }
  return value;
}

/** Milliseconds, as a number or with its unit: 250, 250ms, 2s. */
export function timeOption(values: Values, name: string): number | undefined {
  const text = textOption(values, name);
  const [, amount, unit] = /^\s*([\d.]+)(ms|s)\s*$/.exec(text ?? '') ?? [];
  if (amount === undefined) return numberOption(values, name);
  return numberOption({ [name]: amount }, name)! * (unit === 's' ? 1000 : 1);
}

export const JSON_OPTION: Option = { type: 'boolean', summary: 'for programs: JSON, one value a line' };
