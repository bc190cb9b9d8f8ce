import { isFunction } from './analyse.js';
import { eachChild } from './children.js';
import { applyEdits } from './edits.js';
import { parseSource, type Parsed } from './parser.js';
import type { Edit, Node, SourceKind } from './types.js';

/**
 * What is put into one function of a library: by `name`, `Class.method` or `exports.name`. In the texts `$1`, `$2` are its parameters and `$1{key}` what it takes out
 * of one; `h$l` is what `enter` answered, also in the functions within. Probes are methods of the global `__handit__`.
 */
export interface LibraryRule {
  /** `name` or `Class.method`; of several the first that the file has. It must be there once, what is in it left aside. */
  function: readonly string[];
  /** Where there is no such function, the other rules apply all the same. */
  optional?: boolean;
  /** A call of a probe, made before the body; the handle's `leave()` is called when the body is left. Not in async ones. */
  enter?: string;
  /** What the body throws passes through the handle's `fail()`. Only where the library itself catches it. */
  catches?: boolean;
  /** Takes the place of what the body throws, `$0`; also in async functions. Only where the library itself catches it. */
  failed?: string;
  /** A statement put first. */
  first?: string;
  /** Takes the place of each value that the function's own `return` statements give; `$0` is that value. */
  returns?: string;
  /** A private field of the class that the function is a constructor of: made when an instance begins. */
  field?: string;
  /** Values that pass through a method of the handle, from which they come back as they are. */
  pass?: readonly {
    /** The first argument of calls of this; `a.b` for methods. */
    call?: string;
    /** The second one instead, of calls whose first argument is this. */
    after?: string;
    /** The argument of each `throw`. */
    throw?: true;
    /** What an `await` of a call of this gives. */
    awaited?: string;
    /** `undefined` after an element that mentions this name, in an array. */
    behind?: string;
    /** The method. */
    to: string;
    /** How many there must be; default: any number. */
    count?: number;
  }[];
}

/** Files of a library, and what is put into each. */
export interface LibraryFile {
  /** As its package.json names it. */
  package: string;
  /** Regular expression for its version; default: any. */
  version?: string;
  /** Inside the package; a `*` is any part of a file's name. Each file of a library is compared with it, so it is no pattern. */
  path: string;
  /** Other files of that path do not have this text, and are not looked into. */
  contains?: string;
  rules: readonly LibraryRule[];
  /** A statement put after the last line. */
  last?: string;
}

/** The file is not as the rules expect it. */
export class UnfamiliarSource extends Error {
  override name = 'UnfamiliarSource';
}

/**
 * Puts calls of probes into functions of a library's file. No line is added, none removed.
 *
 * @throws UnfamiliarSource when any rule does not apply exactly as written
 */
export function editLibrary(source: string, filename: string, kind: SourceKind, rules: readonly LibraryRule[]): string {
  const named = namedFunctions(parse(source, filename, kind).program);
  const edits = rules.flatMap((rule) => editsOf(rule, named));
  const code = applyEdits(
    source,
    edits.sort((a, b) => a.at - b.at),
  );
  parse(code, filename, kind);
  return code;
}

function parse(source: string, filename: string, kind: SourceKind): Parsed {
  const found = parseSource(filename, source, { sourceType: kind, preserveParens: true });
  if (found.error !== undefined) throw new UnfamiliarSource(`cannot be parsed: ${found.error}`);
  return found;
}

interface Found {
  node: Node;
  /** The class it is the constructor of. */
  classBody?: Node;
}

/** Functions by the names that rules use. */
function namedFunctions(program: Node): Map<string, Found[]> {
  const named = new Map<string, Found[]>();
  const add = (name: string, found: Found): void => {
    const known = named.get(name);
    if (known?.some(({ node }) => node === found.node)) return;
    if (known) known.push(found);
    else named.set(name, [found]);
  };
  const addMethods = (name: string, node: Node): void => {
    for (const member of node.body.body as Node[]) {
      if (member.type !== 'MethodDefinition' || member.computed || member.static || !member.value.body) continue;
      add(`${name}.${member.key.name}`, { node: member.value, classBody: node.body });
    }
  };
  const walk = (node: Node): void => {
    if (isFunction(node) && node.id?.name) add(node.id.name, { node });
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init) {
      const init = unwrapped(node.init);
      if (isFunction(init)) add(node.id.name, { node: init });
      if (init.type === 'ClassExpression' && !init.id) addMethods(node.id.name as string, init);
    }
    // X.prototype.name = function () {}, exports.name = () => {}
    if (node.type === 'AssignmentExpression' && isFunction(node.right)) {
      const path = /^(?:(\w+)\.prototype|(exports))\.(\w+)$/.exec(pathOf(node.left));
      if (path) add(`${path[1] ?? path[2]}.${path[3]}`, { node: node.right });
    }
    if ((node.type === 'ClassDeclaration' || node.type === 'ClassExpression') && node.id) {
      addMethods(node.id.name as string, node);
    }
    eachChild(node, walk);
  };
  walk(program);
  return named;
}

