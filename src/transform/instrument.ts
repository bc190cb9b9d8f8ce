import { analyse, boundNames, isFunction, unlabeled, type Analysis, type FunctionFacts } from './analyse.js';
import { AssertCalls } from './assertions.js';
import { eachChild, isLeaf } from './children.js';
import { bodyAsScript, moduleAsScript } from './compilable.js';
import { describe, type Description } from './describe.js';
import { applyEdits, EditList } from './edits.js';
import { isHelper } from './helpers.js';
import { LineTable } from './lines.js';
import { GLOBAL, type ProbeName } from '../probes.js';
import { simpleName } from './names.js';
import { findOrigins, type Origin } from './origins.js';
import { OwnTexts } from './own-texts.js';
import { passedValues, type Argument } from './parameters.js';
import { parseSource } from './parser.js';
import {
  eachOwnNode,
  firstStatement,
  hasTopLevelAwait,
  isDirective,
  isEndOfBlocks,
  isImport,
  isInList,
  isLoop,
  isSuperCall,
  lastStatementEnd,
} from './statements.js';
import {
  UnparsableSource,
  type CodeKind,
  type Compilable,
  type FunctionInfo,
  type Instrumented,
  type InstrumentOptions,
  type Node,
} from './types.js';
import { Walk } from './walk.js';

/** The function whose body is being walked. */
interface Frame {
  node: Node;
  id: number;
  /** Name of the variable that holds the call. */
  call: string;
  async: boolean;
  generator: boolean;
  facts: FunctionFacts;
  derivedConstructor: boolean;
  baseConstructor: boolean;
  /** The call is an object that can be suspended, not a number. */
  suspends: boolean;
  /** It is the body of an async function, whose `await` was made a `yield`. */
  lowered: boolean;
}

interface Context {
  frame: Frame | null;
  /** Text that names the lexically enclosing call: a variable, or `0`. */
  lexical: string;
  depth: number;
}

/**
 * Rewrites a source so that each call of each of its functions is reported to the probe functions of
 * src/recorder/probe.ts. Pure: the same text and options give the same answer. No line is added or removed.
 *
 * @param source   the text as it stands in the file
 * @param filename its name; the ending decides on TypeScript and JSX
 * @returns null when there is no function
 * @throws UnparsableSource when the parser refuses the text
 */
export function instrument(source: string, filename: string, options: InstrumentOptions): Instrumented | null {
  const { program, kind } = parse(source, filename, options.kind);
  const lines = new LineTable(source);
  const origins = options.map && findOrigins(program, source, lines, options.map);
  const rewriter = new Rewriter(source, analyse(program), options, lines, origins, AssertCalls.of(source, program));
  rewriter.run(program);
  rewriter.texts.finish(source);
  const { functions, leftAlone, prefix, edits: list, deepest } = rewriter;
  if (functions.length === 0 && leftAlone.length === 0) return null;

  const at = kind === 'commonjs' ? firstStatement(program) : lastStatementEnd(program);
  rewriter.tellAssertions(kind === 'commonjs' ? at : undefined);
  const text = prelude(kind, prefix, rewriter.used, options.runtimeUrl);
  if (kind === 'commonjs') list.outermost(at, 'open', text);
  else list.outermost(at, 'close', `;${text}`);
  const edits = list.finish((offset) => lines.lineOf(offset), linesOfImports(program, lines));
  const code = applyEdits(source, edits);
  return {
    ...{ code, kind, prefix, functions, edits, leftAlone, deepest },
    compilable(): Compilable {
      if (/^tsx?$/.test(language(filename)) && options.kind !== 'body') return parsed(code, filename, kind);
      if (options.kind === 'body') return bodyAsScript(code);
      if (kind === 'commonjs') return { as: 'wrapper', text: code };
      const inside = edits.map((edit) => (edit.at === at ? { ...edit, insert: edit.insert.replace(text, '') } : edit));
      return moduleAsScript(source, program, inside, rewriter.metas, prefix);
    },
  };
}

