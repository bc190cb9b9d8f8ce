import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decode, encode, type SourceMapMappings, type SourceMapSegment } from '@jridgewell/sourcemap-codec';
import { findSegment, readSourceMap, SEGMENT, type Segments } from '../transform/source-map.js';
import type { Edit } from '../transform/types.js';
import { findMap, originalFilename } from './incoming-map.js';
import { shiftMappings } from './shift-mappings.js';

interface DecodedMap {
  version: 3;
  file?: string;
  sources: (string | null)[];
  sourcesContent: (string | null)[];
  names: string[];
  mappings: SourceMapMappings;
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

/** Where a place of a built text was written, by 1-based line and column; undefined: its map does not say. */
export function originalPlace(
  { filename, source }: { filename: string; source: string },
  cwd: string,
  line: number,
  column: number,
): { filename: string; line: number; column: number } | undefined {
  const found = findMap(filename, source);
  if (!found) return undefined;
  try {
    const { sources, segments } = readSourceMap(found.json);
    const at = findSegment(segments, line - 1, column - 1) * SEGMENT.size;
    const name = at < 0 ? null : sources[segments.data[at + SEGMENT.source]];
    const original = name ? originalFilename(name, found.place, cwd) : null;
    if (original === null) return undefined;
    const { data } = segments;
    return { filename: original, line: data[at + SEGMENT.line] + 1, column: data[at + SEGMENT.sourceColumn] + 1 };
  } catch {
    return undefined;
  }
}

/** An original of a built text, by the name that stacks give it, with its text if the map holds that; undefined: it is none. */
export function originalNamed(
  { filename, source }: { filename: string; source: string },
  name: string,
): { text?: string } | undefined {
  const found = findMap(filename, source);
  if (!found) return undefined;
  try {
    const { sources, contents } = readSourceMap(found.json);
    const at = sources.findIndex((each) => {
      if (each === null || each === name) return each !== null;
      return !/^[a-z][\w+.-]+:/i.test(each) && resolve(dirname(found.place), each) === name;
    });
    return at < 0 ? undefined : { text: contents[at] ?? undefined };
  } catch {
    return undefined;
  }
}

/**
 * The same map for the text with its edits.
 *
 * @param linesAbove how many lines the map has more than the text, before the text's first
 */
export function shiftMap(json: string, source: string, edits: readonly Edit[], linesAbove: number): string {
  const lower = edits.map((edit) => ({ ...edit, at: edit.at + linesAbove }));
  return shiftedJson(json, '\n'.repeat(linesAbove) + source, lower);
}

/**
 * The same as a map of its own.
 *
 * @param incoming JSON of the map that the source has; its names stay as they are
 */
export function composedMap(filename: string, source: string, edits: readonly Edit[], incoming?: string): string {
  return incoming === undefined
    ? shifted(identityMap(filename, source), source, edits)
    : shiftedJson(incoming, source, edits);
}

function shiftedJson(json: string, source: string, edits: readonly Edit[]): string {
  const map = JSON.parse(json) as { mappings: string };
  const mappings = shiftMappings(map.mappings, source, edits) ?? encode(shift(decode(map.mappings), source, edits));
  return JSON.stringify({ ...map, mappings });
}

function shifted(map: DecodedMap, source: string, edits: readonly Edit[]): string {
  return JSON.stringify({ ...map, mappings: encode(shift(map.mappings, source, edits)) });
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
  const lines = source.split(/[\u2028\u2029]/.test(source) ? /[\n\u2028\u2029]/ : '\n');
  const data = mapAsNodeHasIt(filename, source);
  const url = [...source.matchAll(COMMENT)].at(-1)?.groups?.url ?? null;
  return { lineLengths: lines.map(({ length }) => length), data, url: data === null ? url : null };
}

/** With the addresses of its sources; an index map as it is. */
function mapAsNodeHasIt(filename: string, source: string): object | null {
  const found = findMap(filename, source);
  if (!found) return null;
  try {
    const map = JSON.parse(found.json) as { sourceRoot?: string; sources?: (string | null)[] };
    if (!map.sources) return map;
    const root = map.sourceRoot ?? '';
    const sources = map.sources.map((name) => {
      if (name === null || /^[a-z]+:/i.test(root + name)) return name;
      return pathToFileURL(resolve(dirname(found.place), root, name)).href;
    });
    return { ...map, sources, sourceRoot: '' };
  } catch {
    return null;
  }
}

/** The map that the original came with. Sources are named relative to its own place, which is lost when it goes inline. */
function incomingMap(filename: string, source: string): DecodedMap | undefined {
  const found = findMap(filename, source);
  if (!found) return undefined;
  try {
    const { sources, contents, names, segments } = readSourceMap(found.json);
    return {
      version: 3,
      sources: sources.map((name) =>
        name === null || /^[a-z][\w+.-]+:/i.test(name) ? name : resolve(dirname(found.place), name),
      ),
      sourcesContent: contents.map((text) => text ?? null),
      names,
      mappings: byLine(segments),
    };
  } catch {
    // Node does without such a map as well.
    return undefined;
  }
}

function byLine({ lines, data }: Segments): SourceMapMappings {
  const mappings: SourceMapMappings = [];
  for (let line = 0; line + 1 < lines.length; line++) {
    const segments: SourceMapSegment[] = [];
    for (let at = lines[line] * SEGMENT.size; at < lines[line + 1] * SEGMENT.size; at += SEGMENT.size) {
      const [column, from, fromLine, fromColumn, name] = data.subarray(at, at + SEGMENT.size);
      if (from < 0) segments.push([column]);
      else if (name < 0) segments.push([column, from, fromLine, fromColumn]);
      else segments.push([column, from, fromLine, fromColumn, name]);
    }
    mappings.push(segments);
  }
  return mappings;
}

function identityMap(filename: string, source: string): DecodedMap {
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
    mappings,
  };
}

/** Moves each mapped column past what was inserted before it on its line. */
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
