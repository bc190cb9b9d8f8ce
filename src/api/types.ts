/** What `session()` is given. */
export interface SessionOptions {
  /** What the session is called in the trace: `checkout`, `nightly import`. At least one character. */
  tag: string;
  /** What else is to be known of it: kept as a preview, bounded and with secrets redacted, in `session_start`. */
  attrs?: Record<string, unknown>;
}

/** An open session, of the form `using s = session({ tag })`. */
export interface Session {
  /** As `session_id` in the trace; undefined when nothing is recorded. */
  readonly id: string | undefined;
  readonly tag: string;
  /**
   * Ends it; a second time does nothing. `using` calls it by itself.
   *
   * @param error why it failed, if it did: the `error` of `session_end`
   */
  end(error?: unknown): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What `tracing()` is given. */
export interface TracingOptions {
  /** Names who is at work: the wrapped function and all calls below it carry it as `agent`. At least one character. */
  agent: string;
  /** The function's name in the trace, in the place of its own. Not for classes. */
  name?: string;
}

/** The ids of what is running, as the trace has them: put them into log lines to find one by the other. */
export interface CurrentCall {
  /** As `proc` in the trace. */
  proc: string;
  /** The `id` of the innermost recorded call, else of the HTTP request that is being answered; null in a session outside of any. */
  id: number | null;
  session_id?: string;
  agent?: string;
  test?: string;
  /** The W3C trace id (32 hex digits) that came with the request that is being answered. */
  trace_id?: string;
}

/** What the running agent does for the functions that a program imports. Arguments have been checked. */
export interface Api {
  session<T>(options: SessionOptions, fn: () => T): T;
  openSession(options: SessionOptions): Session;
  trace(options: TracingOptions, target: AnyFunction, place: TracedPlace): unknown;
  annotate(data: unknown): void;
  currentCall(): CurrentCall | null;
  flush(path?: string): Promise<void>;
  flushSync(path?: string): void;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of any function
export type AnyFunction = (...args: any[]) => any;

/** What is wrapped, where the function does not say it itself. */
export interface TracedPlace {
  kind?: 'method' | 'getter' | 'setter';
  /** `Cart.` before its name. */
  owner?: string;
  name?: string;
}
