import * as fs from 'node:fs';
import * as paths from 'node:path';
import { jsonParse, jsonStringify } from '../intrinsics.js';
import type * as transform from '../transform/index.js';
import type { LibraryFile } from '../transform/library.js';
import type { SourceKind } from '../transform/types.js';
import type { SourceCache } from './source-cache.js';

const { readFileSync } = fs;
const { sep } = paths;

export interface LibraryFilesOptions {
  /** Names the state of this package's sources. */
  build: string;
  files: readonly LibraryFile[];
  /** Loads the parser, when the cache does not know a source. */
  loadEditor: () => typeof transform.editLibrary;
  cache: SourceCache | null;
  /** What is the user's own is rewritten like the rest of it instead. */
  isUserModule: (filename: string) => boolean;
  /** Called with a library's file that stays as it is. */
  leftAlone: (filename: string, reason: string) => void;
}

export interface LibraryFiles {
  /** Whether there are rules for that file. */
  has(filename: string): boolean;
  /** The text to run instead of the source; null: no such file, or it is not as the rules know it. */
  edit(filename: string, source: string, kind: SourceKind): string | null;
}

/** Puts the calls that hooks ask for into the files of HTTP libraries, whichever copies and versions are loaded. */
export function createLibraryFiles(options: LibraryFilesOptions): LibraryFiles {
  const { cache, files } = options;
  const packages = new Map<string, Manifest>();

  /** Folders of several versions side by side are called as their user likes (`npm i axios0@npm:axios@0.27.2`). */
  function isPackage({ folder, name }: Place, { package: wanted, version }: LibraryFile): boolean {
    if (name === wanted && version === undefined) return true;
    let found = packages.get(folder);
    if (found === undefined) packages.set(folder, (found = manifestOf(folder)));
    return found.name === wanted && (version === undefined || new RegExp(version).test(String(found.version)));
  }

  /** @param source what it says decides as well, where it is known: many packages have an `index.js` */
  function fileOf(filename: string, source?: string): LibraryFile | undefined {
    const place = placeOf(filename);
    if (place === null) return undefined;
    const found = files.find(
      (file) =>
        fits(file.path, place.path) &&
        (source === undefined || file.contains === undefined || source.includes(file.contains)) &&
        isPackage(place, file),
    );
    return found && !options.isUserModule(filename) ? found : undefined;
  }

  function editNow(filename: string, source: string, kind: SourceKind, rules: LibraryFile['rules']): Edited {
    if (rules.length === 0) return { code: source, reason: '' };
    try {
      return { code: options.loadEditor()(source, filename, kind, rules), reason: '' };
    } catch (error) {
      return { code: '', reason: (error as Error).message };
    }
  }

  return {
    has: (filename) => fileOf(filename) !== undefined,
    edit(filename, source, kind) {
      const file = fileOf(filename, source);
      // A source that came through here before, in another hook of the same chain.
      if (!file || source.includes('=__handit__.') || (file.last && source.includes(file.last))) return null;
      const key = cache?.key(filename, [options.build, 'library', jsonStringify(file.rules), kind], source);
      const known = key && cache ? cache.get(key) : undefined;
      const { code, reason } = known
        ? { code: known.code, reason: known.leftAlone[0].reason }
        : editNow(filename, source, kind, file.rules);
      if (key && !known) {
        cache!.set(key, { ...NOT_RECORDED, code, functions: [], leftAlone: [{ reason }] });
      }
      if (code !== '') return file.last === undefined ? code : `${code}\n;${file.last};`;
      options.leftAlone(filename, reason);
      return null;
    },
  };
}

const NOT_RECORDED = { prefix: '', kind: 'commonjs', hash: '', edits: '[]' } as const;

interface Edited {
  /** Empty when it stays as it is, for this reason. */
  code: string;
  reason: string;
}

/** @param path with a `*`, or whole */
function fits(path: string, file: string): boolean {
  const star = path.indexOf('*');
  if (star < 0) return path === file;
  const end = path.slice(star + 1);
  return file.startsWith(path.slice(0, star)) && file.endsWith(end) && !file.includes('/', star);
}

interface Place {
  folder: string;
  /** As the folder is called. */
  name: string;
  /** Inside the package. */
  path: string;
}

const MODULES = '/node_modules/';

function placeOf(filename: string): Place | null {
  const file = sep === '/' ? filename : filename.split(sep).join('/');
  const modules = file.lastIndexOf(MODULES);
  if (modules < 0) return null;
  const from = modules + MODULES.length;
  const end = file.indexOf('/', file[from] === '@' ? file.indexOf('/', from) + 1 : from);
  return end < 0 ? null : { folder: file.slice(0, end), name: file.slice(from, end), path: file.slice(end + 1) };
}

interface Manifest {
  name?: unknown;
  version?: unknown;
}

function manifestOf(folder: string): Manifest {
  try {
    return (jsonParse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest | null) ?? {};
  } catch {
    return {};
  }
}
