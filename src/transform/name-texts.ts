import type { Node } from './types.js';

/** Of what is passed, and of what it is passed to, a name tells this many characters. */
const MAX_LITERAL = 40;
const MAX_CALLEE = 60;
/** Parts of a callee that a name tells: the last ones of `a.b().c().d`. */
const MAX_PARTS = 4;

/** The text, cut where it is longer. */
export function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}

/** The name of a member of a class or an object. */
export function keyText(member: Node, source: string): string {
  const key = member.key as Node;
  if (member.computed) {
    const text = source.slice(key.start, Math.min(key.end, key.start + 240)).replace(/\s+/g, ' ');
    return `[${shortened(text, 60)}]`;
  }
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Identifier' ? (key.name as string) : shortened(String(key.value), 80);
}

/** What is called, in short: `app.post`, `fetch().then`, `[].map`; empty: it has no name. */
export function calleeText(callee: Node): string {
  const parts: string[] = [];
  let suffix = '';
  let node: Node | undefined = callee;
  while (node && parts.length < MAX_PARTS) {
    switch (node.type) {
      case 'ParenthesizedExpression':
      case 'ChainExpression':
      case 'TSNonNullExpression':
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
        node = node.expression as Node;
        continue;
      case 'AwaitExpression':
        node = node.argument as Node;
        continue;
      case 'CallExpression':
        // What a call returns is called: `test.each(...)("adds")`.
        if (parts.length > 0) suffix = `()${suffix}`;
        node = node.callee as Node;
        continue;
      case 'MemberExpression':
        if (!node.computed) parts.unshift(String(propertyText(node.property as Node)) + suffix);
        else {
          const { type, value } = node.property as Node;
          suffix = `[${type === 'Literal' ? shortened(String(value), 20) : ''}]${suffix}`;
          node = node.object as Node;
          continue;
        }
        break;
      default: {
        const text = rootText(node);
        if (text !== undefined) parts.unshift(text + suffix);
        node = undefined;
        continue;
      }
    }
    suffix = '';
    node = node.object as Node;
  }
  const text = parts.join('.');
  return text.length > MAX_CALLEE ? `...${text.slice(3 - MAX_CALLEE)}` : text;
}

function propertyText({ type, name }: Node): string {
  return type === 'PrivateIdentifier' ? `#${name}` : (name as string);
}

function rootText(node: Node): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return node.name as string;
    case 'ThisExpression':
      return 'this';
    case 'Super':
      return 'super';
    case 'ArrayExpression':
      return '[]';
    case 'ImportExpression':
      return 'import()';
    case 'NewExpression':
      return node.callee.type === 'Identifier' ? `new ${node.callee.name}` : undefined;
    case 'TaggedTemplateExpression':
      return node.tag.type === 'Identifier' ? (node.tag.name as string) : undefined;
    default:
      return undefined;
  }
}

/** What a text must not have that becomes part of a name. */
const SECRET_LIKE = new RegExp(
  [
    String.raw`:\/\/|\S@\S|-----BEGIN`,
    String.raw`\b(?:bearer|basic)\s+\S{6}`,
    String.raw`\b(?:token|password|passwd|pwd|secret|key)\s*[=:]\s*\S`,
    String.raw`\b(?:gh[pousr]_|github_pat_|sk[-_]|xox[a-z]-|AKIA|AIza|eyJ)`,
    // A long word with a digit in it.
    String.raw`(?=[A-Za-z_+=-]*\d)[\w+=-]{20}`,
  ].join('|'),
  'i',
);
/** Functions whose first argument may be a secret. */
const SECRET_TAKING = /pass|secret|token|auth|login|sign|key|cred|connect|crypt|hash|hmac|verify/i;

/** A string that is passed first, in quotes. Neither a long one nor what may be a secret is told whole. */
export function literalText(argument: Node | undefined, method: string): string | undefined {
  const value =
    argument?.type === 'Literal'
      ? (argument.value as unknown)
      : argument?.type === 'TemplateLiteral' && argument.expressions.length === 0
        ? (argument.quasis[0].value.cooked as unknown)
        : undefined;
  if (typeof value !== 'string' || value === '') return undefined;
  if (SECRET_TAKING.test(method) || SECRET_LIKE.test(value.slice(0, 200))) return undefined;
  return JSON.stringify(shortened(value.slice(0, 200).replace(/\s+/g, ' '), MAX_LITERAL));
}

/** Helpers of compilers that return the function that they are given, or one that runs it. */
const PASSING = new Set(['__name', '__awaiter', '_asyncToGenerator', '_async_to_generator', '__async']);

/** Whether a call adds nothing that the developer wrote. */
export function isHelperCall({ callee }: Node): boolean {
  const last = callee.type === 'SequenceExpression' ? callee.expressions.at(-1) : callee;
  const name = last.type === 'MemberExpression' ? last.property.name : last.name;
  return typeof name === 'string' && PASSING.has(name);
}
