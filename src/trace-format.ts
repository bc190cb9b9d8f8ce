/**
 * The trace, version 1: JSON Lines, one of these records a line, UTF-8. Writers and readers share only this file;
 * docs/trace-format.schema.json says the same to programs in other languages.
 *
 * A file may hold several processes and worker threads, each appending whole lines: `proc` tells them apart. The
 * lines of one `proc` are in the order in which things happened, those of different ones are interleaved. A process
 * that was killed may leave its last line cut.
 */
export type TraceRecord =
  | ProcessStart
  | Module
  | Call
  | Return
  | Settle
  | Exception
  | HttpRequest
  | HttpResponse
  | HttpError
  | SessionStart
  | SessionEnd
  | TestEnd
  | Annotation
  | Summary
  | Limit
  | Skipped
  | ProcessEnd;

/**
 * Integer nanoseconds since 1970, from a clock that never goes back within one process. JavaScript reads it as a
 * double, exact to less than 0.3 us; the duration of a call is in `dt_ns`, so never subtract two of these.
 */
export type TimeNs = number;

/** Integer nanoseconds; exact. */
export type DurationNs = number;

/** Eight hex digits, unique for each process and each worker thread that appends to the file. */
export type ProcId = string;

/**
 * Counts up from 1 within one `proc`; calls and HTTP exchanges share the sequence, so `parent` may name either. The
 * pair (`proc`, `id`) is unique in the file.
 */
export type CallId = number;

/**
 * A value as it was at that moment: JSON where JSON can say it, else a tagged object. Strings, keys, items and depth
 * are bounded, secrets are `"<redacted>"`, and no code of the program was run to obtain it.
 */
export type Preview = null | boolean | number | string | Preview[] | TaggedPreview | { [key: string]: Preview };

/**
 * What JSON has no word for, by `$type`: `{"$type":"undefined"}`, `{"$type":"bigint","value":"12"}`,
 * `{"$type":"function","name":"f"}`, `{"$type":"circular"}`, `{"$type":"Map","size":2,"entries":[...]}`; the class
 * name and the fields of an instance, `{"$type":"User","id":1}`; and what was cut, with its true size:
 * `{"$type":"string","length":9000,"value":"first 256..."}`, `{"$type":"Array","length":1000,"items":[...]}`. What was cut
 * may have `hash`: 8 hex digits over more of it than is shown.
 */
export interface TaggedPreview {
  $type: string;
  [key: string]: Preview;
}

/** What was thrown, or what a promise was rejected with. */
export interface ErrorInfo {
  /** The error's `name`, else its class; `Thrown` for a value that is no Error. */
  name: string;
  /** At most 4096 characters, or HANDIT_MAX_STR if that is more; the stack too. */
  message: string;
  /** As text. Absent where there is none, and where reading it would run code of the program. */
  stack?: string;
  /** `ENOENT` and the like, where the error has one. */
  code?: string | number;
  /** The error's `cause`: described the same way when it is an Error, else previewed. */
  cause?: ErrorInfo | Preview;
  /** Present only when what was thrown is no Error: the value itself. */
  value?: Preview;
  /** In `test_end`: what the assertion wanted, where the assertion library says so. */
  expected?: Preview;
  /** In `test_end`: what the assertion got. */
  actual?: Preview;
}

/** The first line of every process and worker thread. */
export interface ProcessStart {
  type: 'process_start';
  proc: ProcId;
  ts_ns: TimeNs;
  /** The version of this format. A reader refuses a higher one than it knows. */
  schema: 1;
  /** The version of handit that wrote it. */
  handit: string;
  /** `process.version`: `v24.11.1`. */
  node: string;
  pid: number;
  ppid: number;
  /** 0 in the main thread, else the worker's `threadId`. */
  tid: number;
  /** `process.argv`, secrets redacted. */
  argv: string[];
  /** The folder that `file` is relative to. */
  cwd: string;
  /** `process.platform`. */
  platform: string;
  /** The commit that is checked out. */
  git?: GitInfo;
  /** The run of a CI service that this is a part of. */
  ci?: CiInfo;
  /** Where the newest lines are kept (HANDIT_KEEP): the number of the file that begins with this line, from 1. */
  segment?: number;
  /** The program's first file: relative to `cwd`, with `/`; absent where there is none (`node -e`). */
  script?: string;
}

export interface GitInfo {
  /** 40 hex digits, or 64. */
  sha: string;
  /** Absent where HEAD is detached and the CI service names none. */
  branch?: string;
  /** Whether files differ from the commit; absent where that is not known. */
  dirty?: boolean;
}

export interface CiInfo {
  /** `github`, `gitlab`, `circleci`, `azure`, `buildkite`, `travis`, `bitbucket`, `teamcity`, `jenkins`, `unknown`. */
  provider: string;
  /** The service's id of the whole run. */
  run?: string;
  job?: string;
  /** Secrets redacted. */
  url?: string;
}

