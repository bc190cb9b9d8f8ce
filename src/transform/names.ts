import type { Node } from './types.js';

const ANONYMOUS = '<anonymous>';

/** A node with the nodes around it, innermost last. */
export type Ancestors = readonly Node[];

/** Qualified name of a function, as its developer would write it. `ancestors` ends with the function's parent. */
export function functionName(node: Node, ancestors: Ancestors, source: string): string {
  return node.id?.name ?? nameFromPlace(node, ancestors, ancestors.length - 1, source) ?? ANONYMOUS;
}

/** The last part of a qualified name: `password` of `Account.static #password`. */
export function simpleName(name: string): string {
  return /[^.\s#]*$/.exec(name)![0];
}

function nameFromPlace(node: Node, ancestors: Ancestors, at: number, source: string): string | undefined {
  const parent = ancestors[at];
  if (!parent) return undefined;
  switch (parent.type) {
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
      return nameFromPlace(parent, ancestors, at - 1, source);
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty': {
      if (parent.value !== node) return undefined;
      const member = (parent.static ? 'static ' : '') + keyName(parent, source);
      return `${className(ancestors[at - 2], ancestors, at - 3, source)}.${member}`;
    }
    case 'Property': {
      if (parent.value !== node) return undefined;
      const owner = nameFromPlace(ancestors[at - 1], ancestors, at - 2, source);
      const key = keyName(parent, source);
      return owner && owner !== 'module.exports' ? `${owner}.${key}` : key;
    }
    case 'VariableDeclarator':
      return parent.init === node && parent.id.type === 'Identifier' ? parent.id.name : undefined;
    case 'AssignmentExpression':
    case 'AssignmentPattern':
      return parent.right === node ? pathName(parent.left) : undefined;
    case 'ExportDefaultDeclaration':
      return 'default';
    default:
      return undefined;
  }
}

function className(node: Node, ancestors: Ancestors, at: number, source: string): string {
  return node.id?.name ?? nameFromPlace(node, ancestors, at, source) ?? ANONYMOUS;
}

function keyName(member: Node, source: string): string {
  const key = member.key as Node;
  if (member.computed) {
    const text = source.slice(key.start, key.end).replace(/\s+/g, ' ');
    return `[${text.length > 60 ? `${text.slice(0, 57)}...` : text}]`;
  }
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Identifier' ? key.name : String(key.value);
}

/** `Foo.prototype.bar` is `Foo.bar`, `exports.bar` is `bar`, `this.bar` is `bar`. */
function pathName(target: Node): string | undefined {
  const path: string[] = [];
  let node = target;
  while (node.type === 'MemberExpression') {
    if (node.computed) {
      if (node.property.type !== 'Literal') return undefined;
      path.unshift(String(node.property.value));
    } else {
      path.unshift(node.property.type === 'PrivateIdentifier' ? `#${node.property.name}` : node.property.name);
    }
    node = node.object;
  }
  if (node.type === 'Identifier') path.unshift(node.name);
  else if (node.type !== 'ThisExpression') return undefined;
  if (path[0] === 'module' && path[1] === 'exports' && path.length > 2) path.splice(0, 2);
  else if (path[0] === 'exports' && path.length > 1) path.shift();
  return path.filter((part) => part !== 'prototype').join('.');
}
