import { isMainThread } from 'node:worker_threads';

export interface ProcessEndOptions {
  /** Writes what there is; the program may go on. */
  drain(): void;
  /** The last thing that happens, behind the program's own handlers. */
  end(code: number | undefined): void;
  /** An exception is about to end the process, and nobody handles it. */
  uncaught(error: unknown, fromPromise: boolean): void;
}

/**
 * Sees every orderly end of a process or thread. No signal is listened to: that would take away the default action.
 * The functions given must not throw.
 *
 * @returns takes all of it back
 */
export function watchProcessEnd({ drain, end, uncaught }: ProcessEndOptions): () => void {
  const host = process as unknown as { reallyExit: (code?: number) => never };
  const { reallyExit } = host;

  // The program's exit handlers may call recorded functions, so ours has to come behind them. It is moved there when the
  // process is about to end; `process.exit` gives no notice before its handlers run, but calls `reallyExit` after them.
  function onExit(code: number): void {
    drain();
    const last = process.rawListeners('exit').at(-1) === onExit;
    if (last || !isMainThread || !calledFromExit()) end(code);
  }
  function moveToEnd(): void {
    process.removeListener('exit', onExit);
    process.on('exit', onExit);
  }
  function onBeforeExit(): void {
    drain();
    moveToEnd();
  }
  function onUncaught(error: unknown, origin: string): void {
    moveToEnd();
    const handled = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (!handled && isMainThread) uncaught(error, origin === 'unhandledRejection');
    // Thrown by an exit handler: the handlers behind it, ours too, do not run any more.
    const { _exiting } = process as unknown as { _exiting?: boolean };
    if (_exiting) end(handled ? Number(process.exitCode ?? 0) : 1);
  }
  function exit(this: unknown, code?: number): never {
    end(code);
    return Reflect.apply(reallyExit, this, [code]);
  }

  if (isMainThread) host.reallyExit = exit;
  process.on('exit', onExit);
  process.on('beforeExit', onBeforeExit);
  process.on('uncaughtExceptionMonitor', onUncaught);
  return () => {
    if (host.reallyExit === exit) host.reallyExit = reallyExit;
    process.removeListener('exit', onExit);
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('uncaughtExceptionMonitor', onUncaught);
  };
}

/** Whether `process.exit` is running, and with it `process.reallyExit` still to come; else the process ends by itself. */
function calledFromExit(): boolean {
  return /\bat process\.exit\b/.test(new Error().stack ?? '');
}
