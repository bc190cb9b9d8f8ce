import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { textHash } from '../files/text-hash.js';
import { shortValue } from '../compare/short-value.js';
import type { Trace } from '../reader/trace.js';
import type { SourceLine, SourceLines } from './verdict-types.js';

/** A source file as it is on disk now. */
export interface SourceFile {
  readonly file: string;
  readonly lines: readonly string[];
  /** Whether it is the text that ran; undefined where the trace does not say. */
  readonly same: boolean | undefined;
}

const MAX_FILE = 1 << 20;
const HASH_DIGITS = 16;

/** Reads sources once each; a file that is gone, too large or no text has none. */
export class Sources {
  readonly #files = new Map<string, SourceFile | undefined>();

  constructor(private readonly trace: Trace) {}

  file(file: string, folder: number): SourceFile | undefined {
    const path = isAbsolute(file) ? file : join(this.trace.folders[folder] ?? '', file);
    if (!this.#files.has(path)) this.#files.set(path, this.#read(path, file));
    return this.#files.get(path);
  }

  get all(): SourceFile[] {
    return [...this.#files.values()].filter((one) => one !== undefined);
  }

  #read(path: string, file: string): SourceFile | undefined {
    let text;
    try {
      const stats = statSync(path);
      if (!stats.isFile() || stats.size > MAX_FILE) return undefined;
      text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
    } catch {
      return undefined;
    }
    if (text.includes('\0')) return undefined;
    const hashes = this.trace.modules.filter((one) => one.file === file).map(({ hash }) => hash);
    const same = hashes.length === 0 ? undefined : hashes.includes(textHash(text).slice(0, HASH_DIGITS));
    return { file, lines: text.split(/\r?\n/), same };
  }
}

const BEFORE = 2;
const MOST = 28;

/** The lines of a function around where it begins, with the values of one call of it beside them. */
export function sourceLines(trace: Trace, node: number, source: SourceFile, values: boolean): SourceLines {
  const { line } = trace.functionOf(node)!;
  const end = endOfFunction(source.lines, line);
  const first = Math.max(1, line - BEFORE);
  const beside = values ? valuesBeside(trace, node, source.lines, line, end) : new Map<number, string>();
  const lines: SourceLine[] = [];
  for (let number = first; number <= Math.min(source.lines.length, end + 1, first + MOST); number++) {
    const text = source.lines[number - 1].slice(0, 400);
    lines.push({ text, values: beside.get(number) ?? '', marked: number === line });
  }
  return { first, lines, same: source.same };
}

/** By indentation: the first line after it that closes a bracket and is not further in. */
export function endOfFunction(lines: readonly string[], line: number): number {
  const indent = (text: string): number => /^\s*/.exec(text)![0].length;
  const own = indent(lines[line - 1] ?? '');
  for (let number = line + 1; number <= lines.length; number++) {
    const text = lines[number - 1];
    if (text.trim() !== '' && indent(text) <= own) return /^\s*[\])}]/.test(text) ? number : number - 1;
  }
  return lines.length;
}

/** Arguments at its head, what calls returned where they are written, and the result at its end. */
export function valuesBeside(
  trace: Trace,
  node: number,
  lines: readonly string[],
  line: number,
  end: number,
): Map<number, string> {
  const found = new Map<number, string>();
  const put = (at: number, text: string): void => {
    found.set(at, found.has(at) ? `${found.get(at)}  ${text}` : text);
  };
  const { args, result, error } = trace.call(node);
  for (const [name, value] of Object.entries(args ?? {})) put(line, `${name} = ${shortValue(value, 60)}`);
  const last = new Map<string, string>();
  for (const child of trace.childrenOf(node)) {
    const info = trace.functionOf(child);
    if (!info || last.size > 40) continue;
    const name = info.func.split(/[.\s]/).at(-1)!;
    const inner = trace.call(child);
    last.set(name, inner.error ? `threw ${inner.error.message.slice(0, 60)}` : shortValue(inner.result, 60));
  }
  for (const [name, text] of last) {
    if (!/^[\w$]+$/.test(name)) continue;
    const at = lines.findIndex((one, index) => index >= line - 1 && index < end && one.includes(`${name}(`));
    if (at !== -1 && at !== line - 1) put(at + 1, `${name}() → ${text}`);
  }
  if (error) put(end, `threw ${error.name}: ${error.message.slice(0, 80)}`);
  else if (result !== undefined) put(end, `→ ${shortValue(result, 80)}`);
  return found;
}
