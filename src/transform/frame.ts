import { boundNames, type FunctionFacts } from './analyse.js';
import { eachOwnNode } from './statements.js';
import type { EditList } from './edits.js';
import type { Node } from './types.js';

/** The function whose body is being walked. */
export interface Frame {
  node: Node;
  id: number;
  /** Name of the variable that holds the call. */
  call: string;
  async: boolean;
  generator: boolean;
  facts: FunctionFacts;
  derivedConstructor: boolean;
  baseConstructor: boolean;
  /** The call is an object that can be suspended, not a number. */
  suspends: boolean;
  /** It is the body of an async function, whose `await` was made a `yield`. */
  lowered: boolean;
}

export interface Context {
  frame: Frame | null;
  /** Text that names the lexically enclosing call: a variable, or `0`. */
  lexical: string;
  depth: number;
}

/** Whether a `var` has the name of a function in the same body. */
export function clashes(declaration: Node, frame: Frame): boolean {
  if (frame.facts.clashing.size === 0 || declaration.kind !== 'var') return false;
  return declaration.declarations.some((each: Node) =>
    boundNames(each.id).some((name) => frame.facts.clashing.has(name)),
  );
}

/** The other names of declarations that the rewriter turns into assignments. */
export function hoistedVars(frame: Frame): string {
  if (frame.facts.clashing.size === 0) return '';
  const names = new Set<string>();
  eachOwnNode(frame.node.body as Node, (node) => {
    if (node.type !== 'VariableDeclaration' || !clashes(node, frame)) return;
    for (const { id } of node.declarations) for (const name of boundNames(id)) names.add(name);
  });
  for (const name of frame.facts.clashing) names.delete(name);
  return names.size ? `var ${[...names].join(',')};` : '';
}

/** Of two functions with one name the last wins; strict code refuses the first inside a block. */
export function demoteDoubles(frame: Frame, edits: EditList): void {
  const seen = new Set<string>();
  for (const statement of [...frame.node.body.body].reverse() as Node[]) {
    if (statement.type !== 'FunctionDeclaration' || !statement.id || !statement.body) continue;
    if (seen.has(statement.id.name)) {
      edits.open(statement.start, 'void ');
      edits.close(statement.end, ';');
    }
    seen.add(statement.id.name);
  }
}
