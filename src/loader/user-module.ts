import * as fs from 'node:fs';
import * as paths from 'node:path';
import * as urls from 'node:url';
import { workspaceRoot } from './workspace.js';

const { realpathSync } = fs;
const { dirname, isAbsolute, relative, sep } = paths;
const { fileURLToPath } = urls;

/** What decides whether a file is the user's own. */
export interface UserModuleOptions {
  cwd: string;
  /** Folder of this package: never rewritten. */
  ownFolder: string;
  captureOnlyCwd: boolean;
  /** The rest of the monorepo that `cwd` is part of is the user's own as well. */
  captureWorkspace?: boolean;
  /** Node names modules by the links that lead to them. */
  preserveSymlinks?: boolean;
  include: RegExp | null;
  exclude: RegExp | null;
  /** Told, once each, of files outside of what is recorded that no package manager put there. */
  outside?: (filename: string) => void;
}

export interface UserModules {
  /** Path of a user's file as the trace names it, null for any other file. */
  pathOf(filename: string): string | null;
  /** Any file, by path or `file:` address, as the trace names it: relative where it lies below cwd or in its workspace, else absolute. */
  nameOf(file: string): string;
  /**
   * Whether a function of that file is recorded; undefined when all of them are.
   *
   * @param built path of what was built of it; either may be named
   */
  functionsOf(path: string, built?: string): ((name: string) => boolean) | undefined;
}

/** Parts of paths. No pattern: V8 would compile it in each process. */
const FOREIGN = ['/node_modules/', '/.yarn/', '/.pnp.js/', '/.pnp.cjs/', '/.pnp.mjs/'];

/** The user's modules are the files below cwd, and in the rest of its monorepo, that no package manager put there. */
export function createUserModules(options: UserModuleOptions): UserModules {
  const { cwd, ownFolder, captureOnlyCwd, captureWorkspace = false, include, exclude } = options;
  const own = ownFolder.endsWith(sep) ? ownFolder : ownFolder + sep;
  const told = new Set<string>();
  let root: string | null | undefined;

  /** Path below cwd, or below the root of the workspace; null: neither. */
  function inProject(filename: string): { path: string; below: string } | null {
    const fromCwd = below(cwd, filename);
    if (fromCwd !== null) return { path: fromCwd, below: fromCwd };
    // Nothing is looked for as long as all that is loaded lies in cwd or was installed.
    if (!captureWorkspace || isInModules(filename)) return null;
    root ??= root === undefined ? workspaceRoot(cwd) : null;
    const fromRoot = root === null ? null : below(root, filename);
    return fromRoot === null ? null : { path: slashes(relative(cwd, filename)), below: fromRoot };
  }

  function outside(filename: string): null {
    if (options.outside && !isInModules(filename) && !told.has(filename)) {
      told.add(filename);
      options.outside(filename);
    }
    return null;
  }

  return {
    pathOf(name) {
      // Code that is no file has a name like `[eval]-wrapper`.
      if (!isAbsolute(name) || name.startsWith(own)) return null;
      const filename = options.preserveSymlinks && isInModules(name) ? realPath(name) : name;
      const place = inProject(filename);
      if (!place && captureOnlyCwd) return outside(filename);
      const path = place?.path ?? slashes(filename);
      if (isForeign(place?.below ?? path) && (captureOnlyCwd || !include?.test(path))) return null;
      return exclude?.test(path) ? null : path;
    },
    nameOf(file) {
      const filename = file.startsWith('file:') ? fileURLToPath(file) : file;
      return inProject(filename)?.path ?? slashes(filename);
    },
    functionsOf(path, built = path) {
      const paths = built === path ? [path] : [path, built];
      const all = !include || paths.some((each) => include.test(each));
      if (all && !exclude) return undefined;
      return (name) => {
        const named = paths.map((each) => `${each}::${name}`);
        return (all || named.some((each) => include.test(each))) && !named.some((each) => exclude?.test(each));
      };
    },
  };
}

/**
 * Whether a package manager put that file there, and not as a part of this package.
 *
 * @param ownFolder of this package's built files
 */
export function isLibrary(filename: string, ownFolder: string): boolean {
  return isInModules(filename) && !filename.startsWith(dirname(ownFolder) + sep);
}

function isInModules(filename: string): boolean {
  return slashes(filename).includes('/node_modules/');
}

function isForeign(path: string): boolean {
  const whole = `/${path}/`;
  return FOREIGN.some((part) => whole.includes(part));
}

function slashes(path: string): string {
  return sep === '/' ? path : path.split(sep).join('/');
}

/** The path from the folder to a file in it, or null. */
function below(folder: string, filename: string): string | null {
  // As nearly all names of modules are.
  if (filename.startsWith(folder) && filename[folder.length] === '/') {
    const path = filename.slice(folder.length + 1);
    if (!mayBeUnresolved(path)) return path;
  }
  const path = slashes(relative(folder, filename));
  return path === '' || /^\.\.(\/|$)|^([a-zA-Z]:)?\//.test(path) ? null : path;
}

/** Whether it has a `.` or `..`, nothing between two slashes, or nothing after the last. */
function mayBeUnresolved(path: string): boolean {
  const inside = `/${path}/`;
  return inside.includes('//') || inside.includes('/./') || inside.includes('/../') || path.includes('\\');
}

function realPath(filename: string): string {
  try {
    return realpathSync(filename);
  } catch {
    return filename;
  }
}
