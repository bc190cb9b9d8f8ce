// Refuses what the program can replace under handit while it runs: methods of built-in prototypes, properties of built-in
// objects, globals, what Node's modules export, and iteration (which calls `Symbol.iterator` and `next`). All of these are
// taken once, by src/intrinsics.ts or at the top of a module, where nothing of the program has run yet.
import ts from 'typescript';

const MESSAGES = {
  method: 'Programs replace methods: `{{name}}` must come from src/intrinsics.ts.',
  global: 'Programs replace globals: `{{name}}` must come from src/intrinsics.ts.',
  imported: "Programs replace what Node's modules export: take `{{name}}` at the top of the module.",
  iteration: 'Programs replace iterators: walk it by index, or wrap it in `each()`.',
};

/** Globals that are no property anyone can replace, or that hold nothing to call. */
const FIXED = new Set(['undefined', 'NaN', 'Infinity', 'globalThis', 'arguments', '__dirname', 'require']);
const CONTAINERS = /^(?:Safe\w+|Each)$/;

export const intrinsics = {
  meta: {
    type: 'problem',
    messages: MESSAGES,
    // Nothing but what Node's modules export, and these globals.
    schema: [{ type: 'object', properties: { only: { type: 'array' } }, additionalProperties: false }],
  },
  create(context) {
    const { sourceCode } = context;
    const only = context.options[0]?.only;
    const { program, esTreeNodeToTSNodeMap } = sourceCode.parserServices;
    const checker = program.getTypeChecker();
    const tsNode = (node) => esTreeNodeToTSNodeMap.get(node);
    const typeOf = (node) => checker.getTypeAtLocation(tsNode(node));

    const isFunction = ({ type }) => /Function(?:Declaration|Expression)$/.test(type) || type === 'StaticBlock';
    /** Code outside of functions has run before the program starts. */
    const runsLater = (node) => sourceCode.getAncestors(node).some(isFunction);

    function isPlatform(file) {
      return (
        program.isSourceFileDefaultLibrary(file) ||
        /[\\/]node_modules[\\/](?:@types[\\/]node|undici-types)[\\/]/.test(file.fileName)
      );
    }
    const comesWithNode = (symbol) => symbol?.declarations?.some((each) => isPlatform(each.getSourceFile())) ?? false;
    /** Their methods are their own: see `SafeMap`. */
    const isContainer = (type) =>
      (type.isUnion() ? type.types : [type]).every(
        (each) =>
          CONTAINERS.test(each.symbol?.name ?? '') ||
          CONTAINERS.test(each.aliasSymbol?.name ?? '') ||
          (each.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0,
      );

    function method(node) {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || !runsLater(node)) return;
      const symbol =
        checker.getSymbolAtLocation(tsNode(callee.property)) ?? checker.getSymbolAtLocation(tsNode(callee));
      if (!comesWithNode(symbol) || isContainer(typeOf(callee.object))) return;
      // The receiver is reported by itself.
      if (callee.object.type === 'Identifier' && isGlobal(callee.object)) return;
      context.report({ node: callee.property, messageId: 'method', data: { name: symbol.name } });
    }

    function isGlobal(node) {
      const { name } = node;
      if (FIXED.has(name)) return false;
      const reference = referenceOf(node);
      return reference !== undefined && (reference.resolved === null || reference.resolved.defs.length === 0);
    }

    function referenceOf(node) {
      for (let scope = sourceCode.getScope(node); scope; scope = scope.upper) {
        const found = scope.references.find(({ identifier }) => identifier === node);
        if (found) return found;
      }
      return undefined;
    }

    function identifier(node) {
      if (!runsLater(node)) return;
      const reference = referenceOf(node);
      if (reference === undefined || reference.isTypeReference) return;
      if (isGlobal(node)) {
        if (only?.includes(node.name) ?? true) context.report({ node, messageId: 'global', data: { name: node.name } });
      } else if (isCalled(node) && reference.resolved?.defs.some(isFromNode)) {
        context.report({ node, messageId: 'imported', data: { name: node.name } });
      }
    }

    const isCalled = ({ parent }) => /^(?:Call|New)Expression$/.test(parent.type) || parent.type === 'MemberExpression';
    const isFromNode = ({ type, parent }) =>
      type === 'ImportBinding' && parent.importKind !== 'type' && isBuiltin(parent.source.value);
    const isBuiltin = (source) => source.startsWith('node:');

    function iterated(node) {
      if (!runsLater(node) || isContainer(typeOf(node))) return;
      context.report({ node, messageId: 'iteration' });
    }

    if (only) return { Identifier: identifier };
    return {
      CallExpression: method,
      Identifier: identifier,
      ForOfStatement: ({ right }) => iterated(right),
      SpreadElement(node) {
        if (node.parent.type !== 'ObjectExpression') iterated(node.argument);
      },
      ArrayPattern(node) {
        const { parent } = node;
        const source =
          parent.type === 'VariableDeclarator'
            ? parent.init
            : parent.type === 'AssignmentExpression'
              ? parent.right
              : null;
        iterated(source ?? node);
      },
    };
  },
};
