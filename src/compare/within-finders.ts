import { ENDED, FAILED, OUTCOME_MASK, REJECTED } from '../reader/columns.js';
import type { Trace } from '../reader/trace.js';
import type { ErrorInfo, Preview } from '../trace-format.js';
import type { Digests } from './digests.js';
import { functionOf, type Suspect, type Sure } from './suspects.js';

/** What one call gave in tests that passed: in how many, and whether it was always the same. */
export interface Known {
  outcome: number;
  tests: number;
  test: number;
  always: boolean;
}

/** What is known of a failed test. */
export interface Failure {
  readonly error: ErrorInfo | undefined;
  /** The file that the test is in. */
  readonly file: string;
  /** By signature and arguments, from tests that passed. */
  readonly known: ReadonlyMap<number, Known>;
  /** By signature: how the function ended in tests that passed, at most two ways. */
  readonly ends: ReadonlyMap<number, ReadonlySet<number>>;
}

/** @returns suspects among the calls of a failed test, best first */
export type Finder = (failure: Failure, digests: Digests, nodes: Int32Array) => Suspect[];

/** The innermost call that threw what the test reports. An assertion of the test itself says what is wrong, not where. */
export const thrown: Finder = ({ error, file }, { side: { trace } }, nodes) => {
  if (!error || error.message === '') return [];
  const isAssertion = error.actual !== undefined || error.expected !== undefined || /assert/i.test(error.name);
  const found = [...nodes].filter((node) => {
    const flags = trace.nodes.flags[node];
    if (trace.isExchange(node) || ((flags & OUTCOME_MASK) !== FAILED && (flags & REJECTED) === 0)) return false;
    if (isAssertion && trace.functionOf(node)!.file === file) return false;
    const { error: own, settled } = trace.call(node);
    const message = (own ?? settled?.error)?.message ?? '';
    return message.length > 3 && (message === error.message || error.message.includes(message));
  });
  // The others only pass it on.
  return innermost(trace, found).map((node) => {
    const isWhole = trace.call(node).error?.message === error.message;
    const how = isWhole ? 'it threw what the test reports' : 'what the test reports contains what it threw';
    const isOwn = trace.functionOf(node)!.file === file;
    return suspect(
      trace,
      node,
      'threw',
      isOwn ? 'low' : isWhole ? 'high' : 'medium',
      `${how}; nothing below it threw it`,
    );
  });
};

/** Calls that gave the same in all tests that passed, and another thing here. */
export const otherThanElsewhere: Finder = ({ known }, digests, nodes) => {
  const { trace } = digests.side;
  const differs = new Set<number>();
  for (const node of nodes) {
    const before = known.get(digests.args[node]);
    const isOther = before?.always && before.outcome !== digests.outcome[node];
    if (isOther && !trace.isExchange(node) && !digests.isOpen(node)) differs.add(node);
  }
  for (const node of [...differs]) {
    for (let above = trace.nodes.parent[node]; above !== -1; above = trace.nodes.parent[above]) differs.delete(above);
  }
  const count = (node: number): number => known.get(digests.args[node])!.tests;
  return [...differs]
    .sort((a, b) => count(b) - count(a) || a - b)
    .map((node) => {
      const where = count(node) === 1 ? 'a test that passed' : `${count(node)} tests that passed`;
      const found = `in ${where} the same call gave another result`;
      return suspect(trace, node, 'other_result', count(node) > 2 ? 'medium' : 'low', found);
    });
};

/** The innermost call that returned the very value which the test got in place of the one it expected. */
export const returnedWhatTheTestGot: Finder = ({ error, file }, digests, nodes) => {
  const { actual, expected } = (error ?? {}) as { actual?: Preview; expected?: Preview };
  const text = JSON.stringify(actual);
  if (text === undefined || emptyOf(actual) !== undefined || text === JSON.stringify(expected)) return [];
  const { trace } = digests.side;
  const found = [...nodes].filter((node) => {
    return !trace.isExchange(node) && JSON.stringify(resultOf(trace, node)) === text;
  });
  // A short value is returned by many; a function in the file of the test may be a helper of it.
  const sure = (node: number): Sure => (text.length > 5 && trace.functionOf(node)!.file !== file ? 'medium' : 'low');
  return innermost(trace, found)
    .slice(-3)
    .reverse()
    .map((node) =>
      suspect(trace, node, 'other_result', sure(node), 'it returned what the test got; nothing below it did'),
    );
};

