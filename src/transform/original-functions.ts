import { isFunction } from './analyse.js';
import { eachChild, isLeaf } from './children.js';
import { describe, valueParameters, type Description } from './describe.js';
import { LineTable } from './lines.js';
import { simpleName } from './names.js';
import { OwnTexts } from './own-texts.js';
import { parseSource } from './parser.js';
import type { Node } from './types.js';
import { Walk } from './walk.js';

/** A function as it is in the file that a generated text was made of. */
export interface OriginalFunction {
  description: Description;
  /** The last part of its name. */
  simpleName: string;
  start: number;
  /** The text between the braces, or an arrow's expression. */
  bodyStart: number;
  bodyEnd: number;
  /** The one around it. */
  parent: OriginalFunction | null;
  /** Those that are values. */
  parameters: Node[];
}

/** The functions of an original file, and where compilers say that they begin. */
export interface OriginalFunctions {
  source: string;
  lines: LineTable;
  /** In the order of the text. */
  list: OriginalFunction[];
  /** By offset: its first word, its name. */
  firstWords: Map<number, OriginalFunction>;
  /** By offset, less sure: what it is assigned to, its first parameter, its body. */
  otherPlaces: Map<number, OriginalFunction>;
}

/** @returns undefined when it cannot be parsed, as a source in another language */
export function originalFunctions(source: string, filename: string): OriginalFunctions | undefined {
  const program = parseOriginal(source, filename);
  if (!program) return undefined;
  const lines = new LineTable(source);
  const found: OriginalFunctions = { source, lines, list: [], firstWords: new Map(), otherPlaces: new Map() };
  const walk = new Walk<OriginalFunction | null>();
  let inside: OriginalFunction | null;
  const child = (node: Node): void => {
    if (!isLeaf(node)) walk.later(node, inside);
  };
  const texts = new OwnTexts();
  walk.run(program, null, (node, around) => {
    inside = around;
    if (isFunction(node)) {
      const { ancestors } = walk;
      const parent = ancestors.at(-1)!;
      const description = describe(node, ancestors, source, lines);
      inside = originalFunction(node, description, around);
      texts.add(inside.start, node.end, description);
      found.list.push(inside);
      addNew(found.firstWords, firstWords(node, parent, description.member), inside);
      addNew(found.otherPlaces, otherPlaces(node, parent), inside);
    }
    eachChild(node, child);
  });
  texts.finish(source);
  return found;
}

function originalFunction(node: Node, description: Description, parent: OriginalFunction | null): OriginalFunction {
  const block = node.body.type === 'BlockStatement';
  return {
    description,
    simpleName: simpleName(description.name),
    start: (description.member ?? node).start,
    bodyStart: node.body.start + (block ? 1 : 0),
    bodyEnd: node.body.end - (block ? 1 : 0),
    parent,
    parameters: valueParameters(node),
  };
}

/** The innermost function that has a place in its body. */
export function bodyAround({ list }: OriginalFunctions, offset: number): OriginalFunction | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].start <= offset) low = middle + 1;
    else high = middle;
  }
  let candidate: OriginalFunction | null | undefined = list[low - 1];
  while (candidate && !(offset >= candidate.bodyStart && offset < candidate.bodyEnd)) candidate = candidate.parent;
  return candidate ?? undefined;
}

function addNew(map: Map<number, OriginalFunction>, places: readonly number[], found: OriginalFunction): void {
  for (const place of places) if (!map.has(place)) map.set(place, found);
}

function parseOriginal(source: string, filename: string): Node | undefined {
  const typed = /\.([cm]?ts|tsx)$/.exec(filename)?.[1];
  // JSX may be in any file that a build step reads; types may too.
  const languages: ('ts' | 'tsx' | 'jsx')[] = typed === undefined ? ['jsx', 'tsx'] : [typed === 'tsx' ? 'tsx' : 'ts'];
  for (const lang of languages) {
    const found = parseSource(filename, source, { sourceType: 'unambiguous', lang, preserveParens: true });
    if (found.error === undefined) return found.program;
  }
  return undefined;
}

function firstWords(node: Node, parent: Node, member: Node | null): number[] {
  const places: number[] = [node.start];
  if (node.id) places.push(node.id.start);
  if (member) {
    places.push(member.start, member.key.start);
    const decorator = member.decorators?.at(-1) as Node | undefined;
    if (decorator) places.push(decorator.end + 1);
  }
  const exported = parent.type === 'ExportNamedDeclaration' || parent.type === 'ExportDefaultDeclaration';
  if (exported) places.push(parent.start);
  return places;
}

function otherPlaces(node: Node, parent: Node): number[] {
  const places: number[] = [];
  if (node.params[0]) places.push(node.params[0].start);
  if (node.body.type === 'BlockStatement') places.push(node.body.start);
  if (parent.type === 'VariableDeclarator' && parent.init === node) places.push(parent.id.start);
  if (parent.type === 'AssignmentExpression' && parent.right === node) places.push(parent.left.start);
  if (parent.value === node && parent.key) places.push(parent.key.start);
  return places;
}
