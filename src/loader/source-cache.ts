import * as paths from 'node:path';
import { putFile } from '../files/put-file.js';
import { readPrivate } from '../files/read-private.js';
import { textHash } from '../files/text-hash.js';
import { jsonParse, jsonStringify } from '../intrinsics.js';
import type { FunctionInfo } from '../transform/types.js';

const { sep } = paths;

/** A rewritten source as the cache keeps it. */
export interface Rewritten {
  /** Empty when there is nothing to rewrite. */
  code: string;
  prefix: string;
  kind: 'module' | 'commonjs';
  /** Of the source: for the trace, which says which text it was. */
  hash: string;
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

/** What an entry is of. */
export interface CacheKey {
  /** Of its file: a hash of the place, the settings and of characters from all over the text. */
  name: string;
  text: string;
}

/** Rewritten sources on disk. An entry has the text that it was made of, and is not taken for another, so none is stale. */
export interface SourceCache {
  /**
   * @param file  whose text it is: of two that are nearly the same, one would take the entry of the other each time
   * @param parts all that decides on the entry besides the text
   * @param text  the source, and what came with it
   */
  key(file: string, parts: readonly string[], text: string): CacheKey;
  get(key: CacheKey): Rewritten | undefined;
  set(key: CacheKey, entry: Rewritten): void;
}

/** Characters of a text that decide on the name of its entry: to hash all of them takes longer than to compare texts. */
const SAMPLED = 64;

/**
 * One file per entry: a line of JSON, a line of edits (read only when a function's text is asked for), the code, the text
 * it was made of. An entry comes by rename, so a reader sees all of it or none, and a damaged one counts as none.
 *
 * @param folder made when the first entry is stored
 */
export function createSourceCache(folder: string): SourceCache {
  let usable = true;
  return {
    key: (file, parts, text) => ({ name: textHash([file, ...parts, text.length, sampleOf(text)].join('\0')), text }),
    get({ name, text }) {
      try {
        return parseEntry(readPrivate(folder + sep + name).toString(), text);
      } catch {
        return undefined;
      }
    },
    set({ name, text }, entry) {
      if (!usable) return;
      try {
        putFile(folder + sep + name, formatEntry(entry, text));
      } catch {
        // A cache that cannot be written costs time, nothing else.
        usable = false;
      }
    },
  };
}

function sampleOf(text: string): string {
  let sample = '';
  for (let i = 0; i < SAMPLED; i++) sample += text[Math.floor((i * text.length) / SAMPLED)];
  return sample;
}

function formatEntry(entry: Rewritten, text: string): string {
  const { code, edits, ...head } = entry;
  return `${jsonStringify({ ...head, length: code.length, edited: edits.length })}\n${edits}\n${code}\n${text}`;
}

function parseEntry(stored: string, text: string): Rewritten | undefined {
  const first = stored.indexOf('\n');
  const head = jsonParse(stored.slice(0, first)) as Omit<Rewritten, 'code' | 'edits'> & {
    length: number;
    edited: number;
  };
  const { length, edited, ...rest } = head;
  const codeAt = first + 1 + edited + 1;
  const textAt = codeAt + length + 1;
  if (stored.length !== textAt + text.length || stored.slice(textAt) !== text || !isHead(rest)) return undefined;
  return { ...rest, edits: stored.slice(first + 1, codeAt - 1), code: stored.slice(codeAt, textAt - 1) };
}

/** Whether it has the shape that `formatEntry` gives it. */
function isHead({ prefix, kind, hash, functions, leftAlone, read }: Partial<Rewritten>): boolean {
  return (
    typeof prefix === 'string' &&
    (kind === 'module' || kind === 'commonjs') &&
    typeof hash === 'string' &&
    Array.isArray(functions) &&
    functions.every((each) => typeof each?.name === 'string' && typeof each.line === 'number') &&
    Array.isArray(leftAlone) &&
    leftAlone.every((each) => typeof each?.reason === 'string') &&
    (read === undefined || (typeof read === 'object' && read !== null))
  );
}
