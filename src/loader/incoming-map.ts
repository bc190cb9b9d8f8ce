import * as fs from 'node:fs';
import * as paths from 'node:path';
import * as urls from 'node:url';

const { existsSync, readFileSync } = fs;
const { dirname, isAbsolute, join, resolve } = paths;
const { fileURLToPath } = urls;

/** A source map that a text came with. */
export interface FoundMap {
  json: string;
  /** The file that it is in, which the names of its sources are relative to. */
  place: string;
  /** It is in the text itself. */
  inline?: true;
}

const MARK = 'sourceMappingURL=';
const COMMENT = /\/[/*][@#]\s*sourceMappingURL=([^\s'"]+)/;

/**
 * The map of a text: inline, or in the file that its last line names.
 *
 * @param unusable told why there is none although the text names one
 */
export function findMap(
  filename: string,
  source: string,
  unusable: (reason: string) => void = () => undefined,
): FoundMap | undefined {
  const at = source.lastIndexOf(MARK);
  if (at < 0) return undefined;
  const end = source.indexOf('\n', at);
  const url = COMMENT.exec(source.slice(Math.max(0, at - 8), end < 0 ? undefined : end))?.[1];
  if (url === undefined) return undefined;
  try {
    const inline = /^data:application\/json[^,]*?(;base64)?,/.exec(url);
    if (inline) {
      const data = url.slice(inline[0].length);
      const json = inline[1] ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data);
      return { json, place: filename, inline: true };
    }
    const place = url.startsWith('file:')
      ? fileURLToPath(url)
      : resolve(dirname(filename), decodeURIComponent(url.replace(/\?.*$/, '')));
    return { json: readFileSync(place, 'utf8'), place };
  } catch (error) {
    unusable((error as Error).message);
    return undefined;
  }
}

/**
 * The file that a map means by a name; null: no file, as what bundlers add of their own.
 *
 * @param place of the map
 */
export function originalFilename(name: string, place: string, cwd: string): string | null {
  if (name.includes('\0') || name === '') return null;
  const bundled = /^(?:webpack(?:-internal)?:\/\/[^/]*\/|turbopack:\/\/[^/]*\/\[project\]\/)(.*)$/s.exec(name);
  if (bundled) return bundledFilename(bundled[1], place, cwd);
  if (name.startsWith('file:')) {
    try {
      return fileURLToPath(name);
    } catch {
      return null;
    }
  }
  if (/^[a-z][\w+.-]+:/i.test(name)) return null;
  const filename = isAbsolute(name) ? name : resolve(dirname(place), name);
  // Some write addresses: Turbopack `%5Bid%5D` for a folder `[id]`.
  return name.includes('%') && !existsSync(filename) ? decoded(filename) : filename;
}

function decoded(filename: string): string {
  try {
    return decodeURIComponent(filename);
  } catch {
    return filename;
  }
}

/** Bundlers name files relative to the folder they were run in, which need not be the one the program runs in. */
function bundledFilename(name: string, place: string, cwd: string): string | null {
  // A layer is in parentheses before the path; a query after it tells parts of one file apart.
  const path = name.replace(/^\([\w-]+\)\//, '').replace(/[?|].*$/s, '');
  if (/^(webpack[/ ]|\(webpack\)|external |ignored|delegated|multi |remote |container|$)/.test(path)) return null;
  if (isAbsolute(path)) return path;
  const here = resolve(cwd, path);
  if (existsSync(here)) return here;
  for (let folder = dirname(place), above; (above = dirname(folder)) !== folder; folder = above) {
    const there = join(folder, path);
    if (existsSync(there)) return there;
  }
  return here;
}
