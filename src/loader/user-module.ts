import { isAbsolute, relative, sep } from 'node:path';

/** What decides whether a file is the user's own. */
export interface UserModuleOptions {
  cwd: string;
  /** Folder of this package: never rewritten. */
  ownFolder: string;
  captureOnlyCwd: boolean;
  include: RegExp | null;
  exclude: RegExp | null;
}

export interface UserModules {
  /** Path of a user's file as the trace names it, null for any other file. */
  pathOf(filename: string): string | null;
  /** Whether a function of that file is recorded; undefined when all of them are. */
  functionsOf(path: string): ((name: string) => boolean) | undefined;
}

const FOREIGN = /(^|\/)(node_modules|\.yarn|\.pnp\.[cm]?js)(\/|$)/;

/** The user's modules are the files below cwd that no package manager put there. */
export function createUserModules(options: UserModuleOptions): UserModules {
  const { cwd, ownFolder, captureOnlyCwd, include, exclude } = options;
  const own = ownFolder.endsWith(sep) ? ownFolder : ownFolder + sep;
  return {
    pathOf(filename) {
      // Code that is no file has a name like `[eval]-wrapper`.
      if (!isAbsolute(filename) || filename.startsWith(own)) return null;
      const fromCwd = relative(cwd, filename);
      const inside = fromCwd !== '' && !fromCwd.startsWith('..') && !/^([a-zA-Z]:)?[\\/]/.test(fromCwd);
      if (!inside && captureOnlyCwd) return null;
      const path = (inside ? fromCwd : filename).split(sep).join('/');
      if (FOREIGN.test(path) && (captureOnlyCwd || !include?.test(path))) return null;
      return exclude?.test(path) ? null : path;
    },
    functionsOf(path) {
      const all = !include || include.test(path);
      if (all && !exclude) return undefined;
      return (name) => {
        const full = `${path}::${name}`;
        return (all || include.test(full)) && !exclude?.test(full);
      };
    },
  };
}
