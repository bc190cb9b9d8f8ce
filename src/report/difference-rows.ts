import type { Session } from '../compare/compare.js';
import { shortValue } from '../compare/short-value.js';
import type { Side } from '../compare/side.js';
import { functionOf } from '../compare/suspects.js';
import type { Unit } from '../compare/units.js';
import { valuesOf } from '../compare/values.js';
import type { Pair } from '../compare/walk.js';
import type { DifferenceRow } from './report-data.js';

/** Of one unit; what is beyond is counted. */
const MOST_ROWS = 300;
const MOST_TEXT = 160;

interface Found {
  readonly rows: readonly DifferenceRow[];
  readonly more: number;
}

/** Both trees of calls laid on each other, with the calls that differ only, in the order of a tree. */
export function differenceRows(session: Session, unit: Unit, withValues: boolean): Found {
  const { pairs } = session.walk(unit);
  const below = new Map<number, number[]>();
  pairs.forEach(({ parent }, at) => {
    const list = below.get(parent);
    if (list) list.push(at);
    else below.set(parent, [at]);
  });
  const writer = new RowWriter(session.base.side, session.next.side, withValues);
  const rows: DifferenceRow[] = [];
  let more = 0;
  const put = (row: () => DifferenceRow): void => {
    if (rows.length < MOST_ROWS) rows.push(row());
    else more++;
  };
  const waiting = (below.get(-1) ?? []).map((at) => ({ at, depth: 0 })).reverse();
  for (let next; (next = waiting.pop());) {
    const { at, depth } = next;
    const pair = pairs[at];
    put(() => writer.pair(pair, depth));
    for (const node of pair.gone) put(() => writer.gone(node, depth + 1));
    for (const node of pair.fresh) put(() => writer.fresh(node, depth + 1));
    for (const child of (below.get(at) ?? []).reverse()) waiting.push({ at: child, depth: depth + 1 });
  }
  return { rows, more };
}

class RowWriter {
  constructor(
    private readonly base: Side,
    private readonly next: Side,
    private readonly withValues: boolean,
  ) {}

  pair(pair: Pair, depth: number): DifferenceRow {
    if (pair.base === -1) return this.fresh(pair.new, depth);
    if (pair.new === -1) return this.gone(pair.base, depth);
    const [ours, theirs] = [valuesOf(this.base.trace, pair.base), valuesOf(this.next.trace, pair.new)];
    const part = (one: unknown, other: unknown): { base?: string; new?: string } =>
      this.withValues ? { base: this.#short(one), new: this.#short(other) } : {};
    return {
      ...this.#head(this.next, pair.new, depth),
      change: pair.inputDiffers ? 'input' : pair.outcomeDiffers ? 'outcome' : 'below',
      ...(pair.reason !== undefined && { cause: true }),
      ...(pair.inputDiffers && { args: part(ours.args, theirs.args) }),
      ...(pair.outcomeDiffers && { outcome: part(outcomeOf(ours), outcomeOf(theirs)) }),
    };
  }

  gone(node: number, depth: number): DifferenceRow {
    const { node: _, ...head } = this.#head(this.base, node, depth);
    return { ...head, change: 'gone' };
  }

  fresh(node: number, depth: number): DifferenceRow {
    return { ...this.#head(this.next, node, depth), change: 'new' };
  }

  #head({ trace }: Side, node: number, depth: number): Pick<DifferenceRow, 'depth' | 'func' | 'place' | 'node'> {
    const info = trace.functionOf(node);
    const place = info ? `${info.file}:${info.line}` : '';
    return { depth, func: functionOf(trace, node), place, node: trace.nameOf(node) };
  }

  #short(value: unknown): string {
    return value instanceof Thrown ? value.text : shortValue(value, MOST_TEXT);
  }
}

/** An error as one reads it, not as the object it is. */
class Thrown {
  constructor(readonly text: string) {}
}

function outcomeOf({ error, result }: ReturnType<typeof valuesOf>): unknown {
  if (error === undefined) return result;
  const { name, message } = error as { name: string; message: string };
  return new Thrown(`threw ${name}: ${message}`.replace(/\s+/g, ' ').slice(0, MOST_TEXT));
}
