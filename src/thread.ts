import type * as WorkerThreads from 'node:worker_threads';

const { getBuiltinModule } = process;
/** In a worker, the functions that only the main thread may call are replaced, and Node marks them. */
const { disabled } = process.abort as typeof process.abort & { disabled?: boolean };

export const isMainThread = disabled !== true;

/** To load it takes 2 ms of each start, with all of Node's streams, unless this is a worker: there it is loaded already. */
export function workerThreads(): typeof WorkerThreads {
  return getBuiltinModule('node:worker_threads');
}

/** 0: the main thread. */
export const threadId = isMainThread ? 0 : workerThreads().threadId;
