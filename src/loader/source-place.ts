import { fileURLToPath } from 'node:url';
import { originalOffset } from '../transform/edits.js';
import { isMapped } from './linked-code.js';
import type { SourceTable } from './source-table.js';

/** A place in a file as the trace names it. */
export interface SourcePlace {
  path: string;
  line: number;
  column: number;
}

/** Answers for a place that V8 names where it is in the text that the user wrote. */
export function createSourcePlaces(
  nameOf: (filename: string) => string,
  sources: SourceTable,
): (filename: string, line: number, column: number) => SourcePlace {
  return (name, line, column) => {
    const filename = name.startsWith('file:') ? fileURLToPath(name) : name;
    const pair = sources.byFilename(filename);
    if (pair) {
      const { file, edits, originalLines, rewrittenLines } = pair;
      if (isMapped(pair.original)) return { path: file.path, line, column };
      const offset = originalOffset(rewrittenLines.offsetOf(line, column), edits);
      return { path: file.path, line: originalLines.lineOf(offset), column: originalLines.columnOf(offset) };
    }
    return { path: nameOf(filename), line, column };
  };
}
