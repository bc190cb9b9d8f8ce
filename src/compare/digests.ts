import { FAILED, OPEN, OUTCOME_MASK, PENDING, REJECTED } from '../reader/columns.js';
import { F } from '../reader/fields.js';
import { LineScanner } from '../reader/scan-line.js';
import type { Trace } from '../reader/trace.js';
import type { Identities } from './identity.js';
import { CALLS_OF, TOP, without, type Noise } from './noise.js';
import type { Side } from './side.js';
import { StableHash } from './stable-hash.js';
import { INPUT, OUTCOME, valuesOf, type Values } from './values.js';

/** What exchanges are known by, on both sides; below -1, where functions have numbers from 0. */
export class ExchangeNames {
  readonly #byName = new Map<string, number>();

  /** @param exchange such as `GET /items` */
  of(side: string, exchange: string): number {
    const name = `${side} ${exchange}`;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const number = -2 - this.#byName.size;
    this.#byName.set(name, number);
    return number;
  }
}

/** Without origin and query; ids that are made by chance or count up are one word. */
export function pathOf(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
  return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,}|\d{6,}/gi, ':id') || '/';
}

/** Two hashes of 32 bits as one key, below 2^52: two of them can be added up exactly. */
export function keyOf(high: number, low: number): number {
  return (high >>> 12) * 4294967296 + (low >>> 0);
}

/**
 * What each call was given and how it ended, as hashes; and of it with all below it. Children are summed up, so their
 * order is nothing: what runs at the same time comes in any.
 */
export class Digests {
  /** By node: number of the function or exchange. */
  readonly signature: Int32Array;
  /** By node, as keys: signature with arguments; how it ended; all with what is below; the shape of what is below. */
  readonly args: Float64Array;
  readonly outcome: Uint32Array;
  readonly full: Float64Array;
  readonly shape: Uint32Array;
  /** By node: 1 where a rule left something out of its arguments. */
  readonly noisy: Uint8Array;
  readonly #hash = new StableHash();
  readonly #line = new LineScanner();
  readonly #trace: Trace;
  #at = -1;

  constructor(
    readonly side: Side,
    readonly identities: Identities,
    readonly functionIds: Int32Array,
    readonly names: ExchangeNames,
    readonly noise: Noise,
  ) {
    this.#trace = side.trace;
    const { count } = this.#trace.nodes;
    this.signature = new Int32Array(count).fill(-1);
    this.args = new Float64Array(count);
    this.outcome = new Uint32Array(count);
    this.full = new Float64Array(count);
    this.shape = new Uint32Array(count);
    this.noisy = new Uint8Array(count);
  }

  /** Redacted values in what was hashed. */
  get redacted(): number {
    return this.#hash.redacted;
  }

  /** @param nodes parents before their children */
  add(nodes: Int32Array): void {
    const fresh = nodes.filter((node) => this.signature[node] === -1);
    for (const node of fresh) this.signature[node] = this.#signatureOf(node);
    // Lines are read in the order in which they are in the file.
    const { beginAt, endAt } = this.#trace.nodes;
    // Results first: what a clock showed is known in the arguments then.
    for (const node of ordered(fresh, endAt)) this.#outcome(node);
    for (const node of ordered(fresh, beginAt)) this.#arguments(node);
    for (let i = fresh.length - 1; i >= 0; i--) this.#sum(fresh[i]);
  }

  #signatureOf(node: number): number {
    const exchange = this.#trace.exchangeOf(node);
    if (!exchange) return this.functionIds[this.#trace.nodes.func[node]];
    return this.names.of(exchange.side, this.nameOf(node));
  }

  #begin(node: number, seed: number): StableHash {
    const process = this.#trace.processOf(node);
    if (process !== this.#at) this.#hash.at(this.side.surroundingsOf(process));
    this.#at = process;
    this.#hash.reset(seed);
    return this.#hash;
  }

  #key(): number {
    return keyOf(this.#hash.high, this.#hash.low);
  }

  #arguments(node: number): void {
    this.#begin(node, this.signature[node]);
    const [begin] = this.#trace.placesOf(node);
    const paths = this.#noiseOf(node);
    if (paths || this.#trace.isExchange(node)) this.noisy[node] = this.#parsed(node, INPUT, paths) ? 1 : 0;
    else if (begin) this.#plain(this.#trace.bytesAt(begin), F.args_preview, F.this_preview);
    this.args[node] = this.#key();
  }

  #outcome(node: number): void {
    const { flags } = this.#trace.nodes;
    this.#begin(node, flags[node] & (OUTCOME_MASK | REJECTED | PENDING));
    const [, end, settled] = this.#trace.placesOf(node);
    const paths = this.#noiseOf(node);
    const failed = (flags[node] & OUTCOME_MASK) === FAILED || (flags[node] & REJECTED) !== 0;
    // Of an error not all is compared.
    if (paths || failed || this.#trace.isExchange(node)) this.#parsed(node, OUTCOME, paths);
    else if (settled ?? end) this.#result(node, this.#trace.bytesAt((settled ?? end)!));
    this.outcome[node] = this.#hash.low;
  }

