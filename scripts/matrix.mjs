// Runs the tests of test/matrix (arguments are passed on to Jest) and, when all were run, compares docs/compatibility.md
// with what they found.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);

const env = { ...process.env, HANDIT_TEST_ALL_NODES: '1' };

rmSync(join(root, 'node_modules/.cache/compatibility.jsonl'), { force: true });
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
process.exitCode = run([jest, '--config', 'jest.matrix.config.mjs', ...args]);
if (process.exitCode === 0 && args.length === 0) process.exitCode = run(['scripts/compatibility.mjs', '--check']);

function run(command) {
  return spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit', env }).status ?? 1;
}
