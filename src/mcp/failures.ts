import { compareSides, type Comparison, type UnitResult } from '../compare/compare.js';
import { lastGreen, runText } from '../compare/find-base.js';
import { counted, headline, notCompared } from '../compare/report-lines.js';
import { shortValue } from '../compare/short-value.js';
import { lastRun, type Side } from '../compare/side.js';
import { compareWithin } from '../compare/within.js';
import { Sources } from '../report/source-lines.js';
import { verdictOf } from '../report/verdict.js';
import type { Card, SourceLines, SuspectOf, Verdict } from '../report/verdict-types.js';
import type { Trace } from '../reader/trace.js';
import { ToolError } from './arguments.js';
import { matcher } from './find.js';
import { closed, errorText, nearest, nodeText, oneLine, quoted, valueText } from './text.js';

/** Why the last run failed: a card a cause, with the line to look at first. */
export function* failureLines(trace: Trace, test?: string): Generator<string> {
  const names = trace.tests.map(({ name }) => name);
  const matches = test === undefined ? () => true : matcher(test, names);
  const { side, units, comparison } = lastRunOf(trace, matches);
  const verdict = verdictOf(side, units, comparison, new Sources(trace), { values: true });
  const cards =
    test === undefined ? verdict.cards : verdict.cards.filter(({ tests }) => tests.some(({ name }) => matches(name)));
  yield* verdictLines(trace, { ...verdict, cards }, true);
  if (test !== undefined && cards.length === 0) {
    yield `No failed test has this name. Like it: ${
      nearest(test, names)
        .map((name) => quoted(name))
        .join('; ') || 'none'
    }`;
  }
}

/** The last run, compared with the last one before it that was green, where there is one. */
export function lastRunOf(
  trace: Trace,
  matches?: (name: string) => boolean,
): { side: Side; units: readonly UnitResult[]; comparison: Comparison | undefined } {
  const green = lastGreen(trace);
  const comparison =
    green && green.base !== green.new
      ? compareSides(green.base, green.new, { ...(matches && { test: matches }) })
      : undefined;
  const side = green?.new ?? lastRun(trace);
  return { side, units: comparison?.units ?? compareWithin(side, matches), comparison };
}

/** What a report says, as text. */
export function* verdictLines(trace: Trace, verdict: Verdict, values: boolean): Generator<string> {
  yield `${verdict.headline}; ${quoted(verdict.facts.join('; '))}`;
  for (const text of verdict.missing) yield `missing: ${oneLine(text)}`;
  for (const [index, card] of verdict.cards.entries()) {
    yield* cardLines(card, index + 1);
    if (values) yield* thrownLines(trace, card);
  }
  if (verdict.more > 0) yield* ['', `${verdict.more} more causes: failures of one test (test="…"), or the report`];
}

const SHOWN_TESTS = 5;

function* cardLines(
  { tests, error, expected, actual, suspect, path, exchange }: Card,
  number: number,
): Generator<string> {
  yield '';
  yield `cause ${number}: ${errorText(error, 600)}`;
  for (const { name, node } of tests.slice(0, SHOWN_TESTS))
    yield `  in ${quoted(name)}${node === undefined ? '' : `  ${node}`}`;
  if (tests.length > SHOWN_TESTS) yield `  and ${tests.length - SHOWN_TESTS} more`;
  if (expected !== undefined) yield `  expected ${valueText(expected, 300)}`;
  if (actual !== undefined) yield `  actual   ${valueText(actual, 300)}`;
  if (suspect) yield* suspectLines(suspect);
  if (path.length > 1)
    yield `  path: ${path
      .slice(-8)
      .map(({ text, node }) => `${quoted(text, 160)} (${node})`)
      .join(' > ')}`;
  if (exchange) yield `  last bad exchange: ${quoted(exchange.text)}  ${exchange.node}`;
}

const SHOWN_THROWN = 4;

/** What threw in the test, also where that was caught: the innermost calls, but not the test itself. */
function* thrownLines(trace: Trace, { tests: [{ node: first = '' }], suspect }: Card): Generator<string> {
  const start = trace.nodeNamed(first);
  const test = start === -1 ? -1 : trace.testOf(start);
  if (test === -1) return;
  const found: number[] = [];
  const waiting = [...trace.rootsOfTest(test)];
  for (let node; (node = waiting.pop()) !== undefined;) {
    const children = [...trace.childrenOf(node)];
    const isInner =
      !trace.isExchange(node) && trace.hasFailed(node) && !children.some((child) => trace.hasFailed(child));
    if (isInner && trace.functionOf(node)!.file !== trace.tests[test].file) found.push(node);
    waiting.push(...children);
  }
  const others = found.sort((a, b) => a - b).filter((node) => trace.nameOf(node) !== suspect?.node);
  for (const node of others.slice(0, SHOWN_THROWN)) yield `  threw in it: ${nodeText(trace, node)}`;
  if (others.length > SHOWN_THROWN)
    yield `  and ${others.length - SHOWN_THROWN} more that threw: find_calls failed=true`;
}

