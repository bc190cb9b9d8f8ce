import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { causesOf, compareSides, type Comparison } from '../compare/compare.js';
import { lastGreen, runText } from '../compare/find-base.js';
import { comparisonJson } from '../compare/json.js';
import { learn } from '../compare/learn.js';
import { NOISE_FILE, noiseText, parseNoise, type NoiseRule } from '../compare/noise.js';
import { comparisonLines, headline, type Line } from '../compare/report-lines.js';
import { lastRun, Side } from '../compare/side.js';
import { isBroken } from '../compare/units.js';
import { compareWithin } from '../compare/within.js';
import { diffLines } from '../mcp/failures.js';
import { markdownOf } from '../mcp/markdown.js';
import { type Command, type Given, JSON_OPTION, textOption, UsageError, type Values } from './command.js';
import { paint } from './escape.js';
import { openInputs } from './inputs.js';

/** Two runs compared by value: the calls that differ, and which of them is the cause. */
export const diffCommand: Command = {
  usage: '[<base> <new>]',
  summary: 'what differs between two runs, and the function that is the cause',
  options: {
    base: {
      type: 'string',
      value: 'last-green',
      summary: 'the latest earlier run of the file in which the tests that fail now passed (default with one file)',
    },
    within: { type: 'boolean', summary: 'suspects from the failed run alone, without a base' },
    noise: {
      type: 'string',
      value: '<file>',
      multiple: true,
      summary: `a trace of the same code as the base, or a file of rules (default: ${NOISE_FILE} beside package.json)`,
    },
    learn: { type: 'boolean', summary: 'write rules for what differs between green runs; give two or more traces' },
    output: { type: 'string', short: 'o', value: '<file>', summary: `where --learn writes (default: ${NOISE_FILE})` },
    test: { type: 'string', value: '<text>', summary: 'only tests whose name has this text' },
    all: { type: 'boolean', summary: 'all tests, not only those that failed' },
    md: { type: 'boolean', summary: 'Markdown, for a pull request or a job summary' },
    json: JSON_OPTION,
  },
  run: diff,
};

async function diff(given: Given): Promise<void> {
  const { values } = given;
  if (values.learn === true) return learnRules(given);
  const comparison = values.within === true ? await within(given) : await between(given);
  show(comparison.result, comparison.about, given);
  const { units } = comparison.result;
  if (units.length > 0) process.exitCode = 1;
}

interface Found {
  readonly result: Comparison;
  /** Which runs were compared. */
  readonly about: string;
}

async function between({ files, values }: Given): Promise<Found> {
  const { base, next } = await openSides(files, values);
  const rules = await noiseRules(values, base);
  const test = testFilter(values);
  const result = compareSides(base, next, { rules, all: values.all === true, test });
  return { result, about: `base: ${runText(base)}; new: ${runText(next)}` };
}

async function openSides(files: readonly string[], values: Values): Promise<{ base: Side; next: Side }> {
  const from = textOption(values, 'base');
  if (files.length === 2 && from === undefined) {
    const [base, next] = [await openInputs([files[0]]), await openInputs([files[1]])];
    return { base: lastRun(base), next: lastRun(next) };
  }
  if (files.length > 1) throw new UsageError(`diff takes a base and a new trace, or one trace of several runs`);
  const trace = await openInputs(files);
  if (from !== undefined && from !== 'last-green') {
    return { base: lastRun(await openInputs([from])), next: lastRun(trace) };
  }
  const found = lastGreen(trace);
  if (found) return { base: found.base, next: found.new };
  throw new UsageError(
    `the trace holds no earlier run in which these tests passed; give two traces, or --within for suspects from this run alone`,
  );
}

async function within({ files, values }: Given): Promise<Found> {
  const side = lastRun(await openInputs(files));
  const units = compareWithin(side, testFilter(values));
  const result: Comparison = {
    ...{ base: side, new: side, units, causes: causesOf(units), compared: units.length },
    ...{
      failed: units.filter(({ unit }) => isBroken(unit)).length,
      withoutBase: [],
      redacted: 0,
      capped: [],
      noise: [],
    },
  };
  return { result, about: `within: ${runText(side)}` };
}

function testFilter(values: Values): ((name: string) => boolean) | undefined {
  const text = textOption(values, 'test');
  return text === undefined ? undefined : (name) => name.includes(text);
}

// ---------------------------------------------------------------------- noise

/** Rules from the files that were given, else from the file that was checked in. */
async function noiseRules(values: Values, base: Side): Promise<NoiseRule[]> {
  const given = (values.noise ?? []) as readonly string[];
  if (given.length === 0) {
    const file = checkedIn();
    return file === undefined ? [] : rulesIn(file);
  }
  const rules: NoiseRule[] = [];
  for (const file of given) {
    if (file.endsWith('.json')) rules.push(...rulesIn(file));
    else rules.push(...learn(base, lastRun(await openInputs([file]))));
  }
  return rules;
}

/** Beside the nearest package.json. */
function checkedIn(): string | undefined {
  for (let folder = resolve('.'); ; folder = dirname(folder)) {
    const file = join(folder, NOISE_FILE);
    if (existsSync(file)) return file;
    if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return undefined;
  }
}

function rulesIn(file: string): NoiseRule[] {
  try {
    return parseNoise(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(
      `${file} has no rules of noise: ${(error as Error).message}; write one with: handit diff --learn`,
    );
  }
}

async function learnRules({ files, values, out }: Given): Promise<void> {
  const sides: Side[] = [];
  for (const file of files) sides.push(...(await runsIn(file, files.length === 1)));
  if (sides.length < 2) throw new UsageError('--learn needs two or more runs of the same code: give their traces');
  let rules: NoiseRule[] = [];
  for (const side of sides.slice(1)) rules = learn(sides[0], side, rules);
  const target = textOption(values, 'output') ?? NOISE_FILE;
  writeFileSync(target, noiseText(rules));
  out.line(`${rules.length} ${rules.length === 1 ? 'rule' : 'rules'} in ${target}`);
}

/** All runs of a file, where it is the only one that was given; the last one of each, else. */
async function runsIn(file: string, alone: boolean): Promise<Side[]> {
  const trace = await openInputs([file]);
  return alone ? trace.runs.map((run) => new Side(trace, run)) : [lastRun(trace)];
}

// ----------------------------------------------------------------------- show

function show(result: Comparison, about: string, { values, out }: Given): void {
  if (values.json === true) for (const value of comparisonJson(result)) out.json(value);
  else if (values.md === true) {
    const text = markdownOf(headline(result), diffLines(result), '`handit diff --json`');
    for (const line of text.trimEnd().split('\n')) out.line(line);
  } else {
    for (const line of comparisonLines(result, { width: out.width })) out.line(painted(line));
    out.line(paint.dim(about));
  }
}

export function painted({ kind, text, place }: Line): string {
  if (kind === 'title') return paint.bold(text);
  if (kind === 'function') return `${paint.bold(text)}   ${paint.dim(place ?? '')}`;
  if (kind === 'base') return paint.red(text);
  if (kind === 'new') return paint.green(text);
  return kind === 'note' ? paint.dim(text) : text;
}
