import { eachChild, isLeaf } from './children.js';
import type { Node } from './types.js';
import { Walk } from './walk.js';

export type LeaveReason =
  | 'with'
  | 'direct eval'
  | 'await using'
  | 'function in block'
  | 'function in arguments'
  | 'value in for-in'
  | 're-export'
  | 'asm.js';

/** What has to be known of a function before its first edit. */
export interface FunctionFacts {
  /** Why it must stay as it is; undefined: it can be rewritten. */
  leave?: LeaveReason;
  /** A `return` inside it may still be followed by other code of the call (`finally`, an iterator's end, `using`). */
  deferred: boolean;
  usesArguments: boolean;
  /** Names declared both by `var` and by a function at the top of the body: legal there, not in a block. */
  clashing: Set<string>;
}

/** What one walk over a program finds out. */
export interface Analysis {
  /** Of every function that has a body. */
  facts: Map<Node, FunctionFacts>;
  /** Labeled statements with a `for await` inside them, in the same function. */
  suspendingLabels: Set<Node>;
}

interface Scan extends FunctionFacts {
  node: Node;
  /** The function or static block around it. */
  outer: Scan | null;
  arrow: boolean;
  evals: boolean;
  topFunctions: Set<string>;
  varNames: Set<string>;
  blockFunctions: Set<string>;
}

/** Where a node is. */
interface Place {
  scan: Scan | null;
  /** Code of the call follows a `return` here. */
  guarded: boolean;
  /** Why all functions here must stay as they are. */
  leaveAll: LeaveReason | undefined;
  /** The labeled statements of this function around it. */
  labels: Labels | null;
}

interface Labels {
  node: Node;
  outer: Labels | null;
}

/** One walk over the whole program. */
export function analyse(program: Node): Analysis {
  const analyser = new Analyser();
  analyser.run(program);
  return analyser.result();
}

class Analyser {
  private readonly walk = new Walk<Place>();
  private readonly scans: Scan[] = [];
  private readonly reexports = new Set<Node>();
  private readonly suspendingLabels = new Set<Node>();
  /** Of the children that are being asked for. */
  private place: Place = { scan: null, guarded: false, leaveAll: undefined, labels: null };

  run(program: Node): void {
    this.walk.run(program, this.place, (node, place) => this.visit(node, place));
  }

  result(): Analysis {
    const facts = new Map<Node, FunctionFacts>();
    for (const scan of this.scans) facts.set(scan.node, close(scan));
    return { facts, suspendingLabels: this.suspendingLabels };
  }

  private children(node: Node, place: Place): void {
    this.place = place;
    eachChild(node, this.child);
  }

  private readonly child = (node: Node, parent: Node): void => {
    if (node.type === 'Identifier' && node.name === 'arguments' && !isPropertyName(node, parent)) {
      noteArguments(this.place.scan);
    }
    if (!isLeaf(node)) this.walk.later(node, this.place);
  };

  private visit(node: Node, place: Place): void {
    if (node.type === 'CallExpression') noteReexport(node, this.reexports);
    if (isFunction(node)) return this.visitFunction(node, place);
    const { scan } = place;
    switch (node.type) {
      case 'StaticBlock':
        // Its variables are its own.
        return this.children(node, { ...place, scan: newScan(node, place), guarded: false, labels: null });
      case 'WithStatement':
        if (scan) scan.leave ??= 'with';
        this.place = place;
        this.child(node.object, node);
        this.place = { ...place, leaveAll: 'with' };
        return this.child(node.body, node);
    }
    if (scan) this.visitOwn(node, place, scan);
    else this.children(node, place);
  }

  private visitFunction(node: Node, place: Place): void {
    // The engine compiles such a function by other rules, and says on stderr when it cannot.
    const leaveAll = hasDirective(node, 'use asm') ? 'asm.js' : place.leaveAll;
    const scan = newScan(node, { ...place, leaveAll });
    if (this.reexports.has(node)) scan.leave = 're-export';
    this.scans.push(scan);
    this.children(node, { scan, guarded: false, leaveAll, labels: null });
  }

