// Node reads the message of `assert(value)` from the source of the call: from the line that V8 runs or, in older versions, from
// the file on disk at the column where V8 is. Of an edited line both are wrong, so such a call says itself what its source is.
import { boundNames } from './analyse.js';
import type { EditList } from './edits.js';
import type { LineTable } from './lines.js';
import type { Node } from './types.js';

const NAMES_ASSERT = /['"`](?:node:)?assert(?:\/strict)?['"`]/;
/** Text in which a semicolon is none. */
const QUOTED = /'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|`(?:[^`\\]|\\[^])*`?|\/\*[^]*?(?:\*\/|$)|\/\/.*/g;
/** Node would escape these. */
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x08\v\f\x0e-\x1f]/;

/** Messages that are never undefined or null. */
const CERTAIN: ReadonlySet<string> = new Set(['TemplateLiteral', 'NewExpression', 'ObjectExpression']);

interface AssertCall {
  node: Node;
  /** Source of what is called. */
  callee: string;
  level: number;
}

export interface AssertProbes {
  /** For a call without a message. */
  message(): string;
  /** For one whose message may be undefined. */
  messageUnless(): string;
}

/** The calls of `assert` in a source. */
export class AssertCalls {
  private readonly calls: AssertCall[] = [];

  private constructor(
    private readonly source: string,
    private readonly names: ReadonlySet<string>,
  ) {}

  /** @returns undefined when the source does not import `assert` */
  static of(source: string, program: Node): AssertCalls | undefined {
    if (!NAMES_ASSERT.test(source)) return undefined;
    const names = new Set<string>();
    for (const statement of program.body as Node[]) addNames(source, statement, names);
    return names.size > 0 ? new AssertCalls(source, names) : undefined;
  }

  /** @param level of the call in the tree */
  see(node: Node, level: number): void {
    const given = node.arguments as Node[];
    if (node.optional || given.length < 1 || given.length > 2 || given.some(({ type }) => type === 'SpreadElement'))
      return;
    if (given.length > 1 && CERTAIN.has(given[1].type)) return;
    const callee = node.callee as Node;
    const root = rootOf(callee.type === 'ParenthesizedExpression' ? lastOf(callee.expression) : callee);
    if (root === undefined || !this.names.has(root)) return;
    this.calls.push({ node, callee: this.source.slice(callee.start, callee.end), level });
  }

  /**
   * Hands its source to each call on an edited line.
   *
   * @param first where the text of the file's own probes will be; undefined: at its end
   * @param probes name a probe each, asked when there is such a call
   */
  finish(edits: EditList, lines: LineTable, first: number | undefined, probes: AssertProbes): void {
    const places = edits.offsets();
    if (first !== undefined) places.push(first);
    places.sort((a, b) => a - b);
    for (const { node, callee, level } of this.calls) {
      const line = lines.lineOf(node.start);
      const from = lines.offsetOf(line, 1);
      if (!(firstFrom(places, from) < node.end)) continue;
      const shown = this.firstLine(node, lines);
      const whole = this.allLines(node, node.start - from);
      if (CONTROLS.test(whole)) continue;
      const texts = shown === whole ? [shown] : [shown, whole];
      const list = [callee, ...texts.map((text) => JSON.stringify(text))].join(',');
      const [value, message] = node.arguments as Node[];
      if (!message) edits.close(value.end, `,...${probes.message()}(${list})`, level);
      else {
        edits.level = level;
        edits.open(message.start, `${probes.messageUnless()}([${list}],`);
        edits.close(message.end, ')', level);
      }
    }
  }

  /** As Node reads it from the line that V8 runs. A semicolon ends it there, and Node then shows nothing. */
  private firstLine(node: Node, lines: LineTable): string {
    const start = this.shownFrom(node.callee);
    const rest = this.source.slice(start);
    const line = /^[^\n\r\u2028\u2029]*/.exec(rest)![0];
    const text = lines.lineOf(node.end) === lines.lineOf(start) ? rest.slice(0, node.end - start) : line;
    return text.replace(QUOTED, '').includes(';') ? '' : text;
  }

  /** V8 is at the last name or, where that is a keyword or in brackets, at what follows; from there Node goes back over names. */
  private shownFrom(callee: Node): number {
    let node = callee;
    let start: number | undefined;
    while (node.type === 'MemberExpression' && node.property.name !== 'default') {
      start = node.property.start as number;
      node = node.object as Node;
    }
    if (node.type === 'Identifier') start = node.start;
    return start ?? this.source.indexOf('(', callee.end);
  }

  /** As Node reads it from the file: indented as the call. */
  private allLines(node: Node, column: number): string {
    const [line, ...more] = this.source.slice(node.start, node.end).split(/\r?\n/);
    const indent = new RegExp(`^[ \\t]{0,${column}}`);
    return [line, ...more.map((text) => `  ${text.replace(indent, '')}`)].join('\n');
  }
}

/** Adds the names that a statement gives to `assert` and its parts. */
function addNames(source: string, statement: Node, names: Set<string>): void {
  const isAssert = (node: Node): boolean =>
    NAMES_ASSERT.test(source.slice(node.start, node.end)) || names.has(rootOf(node) ?? '');
  if (statement.type === 'ImportDeclaration' && isAssert(statement.source)) {
    for (const { local } of statement.specifiers) names.add(local.name as string);
  }
  if (statement.type !== 'VariableDeclaration') return;
  for (const { id, init } of statement.declarations) {
    if (init && isAssert(init)) for (const name of boundNames(id)) names.add(name);
  }
}

/** The first of sorted numbers that is not below `least`; Infinity: none is. */
function firstFrom(sorted: readonly number[], least: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < least) low = middle + 1;
    else high = middle;
  }
  return sorted[low] ?? Infinity;
}

/** The first name of `a.b.c`. */
function rootOf(node: Node): string | undefined {
  while (node.type === 'MemberExpression' && !node.computed && !node.optional) node = node.object as Node;
  return node.type === 'Identifier' ? (node.name as string) : undefined;
}

/** `(0, x)`, as compilers write it. */
function lastOf(node: Node): Node {
  return node.type === 'SequenceExpression' ? (node.expressions.at(-1) as Node) : node;
}
