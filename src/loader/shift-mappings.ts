import type { Edit } from '../transform/types.js';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS.charCodeAt(i)] = i;

const COMMA = 44;

/**
 * Moves each mapped column past what was inserted before it on its line. Only the columns of edited lines are read and
 * written; all else is copied as text, since nothing in it depends on them.
 *
 * @param mappings those of a source map of version 3
 * @param source   the text that they are for, before the edits
 * @returns undefined where they are in no order that this understands
 */
export function shiftMappings(mappings: string, source: string, edits: readonly Edit[]): string | undefined {
  const lines = mappings.split(';');
  let next = 0;
  let start = 0;
  for (let line = 0; line < lines.length && start <= source.length; line++) {
    const newline = source.indexOf('\n', start);
    const end = newline < 0 ? source.length : newline;
    const first = next;
    while (next < edits.length && edits[next].at <= end) next++;
    if (next > first && lines[line] !== '') {
      const shifted = shiftLine(lines[line], start, edits.slice(first, next));
      if (shifted === undefined) return undefined;
      lines[line] = shifted;
    }
    start = end + 1;
  }
  return lines.join(';');
}

/** @param start offset of the line */
function shiftLine(segments: string, start: number, edits: readonly Edit[]): string | undefined {
  let result = '';
  let copied = 0;
  let column = 0;
  let written = 0;
  let moved = 0;
  let edit = 0;
  let at = 0;
  do {
    const from = at;
    // The first number of a segment, five bits a digit, says how far its column is from the one before.
    let bits = 0;
    let shift = 0;
    let digit = 32;
    while ((digit & 32) !== 0) {
      const code = segments.charCodeAt(at++);
      digit = code < 128 ? VALUES[code] : -1;
      if (digit < 0 || code === COMMA) return undefined;
      bits |= (digit & 31) << shift;
      shift += 5;
    }
    if ((bits & 1) !== 0) return undefined;
    const distance = bits >>> 1;
    column += distance;
    for (; edit < edits.length && edits[edit].at - start <= column; edit++) {
      moved += edits[edit].insert.length - edits[edit].remove;
    }
    const shifted = column + moved - written;
    written = column + moved;
    if (shifted !== distance) {
      result += segments.slice(copied, from) + vlq(shifted);
      copied = at;
    }
    at = segments.indexOf(',', at) + 1;
  } while (at > 0);
  return result + segments.slice(copied);
}

function vlq(value: number): string {
  let bits = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = '';
  do {
    const rest = bits >>> 5;
    text += DIGITS[(bits & 31) | (rest > 0 ? 32 : 0)];
    bits = rest;
  } while (bits > 0);
  return text;
}
