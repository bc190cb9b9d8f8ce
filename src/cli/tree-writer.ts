import { counted } from '../reader/missing.js';
import type { Trace } from '../reader/trace.js';
import { bodyLines } from './bodies.js';
import { paint } from './escape.js';
import { type LineStyle, nodeLine, timeText } from './node-line.js';
import type { Output } from './output.js';
import { shapesOf } from './shapes.js';

export interface TreeOptions extends LineStyle {
  /** Levels to show. */
  readonly depth: number;
  /** Show each call, also those of loops and recursions. */
  readonly unfold: boolean;
  /** Bodies of exchanges below them. */
  readonly bodies: boolean;
}

const MAX_INDENT = 40;
/** Rounds from which on a loop is folded. */
const ROUNDS = 3;
/** Calls of one round. */
const MAX_PERIOD = 4;

/** Siblings of which the next is to be written. */
interface Frame {
  readonly nodes: ArrayLike<number>;
  at: number;
  readonly depth: number;
  /** The loop whose first round is being written. */
  loop?: { readonly begin: number; readonly period: number; readonly rounds: number };
}

/** Writes trees, with loops and recursions folded. No recursion of its own: trees are as deep as the program's. */
export class TreeWriter {
  #knownShapes: Int32Array | undefined;
  /** Where the first round of a nested loop ends: the levels that are left out, and where it goes on. */
  readonly #jumps = new Map<number, { levels: number; names: string; to: number }>();
  lines = 0;
  /** How many there were when the reader of the output was last waited for: also a few lines each of many tests are many. */
  #linesDrained = 0;

  constructor(
    private readonly trace: Trace,
    private readonly out: Pick<Output, 'line' | 'drained'>,
    private readonly options: TreeOptions,
    /** What passes the filters (2) and what leads there (1); then nothing is folded. */
    private readonly marks?: Uint8Array,
    /** Room for shapes, of a writer that is not used any more. */
    private room?: Int32Array,
  ) {}

  /** For the next writer. */
  takeRoom(): Int32Array | undefined {
    const room = this.#knownShapes ?? this.room;
    this.#knownShapes = this.room = undefined;
    return room;
  }

  line(text: string): void {
    this.lines++;
    this.out.line(text);
  }

  /** @param note is added to the line of each of them */
  async write(nodes: ArrayLike<number>, depth: number, note?: (node: number) => string): Promise<void> {
    const frames: Frame[] = [{ nodes, at: 0, depth }];
    for (let frame; (frame = frames.at(-1));) {
      const { loop } = frame;
      if (loop && frame.at === loop.begin + loop.period) {
        frame.at = loop.begin + loop.period * loop.rounds;
        frame.loop = undefined;
      }
      if (frame.at >= frame.nodes.length) frames.pop();
      else {
        const below = this.#next(frame, frames.length === 1 ? note : undefined);
        if (below) frames.push(below);
      }
      if (this.lines - this.#linesDrained < 1000) continue;
      this.#linesDrained = this.lines;
      await this.out.drained();
    }
  }

  /** Writes the next node of a list; returns its children, where these are to be written. */
  #next(frame: Frame, note?: (node: number) => string): Frame | undefined {
    const node = frame.nodes[frame.at];
    if (this.marks?.[node] === 0) {
      frame.at++;
      return undefined;
    }
    const jump = this.#jumps.get(node);
    if (jump) {
      this.line(`${indent(frame.depth)}${paint.dim(`… ${counted(jump.levels, 'level')} of ${jump.names}`)}`);
      frame.at++;
      return { nodes: [jump.to], at: 0, depth: frame.depth + 1 };
    }
    if (this.#folds && !frame.loop) frame.loop = this.#loopAt(frame);
    const hidden = this.#hiddenBelow(node, frame.depth);
    this.#writeNode(node, frame.depth, `${note?.(node) ?? ''}${this.#roundsText(frame)}${hidden}`);
    frame.at++;
    if (hidden !== '') return undefined;
    if (this.#folds) this.#findNestedLoop(node);
    return { nodes: this.trace.childrenOf(node), at: 0, depth: frame.depth + 1 };
  }

  #writeNode(node: number, depth: number, note: string): void {
    const { trace, options } = this;
    this.line(indent(depth) + nodeLine(trace, node, options, Math.min(depth, MAX_INDENT) * 2, note));
    if (!options.bodies || !trace.isExchange(node)) return;
    for (const line of bodyLines(trace.exchange(node))) this.line(`${indent(depth + 1)}${line}`);
  }

  get #folds(): boolean {
    return !this.options.unfold && !this.marks;
  }

