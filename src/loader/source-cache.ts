import { join } from 'node:path';
import { putFile } from '../files/put-file.js';
import { readPrivate } from '../files/read-private.js';
import { textHash } from '../files/text-hash.js';
import type { FunctionInfo } from '../transform/types.js';

/** A rewritten source as the cache keeps it. */
export interface Rewritten {
  /** Empty when there is nothing to rewrite. */
  code: string;
  prefix: string;
  kind: 'module' | 'commonjs';
  functions: FunctionInfo[];
  /** JSON of the edits, parsed when they are needed. */
  edits: string;
  /** A sentence on each function that stays as it is. */
  leftAlone: { reason: string; path?: string }[];
  /** Why the original text runs. */
  refused?: string;
  /** So deeply nested that V8 must be asked each time. */
  deep?: true;
  /** Files that decided on it besides the source: original sources, by hash of their text; null: there was none. */
  read?: Record<string, string | null>;
  /** Hashes of the originals that functions are from, by path. */
  originals?: Record<string, string>;
}

/** Rewritten sources on disk. Keys are hashes of all that decides on the text, so an entry is never stale. */
export interface SourceCache {
  key(parts: readonly (string | number)[]): string;
  get(key: string): Rewritten | undefined;
  set(key: string, entry: Rewritten): void;
}

/**
 * One file per entry: a line of JSON, a line of edits (read only when a function's text is asked for), the code. An
 * entry comes by rename, so a reader sees all of it or none, and a damaged one counts as none.
 *
 * @param folder made when the first entry is stored
 */
export function createSourceCache(folder: string): SourceCache {
  let usable = true;
  return {
    key: (parts) => textHash(parts.join('\0')),
    get(key) {
      try {
        return parseEntry(readPrivate(join(folder, key)).toString());
      } catch {
        return undefined;
      }
    },
    set(key, entry) {
      if (!usable) return;
      try {
        putFile(join(folder, key), formatEntry(entry));
      } catch {
        // A cache that cannot be written costs time, nothing else.
        usable = false;
      }
    },
  };
}

function formatEntry(entry: Rewritten): string {
  const { code, edits, ...head } = entry;
  return `${JSON.stringify({ ...head, length: code.length, edited: edits.length })}\n${edits}\n${code}`;
}

function parseEntry(text: string): Rewritten | undefined {
  const first = text.indexOf('\n');
  const head = JSON.parse(text.slice(0, first)) as Omit<Rewritten, 'code' | 'edits'> & {
    length: number;
    edited: number;
  };
  const { length, edited, ...rest } = head;
  const codeAt = first + 1 + edited + 1;
  if (text.length !== codeAt + length || !isHead(rest)) return undefined;
  return { ...rest, edits: text.slice(first + 1, codeAt - 1), code: text.slice(codeAt) };
}

/** Whether it has the shape that `formatEntry` gives it. */
function isHead({ prefix, kind, functions, leftAlone, read }: Partial<Rewritten>): boolean {
  return (
    typeof prefix === 'string' &&
    (kind === 'module' || kind === 'commonjs') &&
    Array.isArray(functions) &&
    functions.every((each) => typeof each?.name === 'string' && typeof each.line === 'number') &&
    Array.isArray(leftAlone) &&
    leftAlone.every((each) => typeof each?.reason === 'string') &&
    (read === undefined || (typeof read === 'object' && read !== null))
  );
}
