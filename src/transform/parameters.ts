import { boundNames, namesUnder, type FunctionFacts } from './analyse.js';
import { parameterNames, valueParameters } from './describe.js';
import type { Origin } from './origins.js';
import { eachOwnNode } from './statements.js';
import type { Node } from './types.js';

/** A value that is handed to the probe that opens a call. */
export interface Argument {
  /** As the trace calls it. */
  name: string;
  /** The variable that holds it; null: it is secret. */
  value: string | null;
}

type IsSecret = ((name: string) => boolean) | undefined;

/** The values that the trace shows of a call, under the names that the user gave them. */
export function passedValues(
  node: Node,
  facts: FunctionFacts,
  origin: Origin | undefined,
  isSecret: IsSecret,
): Argument[] {
  const given = valueParameters(node);
  // Without any of its own, a lowered body sees those of the function around it.
  const parameters = given.length === 0 && origin ? visibleParameters(origin.outer, node) : given;
  const originals = origin?.original.parameters;
  const values: Argument[] = [];
  let secrets = false;
  for (const [index, parameter] of parameters.entries()) {
    const names = boundNames(parameter);
    const own = secretNames(parameter, isSecret);
    const written = originals?.[index];
    const userNames = written ? boundNames(written) : names;
    const theirs = written ? secretNames(written, isSecret) : own;
    secrets ||= own.size > 0 || theirs.size > 0;
    const same = userNames.length === names.length;
    for (const [at, name] of names.entries()) {
      const secret = own.has(name) || (same ? theirs.has(userNames[at]) : theirs.size > 0);
      const shown = same ? userNames[at] : names.length === 1 ? patternText(origin!.source, written!) : name;
      values.push({ name: shown, value: secret ? null : name });
    }
  }
  const all = facts.usesArguments && node.type !== 'ArrowFunctionExpression';
  // It has all of them by position. Compilers read defaults and rest parameters from it.
  const shown = originals === undefined || originals.length === 0 || originals.length > parameters.length;
  if (all && shown) {
    for (const each of originals ?? []) secrets ||= secretNames(each, isSecret).size > 0;
    values.push({ name: 'arguments', value: secrets ? null : 'arguments' });
  }
  return [...new Map(values.map((each) => [each.name, each])).values()];
}

function secretNames(parameter: Node, isSecret: IsSecret): Set<string> {
  const secrets = new Set<string>();
  if (!isSecret) return secrets;
  for (const each of boundNames(parameter)) if (isSecret(each)) secrets.add(each);
  namesUnder(parameter, isSecret, false, secrets);
  return secrets;
}

/** Parameters of the function around a lowered body, where that does not hide them. */
function visibleParameters(outer: Node, body: Node): Node[] {
  if (outer === body) return [];
  const parameters = valueParameters(outer);
  const hidden = new Set<string>();
  eachOwnNode(body.body as Node, (node) => {
    if (node.type === 'VariableDeclarator') for (const name of boundNames(node.id)) hidden.add(name);
  });
  for (const statement of body.body.body as Node[]) if (statement.id) hidden.add(statement.id.name as string);
  return parameterNames(parameters).some((name) => hidden.has(name)) ? [] : parameters;
}

/** A pattern that the compiler has taken out of the parameter list. */
function patternText(source: string, pattern: Node): string {
  const { start, end, typeAnnotation } = pattern.type === 'AssignmentPattern' ? pattern.left : pattern;
  const text = source.slice(start, typeAnnotation?.start ?? end).replace(/\s+/g, ' ');
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
