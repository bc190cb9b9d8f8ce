import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { decode, encode, type SourceMapMappings } from '@jridgewell/sourcemap-codec';
import type { Edit } from '../transform/types.js';

interface SourceMap {
  version: 3;
  file?: string;
  sourceRoot?: string;
  sources: (string | null)[];
  sourcesContent?: (string | null)[];
  names?: string[];
  mappings: string;
}

const COMMENT = /\/[*/][@#]\s*sourceMappingURL=(?<url>[^\s'"]+)/g;
/** Where V8 may say that something happened: at each word and each sign. */
const TOKEN = /[\p{ID_Continue}$]+|[^\s]/gu;

/**
 * The comment that maps a rewritten text to its original, and through the original's own map to what that was made of.
 * Without it, columns count the inserted text.
 *
 * @param edits with the ids of this process
 */
export function sourceMapComment(filename: string, source: string, edits: readonly Edit[]): string {
  const map = incomingMap(filename, source) ?? identityMap(filename, source);
  const text = Buffer.from(shifted(map, source, edits)).toString('base64');
  return `\n//# sourceMappingURL=data:application/json;base64,${text}`;
}

/**
 * The same as a map of its own.
 *
 * @param incoming JSON of the map that the source has; its names stay as they are
 */
export function composedMap(filename: string, source: string, edits: readonly Edit[], incoming?: string): string {
  const map = incoming === undefined ? identityMap(filename, source) : (JSON.parse(incoming) as SourceMap);
  return shifted(map, source, edits);
}

function shifted(map: SourceMap, source: string, edits: readonly Edit[]): string {
  return JSON.stringify({ ...map, mappings: encode(shift(decode(map.mappings), source, edits)) });
}

/** What Node knows of a text's own map, as it writes it beside coverage. */
export interface CachedMap {
  /** As Node counts them. */
  lineLengths: number[];
  data: unknown;
  url: string | null;
}

/** What Node would know of the original text. */
export function cachedMap(filename: string, source: string): CachedMap {
  const url = [...source.matchAll(COMMENT)].at(-1)?.groups?.url ?? null;
  const lines = source.split(/[\u2028\u2029]/.test(source) ? /[\n\u2028\u2029]/ : '\n');
  const map = incomingMap(filename, source);
  const data = map && {
    ...map,
    sources: map.sources.map((name) => (name !== null && isAbsolute(name) ? pathToFileURL(name).href : name)),
    sourceRoot: '',
  };
  return { lineLengths: lines.map(({ length }) => length), data: data ?? null, url: data ? null : url };
}

/** The map that the original came with, inline or beside it. */
function incomingMap(filename: string, source: string): SourceMap | undefined {
  const url = [...source.matchAll(COMMENT)].at(-1)?.groups?.url;
  if (!url) return undefined;
  try {
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/.exec(url);
    if (inline)
      return parseMap(
        inline[1] ? Buffer.from(inline[2], 'base64').toString() : decodeURIComponent(inline[2]),
        filename,
      );
    const path = url.startsWith('file:') ? fileURLToPath(url) : resolve(dirname(filename), decodeURIComponent(url));
    return parseMap(readFileSync(path, 'utf8'), path);
  } catch {
    // Node does without such a map as well.
    return undefined;
  }
}

/** Sources are named relative to the map's own place, which is lost when the map goes inline. */
function parseMap(json: string, place: string): SourceMap | undefined {
  const map = JSON.parse(json) as SourceMap;
  // An index map (`sections`) is rare enough to go without.
  if (typeof map.mappings !== 'string') return undefined;
  const root = map.sourceRoot ?? '';
  const sources = map.sources.map((name) =>
    name === null || /^[a-z]+:/i.test(root + name) ? name : resolve(dirname(place), root, name),
  );
  return { ...map, sourceRoot: undefined, sources };
}

function identityMap(filename: string, source: string): SourceMap {
  const mappings: SourceMapMappings = source.split('\n').map((text, line) => {
    const segments: [number, number, number, number][] = [];
    for (const { index } of text.matchAll(TOKEN)) segments.push([index, 0, line, index]);
    return segments;
  });
  return {
    version: 3,
    file: basename(filename),
    sources: [filename],
    sourcesContent: [source],
    names: [],
    mappings: encode(mappings),
  };
}

/** Moves each mapped column behind what was inserted before it on its line. */
function shift(mappings: SourceMapMappings, source: string, edits: readonly Edit[]): SourceMapMappings {
  let next = 0;
  let start = 0;
  const lines = source.split('\n');
  return mappings.map((segments, line) => {
    if (line >= lines.length) return segments;
    let moved = 0;
    let at = 0;
    const end = start + lines[line].length;
    const own: Edit[] = [];
    while (next < edits.length && edits[next].at <= end) own.push(edits[next++]);
    const result = segments.map((segment) => {
      while (at < own.length && own[at].at - start <= segment[0]) {
        moved += own[at].insert.length - own[at].remove;
        at++;
      }
      const copy: typeof segment = [...segment];
      copy[0] += moved;
      return copy;
    });
    start = end + 1;
    return result;
  });
}
