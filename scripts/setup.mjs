// Makes a checkout ready to use: installs the dependencies when they do not match the lock file, then builds what
// is out of date. Needs Node and npm only, and prints nothing when there is nothing to do.
//   --dependencies   only install, do not build
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  if (!dependenciesMatchLock()) install();
  if (!process.argv.includes('--dependencies')) {
    const { build } = await import('./build.mjs');
    await build();
  }
} catch (error) {
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}

/** Compares versions, not file times: a checkout or a copy renews the times of files that did not change. */
function dependenciesMatchLock() {
  const installedLock = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(installedLock);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    // Builds for other platforms are in the lock file and rightly not installed.
    if (!found) return Boolean(entry.optional || entry.devOptional || entry.peer);
    return found.version === entry.version && existsSync(join(root, path));
  });
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

function install() {
  console.error('setup: installing dependencies (npm ci)');
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) throw new Error(`npm could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`npm ci ended with ${status}`);
}
