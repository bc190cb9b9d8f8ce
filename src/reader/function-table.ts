import type { FunctionKind } from '../trace-format.js';
import { F } from './fields.js';
import { Names } from './names.js';
import type { LineScanner } from './scan-line.js';
import type { FunctionInfo } from './types.js';

/** Beyond this number of different texts the fields of functions are not written side by side: it is left. */
const MAX_TEXTS = 1 << 18;
const MAX_TEXT = 4096;
const FIELDS_OF_FUNCTION = [F.func, F.file, F.line, F.column, F.kind, F.async, F.generator];

/** Functions, each once. The bytes from the first to the last of their fields are the same in each of their lines. */
export class FunctionTable {
  readonly all: FunctionInfo[] = [];
  readonly #texts = new Names();
  #byText = new Int32Array(1024);
  readonly #byKey = new Map<string, number>();

  /** The row of the function that a line of type `call` or `summary` names. */
  intern(line: LineScanner, folder: number): number {
    let from = Infinity;
    let to = 0;
    for (const field of FIELDS_OF_FUNCTION) {
      if (!line.has(field)) continue;
      if (line.from(field) < from) from = line.from(field);
      if (line.to(field) > to) to = line.to(field);
    }
    if (to === 0 || to - from > MAX_TEXT || this.#texts.count >= MAX_TEXTS) return this.#parse(line, folder);
    const before = this.#texts.count;
    const text = this.#texts.intern(line.buffer, from, to, folder);
    if (text < before) return this.#byText[text];
    if (text >= this.#byText.length) {
      const larger = new Int32Array(this.#byText.length * 2);
      larger.set(this.#byText);
      this.#byText = larger;
    }
    return (this.#byText[text] = this.#parse(line, folder));
  }

  #parse(line: LineScanner, folder: number): number {
    const number = (field: number): number => Math.max(0, line.amount(field));
    return this.find({
      func: textOf(line, F.func, '(unknown)'),
      file: textOf(line, F.file, ''),
      line: number(F.line),
      column: number(F.column),
      kind: textOf(line, F.kind, '') as FunctionKind | '',
      async: line.isTrue(F.async),
      generator: line.isTrue(F.generator),
      folder,
    });
  }

  find(info: FunctionInfo): number {
    const key = `${info.folder} ${info.line}:${info.column} ${info.kind} ${info.func}\0${info.file}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.#byKey.set(key, this.all.length);
    return this.all.push(Object.freeze(info)) - 1;
  }
}

/** The string of a field, at most so long. */
export function textOf(line: LineScanner, field: number, otherwise: string): string {
  const value = line.value(field, MAX_TEXT * 4);
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : otherwise;
}
