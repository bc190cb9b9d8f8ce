import { causesOf, type Comparison, type UnitResult } from '../compare/compare.js';
import { isBroken } from '../compare/units.js';
import { runText } from '../compare/find-base.js';
import { shortValue } from '../compare/short-value.js';
import type { Side } from '../compare/side.js';
import { functionOf, type Suspect } from '../compare/suspects.js';
import { counted, missingOf } from '../reader/missing.js';
import { groupTries } from '../reader/test-groups.js';
import type { Trace } from '../reader/trace.js';
import { type Sources, sourceLines } from './source-lines.js';
import type { Card, Step, SuspectOf, Verdict } from './verdict-types.js';

export interface VerdictOptions {
  /** False: nothing that was recorded of values. */
  readonly values: boolean;
  readonly command?: string;
}

const MAX_CARDS = 40;
const MAX_OTHERS = 4;

/** What is wrong in a run, and where to look first. */
export function verdictOf(
  side: Side,
  units: readonly UnitResult[],
  comparison: Comparison | undefined,
  sources: Sources,
  options: VerdictOptions,
): Verdict {
  const broken = units.filter(({ unit }) => unit.kind === 'test' && isBroken(unit));
  const writer = new CardWriter(side.trace, sources, options.values);
  const groups = groupsOf(broken);
  const cards = groups.slice(0, MAX_CARDS).map((group) => writer.ofTests(group));
  const thrown = groups.length === 0 ? failedRoots(side) : [];
  return {
    headline: headlineOf(side, broken.length, thrown.length),
    failed: broken.length + thrown.length > 0,
    facts: factsOf(side, comparison),
    cards: [...cards, ...thrown.slice(0, MAX_CARDS).map((roots) => writer.ofRoots(roots))],
    more: Math.max(0, groups.length + thrown.length - MAX_CARDS),
    missing: missingOf(side.trace, processesOf(side)),
  };
}

function processesOf({ trace, processes }: Side): Trace['processes'][number][] {
  return trace.processes.filter(({ index }) => processes.has(index));
}

function headlineOf({ trace, processes }: Side, failed: number, thrown: number): string {
  const tests = groupTries(trace.tests).filter(({ process }) => processes.has(process)).length;
  const count = (number: number): string => number.toLocaleString('en-US');
  if (failed > 0) return `${count(failed)} of ${count(tests)} tests failed`;
  const passed = tests > 0 ? `${count(tests)} ${tests === 1 ? 'test' : 'tests'}, none failed` : '';
  if (thrown > 0) return [passed, `${counted(thrown, 'function')} failed at the top`].filter(Boolean).join('; ');
  return passed || 'Nothing failed';
}

function factsOf(side: Side, comparison: Comparison | undefined): string[] {
  const [first] = processesOf(side);
  const start = first?.start;
  const facts = [runText(side)];
  if (start) {
    const [, ...args] = start.argv;
    const command = args.map((arg) => (arg.startsWith(start.cwd) ? arg.slice(start.cwd.length + 1) : arg)).join(' ');
    facts.push(`node ${command}`, `Node ${start.node}, ${start.platform}`);
    if (start.ci) facts.push([start.ci.provider, start.ci.job, start.ci.run].filter(Boolean).join(' '));
  }
  facts.push(counted(side.processes.size, 'process', 'processes'));
  if (comparison) facts.push(`compared with ${runText(comparison.base)}`);
  return facts;
}

/** Failed tests by their first suspect; those without one by what they say. */
function groupsOf(results: readonly UnitResult[]): UnitResult[][] {
  const byName = new Map<Suspect, UnitResult[]>();
  const causes = causesOf(results);
  const place = ({ file, func, line, column }: Suspect): string => `${file}\0${func}\0${line}:${column}`;
  for (const { suspect } of causes) {
    byName.set(
      suspect,
      results.filter(({ suspects: [first] }) => first && place(first) === place(suspect)),
    );
  }
  return [...byName.values(), ...results.filter(({ suspects }) => suspects.length === 0).map((one) => [one])];
}

/** Calls at the top that failed, by function. */
function failedRoots({ trace, processes }: Side): number[][] {
  const found = new Map<string, number[]>();
  for (const node of trace.roots) {
    const { process, test } = trace.scopeOf(node);
    if (test !== -1 || !processes.has(process) || !trace.hasFailed(node)) continue;
    const info = trace.functionOf(node);
    const key = info ? `${info.file}:${info.line} ${info.func}` : functionOf(trace, node);
    const known = found.get(key);
    if (known) known.push(node);
    else found.set(key, [node]);
  }
  return [...found.values()].sort((a, b) => b.length - a.length);
}

class CardWriter {
  constructor(
    private readonly trace: Trace,
    private readonly sources: Sources,
    private readonly values: boolean,
  ) {}