  get #shapes(): Int32Array {
    return (this.#knownShapes ??= shapesOf(this.trace, this.room));
  }

  /** The loop that begins here, if one does: the shortest round that comes again and again. */
  #loopAt({ nodes, at }: Frame): Frame['loop'] {
    const shapes = this.#shapes;
    for (let period = 1; period <= MAX_PERIOD && at + period * ROUNDS <= nodes.length; period++) {
      let same = at + period;
      while (same < nodes.length && shapes[nodes[same]] === shapes[nodes[same - period]]) same++;
      const rounds = Math.floor((same - at) / period);
      if (rounds >= ROUNDS) return { begin: at, period, rounds };
    }
    return undefined;
  }

  /** `  x 322 (1.2 ms in all)`. */
  #roundsText({ loop, nodes, at }: Frame): string {
    if (!loop) return '';
    let sum = 0;
    for (let round = 0; round < loop.rounds; round++) {
      sum += Math.max(0, this.trace.nodes.dt[nodes[at + round * loop.period]]);
    }
    return paint.bold(`  x ${loop.rounds}`) + (sum > 0 ? paint.dim(` (${timeText(sum).trim()} in all)`) : '');
  }

  /** What is said of the levels below, where they are not shown. */
  #hiddenBelow(node: number, depth: number): string {
    const { nodes } = this.trace;
    if (this.trace.childrenOf(node).length === 0) return '';
    if (depth + 1 >= this.options.depth) return paint.dim(`  … ${counted(this.#countBelow(node), 'call')} below`);
    if (!this.#folds || (this.#shapes[node] & 1) === 0) return '';
    // A recursion with nothing else in it: its third level says it all.
    let above = node;
    for (let level = 0; level < ROUNDS - 1; level++) {
      above = nodes.parent[above];
      if (above === -1 || this.trace.isExchange(above) || nodes.func[above] !== nodes.func[node]) return '';
    }
    return paint.dim(`  … ${counted(this.#countBelow(node), 'more call')} of itself below`);
  }

  #countBelow(node: number): number {
    const waiting = [node];
    let count = -1;
    for (let next; (next = waiting.pop()) !== undefined;) {
      count++;
      if (this.marks?.[next] === 0) count--;
      for (const child of this.trace.childrenOf(next)) waiting.push(child);
    }
    return count;
  }

  /**
   * A loop of callbacks nests one level a round: each begins the next one as its last child. Of such a chain the first
   * and the last round are shown.
   */
  #findNestedLoop(first: number): void {
    const { trace } = this;
    const { func } = trace.nodes;
    for (let period = 1; period <= MAX_PERIOD; period++) {
      const chain = [first];
      const others = [this.#othersOf(first)];
      for (;;) {
        const last = trace.childrenOf(chain[chain.length - 1]).at(-1);
        if (last === undefined || trace.isExchange(last)) break;
        const before = chain.length - period;
        if (before >= 0 && func[last] !== func[chain[before]]) break;
        // The children beside the next round are those of the round before.
        if (before > 0 && others[chain.length - 1] !== others[before - 1]) break;
        chain.push(last);
        others.push(this.#othersOf(last));
      }
      const rounds = Math.floor(chain.length / period);
      if (rounds < ROUNDS + 2) continue;
      const from = chain[period];
      const to = chain[chain.length - period];
      const names = chain.slice(0, period).map((node) => trace.functionOf(node)?.func ?? '…');
      this.#jumps.set(from, { levels: chain.length - 2 * period, names: names.join(' > '), to });
      return;
    }
  }

  #othersOf(node: number): number {
    const children = this.trace.childrenOf(node);
    let sum = 0;
    for (let i = 0; i < children.length - 1; i++) sum = (Math.imul(sum, 31) + this.#shapes[children[i]]) | 0;
    return sum;
  }
}

function indent(depth: number): string {
  if (depth <= MAX_INDENT) return '  '.repeat(depth);
  return `${'  '.repeat(MAX_INDENT)}[${depth}] `;
}
