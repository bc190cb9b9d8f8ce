import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originalOffset } from '../transform/edits.js';
import { wantsSourceMaps } from './linked-code.js';
import type { SourceTable } from './source-table.js';

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
      const { file, edits, originalLines, rewrittenLines } = pair;
      if (wantsSourceMaps()) return { path: file.path, line, column };
      const offset = originalOffset(rewrittenLines.offsetOf(line, column), edits);
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