/** A file of the program that was rewritten, and so is recorded: written once for each text of it. */
export interface Module {
  type: 'module';
  proc: ProcId;
  ts_ns: TimeNs;
  /** As in `call`. */
  file: string;
  /**
   * 16 hex digits that tell whether the file is still the one that ran: of its text, without a byte order mark; where a
   * source map leads to it, of the original.
   */
  hash: string;
  /** The built file that ran, where a source map led from it to `file`. */
  origin?: string;
  /**
   * Its functions: line and column as in `call`, and eight hex digits that tell whether the text of the function, without
   * the functions inside it, is the same in another run. At most 5,000.
   */
  functions?: [line: number, column: number, text: string][];
}

/** How a function was written. */
export type FunctionKind = 'function' | 'arrow' | 'method' | 'getter' | 'setter' | 'constructor';

/** A function was entered. Exactly one `return` or `exception` with this `id` follows, unless the process ended first. */
export interface Call {
  type: 'call';
  proc: ProcId;
  id: CallId;
  /** The call or HTTP exchange that caused this one; null at the top. It may lack a line, where events were dropped. */
  parent: CallId | null;
  /** The qualified name: `Cart.total`, `outer.inner`. */
  func: string;
  /** Relative to the process's `cwd`, with `/` on every platform; absolute where it lies outside. */
  file: string;
  /** Counts from 1: where the function begins in the source as it was written. */
  line: number;
  /** Counts from 1, in UTF-16 code units. */
  column: number;
  kind: FunctionKind;
  /** Present on async functions: `return` and `exception` come when the call has settled. */
  async?: true;
  /** Present on generators: the call begins when the body first runs, and ends when it completes or is closed. */
  generator?: true;
  t0_ns: TimeNs;
  /** It began in an earlier segment: the same call, without its arguments. */
  again?: true;
  /** By parameter name, in the order of the parameters. */
  args_preview: { [parameter: string]: Preview };
  /** The session it happened in. */
  session_id?: string;
  /** The agent it happened in, where the program named one. */
  agent?: string;
  /** The test it happened in: `<file> > <suite> > <test>`. */
  test?: string;
  /** The `test_id` of that test's `test_end`: tests of one name have different ones. */
  test_id?: number;
}

/** The call ended and gave a value. */
export interface Return {
  type: 'return';
  proc: ProcId;
  id: CallId;
  func: string;
  t1_ns: TimeNs;
  /** From entry to end, the time it spent waiting at an `await` or `yield` included. */
  dt_ns: DurationNs;
  return_preview: Preview;
  /** The value is a promise that had not settled; a `settle` line may follow. */
  pending?: true;
}

/** How a promise that an ordinary function returned has ended. Written only where that could be watched. */
export interface Settle {
  type: 'settle';
  proc: ProcId;
  /** The `id` of the `return` with `pending`. */
  id: CallId;
  func: string;
  t1_ns: TimeNs;
  /** From the entry of the call, not from its return. */
  dt_ns: DurationNs;
  /** What it was fulfilled with; either this or `error` is there. */
  return_preview?: Preview;
  /** What it was rejected with. */
  error?: ErrorInfo;
}

/** The call ended by throwing; an async one by rejecting. */
export interface Exception {
  type: 'exception';
  proc: ProcId;
  id: CallId;
  func: string;
  t1_ns: TimeNs;
  /** Absent when `capped`: nobody looked at the clock on entry. */
  dt_ns?: DurationNs;
  error: ErrorInfo;
  /** The call was beyond the cap or not sampled: no `call` line has this `id`, so the parent is named here. */
  capped?: true;
  /** As in `call`; present only with `capped`. */
  parent?: CallId | null;
}

/** Lower-case names; several values of one name are an array. Secrets are redacted. */
export interface Headers {
  [name: string]: string | string[];
}

/** The body of a message, decoded for reading. Binary ones have neither `text` nor `json`. */
export interface BodyPreview {
  /** The media type without parameters; null when none was sent. */
  content_type: string | null;
  /** Bytes of the whole body as it went over the wire, however little of it is shown. */
  size: number;
  /** Whether less than the whole body is shown. */
  truncated: boolean;
  /** The content encoding that was decoded for this preview: `gzip`, `br`. */
  encoding?: string;
  /** A text body, or its beginning; also of JSON that was cut or is not valid. */
  text?: string;
  /** The end of a text body that was cut, from the first place where it is known what is no secret. */
  tail?: string;
  /** Bytes of a text body, decoded, between `text` and `tail`; after `text` where there is no `tail`. */
  omitted?: number;
  /** Of `text/event-stream` and NDJSON: the pieces it was sent in, or came in. */
  chunks?: number;
  /** A whole JSON body, parsed, secrets redacted. */
  json?: Preview;
}

