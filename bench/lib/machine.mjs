// What the figures were measured on and with.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function machine() {
  const processors = os.cpus();
  return {
    processor: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  };
}

/** The version, and the commit where there is one; `+` when files were changed since. */
export function handitVersion() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    // What is measured decides, and not what was written about it.
    const changed =
      git('status', '--porcelain', 'src', 'hooks', 'bench/lib', 'bench/rows', 'bench/programs').trim() !== '';
    return `${version} (${git('rev-parse', '--short', 'HEAD').trim()}${changed ? '+' : ''})`;
  } catch {
    return version;
  }
}
