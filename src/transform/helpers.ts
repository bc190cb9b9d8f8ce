import type { Node } from './types.js';

/** What compilers put into a file that needs it, by the names that they give it. */
const HELPERS = new Set(
  [
    // TypeScript's, from `tslib`
    '__addDisposableResource __assign __asyncDelegator __asyncGenerator __asyncValues __await __awaiter',
    '__classPrivateFieldGet __classPrivateFieldIn __classPrivateFieldSet __createBinding __decorate',
    '__disposeResources __esDecorate __exportStar __extends __generator __importDefault __importStar',
    '__makeTemplateObject __metadata __param __propKey __read __rest __rewriteRelativeImportExtension',
    '__runInitializers __setFunctionName __setModuleDefault __spread __spreadArray __spreadArrays __values',
    // esbuild's
    '__accessCheck __async __callDispose __commonJS __commonJSMin __copyProps __decorateClass __decorateElement',
    '__decorateParam __decoratorContext __decoratorMetadata __decoratorStart __decoratorStrings __defNormalProp',
    '__earlyAccess __esm __export __expectFn __forAwait __glob __name __objRest __pow __privateAdd __privateGet',
    '__privateIn __privateMethod __privateSet __privateWrapper __publicField __reExport __require __restKey',
    '__runInitializers __spreadProps __spreadValues __superGet __superSet __superWrapper __template __toBinary',
    '__toBinaryNode __toCommonJS __toESM __typeError __using __yieldStar',
    // Babel's; those of swc are the same in snake case
    '_applyDecoratedDescriptor _applyDecs _arrayLikeToArray _arrayWithHoles _arrayWithoutHoles',
    '_assertClassBrand _assertThisInitialized _asyncGeneratorDelegate _asyncIterator _asyncToGenerator',
    '_awaitAsyncGenerator _callSuper _checkPrivateRedeclaration _classApplyDescriptorGet _classApplyDescriptorSet',
    '_classCallCheck _classCheckPrivateStaticAccess _classPrivateFieldGet _classPrivateFieldInitSpec',
    '_classPrivateFieldLooseBase _classPrivateFieldLooseKey _classPrivateFieldSet _classPrivateMethodInitSpec',
    '_classStaticPrivateFieldSpecGet _classStaticPrivateFieldSpecSet _createClass _createForOfIteratorHelper',
    '_createForOfIteratorHelperLoose _createSuper _defineEnumerableProperties _defineProperties _defineProperty',
    '_extends _getPrototypeOf _getRequireWildcardCache _inherits _inheritsLoose _initializerDefineProperty',
    '_interopRequireDefault _interopRequireWildcard _isNativeFunction _isNativeReflectConstruct _iterableToArray',
    '_iterableToArrayLimit _nonIterableRest _nonIterableSpread _objectSpread _objectSpread2 _objectSpreadProps',
    '_objectWithoutProperties _objectWithoutPropertiesLoose _ownKeys _possibleConstructorReturn',
    '_regenerator _regeneratorAsync _regeneratorAsyncGen _regeneratorAsyncIterator _regeneratorDefine',
    '_regeneratorKeys _regeneratorRuntime _regeneratorValues _setPrototypeOf _slicedToArray _superPropBase',
    '_taggedTemplateLiteral _taggedTemplateLiteralLoose _toArray _toConsumableArray _toPrimitive _toPropertyKey',
    '_toSetter _tsDecorate _tsGenerator _tsMetadata _tsParam _tsRewriteRelativeImportExtension _tsValues',
    '_unsupportedIterableToArray _usingCtx _wrapAsyncGenerator _wrapNativeSuper _wrapRegExp',
    'asyncGeneratorStep',
  ]
    .join(' ')
    .split(' ')
    .flatMap((name) => [name, snakeCase(name)]),
);

/** What two compilers call by a name that a developer may give as well, with the parameters that it has then. */
const WITH_PARAMETERS: Record<string, string> = {
  _export: 'target,all',
  _export_star: 'from,to',
  _typeof: 'o',
  _type_of: 'obj',
  _instanceof: 'left,right',
  ownKeys: 'e,r',
};

/**
 * Whether a function is a helper that a compiler has put at the top of the file, which no map may tell. With all that is
 * in it, it is none of the program's functions.
 */
export function isHelper(node: Node, ancestors: readonly Node[]): boolean {
  const name = helperName(node, ancestors);
  if (name === undefined) return false;
  if (HELPERS.has(name)) return true;
  const expected = Object.hasOwn(WITH_PARAMETERS, name) ? WITH_PARAMETERS[name] : undefined;
  return expected !== undefined && (node.params as Node[]).map((each) => each.name as string).join(',') === expected;
}

function helperName(node: Node, ancestors: readonly Node[]): string | undefined {
  if (node.type === 'FunctionDeclaration') {
    return ancestors.length === 1 ? plainName(node.id as Node | null) : undefined;
  }
  // `var __decorate = (this && this.__decorate) || function (...) {...}`, and with a call around it
  const [program, declaration, declarator] = ancestors;
  if (program?.type !== 'Program' || declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'var') {
    return undefined;
  }
  return declarator?.type === 'VariableDeclarator' ? plainName(declarator.id as Node) : undefined;
}

/** Bundlers number the names that they have more than once: `_extends$1`, `__decorate2`. */
function plainName(id: Node | null): string | undefined {
  const name = id?.name as string | undefined;
  if (name === undefined || !/^(?:_|async|ownKeys)/.test(name)) return undefined;
  return HELPERS.has(name) ? name : name.replace(/(?<!\d)\$?\d+$/, '');
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
