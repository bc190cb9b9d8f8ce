import { isMainThread } from '../thread.js';
import { before, looksLike, type ProcessInternals } from './before.js';

export interface ProcessEndOptions {
  /** Writes what there is; the program may go on. */
  drain(): void;
  /** The same while an exception is on its way. */
  save(): void;
  /** The last thing that happens, after the program's own handlers. */
  end(code: number | undefined): void;
  /** An exception is about to end the process, and nobody handles it. */
  uncaught(error: unknown, fromPromise: boolean): void;
  /** Keeps an error in here from the program. */
  guarded: <A extends unknown[]>(step: (...args: A) => void) => (...args: A) => void;
}

/**
 * Sees every orderly end of a process or thread, and what ends it from within. No signal is listened to: one with a
 * listener no longer ends a busy program, and other listeners that re-raise it when they are alone would not.
 * The functions given must not throw.
 *
 * @returns takes all of it back
 */
export function watchProcessEnd({ drain, save, end, uncaught, guarded }: ProcessEndOptions): () => void {
  const host = process as unknown as ProcessInternals;
  const { reallyExit } = host;

  // The program's exit handlers may call recorded functions, so ours has to come after them. It is moved there when the
  // process is about to end; `process.exit` gives no notice before its handlers run, but calls `reallyExit` after them.
  const isLast = (): boolean => process.rawListeners('exit').at(-1) === onExit;
  const onExit = guarded((code: number): void => {
    drain();
    if (isLast() || !isMainThread || !calledFromExit()) end(code);
  });
  function moveToEnd(): void {
    // Each change is an event of the process.
    if (isLast()) return;
    process.removeListener('exit', onExit);
    process.on('exit', onExit);
  }
  const onBeforeExit = guarded((): void => {
    drain();
    moveToEnd();
  });
  const onUncaught = guarded((error: unknown, origin: string): void => {
    moveToEnd();
    const handled = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (!handled && isMainThread) uncaught(error, origin === 'unhandledRejection');
    // A listener of the program that throws ends the process at once, without a word: exit code 7.
    if (handled) save();
    // Thrown by an exit handler: the handlers after it, ours included, no longer run.
    const { _exiting } = process as unknown as { _exiting?: boolean };
    if (_exiting) end(handled ? Number(process.exitCode ?? 0) : 1);
  });
  const { exit } = {
    exit(this: unknown, code?: number): never {
      end(code);
      return Reflect.apply(reallyExit, this, [code]);
    },
  };
  looksLike(exit, reallyExit);

  if (isMainThread) host.reallyExit = exit;
  // `process.kill` stays itself: this is what it calls.
  const restoreKill = before(host, '_kill', (pid) => {
    if (pid === process.pid || Number(pid) <= 0) drain();
  });
  // It replaces the program by another one, without an exit.
  const restoreExecve = before(host, 'execve', drain);
  process.on('exit', onExit);
  process.on('beforeExit', onBeforeExit);
  process.on('uncaughtExceptionMonitor', onUncaught);
  return () => {
    if (host.reallyExit === exit) host.reallyExit = reallyExit;
    restoreKill();
    restoreExecve();
    process.removeListener('exit', onExit);
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('uncaughtExceptionMonitor', onUncaught);
  };
}

/** Whether `process.exit` is running, and with it `process.reallyExit` still to come; else the process ends by itself. */
function calledFromExit(): boolean {
  return /\bat process\.exit\b/.test(new Error().stack ?? '');
}
