import { calleeText, isHelperCall, keyText, literalText, shortened } from './name-texts.js';
import type { Node } from './types.js';

const ANONYMOUS = '<anonymous>';

/** A node with the nodes around it, innermost last. */
export type Ancestors = readonly Node[];

/** Qualified name of a function, as its developer would write it. `ancestors` ends with the function's parent. */
export function functionName(node: Node, ancestors: Ancestors, source: string): string {
  const place = new Place(node, ancestors, ancestors.length - 1, source);
  return node.id?.name ?? place.name() ?? place.passedTo() ?? place.returnedBy() ?? ANONYMOUS;
}

/** The last part of a qualified name: `password` of `Account.static #password`. */
export function simpleName(name: string): string {
  let start = name.length;
  while (start > 0 && !/[.\s#]/.test(name[start - 1])) start--;
  return name.slice(start);
}

/** Owners of a property that its name tells: `a.b.c`. */
const MAX_OWNERS = 8;
/** Beyond, an element of a list is named without its index, which is looked for from the start. */
const MAX_INDEXED = 1000;

/** Where a value is written, from which it can have a name. */
class Place {
  constructor(
    private node: Node,
    private readonly ancestors: Ancestors,
    private at: number,
    private readonly source: string,
  ) {
    this.skipWrappers();
  }

  private get parent(): Node | undefined {
    return this.ancestors[this.at];
  }

  private get around(): Place {
    return new Place(this.parent!, this.ancestors, this.at - 1, this.source);
  }

  /** The name of what it is assigned to. */
  name(): string | undefined {
    // Innermost last.
    const path: string[] = [];
    let place = new Place(this.node, this.ancestors, this.at, this.source);
    while (place.parent?.type === 'Property' && place.parent.value === place.node && path.length < MAX_OWNERS) {
      path.unshift(keyText(place.parent, this.source));
      // The object around the property is the value of another.
      place = place.around.around;
    }
    if (path.length === 0) return place.ownName();
    const owner = place.ownName();
    return owner && owner !== 'module.exports' ? `${owner}.${path.join('.')}` : path.join('.');
  }

  private ownName(): string | undefined {
    const { parent, node } = this;
    switch (parent?.type) {
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'AccessorProperty': {
        if (parent.value !== node) return undefined;
        const member = (parent.static ? 'static ' : '') + keyText(parent, this.source);
        return `${this.className()}.${member}`;
      }
      case 'VariableDeclarator':
        return parent.init === node && parent.id.type === 'Identifier' ? (parent.id.name as string) : undefined;
      case 'AssignmentExpression':
      case 'AssignmentPattern':
        return parent.right === node ? pathName(parent.left as Node) : undefined;
      case 'ArrayExpression': {
        const owner = this.around.name();
        return owner && `${owner}[${indexIn(parent.elements as Node[], node)}]`;
      }
      case 'ExportDefaultDeclaration':
        return 'default';
      case 'JSXExpressionContainer':
        return this.ancestors[this.at - 1]?.type === 'JSXAttribute'
          ? String(this.ancestors[this.at - 1].name.name)
          : undefined;
      default:
        return undefined;
    }
  }

  private className(): string {
    const node = this.ancestors[this.at - 2];
    return node.id?.name ?? new Place(node, this.ancestors, this.at - 3, this.source).name() ?? ANONYMOUS;
  }

  /** What it is for the function that it is passed to: `items.map callback`, `app.get("/cart") handler`. */
  passedTo(): string | undefined {
    const place = this.parent?.type === 'ArrayExpression' ? this.around : this;
    const { parent, node } = place;
    if (parent?.type === 'TemplateLiteral') {
      const tagged = this.ancestors[place.at - 1];
      return tagged?.type === 'TaggedTemplateExpression' ? `${calleeText(tagged.tag as Node)} callback` : undefined;
    }
    const isCall = parent?.type === 'CallExpression' || parent?.type === 'NewExpression';
    if (!isCall || parent.callee === node) return undefined;
    const callee = calleeText(parent.callee as Node);
    if (callee === '') return undefined;
    if (parent.type === 'NewExpression') return `new ${callee} ${callee === 'Promise' ? 'executor' : 'callback'}`;
    const [first] = parent.arguments as Node[];
    const text = first === node ? undefined : literalText(first, simpleName(callee));
    return `${callee}${text === undefined ? '' : `(${text})`} ${roleIn(callee, text)}`;
  }

  /** `make result` of what `make` returns. */
  returnedBy(): string | undefined {
    let { at } = this;
    let result = this.node;
    let owner: Node | undefined;
    let ownerAt = -1;
    for (; at >= 0; at--) {
      const node = this.ancestors[at];
      if (isTransparent(node, result)) {
        result = node;
        continue;
      }
      const body = node.type === 'ArrowFunctionExpression' && node.body === result;
      if (node.type !== 'ReturnStatement' && !body) break;
      while (at >= 0 && !isFunctionNode(this.ancestors[at])) at--;
      if (at < 0) break;
      owner = result = this.ancestors[at];
      ownerAt = at;
    }
    if (!owner) return undefined;
    const place = new Place(owner, this.ancestors, ownerAt - 1, this.source);
    const name = owner.id?.name ?? place.name() ?? place.passedTo();
    return name && `${name} result`;
  }

  private skipWrappers(): void {
    while (this.at >= 0 && isTransparent(this.ancestors[this.at], this.node)) this.node = this.ancestors[this.at--];
  }
}

function isFunctionNode({ type }: Node): boolean {
  return type === 'ArrowFunctionExpression' || type === 'FunctionExpression' || type === 'FunctionDeclaration';
}

/** Whether the value of what is around it is, or may be, the value itself. */
function isTransparent(around: Node, inner: Node): boolean {
  switch (around.type) {
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'LogicalExpression':
      return true;
    case 'ConditionalExpression':
      return around.test !== inner;
    case 'CallExpression':
      return around.callee !== inner && isHelperCall(around);
    default:
      return false;
  }
}

const VERBS = new Set('get post put patch delete del head options all use route'.split(' '));
const LISTENING = new Set(
  'on once off addListener removeListener prependListener prependOnceListener addEventListener'.split(' '),
);

function roleIn(callee: string, text: string | undefined): string {
  const method = simpleName(callee);
  const route = text !== undefined && /^["](?:\/|\*)/.test(text);
  const handles = (VERBS.has(method) && (route || method === 'use')) || LISTENING.has(method);
  return handles ? 'handler' : 'callback';
}

function indexIn(elements: readonly Node[], node: Node): string {
  return elements.length > MAX_INDEXED ? '' : String(elements.indexOf(node));
}

/** `Foo.prototype.bar` is `Foo.bar`, `exports.bar` is `bar`, `this.bar` is `bar`. */
function pathName(target: Node): string | undefined {
  const path: string[] = [];
  let node = target;
  while (node.type === 'MemberExpression') {
    if (!node.computed) {
      path.unshift(node.property.type === 'PrivateIdentifier' ? `#${node.property.name}` : node.property.name);
    } else if (node.property.type === 'Literal') path.unshift(String(node.property.value));
    else path.unshift(`[${node.property.type === 'Identifier' ? node.property.name : ''}]`);
    node = node.object;
  }
  if (node.type === 'Identifier') path.unshift(node.name);
  else if (node.type !== 'ThisExpression') return undefined;
  if (path[0] === 'module' && path[1] === 'exports' && path.length > 2) path.splice(0, 2);
  else if (path[0] === 'exports' && path.length > 1) path.shift();
  return shortened(
    path
      .filter((part) => part !== 'prototype')
      .join('.')
      .replaceAll('.[', '['),
    80,
  );
}
