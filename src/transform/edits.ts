import type { Edit } from './types.js';

/**
 * Node prints the source line above an uncaught error unless that line holds this text. A rewritten line must not be
 * shown to the user, so the agent prints the original one itself (see src/recorder/uncaught.ts).
 */
export const HIDE_LINE = '/*node-do-not-add-exception-line*/';

/** Of what is inserted at one offset: text that belongs to what ends there comes before text that belongs to what begins. */
type Side = 'close' | 'open';

interface Placed extends Edit {
  side: Side;
  /** How deep in the tree it was asked for. */
  level: number;
}

/**
 * Collects insertions into a text. Their order at one offset is theirs, whenever they are made: what closes comes before
 * what opens, closers from the innermost node outwards, openers from the outermost inwards. Those of one node keep the
 * order in which they were made.
 */
export class EditList {
  /** Of the node that asks for edits, see above. */
  level = 0;
  private readonly placed: Placed[] = [];

  /** Inserts a text right before what begins at the offset. */
  open(at: number, text: string, more: Pick<Edit, 'lastEnd' | 'lastIs'> = {}): void {
    this.placed.push({ at, remove: 0, insert: text, ...more, side: 'open', level: this.level });
  }

  /** Inserts a text right after what ends at the offset. */
  close(at: number, text: string, level = this.level): void {
    this.placed.push({ at, remove: 0, insert: text, side: 'close', level });
  }

  /** Takes out what begins at `start`. */
  remove(start: number, end: number): void {
    this.placed.push({ at: start, remove: end - start, insert: '', side: 'open', level: Infinity });
  }

  /** Before everything else at that offset that opens, and after everything else that closes. */
  outermost(at: number, side: Side, text: string): void {
    this.placed.push({ at, remove: 0, insert: text, side, level: -1 });
  }

  /** Where something is inserted or removed so far. */
  offsets(): number[] {
    return this.placed.map(({ at }) => at);
  }

  /**
   * The edits in their order. Each edited line is marked once as not to be shown, after its last edit: the columns before
   * that stay as close to the original ones as they can.
   *
   * @param lineOf returns the line of an offset
   * @param shown lines that must stay visible
   */
  finish(lineOf: (offset: number) => number, shown: Set<number>): Edit[] {
    const edits = this.placed.sort(byPlace).map(({ side: _, level: __, ...edit }): Edit => edit);
    let below = Infinity;
    for (let i = edits.length - 1; i >= 0; i--) {
      const edit = edits[i];
      const line = lineOf(edit.at);
      if (line === below || edit.insert === '' || shown.has(line)) continue;
      edit.insert += HIDE_LINE;
      below = line;
    }
    return edits;
  }
}

function byPlace(a: Placed, b: Placed): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.side !== b.side) return a.side === 'close' ? -1 : 1;
  // `Infinity - Infinity` is no number; two removals never share an offset.
  if (a.level === b.level) return 0;
  return a.side === 'close' ? b.level - a.level : a.level - b.level;
}

/** The text with the (ordered) edits made. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  const out: string[] = [];
  let from = 0;
  for (const edit of edits) {
    if (edit.at > from) out.push(source.slice(from, edit.at));
    out.push(edit.insert);
    from = Math.max(from, edit.at + edit.remove);
  }
  out.push(source.slice(from));
  return out.join('');
}

/** The original offset of an offset in the edited text; a place inside an insertion answers where that was made. */
export function originalOffset(offset: number, edits: readonly Edit[]): number {
  let shift = 0;
  for (const edit of edits) {
    const start = edit.at + shift;
    if (start >= offset) break;
    if (start + edit.insert.length > offset) return edit.at;
    shift += edit.insert.length - edit.remove;
  }
  return offset - shift;
}
