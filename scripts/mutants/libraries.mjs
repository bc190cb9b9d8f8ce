// Libraries whose tests can be run: packages of the registry, which are kept in a cache, and checkouts.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const cache = join(homedir(), '.cache', 'handit-mutants');

// Packages that ship their tests.
export const LIBRARIES = [
  { name: 'find-my-way', version: '9.10.2', sources: ['index.js', 'lib'], tests: ['test'] },
  { name: 'pino', version: '10.4.0', sources: ['lib', 'pino.js'], tests: ['test'] },
  { name: 'fastify', version: '5.12.8', sources: ['lib', 'fastify.js'], tests: ['test'] },
];

/** A package with its own dependencies, outside of any node_modules, so that it counts as the user's code. */
export function installed({ name, version, sources, tests }) {
  const folder = join(cache, `${name}-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const draft = mkdtempSync(join(cache, '.draft-'));
    run('npm', ['pack', `${name}@${version}`, '--silent'], draft);
    run('tar', ['xzf', readdirSync(draft)[0]], draft);
    withoutLinters(join(draft, 'package', 'package.json'));
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], join(draft, 'package'));
    renameSync(join(draft, 'package'), folder);
    rmSync(draft, { recursive: true, force: true });
  }
  return { name, folder, sources, tests };
}

/** What only checks the style of a library is not needed for its tests. */
function withoutLinters(path) {
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  for (const name of Object.keys(manifest.devDependencies ?? {}))
    if (/lint|standard|prettier|husky|pre-commit|release/.test(name)) delete manifest.devDependencies[name];
  writeFileSync(path, JSON.stringify(manifest, undefined, 2));
}

/** A folder with a library, its dependencies installed. */
export function checkout(folder) {
  const sources = ['src', 'lib', 'index.js'].filter((name) => existsSync(join(folder, name)));
  const tests = ['test', 'tests', '__tests__', 'src'].filter((name) => existsSync(join(folder, name))).slice(0, 1);
  return { name: basename(resolve(folder)), folder: resolve(folder), sources, tests };
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? status}`);
}