function linesOfImports(program: Node, lines: LineTable): Set<number> {
  const numbers = new Set<number>();
  for (const statement of program.body as Node[]) {
    if (!isImport(statement)) continue;
    for (let line = lines.lineOf(statement.start); line <= lines.lineOf(statement.end); line++) numbers.add(line);
  }
  return numbers;
}

/** Reads the text by the rules under which Node will run it. */
function parse(source: string, filename: string, kind: CodeKind): { program: Node; kind: 'module' | 'commonjs' } {
  const { program, error, hasModuleSyntax } = parseSource(filename, source, {
    sourceType: kind === 'body' ? 'module' : kind,
    // A body has been compiled already, whatever the file is called.
    lang: kind === 'body' ? 'js' : language(filename),
    preserveParens: true,
    showSemanticErrors: true,
  });
  if (kind === 'unambiguous' && !hasModuleSyntax) {
    // Without module syntax Node runs the text as CommonJS, unless a top-level await forbids that.
    return parse(source, filename, hasTopLevelAwait(program) ? 'module' : 'commonjs');
  }
  if (error !== undefined) throw new UnparsableSource(error);
  return { program, kind: kind === 'commonjs' || kind === 'body' ? 'commonjs' : 'module' };
}

/** V8 does not know types. */
function parsed(code: string, filename: string, sourceType: 'module' | 'commonjs'): Compilable {
  const lang = language(filename);
  return { as: 'parsed', error: parseSource(filename, code, { sourceType, lang, preserveParens: true }).error };
}

class Rewriter {
  readonly edits = new EditList();
  readonly functions: FunctionInfo[] = [];
  readonly texts = new OwnTexts();
  readonly leftAlone: Instrumented['leftAlone'] = [];
  readonly prefix: string;
  /** Probe functions that the text names. */
  readonly used = new Set<ProbeName>();
  /** Each `import.meta`. */
  readonly metas: Node[] = [];
  /** Levels of the tree. */
  deepest = 0;
  private readonly walk = new Walk<Context>();
  /** Of the children that are being asked for. */
  private context: Context = { frame: null, lexical: '0', depth: 0 };

  constructor(
    private readonly source: string,
    private readonly analysis: Analysis,
    private readonly options: InstrumentOptions,
    private readonly lines: LineTable,
    private readonly origins: Map<Node, Origin | null> | undefined,
    private readonly asserts: AssertCalls | undefined,
  ) {
    this.prefix = unusedPrefix(source);
  }

  run(program: Node): void {
    this.walk.run(program, this.context, (node, context) => {
      const level = this.walk.ancestors.length;
      this.edits.level = level;
      if (level > this.deepest) this.deepest = level;
      this.visit(node, context);
    });
  }

  /** @param first see `AssertCalls.finish` */
  tellAssertions(first: number | undefined): void {
    this.asserts?.finish(this.edits, this.lines, first, () => this.use('m'));
  }

  private children(node: Node, context: Context): void {
    this.context = context;
    eachChild(node, this.child);
  }

  private readonly child = (child: Node): void => this.later(child, this.context);

  private later(node: Node, context: Context): void {
    if (!isLeaf(node)) this.walk.later(node, context);
  }

  private visit(node: Node, context: Context): void {
    if (isFunction(node)) return this.visitFunction(node, context);
    if (this.asserts !== undefined && node.type === 'CallExpression') this.asserts.see(node, this.edits.level);
    switch (node.type) {
      case 'StaticBlock':
        return this.children(node, { ...context, frame: null });
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'AccessorProperty':
        return this.visitMember(node, context);
      case 'MetaProperty':
        if (node.meta.name === 'import') this.metas.push(node);
        return;
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSTypeAnnotation':
      case 'TSTypeParameterDeclaration':
      case 'TSTypeParameterInstantiation':
        return;
    }
    if (context.frame) this.visitOwn(node, context, context.frame);
    else this.children(node, context);
  }

