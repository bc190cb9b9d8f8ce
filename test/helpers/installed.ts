import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cleanEnv } from './run.js';

const cache = process.env.HANDIT_TEST_APPS ?? join(homedir(), '.cache', 'handit-test-apps');

/** A folder with what a package.json asks for, from the registry; installed once. */
export async function installed(name: string, manifest: string): Promise<string> {
  const key = createHash('sha256').update(manifest).digest('hex').slice(0, 12);
  const folder = join(cache, `${name}-${key}`);
  if (existsSync(join(folder, '.installed'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  const making = `${folder}.${process.pid}`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  writeFileSync(join(making, 'package.json'), manifest);
  // Once more, for a registry that was out of reach for a moment.
  const problem = (await npmInstall(making)) && (await npmInstall(making));
  if (problem) throw new Error(`${name} cannot be installed: ${problem}`);
  writeFileSync(join(making, '.installed'), '');
  renameSync(making, folder);
  return folder;
}

/** Resolves with what went wrong; empty: nothing. */
function npmInstall(folder: string): Promise<string> {
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--prefer-offline'];
  return new Promise((done) => {
    const child = spawn('npm', args, { cwd: folder, env: cleanEnv(), stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.on('error', (error) => done(error.message));
    child.on('close', (code) => done(code === 0 ? '' : `npm install ended with ${code}\n${text}`));
  });
}
