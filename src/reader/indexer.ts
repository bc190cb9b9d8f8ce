import {
  ABORTED,
  ANNOTATED,
  CALL,
  CAPPED,
  CLIENT,
  Columns,
  DOUBLED,
  ENDED,
  FAILED,
  KIND_MASK,
  OUTCOME_MASK,
  PENDING,
  REJECTED,
  SERVER,
  SETTLED,
} from './columns.js';
import { ExchangeTable } from './exchange-table.js';
import { F, T } from './fields.js';
import { FunctionTable } from './function-table.js';
import { IdTable } from './id-table.js';
import { LineSplitter, type LineTaker } from './line-splitter.js';
import { Names } from './names.js';
import { takeRecord, type Tables } from './rare-records.js';
import { blank, LineScanner, NO_ID } from './scan-line.js';
import { ScopeTable } from './scope-table.js';
import type {
  LateEnd,
  Annotated,
  BadLine,
  Damage,
  Limit,
  Module,
  Place,
  Process,
  SkippedOf,
  SummaryOf,
} from './types.js';

/** One file, or what else the lines came from. */
export interface Input {
  readonly name: string;
  /** Where its bytes begin in the common space of addresses. */
  readonly base: number;
  /** Bytes of it, as they are when unpacked. */
  size: number;
  lines: number;
}

/** Bad lines that are told one by one. */
const TOLD = 3;
/** The largest place that 32 bits hold. */
const MOST_PLACES = 2 ** 31 - 1;

/** Settlements of promises: where, and how long after the entry of the call. */
export interface Settlement extends Place {
  readonly dt: number;
}

/**
 * Takes the bytes of a trace, forwards, and fills the columns. Nothing that a file may hold makes it throw: what is no
 * record is counted.
 */
export class Indexer implements LineTaker, Tables {
  readonly nodes: Columns;
  readonly inputs: Input[] = [];
  readonly functions = new FunctionTable();
  readonly scopes = new ScopeTable();
  readonly exchanges = new ExchangeTable();
  readonly processes: Process[] = [];
  readonly folders: string[] = [''];
  readonly settles = new Map<number, Settlement>();
  readonly lateEnds: LateEnd[] = [];
  readonly annotations: Annotated[] = [];
  readonly limits: Limit[] = [];
  readonly modules: Module[] = [];
  readonly summaries: SummaryOf[] = [];
  readonly skipped: SkippedOf[] = [];
  readonly damage: Damage = {
    ...{ bad: 0, first: [], unknown: 0, lostBegins: 0, secondEnds: 0, doubledIds: 0, orphans: 0, rings: 0 },
  };
  /** The whole second that all times are counted from; -1 before the first line with a time. */
  baseSecond = -1;
  readonly isLinked = false;

  readonly #line = new LineScanner();
  #ids: IdTable;
  readonly #procs = new Names();
  readonly #processByName: number[] = [];
  #splitter = new LineSplitter(this);
  #input!: Input;

  /** @param bytes how many are going to come, where that is known */
  constructor(bytes = 0) {
    // A call has two lines of a hundred bytes and more. What is not written to costs no memory.
    this.nodes = new Columns(Math.max(1024, Math.min(Math.ceil(bytes / 230), 1 << 25)));
    const bits = Math.ceil(Math.log2(bytes / 450 / 0.75 + 1));
    this.#ids = new IdTable(this.nodes, (node) => this.processOf(node), Math.max(12, Math.min(bits, 24)));
  }

  processOf(node: number): number {
    return this.scopes.all[this.nodes.scope[node]].process;
  }

  // -------------------------------------------------------------------- bytes

