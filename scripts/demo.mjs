// Runs the order service under handit and prints what it said, the recorded calls as a tree, and where the trace is.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const app = join(root, 'fixtures/apps/order-service');
const trace = join(app, 'handit_events.jsonl');

process.exitCode = demo();

function demo() {
  rmSync(trace, { force: true });
  const register = pathToFileURL(join(root, 'register.mjs')).href;
  console.log('$ node --import handit/register src/main.js\n');
  const run = spawnSync(process.execPath, ['--import', register, 'src/main.js'], {
    cwd: app,
    env: { ...process.env, HANDIT_OUTPUT_FILE: trace },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.error || run.status !== 0) {
    console.error(`demo: the order service ended with ${run.error?.message ?? run.signal ?? run.status}`);
    return 1;
  }
  const calls = countCalls();
  if (calls === 0) {
    console.error(`demo: the trace holds no call: ${trace}`);
    return 1;
  }
  console.log('\n$ handit print handit_events.jsonl\n');
  const print = spawnSync(process.execPath, [join(root, 'dist/cli.cjs'), 'print', trace], { stdio: 'inherit' });
  if (print.status !== 0) return 1;
  const page = join(dirname(trace), 'handit_report.html');
  const report = spawnSync(process.execPath, [join(root, 'dist/cli.cjs'), 'report', trace, '--all', '-o', page], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (report.status !== 0) return 1;
  console.log(`\nthe report, for the browser: ${pathToFileURL(page).href}`);
  console.log(`\n${calls} calls in ${relative(process.cwd(), trace)}`);
  return 0;
}

function countCalls() {
  if (!existsSync(trace)) return 0;
  const lines = readFileSync(trace, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{') && JSON.parse(line).type === 'call').length;
}
