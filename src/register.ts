import * as threads from 'node:worker_threads';
import type * as agent from './agent.js';
import { warn } from './log.js';
import { isPackageManager } from './package-manager.js';

/** What the threads of a package manager, which have no `argv[1]` yet, are told. */
const OFF = 'handit:off';
const { isMainThread, getEnvironmentData, setEnvironmentData } = threads;
// Node's own, for the asynchronous hooks of modules. Where hooks of ours were registered in it, Node 22 could load nothing.
const { isInternalThread = false } = threads as { isInternalThread?: boolean };

try {
  const off = isMainThread
    ? isPackageManager({ program: process.argv[1], cwd: process.cwd, env: process.env })
    : isInternalThread || getEnvironmentData(OFF) === true;
  if (!off) {
    // A file of its own, for a package manager is not to load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the bundle is CommonJS
    const { startAgent } = require('./agent.cjs') as typeof agent;
    startAgent(__dirname);
  } else if (isMainThread) {
    setEnvironmentData(OFF, true);
  }
} catch (error) {
  // The program was asked for, not the trace.
  warn(
    `cannot start (${error instanceof Error ? error.message : String(error)}); the program runs without being recorded`,
  );
}