  /** A node in the body of a function that is recorded. */
  private visitOwn(node: Node, context: Context, frame: Frame): void {
    switch (node.type) {
      case 'ReturnStatement':
        return this.visitReturn(node, context, frame);
      case 'ThrowStatement':
        return this.visitThrow(node, context, frame);
      case 'AwaitExpression':
        return this.visitAwait(node, context, frame);
      case 'YieldExpression':
        if (frame.lowered && node.argument && !node.delegate) return this.visitAwait(node, context, frame);
        return this.visitYield(node, context, frame);
      case 'ForOfStatement':
        return node.await ? this.visitForAwait(node, context, frame) : this.visitForHead(node, context, frame);
      case 'ForInStatement':
        return this.visitForHead(node, context, frame);
      case 'LabeledStatement':
        return this.visitLabeled(node, context, frame);
      case 'TryStatement':
        return this.visitTry(node, context, frame);
      case 'VariableDeclaration':
        return this.visitVar(node, context, frame);
      case 'ExpressionStatement':
        if (frame.derivedConstructor && isSuperCall(node.expression)) {
          this.edits.open(node.expression.start, `${this.prefix}v=`);
        }
    }
    this.children(node, context);
  }

  /** A class member: key and decorators belong to the code around the class, a field's value does not. */
  private visitMember(node: Node, context: Context): void {
    for (const decorator of node.decorators ?? []) this.later(decorator, context);
    if (node.computed) this.later(node.key, context);
    if (node.value) this.later(node.value, { ...context, frame: null });
  }

  private visitFunction(node: Node, outer: Context): void {
    const { ancestors } = this.walk;
    if (isHelper(node, ancestors)) return;
    const facts = this.analysis.facts.get(node)!;
    const origin = this.origins?.get(node);
    const around: Context = { frame: null, lexical: outer.lexical, depth: outer.depth };
    // Neither the user's own nor to be missed.
    if (origin === null) return this.children(node, around);
    const own = describe(node, ancestors, this.source, this.lines);
    const { name, line, kind } = origin?.original.description ?? own;
    const path = origin && { path: origin.path };
    if (facts.leave) this.leftAlone.push({ name, line, reason: facts.leave, ...path });
    if (facts.leave || this.options.includeFunction?.(name, origin?.path) === false) {
      return this.children(node, around);
    }

    const isClass = own.member?.type === 'MethodDefinition' && own.member.kind === 'constructor';
    const derived = isClass && ancestors.at(-3)?.superClass != null;
    const lowered = origin?.lowered === true;
    const frame: Frame = {
      node,
      id: this.functions.length,
      call: `${this.prefix}c${outer.depth}`,
      async: node.async || lowered,
      generator: node.generator && !lowered,
      facts,
      derivedConstructor: derived,
      // A constructor whose class was made a function returns what it makes as well.
      baseConstructor: isClass ? !derived : kind === 'constructor' && node.type !== 'ArrowFunctionExpression',
      suspends: node.async || node.generator,
      lowered,
    };
    const values = this.register(node, facts, own, origin);
    // Functions in the parameter list and the like cannot see the body's variables.
    const outside = { ...outer, frame: null };
    eachChild(node, (child) => {
      if (child !== node.body) this.later(child, outside);
    });
    this.visitBody(
      frame,
      values.map(({ value }) => value),
      outer,
    );
  }

  /** Notes the function as the trace tells it, and returns the values that its calls show. */
  private register(node: Node, facts: FunctionFacts, own: Description, origin: Origin | undefined): Argument[] {
    const { member, ...place } = origin?.original.description ?? own;
    const isSecret = this.options.redactParameter;
    const secretName = isSecret?.(simpleName(place.name)) === true;
    const secretSetter = member?.kind === 'set' && secretName;
    const values = passedValues(node, facts, origin, isSecret).map((each) =>
      secretSetter ? { ...each, value: null } : each,
    );
    const begin = origin?.outer ?? node;
    const info: FunctionInfo = {
      ...place,
      params: values.map((each) => each.name),
      ...(origin && {
        path: origin.path,
        generated: { line: this.lines.lineOf(begin.start), column: this.lines.columnOf(begin.start) },
      }),
      ...(secretName && place.kind !== 'constructor' && place.kind !== 'setter' && { secret: true as const }),
    };
    this.functions.push(info);
    // Of an original the text is known already.
    if (!origin) this.texts.add((member ?? node).start, node.end, info);
    return values;
  }

