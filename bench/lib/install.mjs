// Competitors and the libraries of the real programs, each in a folder of its own in a cache outside the repository.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const cacheFolder = process.env.HANDIT_BENCH_CACHE || join(homedir(), '.cache', 'handit-bench');

/**
 * @param {{ [name: string]: string }} packages exact versions
 * @param {boolean} fetch whether npm may be asked for what is missing
 * @returns {string | null} the folder, or null where they cannot be had
 */
export function installed(packages, fetch) {
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const folder = join(cacheFolder, wanted.join(',').replaceAll('/', '+'));
  if (existsSync(folder)) return folder;
  if (!fetch) return null;
  mkdirSync(cacheFolder, { recursive: true });
  const draft = mkdtempSync(join(cacheFolder, '.draft-'));
  try {
    writeFileSync(join(draft, 'package.json'), '{"private":true}\n');
    console.error(`fetching ${wanted.join(', ')}, once`);
    const npm = spawnSync(
      'npm',
      ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...wanted],
      { cwd: draft, encoding: 'utf8', timeout: 300_000, shell: process.platform === 'win32' },
    );
    if (npm.status !== 0) {
      console.error(
        `bench: goes on without ${wanted.join(', ')}: ${npm.error?.message ?? npm.stderr.trim().split('\n')[0]}`,
      );
      return null;
    }
    renameSync(draft, folder);
    return folder;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