function editsOf(rule: LibraryRule, named: Map<string, Found[]>): Edit[] {
  const name = rule.function.find((one) => named.has(one));
  const all = name === undefined ? [] : named.get(name)!;
  const found = all.filter((one) => !all.some((other) => other !== one && contains(other.node, one.node)));
  if (found.length === 0 && rule.optional) return [];
  if (found.length !== 1) {
    throw new UnfamiliarSource(`it has ${found.length === 0 ? 'no' : 'several'} ${rule.function.join(' or ')}`);
  }
  const { node, classBody } = found[0];
  const edits: Edit[] = [];
  const place: Place = {
    ...{ rule, name: name!, node, body: node.body },
    insert: (at, text) => void edits.push({ at, remove: 0, insert: text }),
    text: (template) => withParameters(template, node),
  };
  if (rule.field !== undefined) {
    if (!classBody) throw new UnfamiliarSource(`${name} is not in a class`);
    place.insert(classBody.start + 1, `#h$l=${rule.field};`);
  }
  if (rule.first !== undefined || rule.enter !== undefined) around(place);
  if (rule.failed !== undefined) {
    if (node.body.type !== 'BlockStatement') throw new UnfamiliarSource(`${name} has no statements`);
    place.insert(node.body.start + 1, 'try{');
    place.insert(node.body.end - 1, `}catch(h$e){throw ${place.text(rule.failed).replaceAll('$0', 'h$e')}}`);
  }
  if (rule.returns !== undefined) aroundReturns(place, rule.returns);
  passValues(place);
  return edits;
}

/** A function of a library that is edited. */
interface Place {
  rule: LibraryRule;
  name: string;
  node: Node;
  body: Node;
  insert(at: number, text: string): void;
  text(template: string): string;
}

/** What comes first in it, and what its whole body is in. */
function around({ rule, name, node, body, insert, text }: Place): void {
  if (rule.enter !== undefined && (node.async || node.generator)) throw new UnfamiliarSource(`${name} is async`);
  const block = body.type === 'BlockStatement';
  if (block && body.body[0]?.directive) throw new UnfamiliarSource(`${name} has a directive`);
  const open = rule.enter === undefined ? '' : `const h$l=${text(rule.enter)};try{`;
  const close =
    rule.enter === undefined ? '' : `}${rule.catches ? 'catch(h$e){throw h$l.fail(h$e)}' : ''}finally{h$l.leave()}`;
  const first = rule.first === undefined ? '' : `${text(rule.first)};`;
  if (block) {
    insert(body.start + 1, open + first);
    if (close) insert(body.end - 1, close);
  } else {
    insert(body.start, `{${open}${first}return(`);
    insert(node.end, `)${close}}`);
  }
}

function aroundReturns({ name, body, insert, text }: Place, template: string): void {
  const [before, after, ...more] = text(template).split('$0');
  const values = ownReturns(body);
  if (values.length === 0 || after === undefined || more.length > 0) {
    throw new UnfamiliarSource(`${name} returns nothing`);
  }
  for (const { start, end } of values) {
    insert(start, before);
    insert(end, after);
  }
}

function passValues({ rule, name, body, insert }: Place): void {
  for (const { to, count, ...what } of rule.pass ?? []) {
    const values = valuesIn(body, what);
    if (count !== undefined && values.length !== count) {
      throw new UnfamiliarSource(`${name} has ${values.length} places for ${to}`);
    }
    for (const { start, end } of values) {
      insert(start, `h$l.${to}(`);
      insert(end, ')');
    }
  }
}

function contains(outer: Node, inner: Node): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function ownReturns(body: Node): Node[] {
  const values: Node[] = [];
  const walk = (node: Node): void => {
    if (isFunction(node)) return;
    if (node.type === 'ReturnStatement' && node.argument) values.push(node.argument);
    eachChild(node, walk);
  };
  walk(body);
  return values;
}

type What = Omit<NonNullable<LibraryRule['pass']>[number], 'to' | 'count'>;

function valuesIn(body: Node, what: What): Node[] {
  const values: Node[] = [];
  const walk = (node: Node): void => {
    if (what.throw && node.type === 'ThrowStatement') values.push(node.argument);
    if (what.awaited !== undefined && node.type === 'AwaitExpression') {
      if (node.argument.type === 'CallExpression' && pathOf(node.argument.callee) === what.awaited) values.push(node);
    }
    if (what.call !== undefined && node.type === 'CallExpression' && pathOf(node.callee) === what.call) {
      const [first, second] = node.arguments as Node[];
      const value = what.after === undefined ? first : first && pathOf(first) === what.after ? second : undefined;
      if (value) values.push(value);
    }
    if (what.behind !== undefined && node.type === 'ArrayExpression' && node.elements.length === 2) {
      const [first, second] = node.elements as (Node | null)[];
      if (first && second && pathOf(second) === 'undefined' && mentions(first, what.behind)) values.push(second);
    }
    eachChild(node, walk);
  };
  walk(body);
  return values;
}

function mentions(node: Node, name: string): boolean {
  let found = node.type === 'Identifier' && node.name === name;
  eachChild(node, (child) => void (found ||= mentions(child, name)));
  return found;
}

/** `a.b.c` as text; empty for anything else. */
function pathOf(node: Node): string {
  if (node.type === 'Identifier') return node.name as string;
  if (node.type === 'ThisExpression') return 'this';
  if (node.type !== 'MemberExpression' || node.computed) return '';
  const object = pathOf(node.object);
  return object === '' ? '' : `${object}.${node.property.name}`;
}

function unwrapped(node: Node): Node {
  return node.type === 'ParenthesizedExpression' ? unwrapped(node.expression) : node;
}

function withParameters(template: string, { params }: Node): string {
  return template.replace(/\$([1-9])(?:\{(\w+)\})?/g, (_, digit: string, key?: string) => {
    let pattern = withoutDefault(params[Number(digit) - 1] as Node | undefined);
    if (key !== undefined && pattern?.type === 'ObjectPattern') {
      const properties = pattern.properties as Node[];
      pattern = withoutDefault(properties.find((each) => each.key?.name === key)?.value as Node | undefined);
    }
    if (pattern?.type !== 'Identifier') throw new UnfamiliarSource(`parameter ${digit} has no name`);
    return pattern.name as string;
  });
}

function withoutDefault(pattern: Node | undefined): Node | undefined {
  return pattern?.type === 'AssignmentPattern' ? (pattern.left as Node) : pattern;
}
