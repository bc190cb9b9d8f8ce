import type { Node } from './types.js';

const QUOTING = /^(SpreadElement|MemberExpression|BinaryExpression|UnaryExpression|SequenceExpression)$/;
/** These quote what is in brackets: what is called, made or looked into. */
const QUOTING_BRACKETS =
  /^(MemberExpression|CallExpression|NewExpression|TaggedTemplateExpression|SpreadElement|Class\w+|ChainExpression|AwaitExpression|ParenthesizedExpression|ArrayExpression)$/;

/** Whether a message of V8 can quote a value, by the nodes around it. */
export function canBeQuoted(ancestors: readonly Node[]): boolean {
  const parent = ancestors.at(-1)!;
  if (parent.type === 'ParenthesizedExpression') return QUOTING_BRACKETS.test(ancestors.at(-2)!.type);
  const pattern = (parent.id ?? parent.left) as Node | undefined;
  return QUOTING.test(parent.type) || (pattern?.type.endsWith('Pattern') ?? false);
}

/** What V8 names in its messages; and nothing of the program runs when it is evaluated. */
export function isNamed({ type }: Node): boolean {
  return type === 'Identifier' || type === 'Literal' || type === 'ThisExpression';
}
