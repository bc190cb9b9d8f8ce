import { eachChild, isLeaf } from './children.js';
import { EditList } from './edits.js';
import { clashes, type Context, type Frame } from './frame.js';
import { LETTERS, type ProbeMeaning, type ProbeName } from '../probes.js';
import { isLoop } from './statements.js';
import type { Node } from './types.js';
import { Walk } from './walk.js';

/** Edits of a text, which name probes, at the nodes that are walked. */
export class ProbeEdits {
  readonly edits = new EditList();
  readonly prefix: string;
  /** Probe functions that the text names. */
  readonly used = new Set<ProbeName>();
  protected readonly walk = new Walk<Context>();
  /** Of the children that are being asked for. */
  protected context: Context = { frame: null, lexical: '0', depth: 0 };

  constructor(protected readonly source: string) {
    this.prefix = unusedPrefix(source);
  }

  protected children(node: Node, context: Context): void {
    this.context = context;
    eachChild(node, this.child);
  }

  protected readonly child = (child: Node): void => this.later(child, this.context);

  protected later(node: Node, context: Context): void {
    if (!isLeaf(node)) this.walk.later(node, context);
  }

  /** The outermost label of a statement, else the statement. */
  protected labelsOf(node: Node): Node {
    const { ancestors } = this.walk;
    let at = ancestors.length - 1;
    while (ancestors[at].type === 'LabeledStatement') at--;
    return ancestors[at + 1] ?? node;
  }

  /** Puts a value, which follows a keyword of `around`, into a call. */
  protected wrap(around: Node, keyword: string, value: Node, before: string, after: string, context: Context): void {
    const gap = keyword !== '' && value.start === around.start + keyword.length ? ' ' : '';
    // `a, b` is one value, not two arguments.
    const list = value.type === 'SequenceExpression';
    this.edits.open(value.start, gap + before + (list ? '(' : ''));
    this.edits.close(value.end, (list ? ')' : '') + after);
    this.later(value, context);
  }

  /** The name of that probe in the text. */
  protected use(probe: ProbeMeaning): string {
    const name = LETTERS[probe];
    this.used.add(name);
    return this.prefix + name;
  }

  protected dropVar(declaration: Node): void {
    this.edits.remove(declaration.start, declaration.start + 'var'.length);
  }

  /**
   * After a changed statement the next line could be read as more of it: of `return⏎(f)` would become
   * `return x()⏎(f)`.
   */
  protected terminate(statement: Node, level = this.edits.level): void {
    if (this.source[statement.end - 1] !== ';') this.edits.close(statement.end, ';', level);
  }

  /** The same for the statement whose last word is a changed `yield`. */
  protected terminateAround(node: Node, frame: Frame): void {
    const { ancestors } = this.walk;
    for (let at = ancestors.length - 1; at >= 0 && ancestors[at].end === node.end; at--) {
      const statement = ancestors[at];
      if (statement.type === 'VariableDeclaration') {
        // Else it is terminated as a changed declaration, or it is the head of a loop.
        if (!clashes(statement, frame) && !isLoop(ancestors[at - 1])) this.terminate(statement, at);
        return;
      }
      if (statement.type === 'ExpressionStatement') return this.terminate(statement, at);
      if (statement.type.endsWith('Statement')) return;
    }
  }
}

/** `h$_`, or the first of `h$1_`, `h$2_` ... that the source has not. */
function unusedPrefix(source: string): string {
  if (!source.includes('h$')) return 'h$_';
  const taken = new Set<string>();
  for (const [, number] of source.matchAll(/h\$(\d*)_/g)) taken.add(number);
  for (let i = 0; ; i++) {
    const number = i === 0 ? '' : String(i);
    if (!taken.has(number)) return `h$${number}_`;
  }
}