/** The W3C trace that an exchange is a part of: lower-case hex digits. */
export interface TraceIds {
  /** 32 digits. */
  trace_id: string;
  /** 16 digits, of the `traceparent` of the request that is being answered. */
  parent_id?: string;
  /** 16 digits, of the `traceparent` that this request sent: see HANDIT_PROPAGATE. */
  span_id?: string;
  /** Two digits; `01`: sampled. */
  flags: string;
}

/** The span of OpenTelemetry that was active. */
export interface OtelIds {
  trace_id: string;
  span_id: string;
}

/** The connection of an exchange, where it has ports. */
export interface SocketNames {
  local_address: string;
  local_port: number;
  remote_address: string;
  remote_port: number;
}

/** An HTTP exchange begins. Exactly one `http_response` or `http_error` with this `id` follows, or the process ended. */
export interface HttpRequest {
  type: 'http_request';
  proc: ProcId;
  id: CallId;
  /** The call that made the request; null for one that came in. */
  parent: CallId | null;
  /** `client` for a request this process makes, `server` for one it answers. */
  side: 'client' | 'server';
  /** The first exchange of the same call of an HTTP library: retries and redirects of one call share it. */
  call?: CallId;
  /** Counts the exchanges of that call, from 1. */
  attempt?: number;
  /** The library that the program called, also when that uses another one underneath. */
  client: 'http' | 'https' | 'http2' | 'fetch' | 'undici' | 'axios' | 'got';
  method: string;
  /** Absolute, with user, password and secret query parameters redacted. */
  url: string;
  headers: Headers;
  t0_ns: TimeNs;
  /** The package that sent it, where no code of the program was running: an agent that reports, a library on its own. */
  from?: string;
  /** As in `call`: without headers. */
  again?: true;
  /** At a server; a client has it on the end record. */
  socket?: SocketNames;
  /** Here when it was complete at the start, else on the end record. */
  request_body?: BodyPreview;
  /** Bytes of body that this process sent; here when known at the start, else on the end record. */
  bytes_out?: number;
  /** As in `call`. */
  session_id?: string;
  agent?: string;
  test?: string;
  test_id?: number;
  /** At a server: what came with the request. At a client: what was sent with it. */
  trace?: TraceIds;
  /** Where OpenTelemetry is in use. */
  otel?: OtelIds;
}

/** The exchange ended with a response, its body included. */
export interface HttpResponse {
  type: 'http_response';
  proc: ProcId;
  /** The `id` of the `http_request`. */
  id: CallId;
  t1_ns: TimeNs;
  dt_ns: DurationNs;
  /** From `t0_ns` to the first byte of the response: at a client its head came, at a server its head was written. */
  ttfb_ns?: DurationNs;
  /**
   * Of an answer of a language model that is streamed: from `t0_ns` to the piece with the first of its content (text,
   * thinking, a tool call), where that could be told.
   */
  first_token_ns?: DurationNs;
  /** At a client. */
  socket?: SocketNames;
  status: number;
  headers: Headers;
  /** Headers that came after the body. */
  trailers?: Headers;
  response_body?: BodyPreview;
  /** Bytes of the whole body that this process received, as on the wire: at a client the response's, at a server the request's. */
  bytes_in: number;
  /** As in `http_request`, when the body was still being sent then. */
  request_body?: BodyPreview;
  /** Bytes of body that this process sent: at a client the request's, at a server the response's. */
  bytes_out?: number;
  /** As in `http_request`. */
  trace?: TraceIds;
}

/** The exchange ended without a complete response; time-outs too. */
export interface HttpError {
  type: 'http_error';
  proc: ProcId;
  /** The `id` of the `http_request`. */
  id: CallId;
  t1_ns: TimeNs;
  dt_ns: DurationNs;
  error: ErrorInfo;
  /** As in `http_response`. */
  ttfb_ns?: DurationNs;
  first_token_ns?: DurationNs;
  socket?: SocketNames;
  /** One side chose to stop: an AbortSignal, `destroy()`, a closed tab. */
  aborted?: true;
  /** Of the response, where one had begun. */
  status?: number;
  headers?: Headers;
  /** What had come of the response's body. */
  response_body?: BodyPreview;
  /** As in `http_request`, when the body was still being sent then. */
  request_body?: BodyPreview;
  /** Bytes of body that this process sent before the end. */
  bytes_out?: number;
  /** Bytes of body that this process received before the end. */
  bytes_in?: number;
  /** As in `http_request`. */
  trace?: TraceIds;
}

