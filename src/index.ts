import type * as agent from './agent.js';
import { createDecorator, type TracingDecorator } from './api/decorator.js';
import { checkData, checkFunction, checkPath, checkSession, checkTracing } from './api/arguments.js';
import { notRecorded } from './api/session-object.js';
import type { AnyFunction, Api, CurrentCall, Session, SessionOptions, TracingOptions } from './api/types.js';
import { isEnabled } from './config.js';
import { warn } from './log.js';

export type * from './trace-format.js';
export type { CurrentCall, Session, SessionOptions, TracingDecorator, TracingOptions };
export { version } from './version.js';

const AGENT = Symbol.for('handit');

/** Returns the agent of this process or thread, whichever copy of the package started it. */
function running(): Api | undefined {
  return (globalThis as { [AGENT]?: Partial<agent.Agent> })[AGENT]?.api;
}

let tried = false;

/**
 * The same, but starts the agent if none was preloaded. It then records HTTP and what `tracing()` wraps, and rewrites
 * nothing. Importing the package does not start it.
 */
function started(): Api | undefined {
  const api = running();
  if (api !== undefined || tried) return api;
  tried = true;
  if (!isEnabled(process.env)) return undefined;
  try {
    // A file of its own, so that programs that record nothing do not load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the bundle is CommonJS
    const { startAgent } = require('./agent.cjs') as typeof agent;
    startAgent(__dirname, { loader: false });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    warn(`cannot start (${why}); the program runs without being recorded`);
  }
  return running();
}

/**
 * Runs `fn` as a session: everything done inside carries its `session_id`, across awaits, timers and callbacks. Sessions
 * nest, and concurrent sessions do not mix. `session_end`, with duration and error, is written when `fn` has returned or
 * its promise is settled.
 *
 * @param options `tag` names the session; `attrs` are recorded with it
 * @param fn called immediately, without arguments
 * @returns the result of `fn`; a promise is returned as it is, with nothing attached to it
 * @throws TypeError for wrong options, and whatever `fn` throws
 *
 * @example
 * const user = await session({ tag: 'sign-up' }, () => fetchUser(7));
 */
export function session<T>(options: SessionOptions, fn: () => T): T;
/**
 * Opens a session for the calling function, until it is disposed of: `using s = session({ tag: 'import' })`. Without
 * `using`, call `s.end()` in a `finally`.
 *
 * @throws TypeError for wrong options
 */
export function session(options: SessionOptions): Session;
export function session<T>(...args: [SessionOptions, (() => T)?]): T | Session {
  const [options, fn] = args;
  checkSession(options);
  if (args.length > 1) checkFunction('session()', fn);
  const api = started();
  if (fn === undefined) return api ? api.openSession(options) : notRecorded(options.tag);
  return api ? api.session(options, fn) : fn();
}

/**
 * Wraps a function, which keeps its kind. Every call is recorded, even where the loader has not rewritten it, and all
 * calls below carry `agent`. A function that is both rewritten and wrapped is recorded once. For a class, all methods are
 * wrapped in place, and the class itself is returned.
 *
 * @param options `agent` names who does the work; `name` replaces the function's name in the trace
 * @param fn a function of any kind, or a class
 * @throws TypeError for wrong options
 *
 * @example
 * const plan = tracing({ agent: 'planner' }, async (goal: string) => ...);
 */
export function tracing<F extends AnyFunction>(options: TracingOptions, fn: F): F;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of any class
export function tracing<C extends abstract new (...args: any[]) => unknown>(options: TracingOptions, fn: C): C;
/**
 * Decorates a method, an accessor or a class: `@tracing({ agent: 'planner' })`. Works as a standard decorator and with
 * `experimentalDecorators`.
 *
 * @throws TypeError for wrong options, and for anything else that is decorated
 */
export function tracing(options: TracingOptions): TracingDecorator;
export function tracing(...args: [TracingOptions, unknown?]): unknown {
  const [options, fn] = args;
  checkTracing(options);
  const api = started();
  if (args.length === 1) return createDecorator(options, api);
  checkFunction('tracing()', fn);
  return api ? api.trace(options, fn as AnyFunction, {}) : fn;
}

/**
 * Attaches data to the running call, as an `annotation` record with the call's id. The data is recorded as it is now, as
 * a preview: bounded, and with secrets redacted. Without the agent it does nothing.
 *
 * @throws TypeError if there is no data
 */
export function annotate(data: unknown): void {
  checkData(data);
  running()?.annotate(data);
}

/** Returns the ids of the running call; null outside of any call, request and session, and without the agent. */
export function currentCall(): CurrentCall | null {
  return running()?.currentCall() ?? null;
}

/**
 * Writes all events that this process or thread has recorded so far; they are in the file when the promise is fulfilled.
 * Without the agent it does nothing.
 *
 * @param path a file to replace with everything recorded so far, from `process_start` on, relative to the working
 *   directory; the trace continues in `HANDIT_OUTPUT_FILE`. Default: only bring `HANDIT_OUTPUT_FILE` up to date. A file
 *   that cannot be written is one line on stderr.
 * @throws TypeError (as a rejection) if `path` is not a non-empty string
 */
export async function flush(path?: string): Promise<void> {
  checkPath('flush()', path);
  await running()?.flush(path);
}

/**
 * The same as `flush()`, but finished when it returns: for `exit` handlers, where nothing asynchronous runs any more.
 *
 * @throws TypeError if `path` is not a non-empty string
 */
export function flushSync(path?: string): void {
  checkPath('flushSync()', path);
  running()?.flushSync(path);
}
