import type { RewrittenFile } from './rewrite.js';

/** The fields of a `module` record. */
export interface ModuleRecord extends Record<string, unknown> {
  file: string;
  hash: string;
  origin?: string;
}

/** Digits of a hash in the trace. */
const DIGITS = 16;

/** @returns to be told of each rewritten file; what it says of it goes to `write`, once for each text of a file */
export function createModuleRecords(
  write: (record: ModuleRecord) => void,
): (path: string, rewritten: Pick<RewrittenFile, 'functions' | 'hash' | 'originals'>) => void {
  const told = new Map<string, string>();

  function tell(file: string, whole: string, origin?: string): void {
    const hash = whole.slice(0, DIGITS);
    if (told.get(file) === hash) return;
    told.set(file, hash);
    write({ file, hash, origin });
  }

  return (path, { functions, hash, originals = {} }) => {
    for (const original of new Set(functions.map((each) => each.path ?? path))) {
      if (original === path) tell(path, hash);
      else if (originals[original] !== undefined) tell(original, originals[original], path);
    }
  };
}
