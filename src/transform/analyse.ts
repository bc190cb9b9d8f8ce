import { eachChild, isLeaf } from './children.js';
import type { Node } from './types.js';

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

interface Scan extends FunctionFacts {
  node: Node;
  arrow: boolean;
  cleanups: number;
  evals: boolean;
  topFunctions: Set<string>;
  varNames: Set<string>;
  blockFunctions: Set<string>;
}

/** One walk over the whole program; answers the facts of every function that has a body. */
export function analyse(program: Node): Map<Node, FunctionFacts> {
  const facts = new Map<Node, FunctionFacts>();
  const stack: Scan[] = [];
  // Why all functions at this place must stay as they are.
  let leaveAll: LeaveReason | undefined;

  const reexports = new Set<Node>();

  const walk = (node: Node, parent: Node): void => {
    if (node.type === 'Identifier' && node.name === 'arguments' && !isPropertyName(node, parent)) noteArguments(stack);
    if (isLeaf(node)) return;
    if (node.type === 'CallExpression') noteReexport(node, reexports);
    if (isFunction(node)) {
      const before = leaveAll;
      // The engine compiles such a function by other rules, and says on stderr when it cannot.
      if (hasDirective(node, 'use asm')) leaveAll = 'asm.js';
      const scan = newScan(node, leaveAll);
      if (reexports.has(node)) scan.leave = 're-export';
      stack.push(scan);
      walkChildren(node);
      facts.set(node, close(stack.pop()!));
      leaveAll = before;
      return;
    }
    if (node.type === 'StaticBlock') {
      // Its variables are its own.
      stack.push(newScan(node, leaveAll));
      walkChildren(node);
      stack.pop();
      return;
    }
    const scan = stack.at(-1);
    if (!scan) {
      if (node.type === 'WithStatement') walkWith(node);
      else walkChildren(node);
      return;
    }
    switch (node.type) {
      case 'ReturnStatement':
        if (scan.cleanups > 0) scan.deferred = true;
        break;
      case 'TryStatement':
        if (node.finalizer) {
          scan.cleanups++;
          walk(node.block, node);
          if (node.handler) walk(node.handler, node);
          scan.cleanups--;
          walk(node.finalizer, node);
          return;
        }
        break;
      case 'ForInStatement':
        // `for (var f = 1 in o)` could not become an assignment.
        if (node.left.declarations?.[0].init) scan.leave ??= 'value in for-in';
        break;
      case 'ForOfStatement':
        scan.cleanups++;
        noteVar(node.left, scan);
        walkChildren(node);
        scan.cleanups--;
        return;
      case 'WithStatement':
        scan.leave ??= 'with';
        walkWith(node);
        return;
      case 'CallExpression':
        if (node.callee.type === 'Identifier' && node.callee.name === 'eval')
          for (const each of stack) each.evals = true;
        break;
      case 'VariableDeclaration':
        if (node.kind === 'await using') scan.leave ??= 'await using';
        else if (node.kind === 'using') scan.deferred = true;
        noteVar(node, scan);
        break;
    }
    if (node.type === 'BlockStatement' || node.type === 'SwitchStatement') noteBlockFunctions(node, scan);
    walkChildren(node);
  };
  const walkChildren = (node: Node): void => eachChild(node, walk);
  const walkWith = (node: Node): void => {
    walk(node.object, node);
    const before = leaveAll;
    leaveAll = 'with';
    walk(node.body, node);
    leaveAll = before;
  };
  walkChildren(program);
  return facts;
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
  return node.type === 'LabeledStatement' ? unlabeled(node.body) : node;
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

function newScan(node: Node, leave: LeaveReason | undefined): Scan {
  const topFunctions = new Set<string>();
  if (node.body.type === 'BlockStatement') {
    for (const each of node.body.body as Node[]) {
      const statement = unlabeled(each);
      if (statement.type === 'FunctionDeclaration' && statement.id) topFunctions.add(statement.id.name);
    }
  }
  return {
    node,
    arrow: node.type === 'ArrowFunctionExpression',
    leave,
    deferred: node.generator === true,
    usesArguments: false,
    clashing: new Set(),
    cleanups: 0,
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

function noteBlockFunctions(node: Node, scan: Scan): void {
  if (node === scan.node.body) return;
  const statements: Node[] =
    node.type === 'BlockStatement' ? node.body : node.cases.flatMap((each: Node) => each.consequent as Node[]);
  for (const statement of statements) {
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

function noteArguments(stack: Scan[]): void {
  for (let i = stack.length - 1; i >= 0; i--) {
    if (stack[i].arrow) continue;
    stack[i].usesArguments = true;
    return;
  }
}

function isPropertyName(node: Node, parent: Node): boolean {
  if (parent.type === 'MemberExpression') return parent.property === node && !parent.computed;
  const member =
    parent.type === 'Property' || parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition';
  return member && parent.key === node && !parent.computed && parent.value !== node && !parent.shorthand;
}
