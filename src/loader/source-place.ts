import { fileURLToPath } from 'node:url';
import { originalOffset } from '../transform/edits.js';
import { isMapped } from './linked-code.js';
import type { SourceFile, SourceTable } from './source-table.js';

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
    const { file, edits, originalLines, rewrittenLines } = pair;
    if (isMapped(pair.original)) return { path: file.path, line, column };
    const offset = originalOffset(rewrittenLines.offsetOf(line, column), edits);
    const place = { line: originalLines.lineOf(offset), column: originalLines.columnOf(offset) };
    const written = file.source.includes('sourceMappingURL=') ? writtenAt(file, place.line, place.column) : undefined;
    if (!written) return { path: file.path, ...place };
    return { path: nameOf(written.filename), line: written.line, column: written.column };
  };
}
