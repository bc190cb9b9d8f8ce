// Small changes to a source text, one place each, as a programmer's slip would make them.
import { parseSync, Visitor } from 'oxc-parser';

const COMPARISONS = { '===': '!==', '!==': '===', '==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>' };
const ARITHMETIC = { '+': '-', '-': '+', '*': '/', '/': '*', '%': '*' };

/** All changes that can be made in functions of a text: `{ operator, start, end, text, func: { line, column } }`. */
export function mutationsOf(filename, source) {
  const { program, errors } = parseSync(filename, source);
  if (errors.length > 0) return [];
  const found = [];
  const functions = [];
  const at = lineFinder(source);
  const add = (operator, node, text) => {
    const func = functions.at(-1);
    if (func && node.start >= func.bodyStart) found.push({ operator, start: node.start, end: node.end, text, func });
  };
  const slice = (node) => source.slice(node.start, node.end);
  const binary = (node, table, operator) => {
    const other = table[node.operator];
    if (other) add(operator, node, `${slice(node.left)} ${other} ${slice(node.right)}`);
  };
  const enter = (node, begin = node) =>
    functions.push({ ...at(begin.start), start: begin.start, end: node.end, bodyStart: node.body?.start ?? node.end });
  const leave = () => functions.pop();
  // A method begins at its key, as in the trace.
  const methods = new Map();
  const visitor = new Visitor({
    MethodDefinition: (node) => methods.set(node.value, node),
    Property: (node) => (node.method || node.kind !== 'init') && methods.set(node.value, node),
    FunctionDeclaration: (node) => enter(node),
    'FunctionDeclaration:exit': leave,
    FunctionExpression: (node) => enter(node, methods.get(node) ?? node),
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: (node) => enter(node),
    'ArrowFunctionExpression:exit': leave,
    BinaryExpression(node) {
      binary(node, COMPARISONS, 'comparison');
      const isText = [node.left, node.right].some(
        ({ type, value }) => type === 'TemplateLiteral' || typeof value === 'string',
      );
      if (!isText) binary(node, ARITHMETIC, 'arithmetic');
    },
    IfStatement: (node) => add('condition', node.test, `!(${slice(node.test)})`),
    ConditionalExpression: (node) => add('condition', node.test, `!(${slice(node.test)})`),
    ReturnStatement: (node) => node.argument && add('return', node.argument, 'undefined'),
    Literal(node) {
      if (typeof node.value === 'boolean') add('literal', node, String(!node.value));
      else if (typeof node.value === 'number') add('literal', node, String(node.value + 1));
    },
    ExpressionStatement(node) {
      if (node.expression.type !== 'Literal') add('removal', node, ';');
    },
    CallExpression(node) {
      const [first, second, ...rest] = node.arguments;
      if (!second || rest.length > 0) return;
      add('arguments', { start: first.start, end: second.end }, `${slice(second)}, ${slice(first)}`);
    },
  });
  visitor.visit(program);
  return found;
}

function lineFinder(source) {
  const starts = [0];
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low] + 1 };
  };
}

/** Numbers that look like chance and are the same for a seed. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