/** A `session()` of the program begins. */
export interface SessionStart {
  type: 'session_start';
  proc: ProcId;
  session_id: string;
  /** The call it was started in; null at the top. */
  parent: CallId | null;
  /** The name the program gave it. */
  tag: string;
  /** What the program attached to it. */
  attrs?: { [key: string]: Preview };
  /** The session it was started in. */
  outer_session_id?: string;
  /** The agent it was started in. */
  agent?: string;
  test?: string;
  test_id?: number;
  /** Where OpenTelemetry is in use. */
  otel?: OtelIds;
  t0_ns: TimeNs;
}

/** The session ended: `fn` returned or threw, the promise it returned was settled, or the session was disposed of. */
export interface SessionEnd {
  type: 'session_end';
  proc: ProcId;
  session_id: string;
  parent: CallId | null;
  tag: string;
  t1_ns: TimeNs;
  dt_ns: DurationNs;
  /** Why it failed: what was thrown, what its promise was rejected with, or what the program said. */
  error?: ErrorInfo;
}

/** Where a test, a suite or a test file failed, when that is not the function of a test. */
export type TestPhase = 'load' | 'before_all' | 'before_each' | 'after_each' | 'after_all' | 'outside';

/**
 * A test of a test runner has ended, or is not going to run. What it called carries the same `test` and `test_id`. Also
 * the failure of a suite or of a file that the runner reports by itself: then `titles` are those of the suite, and
 * `phase` is there.
 */
export interface TestEnd {
  type: 'test_end';
  proc: ProcId;
  /** Counts up from 1 within one `proc`: each try of each test has its own. */
  test_id: number;
  /** The file and the titles, with ` > ` between them, as on the calls. Several tests may have the same. */
  test: string;
  /** Counts the tries of this test, from 1; a test that is tried again, or repeated, has a line for each. */
  try: number;
  /** As in `call`. */
  file: string;
  /** From the outermost suite to the test itself. */
  titles: string[];
  /** What the runner reports: a test that is expected to fail, and does, has passed. */
  outcome: 'passed' | 'failed' | 'skipped' | 'todo';
  t1_ns: TimeNs;
  /** From the first of its `beforeEach` hooks, where the runner lets that be seen. */
  dt_ns: DurationNs;
  /** Why it failed. */
  error?: ErrorInfo;
  /**
   * Where it failed, when that is not the test's function: while the file or a `describe` was read (`load`), in a hook,
   * or `outside` of all of these (an exception that nobody caught between two tests).
   */
  phase?: TestPhase;
}

/** Data that the program attached to a call by `annotate()`. */
export interface Annotation {
  type: 'annotation';
  proc: ProcId;
  /** The call or HTTP exchange that was running; null outside of any. */
  id: CallId | null;
  ts_ns: TimeNs;
  data: Preview;
  /** As in `call`. */
  session_id?: string;
  agent?: string;
  test?: string;
  test_id?: number;
}

/** Totals of one function in one process, exact also where calls were capped or not sampled. */
export interface Summary {
  type: 'summary';
  proc: ProcId;
  ts_ns: TimeNs;
  func: string;
  file: string;
  line: number;
  /** How often it was called. */
  calls: number;
  /** How many of these have a `call` line. */
  recorded: number;
  /** How many of these threw. */
  exceptions: number;
}

/**
 * From here on something is counted only: written when a limit is first reached, for the process may be killed before it
 * can write its totals.
 */
export interface Limit {
  type: 'limit';
  proc: ProcId;
  ts_ns: TimeNs;
  /**
   * `max_calls`: calls of that function, in the root context where this happened first; `context_share`: what happens in
   * that root context, which has its share of the file; `max_file`: everything but ends and outcomes, for the file has its
   * size. There may be others in later versions.
   */
  reason: string;
  /** With `max_calls`; as in `call`, and so are `file` and `line`. */
  func?: string;
  file?: string;
  line?: number;
  /** The root context: the `id` of the `http_request` at a server. */
  request?: CallId;
  /** As in `call`. */
  session_id?: string;
  agent?: string;
  test?: string;
  test_id?: number;
}

/** A module of the program that runs as it was written, without being recorded; or a process that it started. */
export interface Skipped {
  type: 'skipped';
  proc: ProcId;
  ts_ns: TimeNs;
  /** As in `call`. */
  file: string;
  /** One sentence. */
  reason: string;
}

/** The last line of a process that was not killed. */
export interface ProcessEnd {
  type: 'process_end';
  proc: ProcId;
  ts_ns: TimeNs;
  /** Null when a signal ended the process, and in a worker thread that was terminated. */
  exit_code: number | null;
  signal?: string;
  /** Lines that this process wrote, this one not counted. */
  events: number;
  /** Modules that were rewritten. */
  files: number;
  /** Events that are not in the file, by reason; empty when all are. */
  dropped: { [reason: string]: number };
}