  /** A node in a function or static block. */
  private visitOwn(node: Node, place: Place, scan: Scan): void {
    switch (node.type) {
      case 'ReturnStatement':
        if (place.guarded) scan.deferred = true;
        break;
      case 'TryStatement':
        if (!node.finalizer) break;
        this.place = { ...place, guarded: true };
        this.child(node.block, node);
        if (node.handler) this.child(node.handler, node);
        this.place = place;
        return this.child(node.finalizer, node);
      case 'LabeledStatement':
        return this.children(node, { ...place, labels: { node, outer: place.labels } });
      case 'ForInStatement':
        // `for (var f = 1 in o)` could not become an assignment.
        if (node.left.declarations?.[0].init) scan.leave ??= 'value in for-in';
        break;
      case 'ForOfStatement':
        if (node.await) this.noteSuspension(place.labels);
        noteVar(node.left, scan);
        return this.children(node, { ...place, guarded: true });
      case 'CallExpression':
        if (node.callee.type === 'Identifier' && node.callee.name === 'eval') noteEval(scan);
        break;
      case 'VariableDeclaration':
        if (node.kind === 'await using') scan.leave ??= 'await using';
        else if (node.kind === 'using') scan.deferred = true;
        noteVar(node, scan);
        break;
      case 'BlockStatement':
        noteBlockFunctions(node.body, node, scan);
        break;
      case 'SwitchStatement':
        for (const { consequent } of node.cases) noteBlockFunctions(consequent, node, scan);
        break;
      case 'IfStatement':
        // `if (a) function f() {}` is read as if it stood in a block.
        noteBlockFunctions([node.consequent, node.alternate ?? node.consequent], node, scan);
        break;
    }
    this.children(node, place);
  }

  private noteSuspension(labels: Labels | null): void {
    for (let each = labels; each && !this.suspendingLabels.has(each.node); each = each.outer) {
      this.suspendingLabels.add(each.node);
    }
  }
}

export function isFunction(node: Node): boolean {
  return (
    (node.type === 'FunctionDeclaration' ||
      node.type === 'FunctionExpression' ||
      node.type === 'ArrowFunctionExpression') &&
    node.body != null
  );
}

export function unlabeled(node: Node): Node {
  let inner = node;
  while (inner.type === 'LabeledStatement') inner = inner.body as Node;
  return inner;
}

/** All names that a binding pattern binds, with the rest of a parameter list's wrappers taken off. */
export function boundNames(pattern: Node | null, into: string[] = []): string[] {
  if (!pattern) return into;
  switch (pattern.type) {
    case 'Identifier':
      into.push(pattern.name);
      break;
    case 'AssignmentPattern':
      boundNames(pattern.left, into);
      break;
    case 'RestElement':
      boundNames(pattern.argument, into);
      break;
    case 'ArrayPattern':
      for (const element of pattern.elements) boundNames(element, into);
      break;
    case 'ObjectPattern':
      for (const property of pattern.properties)
        boundNames(property.type === 'Property' ? property.value : property, into);
      break;
    case 'TSParameterProperty':
      boundNames(pattern.parameter, into);
      break;
  }
  return into;
}

/** The names that a pattern binds to what stands under a secret key: `{ password: given }`. */
export function namesUnder(
  pattern: Node | null,
  isSecret: (key: string) => boolean,
  below: boolean,
  into: Set<string>,
): void {
  if (!pattern) return;
  if (pattern.type === 'ObjectPattern') {
    for (const property of pattern.properties) {
      const { key, computed } = property;
      const name = property.type !== 'Property' || computed ? '' : String(key.name ?? key.value);
      namesUnder(property.value ?? property, isSecret, below || isSecret(name), into);
    }
  } else if (pattern.type === 'ArrayPattern') {
    for (const element of pattern.elements) namesUnder(element, isSecret, below, into);
  } else if (below && pattern.type === 'Identifier') into.add(pattern.name);
  else namesUnder(pattern.left ?? pattern.argument ?? pattern.parameter ?? null, isSecret, below, into);
}

function newScan(node: Node, { scan: outer, leaveAll: leave }: Pick<Place, 'scan' | 'leaveAll'>): Scan {
  const topFunctions = new Set<string>();
  if (node.body.type === 'BlockStatement') {
    for (const each of node.body.body as Node[]) {
      const statement = unlabeled(each);
      if (statement.type === 'FunctionDeclaration' && statement.id) topFunctions.add(statement.id.name);
    }
  }
  return {
    node,
    outer,
    arrow: node.type === 'ArrowFunctionExpression',
    leave,
    deferred: node.generator === true,
    usesArguments: false,
    clashing: new Set(),
    evals: false,
    topFunctions,
    varNames: new Set(),
    blockFunctions: new Set(),
  };
}

