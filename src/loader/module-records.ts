import type { FunctionInfo } from '../transform/types.js';
import type { RewrittenFile } from './rewrite.js';

/** The fields of a `module` record. */
export interface ModuleRecord extends Record<string, unknown> {
  file: string;
  hash: string;
  origin?: string;
  /** Line, column and a hash of the text of each function. */
  functions?: [line: number, column: number, text: string][];
}

/** Digits of a hash in the trace. */
const DIGITS = 16;
/** Functions of one file of which the texts are told; a file with more was made by a tool. */
const MAX_FUNCTIONS = 5000;

/** @returns a function to call with each rewritten file; what it says of it goes to `write`, once for each text of a file */
export function createModuleRecords(
  write: (record: ModuleRecord) => void,
): (path: string, rewritten: Pick<RewrittenFile, 'functions' | 'hash' | 'originals'>) => void {
  const told = new Map<string, string>();

  function tell(file: string, whole: string, functions: readonly FunctionInfo[], origin?: string): void {
    const hash = whole.slice(0, DIGITS);
    if (told.get(file) === hash) return;
    told.set(file, hash);
    const texts = functions
      .slice(0, MAX_FUNCTIONS)
      .flatMap(({ line, column, text }): [number, number, string][] =>
        text === undefined ? [] : [[line, column, text]],
      );
    write({ file, hash, origin, ...(texts.length > 0 && { functions: texts }) });
  }

  return (path, { functions, hash, originals = {} }) => {
    for (const original of new Set(functions.map((each) => each.path ?? path))) {
      const own = functions.filter((each) => (each.path ?? path) === original);
      if (original === path) tell(path, hash, own);
      else if (originals[original] !== undefined) tell(original, originals[original], own, path);
    }
  };
}
