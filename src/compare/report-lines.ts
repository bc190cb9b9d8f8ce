import type { Cause, Comparison, UnitResult } from './compare.js';
import { ruleText } from './json.js';
import { shortValue } from './short-value.js';
import type { Difference } from './value-difference.js';

/** How a line is meant, so that a terminal can color it and Markdown quote it. */
export interface Line {
  readonly kind: 'title' | 'function' | 'base' | 'new' | 'text' | 'note';
  readonly text: string;
  /** Of a function: where it is. */
  readonly place?: string;
}

const SHOWN_DIFFERENCES = 3;
const SHOWN_UNITS = 10;
const SHOWN_CAUSES = 20;

/** A comparison as a person reads it, causes first. */
export function* comparisonLines(comparison: Comparison, { width = 120 } = {}): Generator<Line> {
  const { causes, units, failed, compared } = comparison;
  yield { kind: 'title', text: headline(comparison) };
  for (const cause of causes.slice(0, SHOWN_CAUSES)) yield* causeLines(cause, width);
  if (causes.length > SHOWN_CAUSES) yield note(`${causes.length - SHOWN_CAUSES} more causes; --json has all`);
  const without = units.filter(({ suspects }) => suspects.length === 0);
  yield* listed(
    'failed, and no recorded call differs',
    without.filter(({ unit }) => unit.base !== undefined).map(nameOf),
  );
  yield* listed('failed, and not in the base', comparison.withoutBase);
  if (failed === 0 && compared > 0 && units.length === 0) yield note(`nothing differs in ${counted(compared, 'unit')}`);
  yield* notCompared(comparison);
}

export function headline({ causes, units, failed }: Comparison): string {
  const of = failed > 0 ? `${counted(failed, 'failed test')}` : `${counted(units.length, 'difference')}`;
  return `${counted(causes.length, 'cause')} for ${of}`;
}

/** One cause, as `handit diff` and the end of `handit -- cmd` say it. */
export function* causeLines({ suspect, units, follows, values }: Cause, width: number): Generator<Line> {
  const { func, file, line, found, calls, differences } = suspect;
  yield { kind: 'function', text: func, place: `${file}:${line}` };
  for (const one of differences.slice(0, SHOWN_DIFFERENCES)) yield* differenceLines(one, width);
  if (differences.length > SHOWN_DIFFERENCES) {
    yield { kind: 'text', text: `  ${differences.length - SHOWN_DIFFERENCES} more differences` };
  }
  yield { kind: 'text', text: `  ${found}${calls > 1 ? `; ${calls} calls` : ''}` };
  yield { kind: 'text', text: `  ${units.length === 1 ? 'in' : `first of ${units.length}:`} ${units[0]}` };
  if (follows.length > 0) {
    const shown = follows.slice(0, 8).join(', ');
    yield {
      kind: 'text',
      text: `  follows: ${shown}${follows.length > 8 ? ', …' : ''}  (${counted(values, 'value')})`,
    };
  }
}

function* differenceLines({ path, base, new: next }: Difference, width: number): Generator<Line> {
  const room = Math.max(40, width - path.length - 6);
  const [one, other] = apart(base, next, room);
  yield { kind: 'base', text: `  - ${path} ${base === undefined ? '(nothing)' : one}` };
  yield { kind: 'new', text: `  + ${path} ${next === undefined ? '(nothing)' : other}` };
}

/** Both values, shortened around where they begin to differ. */
function apart(base: unknown, next: unknown, room: number): [string, string] {
  const [one, other] = [shortValue(base, 100_000), shortValue(next, 100_000)];
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const from = Math.max(0, same - Math.floor(room / 3));
  const cut = (text: string): string => {
    if (text.length <= room) return text;
    const start = Math.min(from, Math.max(0, text.length - room + 2));
    const part = text.slice(start, start + room - 2);
    return `${start > 0 ? '…' : ''}${part}${start + room - 2 < text.length ? '…' : ''}`;
  };
  return [cut(one), cut(other)];
}

function* listed(title: string, names: readonly string[]): Generator<Line> {
  if (names.length === 0) return;
  yield note(`${counted(names.length, 'test')} ${title}:`);
  for (const name of names.slice(0, SHOWN_UNITS)) yield { kind: 'text', text: `  ${name}` };
  if (names.length > SHOWN_UNITS) yield { kind: 'text', text: `  and ${names.length - SHOWN_UNITS} more` };
}

export function* notCompared({ redacted, capped, noise }: Comparison): Generator<Line> {
  const parts: string[] = [];
  if (redacted > 0) parts.push(counted(redacted, 'redacted value'));
  if (capped.length > 0) parts.push(`${counted(capped.length, 'capped function')} (${capped.slice(0, 3).join(', ')})`);
  if (noise.length > 0) {
    parts.push(`${counted(noise.length, 'rule')} of noise: ${noise.slice(0, 3).map(ruleText).join(', ')}`);
  }
  if (parts.length > 0) yield note(`not compared: ${parts.join('; ')}`);
}

function nameOf({ unit }: UnitResult): string {
  return unit.name;
}

function note(text: string): Line {
  return { kind: 'note', text };
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
