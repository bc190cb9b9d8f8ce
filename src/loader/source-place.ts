import * as urls from 'node:url';
import { applyEdits, originalOffset } from '../transform/edits.js';
import { LineTable } from '../transform/lines.js';
import { linkIds } from '../transform/link.js';
import type { Edit } from '../transform/types.js';
import { isMapped } from './linked-code.js';
import type { SourceFile, SourcePair, SourceTable } from './source-table.js';

const { fileURLToPath } = urls;

/** A place in a file as the trace names it. */
export interface SourcePlace {
  path: string;
  line: number;
  column: number;
}

/**
 * Answers for a place that V8 names where it is in the text that the user wrote.
 *
 * @param writtenAt answers where a place of a built text was written, if its map says so
 */
export function createSourcePlaces(
  nameOf: (filename: string) => string,
  sources: SourceTable,
  writtenAt: (
    file: SourceFile,
    line: number,
    column: number,
  ) => { filename: string; line: number; column: number } | undefined,
): (filename: string, line: number, column: number) => SourcePlace {
  return (name, line, column) => {
    const filename = name.startsWith('file:') ? fileURLToPath(name) : name;
    const pair = sources.byFilename(filename);
    if (!pair) return { path: nameOf(filename), line, column };
    const { file, originalLines } = pair;
    if (isMapped(pair.original)) return { path: file.path, line, column };
    const { lines, linked } = ranAs(pair);
    const offset = originalOffset(lines.offsetOf(line, column), linked);
    const place = { line: originalLines.lineOf(offset), column: originalLines.columnOf(offset) };
    const written = file.source.includes('sourceMappingURL=') ? writtenAt(file, place.line, place.column) : undefined;
    if (!written) return { path: file.path, ...place };
    return { path: nameOf(written.filename), line: written.line, column: written.column };
  };
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
    const { prefix, base, stride, idWidth } = pair.file;
    const linked = pair.edits.map((edit) => ({ ...edit, insert: linkIds(edit.insert, prefix, base, stride, idWidth) }));
    known = { linked, lines: new LineTable(applyEdits(pair.original, linked)) };
    ran.set(pair, known);
  }
  return known;
}