  #result(node: number, bytes: Uint8Array): void {
    const line = this.#line;
    if (!line.scan(bytes, 0, bytes.length)) return;
    const [from, to] = [line.from(F.return_preview), line.to(F.return_preview)];
    if (isFraction(bytes, from, to)) this.#learnClock(node, String.fromCharCode(...bytes.subarray(from, to)));
    this.#values(F.return_preview);
  }

  /** Who is given something may have calculated with it. */
  #learnClock(node: number, text: string): void {
    const { args } = this.#trace.call(node);
    if (args === undefined || Object.keys(args).length > 0) return;
    const process = this.#trace.processOf(node);
    const { t0, dt } = this.#trace.nodes;
    const from = (t0[node] - this.#trace.processes[process].firstNs) / 1e6;
    this.side.surroundingsOf(process).clocks?.learn(text, { from, to: from + Math.max(0, dt[node]) / 1e6 });
  }

  /** As they are in the line. */
  #plain(bytes: Uint8Array, ...fields: number[]): void {
    if (this.#line.scan(bytes, 0, bytes.length)) this.#values(...fields);
  }

  #values(...fields: number[]): void {
    const line = this.#line;
    for (const field of fields) {
      if (line.has(field)) this.#hash.bytes(line.buffer, line.from(field), line.to(field));
      this.#hash.add(0x2c);
    }
  }

  /**
   * What of them is compared, less what is noise.
   *
   * @returns whether a rule left something out
   */
  #parsed(node: number, names: readonly (keyof Values)[], paths: ReadonlySet<string> = new Set()): boolean {
    const values = this.valuesOf(node);
    let isLess = false;
    const used = (path: string): void => {
      isLess = true;
      this.noise.use(...this.#ruleOf(node), path);
    };
    for (const name of names) {
      this.#hash.text(JSON.stringify(without(values[name], name, paths, used)) ?? '');
      this.#hash.add(0x2c);
    }
    return isLess;
  }

  /** What is compared of a call or an exchange. */
  valuesOf(node: number): Values {
    const values = valuesOf(this.#trace, node);
    if (!this.#trace.isExchange(node)) return values;
    const { method, url } = this.#trace.exchangeOf(node)!;
    const path = pathOf(url);
    const name = this.noise.exchangeName(`${method} ${path}`).slice(method.length + 1);
    if (name === path) return values;
    const { args } = values as { args: { url: string; body: unknown } };
    return { ...values, args: { ...args, url: name + args.url.slice(args.url.search(/[?#]|$/)) } };
  }

  #noiseOf(node: number): ReadonlySet<string> | undefined {
    return this.noise.isEmpty ? undefined : this.noise.pathsOf(...this.#ruleOf(node));
  }

  /** Whether its arguments are not the same in both runs, or it is known to do one or another thing by itself. */
  isUnsteady(node: number): boolean {
    return this.noisy[node] === 1 || (!this.noise.isEmpty && this.noise.isUnsteady(...this.#ruleOf(node)));
  }

  /** Function and file, as rules name them. */
  #ruleOf(node: number): [string, string] {
    const info = this.#trace.functionOf(node);
    return info ? [info.func, info.file] : [this.nameOf(node), ''];
  }

  #sum(node: number): void {
    const hash = this.#begin(node, this.signature[node]);
    let [full, shape] = [0, 0];
    let count = 0;
    const hidden = this.#hiddenCalls(node);
    for (const child of this.#trace.childrenOf(node)) {
      if (hidden?.(child)) continue;
      // Sums stay whole numbers below 2^53.
      full = (full + this.full[child]) % LARGEST;
      shape = (shape + this.shape[child]) >>> 0;
      count++;
    }
    hash.add(count);
    hash.add(shape);
    this.shape[node] = hash.low;
    hash.reset(this.signature[node]);
    addKey(hash, this.args[node]);
    hash.add(this.outcome[node]);
    addKey(hash, full);
    hash.add(count);
    this.full[node] = this.#key();
  }

  /** Which children a rule takes out of the comparison; undefined where none does. */
  #hiddenCalls(node: number): ((child: number) => boolean) | undefined {
    const paths = this.#noiseOf(node);
    if (!paths || ![...paths].some((path) => path.startsWith(CALLS_OF))) return undefined;
    return (child) => this.isHidden(node, child);
  }

  /** Whether a rule says that a call may or may not be made. */
  isHidden(node: number, child: number): boolean {
    const path = CALLS_OF + this.nameOf(child);
    if (this.#noiseOf(node)?.has(path) !== true) return false;
    this.noise.use(...this.#ruleOf(node), path);
    return true;
  }

  /** The same at the top of a unit. */
  isHiddenAtTop(child: number): boolean {
    const path = CALLS_OF + this.nameOf(child);
    if (this.noise.isEmpty || this.noise.pathsOf(...TOP)?.has(path) !== true) return false;
    this.noise.use(...TOP, path);
    return true;
  }

  nameOf(node: number): string {
    const exchange = this.#trace.exchangeOf(node);
    if (exchange) return this.noise.exchangeName(`${exchange.method} ${pathOf(exchange.url)}`);
    return this.#trace.functionOf(node)!.func;
  }

  /** A text as the process of that node wrote it, without what differs by nature. */
  keyOfText(text: string, node: number): number {
    this.#begin(node, 0).text(text);
    return this.#key();
  }

  isOpen(node: number): boolean {
    return (this.#trace.nodes.flags[node] & OUTCOME_MASK) === OPEN;
  }
}

const LARGEST = 2 ** 52;

function addKey(hash: StableHash, key: number): void {
  hash.add(Math.floor(key / 4294967296));
  hash.add(key >>> 0);
}

/** A positive number with a point. */
function isFraction(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] >= 0x30 && bytes[from] <= 0x39 && bytes.subarray(from, to).includes(0x2e);
}

/** Nodes by where their lines are, those without a line last. */
function ordered(nodes: Int32Array, at: ArrayLike<number>): Int32Array {
  let sorted = true;
  for (let i = 1; i < nodes.length && sorted; i++) sorted = at[nodes[i - 1]] <= at[nodes[i]];
  return sorted ? nodes : nodes.toSorted((a, b) => at[a] - at[b]);
}