  private visitBody(frame: Frame, params: (string | null)[], outer: Context): void {
    const { node, facts } = frame;
    const body = node.body as Node;
    const inner: Context = { frame, lexical: frame.call, depth: outer.depth + 1 };
    const value = `${this.prefix}v`;
    const hasValue = facts.deferred || frame.derivedConstructor;
    const open =
      `const ${frame.call}=${this.enterCall(frame, params, outer.lexical)};` +
      (hasValue ? `let ${value};` : '') +
      'try{';
    const fail = this.use(frame.suspends ? 'at' : 't');
    const caught = `${this.prefix}z`;
    const end = facts.deferred
      ? `}catch(${caught}){${value}=${this.use('d')};throw ${fail}(${frame.call},${caught})}finally{${this.use(frame.suspends ? 'an' : 'n')}(${frame.call},${value})}`
      : `}catch(${caught}){throw ${fail}(${frame.call},${caught})}`;

    if (body.type !== 'BlockStatement') {
      this.edits.open(body.start, `{${open}return ${this.exit(frame)}(${frame.call},`);
      this.edits.close(body.end, `)${end}}`);
      return this.later(body, inner);
    }
    const directives = body.body.filter(isDirective);
    const start = directives.at(-1)?.end ?? body.start + 1;
    this.edits.close(start, (directives.length ? ';' : '') + this.hoistedVars(frame) + open);
    this.demoteDoubles(frame);
    const last = (body.body as Node[]).findLast(({ type }) => type !== 'FunctionDeclaration');
    const leaves = last?.type === 'ReturnStatement' || last?.type === 'ThrowStatement';
    // Right after the statement, not after a comment, so that the statement ends for coverage where it did.
    const more = last === body.body.at(-1) ? '' : ';';
    const done = `;${this.fallThrough(frame)}${more}`;
    if (!last) this.edits.open(body.end - 1, done);
    else if (!leaves) this.edits.close(last.end, done);
    const lastIs = leaves ? 'leaves' : last && unlabeled(last).type === 'BlockStatement' ? 'block' : undefined;
    this.edits.open(body.end - 1, end, last && isEndOfBlocks(last) ? { lastEnd: last.end, lastIs } : {});
    this.later(body, inner);
  }

  /** A parameter given as null is secret. */
  private enterCall(frame: Frame, params: (string | null)[], lexical: string): string {
    const values = params.map((name) => name ?? this.use('q'));
    if (frame.suspends) {
      return `${this.use(frame.generator ? 'fg' : 'fa')}(${frame.id},${lexical},[${values.join(',')}])`;
    }
    if (values.length >= ENTER.length) return `${this.use('en')}(${frame.id},${lexical},[${values.join(',')}])`;
    return `${this.use(ENTER[values.length])}(${[frame.id, lexical, ...values].join(',')})`;
  }

  /** What stands where the body ends without a return. */
  private fallThrough(frame: Frame): string {
    const value = `${this.prefix}v`;
    if (frame.facts.deferred)
      return frame.baseConstructor ? `${value}=this` : frame.derivedConstructor ? '' : `${value}=void 0`;
    const result = frame.baseConstructor ? ',this' : frame.derivedConstructor ? `,${value}` : '';
    return `${this.exit(frame)}(${frame.call}${result})`;
  }

  private exit(frame: Frame): string {
    return this.use(frame.suspends ? 'ax' : 'x');
  }

  private visitReturn(node: Node, context: Context, frame: Frame): void {
    if (!node.argument) return this.visitBareReturn(node, frame);
    const value = `${this.prefix}v`;
    // A comma, or a call, keeps an anonymous function from being named after the variable. An async generator awaits
    // what it returns, so the call is suspended there.
    const before = !frame.facts.deferred
      ? `${this.exit(frame)}(${frame.call},`
      : frame.async && frame.generator
        ? `${value}=${this.use('s')}(${frame.call},`
        : `${value}=(0,`;
    this.wrap(node, 'return', node.argument, before, ')', context);
    this.terminate(node);
  }

