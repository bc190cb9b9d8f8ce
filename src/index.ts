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

/** The agent of this process or thread, whichever copy of the package started it. */
function running(): Api | undefined {
  return (globalThis as { [AGENT]?: Partial<agent.Agent> })[AGENT]?.api;
}

let tried = false;

/**
 * The same; starts it where none was preloaded. It then records HTTP and what `tracing()` wraps, and rewrites nothing.
 * Importing this package alone does not start it.
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
 * Runs `fn` as a session: everything done inside, across awaits, timers and callbacks, carries its `session_id`. Sessions
 * nest, and two at the same time do not mix. The trace gets `session_start` and, when `fn` has returned or the promise it
 * returned has settled, `session_end` with the duration and, if it failed, the error.
 *
 * @param options `tag` names the session; `attrs` are kept with it
 * @param fn called at once, without arguments
 * @returns what `fn` returns: a promise is the same object, and nothing is attached to it
 * @throws TypeError on wrong options; and whatever `fn` throws
 *
 * @example
 * const user = await session({ tag: 'sign-up' }, () => fetchUser(7));
 */
export function session<T>(options: SessionOptions, fn: () => T): T;
/**
 * Opens a session for the function that calls this, until it is disposed of: `using s = session({ tag: 'import' })`, or
 * `s.end()` in a `finally` where there is no `using`.
 *
 * @throws TypeError on wrong options
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
 * Wraps a function, which stays the same kind of function: every call is recorded, also where the loader has not
 * rewritten it, and all calls below carry `agent`. A function that is both rewritten and wrapped is recorded once. Of a
 * class all methods are wrapped, in place, and the class itself is returned.
 *
 * @param options `agent` names who is at work; `name` replaces the function's name in the trace
 * @param fn a function of any kind, or a class
 * @throws TypeError on wrong options
 *
 * @example
 * const plan = tracing({ agent: 'planner' }, async (goal: string) => ...);
 */
export function tracing<F extends AnyFunction>(options: TracingOptions, fn: F): F;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of any class
export function tracing<C extends abstract new (...args: any[]) => unknown>(options: TracingOptions, fn: C): C;
/**
 * The same as a decorator of a method, an accessor or a class: `@tracing({ agent: 'planner' })`, in the form of the
 * language and in the older one of TypeScript (`experimentalDecorators`).
 *
 * @throws TypeError on wrong options, and when it decorates something else
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
 * Attaches data to the call that is running: an `annotation` record with the call's id. It is kept as a preview, bounded
 * and with secrets redacted, as it is at this moment. Without the agent it does nothing.
 *
 * @throws TypeError when there is no data
 */
export function annotate(data: unknown): void {
  checkData(data);
  running()?.annotate(data);
}

/** The ids of the call that is running; null outside of any call, request and session, and without the agent. */
export function currentCall(): CurrentCall | null {
  return running()?.currentCall() ?? null;
}

/**
 * Writes all events recorded so far by this process or thread; when the promise is fulfilled they are there. Without the
 * agent it does nothing.
 *
 * @param path a file, relative to the working directory, that gets everything recorded so far, from `process_start` on,
 *   and replaces what was there; the trace goes on in `HANDIT_OUTPUT_FILE` as before. Default: only
 *   `HANDIT_OUTPUT_FILE` is brought up to date. What cannot be written is one line on stderr.
 * @throws TypeError (as a rejection) when `path` is no text
 */
export async function flush(path?: string): Promise<void> {
  checkPath('flush()', path);
  await running()?.flush(path);
}

/**
 * The same as `flush()`, done when it returns: for `exit` handlers, where nothing asynchronous runs any more.
 *
 * @throws TypeError when `path` is no text
 */
export function flushSync(path?: string): void {
  checkPath('flushSync()', path);
  running()?.flushSync(path);
}