  ofTests(group: readonly UnitResult[]): Card {
    const [{ unit, suspects }] = group;
    const { trace } = this;
    const test = trace.tests[unit.newTest];
    const error = trace.errorAt(test.place) ?? { name: 'Not ended', message: 'the process ended in the middle of it' };
    const [first] = suspects;
    const node = first?.new === undefined ? -1 : trace.nodeNamed(first.new);
    const exchange = this.#lastBadExchange(unit.theirs);
    return {
      tests: group.map(({ unit: { name, theirs } }) => ({
        name,
        ...(theirs.length > 0 && { node: trace.nameOf(theirs[0]) }),
      })),
      error: { name: error.name, message: this.values ? error.message : '' },
      ...(this.values && 'expected' in error && { expected: error.expected }),
      ...(this.values && 'actual' in error && { actual: error.actual }),
      ...(first && { suspect: this.#suspect(first, node, suspects) }),
      path: node === -1 ? [] : this.#pathTo(node),
      ...(exchange && { exchange }),
    };
  }

  ofRoots(roots: readonly number[]): Card {
    const { trace } = this;
    const [root] = roots;
    const node = innermostFailure(trace, root);
    const error = trace.isExchange(node) ? trace.exchange(node).error : errorOfCall(trace, node);
    const status = trace.exchangeOf(node)?.status;
    return {
      tests: [{ name: functionOf(trace, root), node: trace.nameOf(root) }],
      error: {
        name: error?.name ?? (status ? `HTTP ${status}` : 'Failed'),
        message: this.values ? (error?.message ?? '') : '',
      },
      ...(!trace.isExchange(node) && { suspect: this.#thrower(node, roots.length) }),
      path: this.#pathTo(node),
    };
  }

  #thrower(node: number, times: number): SuspectOf {
    const { func, file, line, column } = this.trace.functionOf(node)!;
    const found = `it threw; nothing below it did${times > 1 ? `; ${times} times` : ''}`;
    const base = { reason: 'threw' as const, differences: [], calls: times, follows: [] };
    return this.#suspect({ func, file, line, column, found, new: this.trace.nameOf(node), ...base }, node, []);
  }

  #suspect(first: Suspect, node: number, suspects: readonly Suspect[]): SuspectOf {
    const { func, file, line, found, differences, source } = first;
    const info = node === -1 ? undefined : this.trace.functionOf(node);
    const text = info && this.sources.file(info.file, info.folder);
    // A call is named, and no value.
    const short = (value: unknown): string =>
      typeof value === 'string' && !value.includes('\n') ? value : shortValue(value, 160);
    return {
      ...{ func, file, line, found: source === 'changed' && !found.includes('source') ? `${found}; changed` : found },
      ...(first.new !== undefined && { node: first.new }),
      values: node === -1 || !this.values || !info ? [] : valuesOfCall(this.trace, node),
      differences: !this.values
        ? []
        : differences.slice(0, 6).map((one) => ({
            path: one.path,
            ...('base' in one && { base: short(one.base) }),
            ...('new' in one && { new: short(one.new) }),
          })),
      ...(info && text && { source: sourceLines(this.trace, node, text, this.values) }),
      others: suspects.slice(1, 1 + MAX_OTHERS).map((one) => ({
        func: one.func,
        place: `${one.file}:${one.line}`,
        ...(one.new !== undefined && { node: one.new }),
      })),
    };
  }

  #pathTo(node: number): Step[] {
    const { trace } = this;
    const path = [...trace.callersOf(node), node].map((at): Step => ({
      text: functionOf(trace, at),
      node: trace.nameOf(at),
    }));
    return path.length > 24 ? [...path.slice(0, 4), ...path.slice(-20)] : path;
  }

  #lastBadExchange(roots: readonly number[]): Step | undefined {
    const { trace } = this;
    let last = -1;
    const waiting = [...roots];
    for (let node; (node = waiting.pop()) !== undefined;) {
      const exchange = trace.exchangeOf(node);
      const isBad = exchange && (exchange.status < 200 || exchange.status >= 300);
      if (isBad && (last === -1 || trace.nodes.t0[node] > trace.nodes.t0[last])) last = node;
      for (const child of trace.childrenOf(node)) waiting.push(child);
    }
    if (last === -1) return undefined;
    const { method, url, status } = trace.exchangeOf(last)!;
    const path = this.values ? url : url.replace(/\?.*/, '');
    return { text: `${method} ${path} → ${status || 'no response'}`, node: trace.nameOf(last) };
  }
}

function errorOfCall(trace: Trace, node: number): { name: string; message: string } | undefined {
  const { error, settled } = trace.call(node);
  return error ?? settled?.error;
}

function innermostFailure(trace: Trace, root: number): number {
  for (let node = root; ;) {
    const inner = [...trace.childrenOf(node)].findLast((child) => !trace.isExchange(child) && trace.hasFailed(child));
    if (inner === undefined) return node;
    node = inner;
  }
}

function valuesOfCall(trace: Trace, node: number): [string, string][] {
  const { args, receiver, result, error, settled } = trace.call(node);
  const failure = error ?? settled?.error;
  const values: [string, string][] = Object.entries(args ?? {}).map(([name, value]) => [name, shortValue(value, 300)]);
  if (receiver !== undefined) values.push(['this', shortValue(receiver, 300)]);
  if (failure) values.push(['threw', `${failure.name}: ${failure.message}`.slice(0, 300)]);
  else if (settled && 'value' in settled) values.push(['result', shortValue(settled.value, 300)]);
  else if (result !== undefined) values.push(['result', shortValue(result, 300)]);
  return values;
}
