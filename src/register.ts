import { isEnabled } from './config.js';
import { forget, withAgent } from './load-agent.js';
import { warn } from './log.js';
import { isPackageManager } from './process/package-manager.js';
import { isMainThread, workerThreads } from './thread.js';

/** What the threads of a package manager, which have no `argv[1]` yet, are told. */
const OFF = 'handit:off';
// Node's own, for the asynchronous hooks of modules, runs preloads, too, and no code of the program. Hooks registered in
// it would wait for itself on Node 20, and on Node 22 the hooks of others (ts-node/esm, tsx before 4.22) would fail.
const isHooksThread = !isMainThread && workerThreads().parentPort === null;

try {
  const off = isMainThread
    ? isPackageManager({ program: process.argv[1], cwd: process.cwd, env: process.env })
    : isHooksThread || workerThreads().getEnvironmentData(OFF) === true;
  if (off) {
    if (isMainThread) workerThreads().setEnvironmentData(OFF, true);
  } else if (isEnabled(process.env)) {
    withAgent(require, __dirname, ({ startAgent }, warm) => void startAgent(__dirname, { warm }));
  }
} catch (error) {
  // The program was asked for, not the trace.
  warn(
    `cannot start (${error instanceof Error ? error.message : String(error)}); the program runs without being recorded`,
  );
} finally {
  forget(require, __filename);
}
