import { ABORTED, CAPPED, CLIENT, type Columns, FAILED, KIND_MASK, OUTCOME_MASK, REJECTED } from './columns.js';
import { type CallDetail, callDetail, errorOf, type ExchangeDetail, exchangeDetail } from './details.js';
import type { Index } from './index-data.js';
import type { Settlement } from './indexer.js';
import { joinExchanges } from './join.js';
import { labelExchanges } from './label-exchanges.js';
import { type ChildLists, linkParents, listChildren } from './link.js';
import { missingOf } from './missing.js';
import { findRuns } from './runs.js';
import { parsed } from './scan-line.js';
import type { Scope } from './scope-table.js';
import type { ByteSource } from './source.js';
import type { ErrorInfo } from '../trace-format.js';
import type {
  LateEnd,
  Annotated,
  Damage,
  Exchange,
  FunctionInfo,
  Limit,
  Module,
  Place,
  Process,
  Run,
  Session,
  SkippedOf,
  SummaryOf,
  Test,
} from './types.js';

type Line = Record<string, unknown> | undefined;

/**
 * A trace with its index: the columns of `nodes`, one row a call or exchange, and tables for what they point at. The
 * lines themselves stay where they are, and are read back one at a time.
 */
export class Trace {
  readonly #indexer: Index;
  #lateEnds: ReadonlyMap<number, number> | undefined;
  readonly #sources: readonly ByteSource[];
  #linked = 0;
  #lists: ChildLists | undefined;
  #oldLists: ChildLists | undefined;
  #testStarts: Int32Array | undefined;
  #testList = new Int32Array(0);
  #runs: readonly Run[] = [];

  /** @param sources one for each input of the index, in the same order */
  constructor(indexer: Index, sources: readonly ByteSource[]) {
    this.#indexer = indexer;
    this.#sources = sources;
    this.update();
  }

