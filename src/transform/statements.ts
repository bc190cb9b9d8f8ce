import { isFunction, unlabeled } from './analyse.js';
import { eachChild, isLeaf } from './children.js';
import type { Node } from './types.js';

/** TypeScript's trees say null where JavaScript's say nothing. */
export function isDirective(statement: Node): boolean {
  return statement.directive != null;
}

/** `import ... from` and `export ... from`. */
export function isImport(statement: Node): boolean {
  return statement.type === 'ImportDeclaration' || statement.source != null;
}

/** After the directives, which count only while they come first. */
export function firstStatement(program: Node): number {
  const first = (program.body as Node[]).find((statement) => !isDirective(statement));
  return first?.start ?? program.end;
}

/**
 * An import is hoisted, so that of the probe functions may come last. Not on the line of another import: Node reads
 * that line when a name is missing there.
 */
export function lastStatementEnd(program: Node): number {
  const last = (program.body as Node[]).findLast((statement) => !isImport(statement));
  return last?.end ?? program.end;
}

export function isSuperCall(node: Node): boolean {
  return node.type === 'CallExpression' && node.callee.type === 'Super';
}

export function isLoop(node: Node): boolean {
  return /^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type);
}

/** Whether a statement with this parent may have others beside it. */
export function isInList(parent: Node): boolean {
  return parent.type === 'BlockStatement' || parent.type === 'StaticBlock' || parent.type === 'SwitchCase';
}

/** Whether V8 counts no block after this statement where it is the last one of a function. */
export function isEndOfBlocks(statement: Node): boolean {
  const { type, init, left } = unlabeled(statement);
  const declaration = (init ?? left) as Node | null | undefined;
  if (/^For(In|Of)?Statement$/.test(type))
    return !(declaration?.type === 'VariableDeclaration' && declaration.kind !== 'var');
  return /^(Return|Throw|If|Block|Switch|Try|While|DoWhile)Statement$/.test(type);
}

export function hasTopLevelAwait(program: Node): boolean {
  let found = false;
  eachOwnNode(program, (child) => {
    if (child.type === 'AwaitExpression' || (child.type === 'ForOfStatement' && child.await)) found = true;
  });
  return found;
}

/** A node and every node below it, in no order; functions and leaves are left out. */
export function eachOwnNode(root: Node, each: (node: Node) => void): void {
  const waiting = [root];
  const add = (child: Node): void => {
    if (!isLeaf(child) && !isFunction(child) && child.type !== 'StaticBlock') waiting.push(child);
  };
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    each(node);
    eachChild(node, add);
  }
}
