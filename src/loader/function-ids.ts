import { createBases, type RewrittenText } from './bases.js';
import type { LoaderOptions } from './loader.js';
import type { RewrittenFile } from './rewrite.js';
import type { SourceFile } from './source-table.js';

/** How a rewritten text runs, where that is not as its file. */
type Ran = Pick<SourceFile, 'behind' | 'wrapper' | 'idWidth'>;

/** Gives the functions of rewritten texts their ids in this process, and registers them. */
export class FunctionIds {
  private readonly bases = createBases();
  private next = 0;

  /** @param stride 2 where two threads give out ids: the even and the odd ones */
  constructor(
    private readonly register: LoaderOptions['register'],
    readonly stride: number,
  ) {}

  /** Registers a text. Returns where its ids begin: where they did when the same text was loaded from there before. */
  of(filename: string, source: string, result: RewrittenFile, ran: Ran = {}): number {
    const { path, kind, prefix, edits, functions } = result;
    const text = { source, edits, ...ran };
    const known = this.bases.get(filename, text);
    if (known !== undefined) return known;
    const { stride, next: base } = this;
    this.next += functions.length * stride;
    this.bases.set(filename, text, base);
    const file = { filename, path, source, kind, prefix, edits, base, stride, functions: functions.length, ...ran };
    this.register(file, result);
    return base;
  }

  /** Where the ids of a text will begin when it is registered next. */
  baseOf(filename: string, text: RewrittenText): number {
    return this.bases.get(filename, text) ?? this.next;
  }

  /** For a function that is recorded without being rewritten. */
  newId(): number {
    const id = this.next;
    this.next += this.stride;
    return id;
  }
}