  begin(name: string): void {
    const last = this.inputs.at(-1);
    this.#input = { name, base: last ? last.base + last.size : 0, size: 0, lines: 0 };
    this.inputs.push(this.#input);
    this.#splitter = new LineSplitter(this);
  }

  write(block: Uint8Array): void {
    if (this.#input.base + this.#splitter.size + block.length > MOST_PLACES) this.nodes.widen();
    this.#splitter.write(block);
    this.#input.size = this.#splitter.size;
    this.#input.lines = this.#splitter.lines;
  }

  end(): void {
    this.#splitter.end();
  }

  tooLong(line: number): void {
    this.#bad(line, 'is longer than 64 MB');
  }

  line(buffer: Uint8Array, start: number, end: number, at: number, line: number, complete: boolean): void {
    if (end === start || (end === start + 1 && buffer[start] === 0x0d)) return;
    const place = this.#input.base + at;
    if (this.#line.scan(buffer, start, end) && this.#record(place, end - start)) return;
    if (isBlank(buffer, start, end)) return;
    this.#bad(line, complete ? 'is not a trace record' : 'is cut off at the end of the file');
  }

  /** What the source itself has to say, such as that it ended too early. */
  note(reason: string): void {
    this.#bad(this.#input.lines, reason);
  }

  #bad(line: number, reason: string): void {
    this.damage.bad++;
    if (this.damage.first.length < TOLD) {
      this.damage.first.push({ file: this.#input.name, line, reason } satisfies BadLine);
    }
  }

  // ------------------------------------------------------------------ records

  /** Whether the line has what its type needs. */
  #record(at: number, length: number): boolean {
    const line = this.#line;
    const type = line.type();
    if (type === -2 || !line.isText(F.proc)) return false;
    const process = this.#process(type === T.process_start);
    switch (type) {
      case T.call:
        return this.#call(process, at, length);
      case T.return:
        return this.#end(process, at, length, line.isTrue(F.pending) ? ENDED | PENDING : ENDED);
      case T.exception:
        return line.isTrue(F.capped) ? this.#capped(process, at, length) : this.#end(process, at, length, FAILED);
      case T.settle:
        return this.#settle(process, at, length);
      case T.http_request:
        return this.#request(process, at, length);
      case T.http_response:
        return this.#end(process, at, length, ENDED);
      case T.http_error:
        return this.#end(process, at, length, line.isTrue(F.aborted) ? ABORTED : FAILED);
      case T.annotation:
        return this.#annotation(process, at, length);
      case -1:
        this.damage.unknown++;
        return true;
      default:
        return this.#rare(type, process, { at, length });
    }
  }

  #process(starts: boolean): Process {
    const line = this.#line;
    const name = this.#procs.intern(line.buffer, line.from(F.proc), Math.min(line.to(F.proc), line.from(F.proc) + 64));
    const known = this.#processByName[name] as number | undefined;
    // The same digits by chance, or a file that was appended to itself: another process, with ids of its own.
    const isOther = starts && known !== undefined && this.processes[known].start && !line.has(F.segment);
    if (known !== undefined && !isOther) return this.processes[known];
    const process: Process = {
      ...{ index: this.processes.length, proc: this.#procs.text(name), start: undefined, end: undefined, folder: 0 },
      ...{ firstNs: -1, lastNs: -1, calls: 0, exchanges: 0, run: -1 },
    };
    this.#processByName[name] = process.index;
    this.processes.push(process);
    return process;
  }

  /** Nanoseconds from the base; -1 where the field is no time. */
  #ns(field: number, process: Process): number {
    const line = this.#line;
    if (!line.time(field)) return NaN;
    if (this.baseSecond === -1) this.baseSecond = line.seconds;
    const ns = (line.seconds - this.baseSecond) * 1e9 + line.nanoseconds;
    if (process.firstNs === -1 || ns < process.firstNs) process.firstNs = ns;
    if (ns > process.lastNs) process.lastNs = ns;
    return ns;
  }

  #call(process: Process, at: number, length: number): boolean {
    const line = this.#line;
    if (line.id(F.id) === NO_ID || !line.has(F.func)) return false;
    const ns = this.#ns(F.t0_ns, process);
    if (ns !== ns) return false;
    if (this.#isAgain(process)) return true;
    const node = this.#node(process, ns, at, length, CALL);
    this.nodes.func[node] = this.functions.intern(line, process.folder);
    process.calls++;
    return true;
  }

  /** What was open at the beginning of a segment, and whose first line is in an earlier one that is there. */
  #isAgain(process: Process): boolean {
    return this.#line.isTrue(F.again) && this.#ids.find(process.index, this.#line.id(F.id)) !== -1;
  }

  #request(process: Process, at: number, length: number): boolean {
    const line = this.#line;
    if (line.id(F.id) === NO_ID || !line.has(F.url)) return false;
    const ns = this.#ns(F.t0_ns, process);
    if (ns !== ns) return false;
    if (this.#isAgain(process)) return true;
    const node = this.#node(process, ns, at, length, CLIENT);
    const exchange = this.exchanges.begin(line, node);
    this.nodes.func[node] = exchange;
    if (this.exchanges.all[exchange].side === 'server') this.nodes.flags[node] += SERVER - CLIENT;
    process.exchanges++;
    return true;
  }

  #capped(process: Process, at: number, length: number): boolean {
    const line = this.#line;
    if (line.id(F.id) === NO_ID || !line.has(F.func)) return false;
    const ns = this.#ns(F.t1_ns, process);
    if (ns !== ns) return false;
    const dt = line.amount(F.dt_ns);
    // It tells only when it ended; among its siblings it is there.
    const node = this.#node(process, ns, -1, 0, CAPPED | FAILED);
    this.nodes.func[node] = this.functions.intern(line, process.folder);
    this.nodes.endAt[node] = at;
    this.nodes.endLength[node] = length;
    this.nodes.dt[node] = dt;
    process.calls++;
    return true;
  }

