import { visitorKeys } from 'oxc-parser';
import { eachChild, isLeaf } from '../../src/transform/children.js';
import type { Node } from '../../src/transform/types.js';

/** A node of that type with a child under each of the keys, as `as` makes it. */
function nodeOf(type: string, as: (child: Node) => unknown): { node: Node; names: string[] } {
  const names = visitorKeys[type];
  const node: Node = { type, start: 0, end: 0 };
  for (const key of names) node[key] = as({ type: key, start: 0, end: 0 });
  return { node, names };
}

function childrenOf(node: Node): string[] {
  const found: string[] = [];
  eachChild(node, (child, parent) => {
    expect(parent).toBe(node);
    found.push(child.type);
  });
  return found;
}

const lists = [
  ...'decorators elements params arguments implements specifiers attributes properties expressions cases'.split(' '),
  ...'quasis declarations'.split(' '),
];
const isList = (type: string, key: string): boolean =>
  lists.includes(key) ||
  (key === 'body' && ['BlockStatement', 'Program', 'ClassBody', 'StaticBlock'].includes(type)) ||
  (key === 'consequent' && type === 'SwitchCase');

// Those that stand in JavaScript are written out in code of their own; the rest goes by the parser's keys.
test('the children of each node are those that the parser says, in its order', () => {
  for (const type of Object.keys(visitorKeys)) {
    const { node, names } = nodeOf(type, (child) => (isList(type, child.type) ? [null, child] : child));
    expect([type, ...childrenOf(node)]).toEqual([type, ...names]);
    expect(isLeaf(node)).toBe(type === 'Literal');
    if (type === 'BinaryExpression' || type === 'LogicalExpression') continue;
    // None of them there, in each way in which trees say so.
    for (const nothing of [undefined, null, []]) {
      const { node: bare } = nodeOf(type, ({ type: key }) => (isList(type, key) ? nothing : null));
      expect(childrenOf(bare)).toEqual([]);
    }
  }
});

test('a chain of operators is one node with many operands, however long', () => {
  let chain: Node = { type: 'a0', start: 0, end: 0 };
  for (let i = 1; i < 100_000; i++) {
    const type = i % 2 ? 'BinaryExpression' : 'LogicalExpression';
    chain = { type, start: 0, end: 0, left: chain, right: { type: `a${i}`, start: 0, end: 0 } };
  }
  expect(childrenOf(chain)).toEqual(Array.from({ length: 100_000 }, (_, i) => `a${i}`));
});

test('an identifier of JavaScript is a leaf', () => {
  expect(isLeaf({ type: 'Identifier', start: 0, end: 1, name: 'a' })).toBe(true);
});