  private visitBareReturn(node: Node, frame: Frame): void {
    const value = `${this.prefix}v`;
    const { deferred } = frame.facts;
    if (deferred && frame.async && frame.generator) {
      // It awaits what it returns, also `undefined`, but nothing where there is no value.
      this.edits.open(node.start, `{${value}=void 0;`);
      return this.edits.close(node.end, '}');
    }
    const at = node.start + 'return'.length;
    if (!deferred) this.edits.close(at, ` void ${this.fallThrough(frame)}`);
    else if (frame.baseConstructor) this.edits.close(at, ` void(${value}=this)`);
    else if (!frame.derivedConstructor) this.edits.close(at, ` ${value}=void 0`);
    this.terminate(node);
  }

  private visitThrow(node: Node, context: Context, frame: Frame): void {
    this.wrap(node, 'throw', node.argument, `${this.use('w')}(${frame.id},${node.start},`, ')', context);
    this.terminate(node);
  }

  /**
   * An optional call is to V8's messages what an `await` is: `(intermediate value)`. It has no ranges for coverage, so it
   * is used only where a message can quote it, and not where coverage is known to be wanted.
   */
  private resumed(frame: Frame): string {
    const quoted = !this.options.coverage && canBeQuoted(this.walk.ancestors);
    return `${this.use('r')}${quoted ? '?.' : ''}(${frame.call},`;
  }

  private visitAwait(node: Node, context: Context, frame: Frame): void {
    this.edits.open(node.start, this.resumed(frame));
    // A lowered one is a `yield`, which is as long.
    this.wrap(node, 'await', node.argument, `${this.use('sa')}(${frame.call},`, '))', context);
  }

  private visitYield(node: Node, context: Context, frame: Frame): void {
    if (node.delegate && isNamed(node.argument as Node)) {
      const { call } = frame;
      this.edits.open(node.start, `${this.use('r')}?.((${this.use('k')}(${call}),${call}),`);
      return this.edits.close(node.end, ')');
    }
    this.edits.open(node.start, this.resumed(frame));
    if (!node.argument) {
      this.edits.close(node.start + 'yield'.length, ` ${this.use('s')}(${frame.call}))`);
      return this.terminateAround(node, frame);
    }
    const suspend = this.use(node.delegate ? 'k' : 's');
    this.wrap(node, 'yield', node.argument, `${suspend}(${frame.call},`, '))', context);
  }

  private visitForAwait(node: Node, context: Context, frame: Frame): void {
    const { call } = frame;
    const end = this.followed(node, frame);
    this.visitForLeft(node, context, frame);
    if (isNamed(node.right as Node)) {
      this.edits.open(this.labelsOf(node).start, `${this.use('k')}(${call});`);
    } else this.wrap(node, '', node.right, ` ${this.use('k')}(${call},`, ')', context);
    const block = node.body.type === 'BlockStatement';
    this.edits.open(node.body.start, `{${this.use('r')}(${call});try${block ? '' : '{'}`);
    this.edits.close(node.body.end, `${block ? '' : '}'}finally{${this.use('s')}(${call})}}`);
    this.edits.close(node.end, end);
    this.later(node.body, context);
  }

  /** The outermost label of a statement, else the statement. */
  private labelsOf(node: Node): Node {
    const { ancestors } = this.walk;
    let at = ancestors.length - 1;
    while (ancestors[at].type === 'LabeledStatement') at--;
    return ancestors[at + 1] ?? node;
  }

  private visitLabeled(node: Node, context: Context, frame: Frame): void {
    if (frame.async && this.analysis.suspendingLabels.has(node)) {
      this.edits.close(node.end, this.followed(node, frame));
      // `continue` of an outer loop leaves an inner `for await`, which suspends the call.
      const loop = unlabeled(node.body);
      const parent = this.walk.ancestors.at(-1)!;
      if (isLoop(loop) && !loop.await && parent.type !== 'LabeledStatement') {
        const resume = `${this.use('r')}(${frame.call})`;
        if (loop.body.type === 'BlockStatement') this.edits.close(loop.body.start + 1, `${resume};`);
        for (const head of [loop.test, loop.update]) if (head) this.edits.open(head.start, `${resume},`);
      }
    }
    this.children(node, context);
  }