  #node(process: Process, ns: number, at: number, length: number, flags: number): number {
    const { nodes } = this;
    const line = this.#line;
    const scope = this.scopes.of(line, process, ns);
    const node = nodes.add();
    const id = line.id(F.id);
    nodes.id[node] = id;
    nodes.scope[node] = scope;
    nodes.parent[node] = line.id(F.parent) | 0;
    nodes.t0[node] = ns;
    nodes.beginAt[node] = at;
    nodes.beginLength[node] = length;
    nodes.flags[node] = flags;
    if (this.#ids.add(process.index, id, node) !== -1) {
      nodes.flags[node] |= DOUBLED;
      this.damage.doubledIds++;
    }
    return node;
  }

  #end(process: Process, at: number, length: number, outcome: number): boolean {
    const { nodes } = this;
    const line = this.#line;
    const id = line.id(F.id);
    if (id === NO_ID) return false;
    const ns = this.#ns(F.t1_ns, process);
    if (ns !== ns) return false;
    const node = this.#ids.find(process.index, id);
    const isExchange = line.type() === T.http_response || line.type() === T.http_error;
    if (node === -1 || (nodes.flags[node] & KIND_MASK) >= CLIENT !== isExchange) {
      this.damage.lostBegins++;
      return true;
    }
    if ((nodes.flags[node] & OUTCOME_MASK) !== 0) {
      this.damage.secondEnds++;
      return true;
    }
    nodes.flags[node] |= outcome;
    if (outcome === FAILED && !isExchange && ns < process.lastNs) this.lateEnds.push([node, ns]);
    nodes.endAt[node] = at;
    nodes.endLength[node] = length;
    const dt = line.amount(F.dt_ns);
    nodes.dt[node] = dt === -1 ? Math.max(0, ns - nodes.t0[node]) : dt;
    if (isExchange) this.exchanges.end(line, nodes.func[node]);
    return true;
  }

  #settle(process: Process, at: number, length: number): boolean {
    const line = this.#line;
    const id = line.id(F.id);
    if (id === NO_ID) return false;
    const ns = this.#ns(F.t1_ns, process);
    const node = this.#ids.find(process.index, id);
    if (node === -1) {
      this.damage.lostBegins++;
      return true;
    }
    const dt = line.amount(F.dt_ns);
    this.settles.set(node, { at, length, dt: dt === -1 && ns === ns ? Math.max(0, ns - this.nodes.t0[node]) : dt });
    this.nodes.flags[node] |= line.has(F.error) ? SETTLED | REJECTED : SETTLED;
    return true;
  }

  #annotation(process: Process, at: number, length: number): boolean {
    const line = this.#line;
    const id = line.id(F.id);
    const ns = this.#ns(F.ts_ns, process);
    const node = id === NO_ID ? -1 : this.#ids.find(process.index, id);
    if (node !== -1) this.nodes.flags[node] |= ANNOTATED;
    this.annotations.push({ node, scope: this.scopes.of(line, process, ns === ns ? ns : 0), place: { at, length } });
    return true;
  }

  /** The row of a call of that process, or -1. */
  nodeOf(process: Process, id: number): number {
    return this.#ids.find(process.index, id);
  }

  /** Gives the memory back by which nodes are found by their ids: no line comes any more, and none is asked for. */
  forgetIds(): void {
    this.#ids = new IdTable(this.nodes, (node) => this.processOf(node));
  }

  /** Records of rare kinds are parsed as a whole. */
  #rare(type: number, process: Process, place: Place): boolean {
    const line = this.#line;
    const ns = this.#ns(type in TIMES ? TIMES[type] : F.ts_ns, process);
    const record = line.record();
    return record !== undefined && takeRecord(this, { type, line, record, process, ns, place });
  }
}

/** The field that holds the time, where it is not `ts_ns`. */
const TIMES: Record<number, number> = { [T.session_start]: F.t0_ns, [T.session_end]: F.t1_ns, [T.test_end]: F.t1_ns };

function isBlank(buffer: Uint8Array, start: number, end: number): boolean {
  return blank(buffer, start, end) === end;
}
