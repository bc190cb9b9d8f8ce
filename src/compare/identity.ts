import type { FunctionInfo } from '../reader/types.js';
import type { Side } from './side.js';

/** What is known of one function on both sides. */
export interface Identity {
  readonly func: string;
  readonly file: string;
  /** Rows of `functions`; -1 where that side never called it. */
  readonly base: number;
  readonly new: number;
  /** Its own source text differs, as far as both traces tell. */
  readonly changed: boolean;
  /** Both traces tell its source text. */
  readonly compared: boolean;
}

/**
 * The functions of both sides under common numbers. A function is known by file, name and kind, and among those of one
 * name by its order in the file: lines move.
 */
export class Identities {
  readonly all: Identity[] = [];
  /** By row of `functions`. */
  readonly base: Int32Array;
  readonly new: Int32Array;

  constructor(base: Side, next: Side) {
    const functions = [base.trace.functions, next.trace.functions] as const;
    this.base = new Int32Array(functions[0].length).fill(-1);
    this.new = new Int32Array(functions[1].length).fill(-1);
    const texts = [sourceHashes(base), sourceHashes(next)] as const;
    const [left, right] = functions.map(byName);
    for (const name of new Set([...left.keys(), ...right.keys()])) {
      for (const [a, b] of pairsOf(left.get(name) ?? [], right.get(name) ?? [], functions, texts)) {
        const { func, file } = b === -1 ? functions[0][a] : functions[1][b];
        const ours = a === -1 ? undefined : texts[0](functions[0][a]);
        const theirs = b === -1 ? undefined : texts[1](functions[1][b]);
        const compared = ours !== undefined && theirs !== undefined;
        const id = this.all.push({ func, file, base: a, new: b, compared, changed: compared && ours !== theirs }) - 1;
        if (a !== -1) this.base[a] = id;
        if (b !== -1) this.new[b] = id;
      }
    }
  }
}

function byName(functions: readonly FunctionInfo[]): Map<string, number[]> {
  const table = new Map<string, number[]>();
  functions.forEach(({ func, file, kind, async, generator }, row) => {
    const name = `${file}\0${func}\0${kind}${async ? ' async' : ''}${generator ? ' *' : ''}`;
    const rows = table.get(name);
    if (rows) rows.push(row);
    else table.set(name, [row]);
  });
  return table;
}

type TextOf = (of: FunctionInfo) => string | undefined;

/**
 * Rows that are one function: of several with one name those of the same text, as they may have changed places; the others
 * in the order of the file, and of a longer list first those at the same place.
 */
function pairsOf(
  ours: number[],
  theirs: number[],
  [a, b]: readonly [readonly FunctionInfo[], readonly FunctionInfo[]],
  texts: readonly [TextOf, TextOf],
): [number, number][] {
  const inOrder = (rows: number[], functions: readonly FunctionInfo[]): number[] =>
    rows.toSorted((x, y) => functions[x].line - functions[y].line || functions[x].column - functions[y].column);
  const left = inOrder(ours, a);
  const right = inOrder(theirs, b);
  const pairs: [number, number][] = [];
  const take = (isSame: (row: number, other: number) => boolean): void => {
    for (const row of [...left]) {
      const same = right.findIndex((other) => isSame(row, other));
      if (same === -1) continue;
      pairs.push([row, right[same]]);
      right.splice(same, 1);
      left.splice(left.indexOf(row), 1);
    }
  };
  const texted = (row: number): string | undefined => texts[0](a[row]);
  if (left.length > 1) take((row, other) => texted(row) !== undefined && texted(row) === texts[1](b[other]));
  if (left.length !== right.length)
    take((row, other) => a[row].line === b[other].line && a[row].column === b[other].column);
  for (let i = 0; i < Math.max(left.length, right.length); i++) pairs.push([left[i] ?? -1, right[i] ?? -1]);
  return pairs;
}

/** Hashes of the texts of functions, by where they begin; undefined where the trace does not say. */
function sourceHashes(side: Side): TextOf {
  const hashes = new Map<string, string>();
  for (const module of side.trace.modules) {
    if (!side.processes.has(module.process) || !module.functions) continue;
    for (const entry of module.functions) {
      if (!Array.isArray(entry) || entry.length < 3) continue;
      hashes.set(`${module.file}:${entry[0]}:${entry[1]}`, String(entry[2]));
    }
  }
  return ({ file, line, column }) => hashes.get(`${file}:${line}:${column}`);
}