/** The first call that returned the empty value which the test tripped over, of a function that does not always. */
export const firstEmpty: Finder = ({ error, file, ends }, digests, nodes) => {
  const { trace } = digests.side;
  const empty = emptyIn(error);
  if (empty === undefined) return [];
  const returns = new Map<number, Set<boolean>>();
  const first = new Map<number, number>();
  for (const node of nodes) {
    if (trace.isExchange(node) || (trace.nodes.flags[node] & OUTCOME_MASK) !== ENDED) continue;
    const row = trace.nodes.func[node];
    if (trace.functions[row].file === file) continue;
    // NaN alone is rare enough to be looked for within what was returned.
    const value = resultOf(trace, node);
    const is = empty === 'NaN' ? holds(value, empty) : emptyOf(value) === empty;
    returns.set(row, (returns.get(row) ?? new Set()).add(is));
    if (is && !first.has(row)) first.set(row, node);
  }
  // What never returns anything is no lead for undefined.
  const isOther = (node: number): boolean =>
    [...(ends.get(digests.signature[node]) ?? [])].some((end) => end !== digests.outcome[node]);
  const leads = [...first]
    .filter(([row, node]) => empty !== 'undefined' || returns.get(row)!.size > 1 || isOther(node))
    .map(([, node]) => node);
  return innermost(trace, leads)
    .slice(0, 3)
    .map((node, place) => {
      const found = `it is the ${place === 0 ? 'first' : 'next'} to return ${empty}, which the test tripped over`;
      return suspect(trace, node, 'other_result', place === 0 && empty === 'NaN' ? 'medium' : 'low', found);
    });
};

/** What the test called last before it failed, for want of anything better. */
export const lastCalled: Finder = ({ file, error }, { side: { trace } }, nodes) => {
  if (!error) return [];
  const isTested = (node: number): boolean => !trace.isExchange(node) && trace.functionOf(node)!.file !== file;
  const outer = [...nodes].filter((node) => {
    const above = trace.nodes.parent[node];
    return isTested(node) && (above === -1 || !isTested(above));
  });
  const last = outer.at(-1);
  if (last === undefined) return [];
  return [suspect(trace, last, 'other_result', 'low', 'the last that the test called before it failed')];
};

/** Those that are no caller of another one. */
function innermost(trace: Trace, nodes: readonly number[]): number[] {
  const callers = new Set(nodes.map((node) => trace.nodes.parent[node]));
  return nodes.filter((node) => !callers.has(node));
}

type Empty = 'undefined' | 'null' | 'NaN';

/** What the test got in place of a value, or what an error of Node says that something was. */
function emptyIn(error: ErrorInfo | undefined): Empty | undefined {
  const { actual, expected, message = '', name = '' } = (error ?? {}) as Partial<ErrorInfo>;
  const whole = emptyOf(actual);
  if (whole !== undefined) return whole;
  for (const empty of ['NaN', 'undefined', 'null'] as const) {
    if (actual !== undefined && holds(actual, empty) && !holds(expected, empty)) return empty;
  }
  if (name !== 'TypeError') return undefined;
  return /\b(undefined|null)\b/.exec(message)?.[1] as Empty | undefined;
}

function emptyOf(value: unknown): Empty | undefined {
  if (value === null) return 'null';
  const { $type, value: inner } = (typeof value === 'object' ? value : {}) as { $type?: unknown; value?: unknown };
  if ($type === 'undefined') return 'undefined';
  return $type === 'number' && inner === 'NaN' ? 'NaN' : undefined;
}

const MAX_DEPTH = 8;

/** Whether a value is empty in that way, or has such a value in it. */
function holds(value: unknown, empty: Empty, depth = 0): boolean {
  if (emptyOf(value) === empty) return true;
  if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return false;
  return Object.values(value).some((inner) => holds(inner, empty, depth + 1));
}

function resultOf(trace: Trace, node: number): unknown {
  const { result, settled } = trace.call(node);
  return settled && 'value' in settled ? settled.value : result;
}

function suspect(trace: Trace, node: number, reason: Suspect['reason'], sure: Sure, found: string): Suspect {
  const { func, file, line, column } = trace.functionOf(node)!;
  const follows: string[] = [];
  for (let at = trace.nodes.parent[node]; at !== -1 && follows.length < 12; at = trace.nodes.parent[at]) {
    const name = functionOf(trace, at);
    if (!follows.includes(name)) follows.push(name);
  }
  const where = { func, file, line, column, new: trace.nameOf(node) };
  return { ...where, reason, sure, differences: [], calls: 1, found: `${found} (${SURE[sure]})`, follows };
}

const SURE: Record<Sure, string> = { high: 'almost sure', medium: 'likely', low: 'a hint' };