function* suspectLines({
  func,
  file,
  line,
  found,
  node,
  values,
  differences,
  source,
  others,
}: SuspectOf): Generator<string> {
  yield oneLine(`  look at ${file}:${line} ${func}  (${found})${node === undefined ? '' : `  ${node}`}`);
  for (const { path, base, new: next } of differences)
    yield oneLine(`    ${path}: was ${closed(base ?? 'nothing')}, is ${closed(next ?? 'nothing')}`);
  for (const [name, text] of values)
    yield `    ${oneLine(name, 60)} = ${name === 'threw' ? quoted(text) : closed(text)}`;
  if (source) yield* sourceText(source);
  if (others.length > 0)
    yield oneLine(
      `    else: ${others.map((one) => `${one.place} ${one.func}${one.node === undefined ? '' : ` (${one.node})`}`).join('; ')}`,
    );
}

/** A function as it is on disk, with values of one call beside its lines. */
export function* sourceText({ first, lines, same }: SourceLines): Generator<string> {
  if (same === false) yield '    the file has changed since it ran:';
  for (const [index, { text, values }] of lines.entries()) {
    const beside = values.replace(/threw .*/s, 'threw');
    yield `    ${first + index}| ${oneLine(text, 200).replaceAll('\\t', '  ')}${beside === '' ? '' : `   // ${closed(beside.slice(0, 200))}`}`;
  }
}

/** What differs from another run, and what is the cause. */
export function* diffLines(comparison: Comparison): Generator<string> {
  const { base, new: next, causes, withoutBase, units } = comparison;
  yield base === next
    ? `of one run alone: ${oneLine(runText(next))}`
    : `base: ${oneLine(runText(base))}; new: ${oneLine(runText(next))}`;
  yield headline(comparison);
  for (const { suspect, units: names, follows } of causes) {
    const { func, file, line, found, calls, new: node } = suspect;
    yield '';
    yield oneLine(
      `${func} ${file}:${line}  ${found}; ${counted(calls, 'call')}${node === undefined ? '' : `  ${node}`}`,
    );
    for (const { path, base: was, new: is } of suspect.differences.slice(0, 6))
      yield `  ${oneLine(path, 200)}: ${apart(was, is)}`;
    yield `  in ${quoted(names[0])}${names.length > 1 ? ` and ${names.length - 1} more` : ''}`;
    if (follows.length > 0) yield oneLine(`  follows: ${follows.slice(0, 8).join(', ')}`, 400);
  }
  yield '';
  const same = units.filter(({ suspects, unit }) => suspects.length === 0 && unit.base !== undefined);
  for (const { unit } of same) yield `failed, and no recorded call differs: ${quoted(unit.name)}`;
  for (const name of withoutBase) yield `failed, and not in the base: ${quoted(name)}`;
  for (const { text } of notCompared(comparison)) yield oneLine(text);
}

const ROOM = 300;

/** Both values; long ones from a little before where they begin to differ, as text. */
function apart(was: unknown, is: unknown): string {
  const [one, other] = [shortValue(was, 100_000), shortValue(is, 100_000)];
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const from = Math.max(0, same - ROOM / 3);
  const part = (text: string): string =>
    text.length <= ROOM ? closed(text) : quoted(`${from > 0 ? '…' : ''}${text.slice(from)}`, ROOM);
  return `was ${was === undefined ? 'nothing' : part(one)}, is ${is === undefined ? 'nothing' : part(other)}`;
}

export function compared(trace: Trace, base: Trace | undefined, test: string | undefined, all: boolean): Comparison {
  const matches =
    test === undefined
      ? undefined
      : matcher(
          test,
          trace.tests.map(({ name }) => name),
        );
  const options = { all, ...(matches && { test: matches }) };
  if (base) return compareSides(lastRun(base), lastRun(trace), options);
  const green = lastGreen(trace);
  if (green) return compareSides(green.base, green.new, options);
  throw new ToolError(
    'The trace holds no earlier run in which these tests passed: give base, a trace file of a good run, or use failures',
  );
}
