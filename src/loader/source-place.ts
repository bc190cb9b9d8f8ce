import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyEdits, originalOffset } from '../transform/edits.js';
import { LineTable } from '../transform/lines.js';
import { linkIds } from '../transform/link.js';
import type { Edit } from '../transform/types.js';
import { isMapped } from './linked-code.js';
import type { SourcePair, SourceTable } from './source-table.js';

/** A place in a file as the trace names it. */
export interface SourcePlace {
  path: string;
  line: number;
  column: number;
}

/** Answers for a place that V8 names where it is in the text that the user wrote. */
export function createSourcePlaces(
  cwd: string,
  sources: SourceTable,
): (filename: string, line: number, column: number) => SourcePlace {
  return (name, line, column) => {
    const filename = name.startsWith('file:') ? fileURLToPath(name) : name;
    const pair = sources.byFilename(filename);
    if (pair) {
      const { file, originalLines } = pair;
      if (isMapped(pair.original)) return { path: file.path, line, column };
      const { lines, linked } = ranAs(pair);
      const offset = originalOffset(lines.offsetOf(line, column), linked);
      return { path: file.path, line: originalLines.lineOf(offset), column: originalLines.columnOf(offset) };
    }
    return { path: tracePath(cwd, filename), line, column };
  };
}

/** A file's path as the trace names it. */
export function tracePath(cwd: string, name: string): string {
  const filename = name.startsWith('file:') ? fileURLToPath(name) : name;
  const fromCwd = relative(cwd, filename);
  const outside = fromCwd === '' || fromCwd.startsWith('..') || /^([a-zA-Z]:)?[\\/]/.test(fromCwd);
  return (outside ? filename : fromCwd).split(sep).join('/');
}

interface Ran {
  linked: Edit[];
  lines: LineTable;
}

const ran = new WeakMap<SourcePair, Ran>();

/** The text as it runs: ids of this process may have more digits than local ones. */
function ranAs(pair: SourcePair): Ran {
  let known = ran.get(pair);
  if (!known) {
    const { prefix, base, stride } = pair.file;
    const linked = pair.edits.map((edit) => ({ ...edit, insert: linkIds(edit.insert, prefix, base, stride) }));
    known = { linked, lines: new LineTable(applyEdits(pair.original, linked)) };
    ran.set(pair, known);
  }
  return known;
}
