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
  TestEnd,
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
  /** Tests, and what had no caller or one that is not in the file; in start order. */
  readonly roots: readonly TreeNode[];
  /** Calls in the tree, at every level. */
  readonly calls: number;
  readonly summaries: readonly Summary[];
  readonly skipped: readonly Skipped[];
}

export type TreeNode = CallNode | HttpNode | TestNode;

/** A test with what it called. */
export interface TestNode {
  readonly type: 'test';
  /** The file and the titles, as on the calls. */
  readonly test: string;
  readonly startNs: TimeNs;
  /** One for each try; empty when the process ended in the middle of it. */
  readonly ends: readonly TestEnd[];
  readonly children: readonly TreeNode[];
}

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
  testEnds: TestEnd[];
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
    testEnds: [],
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
    case 'test_end':
      records.testEnds.push(record);
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
  const tests = groupByTest(records.testEnds);
  for (const { begin, node } of entries) {
    const { id, parent = null } = begin;
    const siblings = parent === null || parent === id ? undefined : byId.get(parent)?.children;
    (siblings ?? tests.childrenOf(begin) ?? roots).push(node);
  }
  for (const node of tests.nodes.values()) roots.push(node);
  roots.sort((a, b) => a.startNs - b.startNs);
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

/** The tests, by name; one that has no end yet is added when the first of its calls turns up. */
function groupByTest(ends: readonly TestEnd[]) {
  const nodes = new Map<string, TestNode & { ends: TestEnd[]; children: TreeNode[] }>();
  const nodeOf = (test: string, startNs: TimeNs) => {
    const known = nodes.get(test) ?? { type: 'test', test, startNs, ends: [], children: [] };
    nodes.set(test, known);
    return known;
  };
  for (const end of ends) nodeOf(end.test, end.t1_ns - end.dt_ns).ends.push(end);
  return {
    nodes,
    childrenOf(begin: Call | HttpRequest | Exception): TreeNode[] | undefined {
      const test = begin.type === 'exception' ? undefined : begin.test;
      return test === undefined ? undefined : nodeOf(test, startOf(begin)).children;
    },
  };
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