function close(scan: Scan): FunctionFacts {
  const { leave, deferred, usesArguments, topFunctions, varNames, clashing } = scan;
  for (const name of topFunctions) if (varNames.has(name)) clashing.add(name);
  const facts: FunctionFacts = { leave, deferred, usesArguments, clashing };
  // `eval('var f')` beside `function f(){}` and a nested block's `function f(){}` change meaning inside a block.
  if (scan.evals && topFunctions.size > 0) facts.leave ??= 'direct eval';
  for (const name of topFunctions) if (scan.blockFunctions.has(name)) facts.leave ??= 'function in block';
  // `function f(a) { function a(){} }` replaces `arguments[0]`, which a function in a block does not.
  if (usesArguments && topFunctions.size > 0) {
    for (const name of scan.node.params.flatMap((each: Node) => boundNames(each)))
      if (topFunctions.has(name)) facts.leave ??= 'function in arguments';
  }
  return facts;
}

function hasDirective(node: Node, text: string): boolean {
  return node.body.type === 'BlockStatement' && node.body.body.some((each: Node) => each.directive === text);
}

function noteVar(node: Node, scan: Scan): void {
  if (node.type !== 'VariableDeclaration' || node.kind !== 'var') return;
  for (const declarator of node.declarations) for (const name of boundNames(declarator.id)) scan.varNames.add(name);
}

function noteBlockFunctions(statements: readonly Node[], block: Node, scan: Scan): void {
  if (block === scan.node.body) return;
  for (const each of statements) {
    const statement = unlabeled(each);
    if (statement.type === 'FunctionDeclaration' && statement.id) scan.blockFunctions.add(statement.id.name);
  }
}

/**
 * Node finds the names that a CommonJS module exports by the literal text in which compilers write re-exports; these
 * functions must keep it: `Object.defineProperty(exports, 'a', { get: function () { return b.a } })` and
 * `Object.keys(b).forEach(function (key) { if (key === 'default' || key === '__esModule') return; ... })`. What Vite makes
 * of an `export` is the same thing to the user.
 */
function noteReexport(node: Node, into: Set<Node>): void {
  const [target, , descriptor] = node.arguments as Node[];
  if (isMember(node.callee, 'Object', 'defineProperty') && target && descriptor?.type === 'ObjectExpression') {
    const exported =
      (target.type === 'Identifier' && /^(exports|__vite_ssr_exports__)$/.test(target.name)) ||
      isMember(target, 'module', 'exports');
    for (const { key, value } of exported ? descriptor.properties : []) {
      if (key?.name === 'get' && value && isFunction(value)) into.add(value);
    }
  }
  const { callee } = node;
  const [, getter] = node.arguments as Node[];
  if (callee.name === '__vite_ssr_exportName__' && getter && isFunction(getter)) into.add(getter);
  if (callee.type !== 'MemberExpression' || callee.property.name !== 'forEach') return;
  if (callee.object.type !== 'CallExpression' || !isMember(callee.object.callee, 'Object', 'keys')) return;
  const first =
    target && isFunction(target) && target.body.type === 'BlockStatement'
      ? (target.body.body[0] as Node | undefined)
      : undefined;
  if (first?.type !== 'IfStatement') return;
  into.add(target);
}

function isMember(node: Node, object: string, property: string): boolean {
  return (
    node.type === 'MemberExpression' && !node.computed && node.object.name === object && node.property.name === property
  );
}

function noteArguments(scan: Scan | null): void {
  let owner = scan;
  while (owner?.arrow) owner = owner.outer;
  if (owner) owner.usesArguments = true;
}

function noteEval(scan: Scan): void {
  for (let each: Scan | null = scan; each && !each.evals; each = each.outer) each.evals = true;
}

function isPropertyName(node: Node, parent: Node): boolean {
  if (parent.type === 'MemberExpression') return parent.property === node && !parent.computed;
  const member =
    parent.type === 'Property' || parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition';
  return member && parent.key === node && !parent.computed && parent.value !== node && !parent.shorthand;
}