  /** To be called after more bytes have come to the index: links what is new. */
  update(): void {
    const { nodes, scopes, exchanges, damage, processes } = this.#indexer;
    if (!this.#indexer.isLinked) {
      const find = (node: number, id: number): number => this.#indexer.nodeOf(processes[this.processOf(node)], id);
      linkParents(nodes, this.#linked, find, damage);
      this.#linked = nodes.count;
      scopes.mergeLateCalls();
      joinExchanges({ nodes, exchanges: exchanges.all, processOf: (node) => this.processOf(node) });
      if (exchanges.all.length > 0) labelExchanges(nodes, scopes, (node) => this.isExchange(node));
    }
    this.#runs = findRuns(processes);
    this.#oldLists = this.#lists ?? this.#oldLists;
    this.#lists = undefined;
    this.#testStarts = undefined;
  }

  // ------------------------------------------------------------------- tables

  get nodes(): Columns {
    return this.#indexer.nodes;
  }
  get functions(): readonly FunctionInfo[] {
    return this.#indexer.functions.all;
  }
  get exchanges(): readonly Exchange[] {
    return this.#indexer.exchanges.all;
  }
  get scopes(): readonly Scope[] {
    return this.#indexer.scopes.all;
  }
  /** Tries of tests, in the order in which they were first seen; leave out those that are `late`. */
  get tests(): readonly Test[] {
    return this.#indexer.scopes.tests;
  }
  get sessions(): readonly Session[] {
    return this.#indexer.scopes.sessions;
  }
  get processes(): readonly Process[] {
    return this.#indexer.processes;
  }
  /** In the order in which they began. */
  get runs(): readonly Run[] {
    return this.#runs;
  }
  /** Working directories, by row. */
  get folders(): readonly string[] {
    return this.#indexer.folders;
  }
  get limits(): readonly Limit[] {
    return this.#indexer.limits;
  }
  get modules(): readonly Module[] {
    return this.#indexer.modules;
  }
  get summaries(): readonly SummaryOf[] {
    return this.#indexer.summaries;
  }
  get skipped(): readonly SkippedOf[] {
    return this.#indexer.skipped;
  }
  get annotations(): readonly Annotated[] {
    return this.#indexer.annotations;
  }
  get damage(): Damage {
    return this.#indexer.damage;
  }
  get inputs(): readonly { readonly name: string; readonly size: number; readonly lines: number }[] {
    return this.#indexer.inputs;
  }
  /** Nanoseconds from 1970 to the moment that all times are counted from. */
  get baseNs(): bigint {
    return BigInt(Math.max(0, this.#indexer.baseSecond)) * 1_000_000_000n;
  }

  // --------------------------------------------------------------------- tree

  /** Nodes without a parent, by time; those of tests too. */
  get roots(): Int32Array {
    return this.#children().roots;
  }

  /** In the order of their lines. A view, not a copy. */
  childrenOf(node: number): Int32Array {
    const { starts, list } = this.#children();
    return list.subarray(starts[node], starts[node + 1]);
  }

  childCount(node: number): number {
    const { starts } = this.#children();
    return starts[node + 1] - starts[node];
  }

  /** What a test called, without what lies below it. */
  rootsOfTest(test: number): Int32Array {
    this.#testStarts ??= this.#listTests();
    return this.#testList.subarray(this.#testStarts[test], this.#testStarts[test + 1]);
  }

  #children(): ChildLists {
    return (this.#lists ??= listChildren(this.nodes, this.#oldLists));
  }

  #listTests(): Int32Array {
    const { roots } = this;
    const starts = new Int32Array(this.tests.length + 2);
    const testOf = (node: number): number => this.scopeOf(node).test;
    for (const node of roots) if (testOf(node) !== -1) starts[testOf(node) + 2]++;
    for (let test = 2; test < starts.length; test++) starts[test] += starts[test - 1];
    this.#testList = new Int32Array(starts[starts.length - 1]);
    for (const node of roots) if (testOf(node) !== -1) this.#testList[starts[testOf(node) + 1]++] = node;
    return starts;
  }

  // -------------------------------------------------------------------- nodes

  scopeOf(node: number): Scope {
    return this.scopes[this.nodes.scope[node]];
  }

  /** A row of `processes`. */
  processOf(node: number): number {
    return this.scopeOf(node).process;
  }

  /** From the top. */
  callersOf(node: number): number[] {
    const callers: number[] = [];
    for (let above = this.nodes.parent[node]; above !== -1; above = this.nodes.parent[above]) callers.push(above);
    return callers.reverse();
  }

  /** The row of the test it happened in, also at a server that a test's request led to; -1: none. */
  testOf(node: number): number {
    for (let above = node; above !== -1; above = this.nodes.parent[above]) {
      const { test } = this.scopeOf(above);
      if (test !== -1) return test;
    }
    return -1;
  }

  isExchange(node: number): boolean {
    return (this.nodes.flags[node] & KIND_MASK) >= CLIENT;
  }

  /** Undefined for an exchange. */
  functionOf(node: number): FunctionInfo | undefined {
    return this.isExchange(node) ? undefined : this.functions[this.nodes.func[node]];
  }

  /** Undefined for a call. */
  exchangeOf(node: number): Exchange | undefined {
    return this.isExchange(node) ? this.exchanges[this.nodes.func[node]] : undefined;
  }

  /** It threw, its promise was rejected, the exchange failed or was answered with a status from 400. */
  hasFailed(node: number): boolean {
    const flags = this.nodes.flags[node];
    const outcome = flags & OUTCOME_MASK;
    if (outcome === FAILED || outcome === ABORTED || (flags & REJECTED) !== 0) return true;
    return (this.exchangeOf(node)?.status ?? 0) >= 400;
  }

  /** Until it ended; for a call that handed out a promise, until that settled. -1 while open. */
  durationOf(node: number): number {
    return this.settlementOf(node)?.dt ?? this.nodes.dt[node];
  }

  settlementOf(node: number): Settlement | undefined {
    return this.#indexer.settles.get(node);
  }

  get lateEnds(): readonly LateEnd[] {
    return this.#indexer.lateEnds;
  }

  /** When a call ended whose exception has its line later; undefined: where its line is. */
  lateEndOf(node: number): number | undefined {
    this.#lateEnds ??= new Map(this.lateEnds);
    return this.#lateEnds.get(node);
  }

  /**
   * Whether a call had ended when another one of its process began. The order of the lines says so: times have handit's own
   * taken out. The line of an exception may come up to 80 ms later, and has the time itself.
   */
  endedBefore(node: number, other: number): boolean {
    const { t0, beginAt, endAt } = this.nodes;
    if (endAt[node] === -1) return false;
    const late = this.lateEndOf(node);
    return late === undefined ? endAt[node] < beginAt[other] : late <= t0[other];
  }

  /** `5f0c9a1e:17`, which `nodeNamed` finds again. */
  nameOf(node: number): string {
    return `${this.processes[this.processOf(node)].proc}:${this.nodes.id[node]}`;
  }

  /** The row of a `proc:id`; -1 where there is none. */
  nodeNamed(name: string): number {
    const [proc, id] = name.split(':');
    for (const process of this.processes.toReversed()) {
      const node = process.proc === proc && /^\d+$/.test(id ?? '') ? this.#indexer.nodeOf(process, Number(id)) : -1;
      if (node !== -1) return node;
    }
    return -1;
  }

  // ------------------------------------------------------------------ details

  /** The line there, parsed; undefined where it is no JSON, or the source has changed. Needs a source that does not wait. */
  lineAt(place: Place): Line {
    return lineOf(this.bytesAt(place));
  }

  /** The bytes of the line there, good until the next read. */
  bytesAt({ at, length }: Place): Uint8Array {
    const { source, offset } = this.#sourceOf(at);
    const bytes = source.read(offset, length);
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`${source.name} is read with await: use loadLine`);
    return bytes;
  }

  async loadLine({ at, length }: Place): Promise<Line> {
    const { source, offset } = this.#sourceOf(at);
    return lineOf(await source.read(offset, length));
  }

  /** Of a call. */
  call(node: number): CallDetail {
    const settle = this.settlementOf(node);
    const lines = this.placesOf(node).map((place) => place && this.lineAt(place));
    return callDetail(lines[0], lines[1], lines[2], settle?.dt ?? -1);
  }

  async loadCall(node: number): Promise<CallDetail> {
    const settle = this.settlementOf(node);
    const [begin, end, settled] = await this.#load(node);
    return callDetail(begin, end, settled, settle?.dt ?? -1);
  }

  /** Of an exchange. */
  exchange(node: number): ExchangeDetail {
    const [begin, end] = this.placesOf(node).map((place) => place && this.lineAt(place));
    return exchangeDetail(begin, end);
  }

  async loadExchange(node: number): Promise<ExchangeDetail> {
    const [begin, end] = await this.#load(node);
    return exchangeDetail(begin, end);
  }

  /** Why a test or session failed. */
  errorAt(place: Place | undefined): ErrorInfo | undefined {
    const line = place && this.lineAt(place);
    return line && 'error' in line ? errorOf(line.error) : undefined;
  }

  async #load(node: number): Promise<Line[]> {
    const lines: Line[] = [];
    for (const place of this.placesOf(node)) lines.push(place && (await this.loadLine(place)));
    return lines;
  }

  /** Of its first line, its last, and the settlement of a promise it returned. */
  placesOf(node: number): (Place | undefined)[] {
    const { beginAt, beginLength, endAt, endLength, flags } = this.nodes;
    const begin = (flags[node] & KIND_MASK) === CAPPED ? undefined : { at: beginAt[node], length: beginLength[node] };
    const end = endAt[node] === -1 ? undefined : { at: endAt[node], length: endLength[node] };
    return [begin, end, this.settlementOf(node)];
  }

  #sourceOf(at: number): { source: ByteSource; offset: number } {
    const { inputs } = this.#indexer;
    let input = inputs.length - 1;
    while (input > 0 && inputs[input].base > at) input--;
    return { source: this.#sources[input], offset: at - inputs[input].base };
  }

  // ------------------------------------------------------------------ missing

  /** What is not in the trace, a sentence each; to be shown beside every number that it concerns. */
  get missing(): readonly string[] {
    return missingOf(this);
  }

  close(): void {
    for (const source of this.#sources) source.close?.();
  }
}

function lineOf(bytes: Uint8Array): Line {
  const value = parsed(bytes);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
