import { boundNames } from './analyse.js';
import type { LineTable } from './lines.js';
import { functionName, type Ancestors } from './names.js';
import type { FunctionInfo, Node } from './types.js';

/** A function as the trace names it, without its parameters. */
export interface Description extends Omit<FunctionInfo, 'params'> {
  /** The method, getter, setter or constructor that it is the value of. */
  member: Node | null;
}

/** @param ancestors ends with the function's parent */
export function describe(node: Node, ancestors: Ancestors, source: string, lines: LineTable): Description {
  const parent = ancestors.at(-1)!;
  const member = isMember(parent) && parent.value === node ? parent : null;
  const place = member ? (member.key as Node).start : node.start;
  return {
    name: functionName(node, ancestors, source),
    line: lines.lineOf(place),
    column: lines.columnOf(place),
    kind: functionKind(node, member),
    async: node.async,
    generator: node.generator,
    member,
  };
}

/** The parameters that are values: TypeScript's `this` parameter is a type. */
export function valueParameters(node: Node): Node[] {
  return (node.params as Node[]).filter((each) => !(each.type === 'Identifier' && each.name === 'this'));
}

export function parameterNames(parameters: readonly Node[]): string[] {
  return parameters.flatMap((each) => boundNames(each));
}

function functionKind(node: Node, member: Node | null): FunctionInfo['kind'] {
  if (node.type === 'ArrowFunctionExpression') return 'arrow';
  if (!member) return 'function';
  if (member.kind === 'get') return 'getter';
  if (member.kind === 'set') return 'setter';
  if (member.kind === 'constructor') return 'constructor';
  return member.type === 'MethodDefinition' || member.method ? 'method' : 'function';
}

function isMember(node: Node): boolean {
  return node.type === 'MethodDefinition' || (node.type === 'Property' && (node.method || node.kind !== 'init'));
}