  /**
   * Opens a place around a statement that may leave the call suspended. Returns what closes it, where the call is taken up
   * again; a label's statement leaves that to the label.
   */
  private followed(node: Node, frame: Frame): string {
    const parent = this.walk.ancestors.at(-1)!;
    if (parent.type === 'LabeledStatement') return '';
    const alone = !isInList(parent);
    if (alone) this.edits.open(node.start, '{');
    return `;${this.use('r')}(${frame.call});${alone ? '}' : ''}`;
  }

  private visitTry(node: Node, context: Context, frame: Frame): void {
    if (frame.suspends) {
      const { handler, finalizer } = node;
      if (handler) {
        const error = handler.param?.type === 'Identifier' ? `,${handler.param.name}` : '';
        this.edits.close(handler.body.start + 1, `${this.use('rc')}(${frame.call}${error});`);
      }
      if (finalizer) this.edits.close(finalizer.start + 1, `${this.use('r')}(${frame.call});`);
    }
    this.children(node, context);
  }

  private visitForHead(node: Node, context: Context, frame: Frame): void {
    this.visitForLeft(node, context, frame);
    this.later(node.right, context);
    this.later(node.body, context);
  }

  private visitForLeft(node: Node, context: Context, frame: Frame): void {
    const { left } = node;
    if (left.type !== 'VariableDeclaration' || !clashes(left, frame)) return this.later(left, context);
    this.dropVar(left);
    for (const declarator of left.declarations) this.later(declarator, context);
  }

  /** `var f` beside `function f(){}` becomes an assignment, because inside a block the two exclude each other. */
  private visitVar(node: Node, context: Context, frame: Frame): void {
    if (!clashes(node, frame)) return this.children(node, context);
    this.dropVar(node);
    for (const declarator of node.declarations) {
      if (declarator.id.type === 'ObjectPattern' || declarator.id.type === 'ArrayPattern') {
        this.edits.open(declarator.start, 'void(');
        this.edits.close(declarator.end, ')');
      }
      this.later(declarator, context);
    }
    if (!isLoop(this.walk.ancestors.at(-1)!)) this.terminate(node);
  }

  private dropVar(declaration: Node): void {
    this.edits.remove(declaration.start, declaration.start + 'var'.length);
  }

  /**
   * After a changed statement the next line could be read as more of it: of `return⏎(f)` would become
   * `return x()⏎(f)`.
   */
  private terminate(statement: Node, level = this.edits.level): void {
    if (this.source[statement.end - 1] !== ';') this.edits.close(statement.end, ';', level);
  }

  /** The same for the statement whose last word is a changed `yield`. */
  private terminateAround(node: Node, frame: Frame): void {
    const { ancestors } = this.walk;
    for (let at = ancestors.length - 1; at >= 0 && ancestors[at].end === node.end; at--) {
      const statement = ancestors[at];
      if (statement.type === 'VariableDeclaration') {
        // Else it is terminated as a changed declaration, or it is the head of a loop.
        if (!clashes(statement, frame) && !isLoop(ancestors[at - 1])) this.terminate(statement, at);
        return;
      }
      if (statement.type === 'ExpressionStatement') return this.terminate(statement, at);
      if (statement.type.endsWith('Statement')) return;
    }
  }

  /** The other names of declarations that `visitVar` turns into assignments. */
  private hoistedVars(frame: Frame): string {
    if (frame.facts.clashing.size === 0) return '';
    const names = new Set<string>();
    eachOwnNode(frame.node.body as Node, (node) => {
      if (node.type !== 'VariableDeclaration' || !clashes(node, frame)) return;
      for (const { id } of node.declarations) for (const name of boundNames(id)) names.add(name);
    });
    for (const name of frame.facts.clashing) names.delete(name);
    return names.size ? `var ${[...names].join(',')};` : '';
  }

