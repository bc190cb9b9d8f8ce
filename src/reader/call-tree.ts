import type {
  Call,
  CallId,
  DurationNs,
  ErrorInfo,
  Exception,
  HttpError,
  HttpRequest,
  HttpResponse,
  Preview,
  ProcessEnd,
  ProcessStart,
  ProcId,
  Return,
  Settle,
  Skipped,
  Summary,
  TimeNs,
  TraceRecord,
} from '../trace-format.js';

/** Everything that one process or worker thread recorded, its calls as a tree. */
export interface ProcessTree {
  readonly proc: ProcId;
  /** Undefined when the first lines are missing. */
  readonly start: ProcessStart | undefined;
  /** Undefined when the process was killed, or runs still. */
  readonly end: ProcessEnd | undefined;
  /** What had no caller, or one that is not in the file; in start order. */
  readonly roots: readonly TreeNode[];
  /** Calls in the tree, at every level. */
  readonly calls: number;
  readonly summaries: readonly Summary[];
  readonly skipped: readonly Skipped[];
}

export type TreeNode = CallNode | HttpNode;

export interface CallNode {
  readonly type: 'call';
  readonly id: CallId;
  readonly func: string;
  /** Undefined for an exception of a call beyond the cap, of which only its end is known. */
  readonly call: Call | undefined;
  readonly startNs: TimeNs;
  readonly outcome: CallOutcome;
  readonly children: readonly TreeNode[];
}

export type CallOutcome =
  | { readonly state: 'open' }
  | {
      readonly state: 'returned';
      readonly value: Preview;
      readonly durationNs: DurationNs;
      /** The value is a promise that had not settled. */
      readonly pending: boolean;
      /** How that promise ended, where it is known. */
      readonly settled: Settled | undefined;
    }
  | {
      readonly state: 'threw';
      readonly error: ErrorInfo;
      /** Undefined for a call beyond the cap. */
      readonly durationNs: DurationNs | undefined;
    };

/** `error` or `value`; the duration counts from the entry of the call. */
export interface Settled {
  readonly value: Preview | undefined;
  readonly error: ErrorInfo | undefined;
  readonly durationNs: DurationNs;
}

export interface HttpNode {
  readonly type: 'http';
  readonly id: CallId;
  readonly request: HttpRequest;
  readonly startNs: TimeNs;
  /** Undefined while the exchange is open. */
  readonly end: HttpResponse | HttpError | undefined;
  readonly children: readonly TreeNode[];
}

/** Builds the trees of a whole trace, one for each process, in the order in which they first appear. */
export function buildCallTrees(records: Iterable<TraceRecord>): readonly ProcessTree[] {
  const builder = createTreeBuilder();
  for (const record of records) builder.add(record);
  return builder.build();
}

/** Takes records in any order of processes; `build()` may be called once, at the end. */
export function createTreeBuilder() {
  const processes = new Map<ProcId, ProcessRecords>();
  return {
    add(record: TraceRecord): void {
      let records = processes.get(record.proc);
      if (!records) processes.set(record.proc, (records = emptyProcess()));
      collect(records, record);
    },
    build(): readonly ProcessTree[] {
      return Object.freeze([...processes].map(([proc, records]) => buildProcess(proc, records)));
    },
  };
}

interface ProcessRecords {
  start: ProcessStart | undefined;
  end: ProcessEnd | undefined;
  begins: (Call | HttpRequest | Exception)[];
  returns: Map<CallId, Return>;
  settles: Map<CallId, Settle>;
  exceptions: Map<CallId, Exception>;
  httpEnds: Map<CallId, HttpResponse | HttpError>;
  summaries: Summary[];
  skipped: Skipped[];
}

function emptyProcess(): ProcessRecords {
  return {
    start: undefined,
    end: undefined,
    begins: [],
    returns: new Map(),
    settles: new Map(),
    exceptions: new Map(),
    httpEnds: new Map(),
    summaries: [],
    skipped: [],
  };
}

function collect(records: ProcessRecords, record: TraceRecord): void {
  switch (record.type) {
    case 'process_start':
      records.start = record;
      break;
    case 'process_end':
      records.end = record;
      break;
    case 'call':
    case 'http_request':
      records.begins.push(record);
      break;
    case 'return':
      records.returns.set(record.id, record);
      break;
    case 'settle':
      records.settles.set(record.id, record);
      break;
    case 'exception':
      if (record.capped) records.begins.push(record);
      else records.exceptions.set(record.id, record);
      break;
    case 'http_response':
    case 'http_error':
      records.httpEnds.set(record.id, record);
      break;
    case 'summary':
      records.summaries.push(record);
      break;
    case 'skipped':
      records.skipped.push(record);
      break;
    // Sessions are on the calls as session_id. A type that a later version adds is not an error.
  }
}

function buildProcess(proc: ProcId, records: ProcessRecords): ProcessTree {
  // No recursion anywhere: a trace of a deep recursion is as deep.
  const begins = records.begins.toSorted((a, b) => startOf(a) - startOf(b));
  const entries = begins.map((begin) => {
    const children: TreeNode[] = [];
    return { begin, node: createNode(begin, records, children), children };
  });
  const byId = new Map(entries.map((entry) => [entry.begin.id, entry]));
  const roots: TreeNode[] = [];
  for (const { begin, node } of entries) {
    const { id, parent = null } = begin;
    const siblings = parent === null || parent === id ? undefined : byId.get(parent)?.children;
    (siblings ?? roots).push(node);
  }
  for (const { node, children } of entries) {
    Object.freeze(children);
    Object.freeze(node);
  }
  return Object.freeze({
    proc,
    start: records.start,
    end: records.end,
    roots: Object.freeze(roots),
    calls: begins.filter(({ type }) => type !== 'http_request').length,
    summaries: Object.freeze(records.summaries),
    skipped: Object.freeze(records.skipped),
  });
}

/** An exception beyond the cap tells only when it ended; among its siblings it stands there. */
function startOf(begin: Call | HttpRequest | Exception): TimeNs {
  return begin.type === 'exception' ? begin.t1_ns : begin.t0_ns;
}

function createNode(begin: Call | HttpRequest | Exception, records: ProcessRecords, children: TreeNode[]): TreeNode {
  const { id } = begin;
  const startNs = startOf(begin);
  if (begin.type === 'http_request') {
    return { type: 'http', id, request: begin, startNs, end: records.httpEnds.get(id), children };
  }
  const { func } = begin;
  if (begin.type === 'exception') {
    const outcome = { state: 'threw', error: begin.error, durationNs: begin.dt_ns } as const;
    return { type: 'call', id, func, call: undefined, startNs, outcome, children };
  }
  return { type: 'call', id, func, call: begin, startNs, outcome: outcomeOf(id, records), children };
}

function outcomeOf(id: CallId, records: ProcessRecords): CallOutcome {
  const exception = records.exceptions.get(id);
  if (exception) return { state: 'threw', error: exception.error, durationNs: exception.dt_ns };
  const returned = records.returns.get(id);
  if (!returned) return { state: 'open' };
  const settle = records.settles.get(id);
  return {
    state: 'returned',
    value: returned.return_preview,
    durationNs: returned.dt_ns,
    pending: returned.pending === true,
    settled: settle && { value: settle.return_preview, error: settle.error, durationNs: settle.dt_ns },
  };
}
