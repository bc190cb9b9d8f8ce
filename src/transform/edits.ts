import type { Edit } from './types.js';

/**
 * Node prints the source line above an uncaught error unless that line holds this text. A rewritten line must not be
 * shown to the user, so the agent prints the original one itself (see src/recorder/uncaught.ts).
 */
export const HIDE_LINE = '/*node-do-not-add-exception-line*/';

/** Collects insertions into a text; those at one place keep the order in which they were made. */
export class EditList {
  readonly edits: Edit[] = [];

  insert(at: number, text: string, more: Pick<Edit, 'lastEnd' | 'lastIs'> = {}): void {
    this.edits.push({ at, remove: 0, insert: text, ...more });
  }

  replace(start: number, end: number, text: string): void {
    this.edits.push({ at: start, remove: end - start, insert: text });
  }

  /**
   * Sorts by place and marks each edited line once as not to be shown, behind its last edit: the columns before that
   * stay as close to the original ones as they can.
   *
   * @param lineOf answers the line of an offset
   * @param shown lines that must stay visible
   */
  finish(lineOf: (offset: number) => number, shown: Set<number>): Edit[] {
    this.edits.sort((a, b) => a.at - b.at);
    let below = Infinity;
    for (let i = this.edits.length - 1; i >= 0; i--) {
      const edit = this.edits[i];
      const line = lineOf(edit.at);
      if (line === below || edit.insert === '' || shown.has(line)) continue;
      edit.insert += HIDE_LINE;
      below = line;
    }
    return this.edits;
  }
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
