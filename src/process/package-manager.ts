import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Some of this is in the name of all of them, and of the links to them, and in that of few programs. */
const NAMED = /npm|npx|yarn|corepack|gyp|husky|prebuild|[\\/]pnx?$/;

/** Folders that package managers and what they install with run from, wherever they are installed. */
const IN_PACKAGE =
  /[\\/](?:node_modules[\\/](?:npm|npx|pnpm|@pnpm[\\/]exe|yarn|@yarnpkg[\\/]cli(?:-dist)?|corepack|node-gyp|node-gyp-build|@mapbox[\\/]node-pre-gyp|prebuild-install|husky)[\\/]|\.yarn[\\/]releases[\\/]yarn-[^\\/]*$|corepack[\\/]v\d+[\\/](?:npm|pnpm|yarn)[\\/])/;

/** As their main files are called where the folder has another name: an alias, an archive that was unpacked. */
const MAIN_FILE = /[\\/](?:(?:npm|npx)-cli|pnpm|pnpx|yarn|yarnpkg|corepack|node-gyp)\.[cm]?js$/;
const NAMES = new Set([
  'npm',
  'pnpm',
  '@pnpm/exe',
  'yarn',
  '@yarnpkg/cli-dist',
  '@yarnpkg/cli',
  'corepack',
  'node-gyp',
]);

/** What of a process tells whose it is. */
export interface Start {
  /** `process.argv[1]`. */
  program: string | undefined;
  cwd: () => string;
  env: NodeJS.ProcessEnv;
}

/**
 * Whether this process is a package manager, or the install script of a dependency: `NODE_OPTIONS` reaches them on the
 * way to the user's program, and nothing that they do is the user's. Every process asks this at its start, so it has to
 * cost next to nothing.
 */
export function isPackageManager({ program, cwd, env }: Start): boolean {
  try {
    // What package managers run has this variable; what they run inside of a dependency is not the user's.
    if (env.npm_lifecycle_event !== undefined && /[\\/]node_modules[\\/]/.test(cwd())) return true;
    if (program === undefined || !NAMED.test(program)) return false;
    const file = realPath(program);
    return IN_PACKAGE.test(file) || (MAIN_FILE.test(file) && NAMES.has(packageName(file)));
  } catch {
    return false;
  }
}

/** Commands are links to what is meant. */
function realPath(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    // Inside of an archive, or given without its extension.
    return file;
  }
}

function packageName(file: string): string {
  for (const folder of [dirname(dirname(file)), dirname(file)]) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }).name ?? '';
    } catch {
      // The other folder may have one.
    }
  }
  return '';
}
