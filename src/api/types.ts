/** Options of `session()`. */
export interface SessionOptions {
  /** The name of the session in the trace: `checkout`, `nightly import`. A non-empty string. */
  tag: string;
  /** Further data, recorded in `session_start` as a preview: bounded, and with secrets redacted. */
  attrs?: Record<string, unknown>;
}

/** An open session, as in `using s = session({ tag })`. */
export interface Session {
  /** The `session_id` in the trace; undefined if nothing is recorded. */
  readonly id: string | undefined;
  readonly tag: string;
  /**
   * Ends the session; a second call does nothing. `using` does it for you.
   *
   * @param error why the session failed, if it did: the `error` of `session_end`
   */
  end(error?: unknown): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `tracing()`. */
export interface TracingOptions {
  /** Names who does the work; the wrapped function and all calls below it carry it as `agent`. A non-empty string. */
  agent: string;
  /** Replaces the function's name in the trace. Not for classes. */
  name?: string;
}

/** The ids of the running call, as in the trace. Put them into log lines to find one from the other. */
export interface CurrentCall {
  /** The `proc` in the trace. */
  proc: string;
  /** The `id` of the innermost recorded call, or else of the HTTP request being answered; null in a session outside of both. */
  id: number | null;
  session_id?: string;
  agent?: string;
  test?: string;
  test_id?: number;
  /** The W3C trace id (32 hex digits) that came with the request being answered. */
  trace_id?: string;
}

/** The agent's side of the functions that programs import. Arguments have been checked. */
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

/** What is wrapped, where the function itself does not say. */
export interface TracedPlace {
  kind?: 'method' | 'getter' | 'setter';
  /** `Cart.` before its name. */
  owner?: string;
  name?: string;
}