  /** Of two functions with one name the last wins; strict code refuses the first inside a block. */
  private demoteDoubles(frame: Frame): void {
    const seen = new Set<string>();
    for (const statement of [...frame.node.body.body].reverse() as Node[]) {
      if (statement.type !== 'FunctionDeclaration' || !statement.id || !statement.body) continue;
      if (seen.has(statement.id.name)) {
        this.edits.open(statement.start, 'void ');
        this.edits.close(statement.end, ';');
      }
      seen.add(statement.id.name);
    }
  }

  /** Puts a value, which follows a keyword of `around`, into a call. */
  private wrap(around: Node, keyword: string, value: Node, before: string, after: string, context: Context): void {
    const gap = keyword !== '' && value.start === around.start + keyword.length ? ' ' : '';
    // `a, b` is one value, not two arguments.
    const list = value.type === 'SequenceExpression';
    this.edits.open(value.start, gap + before + (list ? '(' : ''));
    this.edits.close(value.end, (list ? ')' : '') + after);
    this.later(value, context);
  }

  private use(probe: ProbeName): string {
    this.used.add(probe);
    return this.prefix + probe;
  }
}

function prelude(
  kind: 'module' | 'commonjs',
  prefix: string,
  used: ReadonlySet<ProbeName>,
  runtimeUrl: string | null,
): string {
  // There the probes are globals; this says to whoever comes behind that the text is rewritten.
  if (kind === 'module' && runtimeUrl === null) return `${GLOBAL};`;
  const names = [...used].sort();
  return kind === 'module'
    ? `import{${names.map((name) => `${name} as ${prefix}${name}`).join(',')}}from${JSON.stringify(runtimeUrl)};`
    : `const{${names.map((name) => `${name}:${prefix}${name}`).join(',')}}=${GLOBAL};`;
}

function language(filename: string): 'js' | 'jsx' | 'ts' | 'tsx' {
  if (/\.[cm]?ts$/.test(filename)) return 'ts';
  if (filename.endsWith('.tsx')) return 'tsx';
  return filename.endsWith('.jsx') ? 'jsx' : 'js';
}

/** By the number of arguments. */
const ENTER: readonly ProbeName[] = ['e0', 'e1', 'e2', 'e3'];

/** `h$_`, or the first of `h$1_`, `h$2_` ... that the source has not. */
function unusedPrefix(source: string): string {
  if (!source.includes('h$')) return 'h$_';
  const taken = new Set<string>();
  for (const [, number] of source.matchAll(/h\$(\d*)_/g)) taken.add(number);
  for (let i = 0; ; i++) {
    const number = i === 0 ? '' : String(i);
    if (!taken.has(number)) return `h$${number}_`;
  }
}

const QUOTING = /^(SpreadElement|MemberExpression|BinaryExpression|UnaryExpression|SequenceExpression)$/;
/** These quote what is in brackets: what is called, made or looked into. */
const QUOTING_BRACKETS =
  /^(MemberExpression|CallExpression|NewExpression|TaggedTemplateExpression|SpreadElement|Class\w+|ChainExpression|AwaitExpression|ParenthesizedExpression|ArrayExpression)$/;

/** Whether a message of V8 can quote a value, by the nodes around it. */
function canBeQuoted(ancestors: readonly Node[]): boolean {
  const parent = ancestors.at(-1)!;
  if (parent.type === 'ParenthesizedExpression') return QUOTING_BRACKETS.test(ancestors.at(-2)!.type);
  const pattern = (parent.id ?? parent.left) as Node | undefined;
  return QUOTING.test(parent.type) || (pattern?.type.endsWith('Pattern') ?? false);
}

/** What V8 names in its messages; and nothing of the program runs when it is evaluated. */
function isNamed({ type }: Node): boolean {
  return type === 'Identifier' || type === 'Literal' || type === 'ThisExpression';
}

function clashes(declaration: Node, frame: Frame): boolean {
  if (frame.facts.clashing.size === 0 || declaration.kind !== 'var') return false;
  return declaration.declarations.some((each: Node) =>
    boundNames(each.id).some((name) => frame.facts.clashing.has(name)),
  );
}
