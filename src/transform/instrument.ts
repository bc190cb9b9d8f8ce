import { analyse, boundNames, namesUnder, isFunction, unlabeled, type FunctionFacts } from './analyse.js';
import { eachChild, isLeaf } from './children.js';
import { describe, parameterNames, valueParameters } from './describe.js';
import { applyEdits, EditList } from './edits.js';
import { LineTable } from './lines.js';
import { simpleName } from './names.js';
import { findOrigins, type Origin } from './origins.js';
import { parseSource } from './parser.js';
import {
  UnparsableSource,
  type CodeKind,
  type FunctionInfo,
  type Instrumented,
  type InstrumentOptions,
  type Node,
} from './types.js';

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

/** A value that is handed to the probe that opens a call. */
interface Argument {
  /** As the trace calls it. */
  name: string;
  /** The variable that holds it; null: it is secret. */
  value: string | null;
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
  const rewriter = new Rewriter(source, analyse(program), options, lines, origins);
  rewriter.program(program);
  if (rewriter.functions.length === 0 && rewriter.leftAlone.length === 0) return null;

  const { edits: list } = rewriter.edits;
  const text = prelude(kind, rewriter.prefix, rewriter.used, options.runtimeUrl);
  // Edits at one place keep their order: the first of CommonJS comes before all others there.
  if (kind === 'commonjs') list.unshift({ at: firstStatement(program), remove: 0, insert: text });
  else list.push({ at: lastStatementEnd(program), remove: 0, insert: `;${text}` });
  const edits = rewriter.edits.finish((offset) => rewriter.lines.lineOf(offset), rewriter.linesOfImports(program));
  return {
    code: applyEdits(source, edits),
    kind,
    prefix: rewriter.prefix,
    functions: rewriter.functions,
    edits,
    leftAlone: rewriter.leftAlone,
  };
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

class Rewriter {
  readonly edits = new EditList();
  readonly functions: FunctionInfo[] = [];
  readonly leftAlone: Instrumented['leftAlone'] = [];
  readonly prefix: string;
  /** Probe functions that the text names. */
  readonly used = new Set<string>();
  private readonly ancestors: Node[] = [];
  /** Where the last `yield` without a value ended. */
  private yieldEnd = -1;
  /** Of the children that are being visited. */
  private context: Context = { frame: null, lexical: '0', depth: 0 };

  constructor(
    private readonly source: string,
    private readonly facts: Map<Node, FunctionFacts>,
    private readonly options: InstrumentOptions,
    readonly lines: LineTable,
    private readonly origins: Map<Node, Origin | null> | undefined,
  ) {
    this.prefix = unusedPrefix(source);
  }

  linesOfImports(program: Node): Set<number> {
    const lines = new Set<number>();
    for (const statement of program.body as Node[]) {
      if (!isImport(statement)) continue;
      for (let line = this.lines.lineOf(statement.start); line <= this.lines.lineOf(statement.end); line++)
        lines.add(line);
    }
    return lines;
  }

  program(program: Node): void {
    this.children(program, this.context);
  }

  private children(node: Node, context: Context): void {
    const outer = this.context;
    this.context = context;
    this.ancestors.push(node);
    eachChild(node, this.visitChild);
    this.ancestors.pop();
    this.context = outer;
  }

  private readonly visitChild = (child: Node): void => this.visit(child, this.context);

  private visit(node: Node, context: Context): void {
    if (isLeaf(node)) return;
    if (isFunction(node)) return this.visitFunction(node, context);
    const { frame } = context;
    switch (node.type) {
      case 'StaticBlock':
        return this.children(node, { ...context, frame: null });
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'AccessorProperty':
        return this.visitMember(node, context);
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSTypeAnnotation':
      case 'TSTypeParameterDeclaration':
      case 'TSTypeParameterInstantiation':
        return;
    }
    if (!frame) return this.children(node, context);
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
          this.edits.insert(node.expression.start, `${this.prefix}v=`);
        }
        this.children(node, context);
        if (this.yieldEnd === node.end) this.terminate(node);
        return;
    }
    this.children(node, context);
  }

  /** A class member: key and decorators belong to the code around the class, a field's value does not. */
  private visitMember(node: Node, context: Context): void {
    this.ancestors.push(node);
    for (const decorator of node.decorators ?? []) this.visit(decorator, context);
    if (node.computed) this.visit(node.key, context);
    if (node.value) this.visit(node.value, { ...context, frame: null });
    this.ancestors.pop();
  }

  private visitFunction(node: Node, outer: Context): void {
    const facts = this.facts.get(node)!;
    const origin = this.origins?.get(node);
    const around: Context = { frame: null, lexical: outer.lexical, depth: outer.depth };
    // Neither the user's own nor to be missed.
    if (origin === null) return this.children(node, around);
    const own = describe(node, this.ancestors, this.source, this.lines);
    const { member, ...place } = origin?.original.description ?? own;
    const { name } = place;
    const path = origin && { path: origin.path };
    if (facts.leave) this.leftAlone.push({ name, line: place.line, reason: facts.leave, ...path });
    if (facts.leave || this.options.includeFunction?.(name, origin?.path) === false) {
      return this.children(node, around);
    }

    const id = this.functions.length;
    const isClass = own.member?.type === 'MethodDefinition' && own.member.kind === 'constructor';
    const derived = isClass && this.ancestors.at(-3)?.superClass != null;
    const lowered = origin?.lowered === true;
    const frame: Frame = {
      node,
      id,
      call: `${this.prefix}c${outer.depth}`,
      async: node.async || lowered,
      generator: node.generator && !lowered,
      facts,
      derivedConstructor: derived,
      // A constructor whose class was made a function answers what it makes as well.
      baseConstructor: isClass ? !derived : place.kind === 'constructor' && node.type !== 'ArrowFunctionExpression',
      suspends: node.async || node.generator,
      lowered,
    };
    const secretName = this.options.redactParameter?.(simpleName(name)) === true;
    const secretSetter = member?.kind === 'set' && secretName;
    const values = this.handedOver(node, facts, origin).map((each) => (secretSetter ? { ...each, value: null } : each));
    const begin = origin?.outer ?? node;
    this.functions.push({
      ...place,
      params: values.map((each) => each.name),
      ...path,
      ...(origin && {
        generated: { line: this.lines.lineOf(begin.start), column: this.lines.columnOf(begin.start) },
      }),
      ...(secretName && place.kind !== 'constructor' && place.kind !== 'setter' && { secret: true as const }),
    });

    // Functions in the parameter list and the like cannot see the body's variables.
    this.ancestors.push(node);
    const outside = { ...outer, frame: null };
    eachChild(node, (child) => {
      if (child !== node.body) this.visit(child, outside);
    });
    this.visitBody(
      frame,
      values.map(({ value }) => value),
      outer,
    );
    this.ancestors.pop();
  }

  /** The values that the trace shows of a call, under the names that the user gave them. */
  private handedOver(node: Node, facts: FunctionFacts, origin: Origin | undefined): Argument[] {
    const isSecret = this.options.redactParameter;
    const secretNames = (parameter: Node): Set<string> => {
      const secrets = new Set<string>();
      if (!isSecret) return secrets;
      for (const each of boundNames(parameter)) if (isSecret(each)) secrets.add(each);
      namesUnder(parameter, isSecret, false, secrets);
      return secrets;
    };
    const given = valueParameters(node);
    // Without any of its own, a lowered body sees those of the function around it.
    const parameters = given.length === 0 && origin ? visibleParameters(origin.outer, node) : given;
    const originals = origin?.original.parameters;
    const values: Argument[] = [];
    let secrets = false;
    for (const [index, parameter] of parameters.entries()) {
      const names = boundNames(parameter);
      const own = secretNames(parameter);
      const written = originals?.[index];
      const userNames = written ? boundNames(written) : names;
      const theirs = written ? secretNames(written) : own;
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
      for (const each of originals ?? []) secrets ||= secretNames(each).size > 0;
      values.push({ name: 'arguments', value: secrets ? null : 'arguments' });
    }
    return [...new Map(values.map((each) => [each.name, each])).values()];
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
      this.edits.insert(body.start, `{${open}return ${this.exit(frame)}(${frame.call},`);
      this.visit(body, inner);
      this.edits.insert(body.end, `)${end}}`);
      return;
    }
    const directives = body.body.filter(isDirective);
    const start = directives.at(-1)?.end ?? body.start + 1;
    this.edits.insert(start, (directives.length ? ';' : '') + this.hoistedVars(frame) + open);
    this.demoteDoubles(frame);
    this.children(body, inner);
    const last = (body.body as Node[]).findLast(({ type }) => type !== 'FunctionDeclaration');
    const leaves = last?.type === 'ReturnStatement' || last?.type === 'ThrowStatement';
    // Right behind the statement, not behind a comment, so that the statement ends for coverage where it did.
    const more = last === body.body.at(-1) ? '' : ';';
    if (!leaves) this.edits.insert(last?.end ?? body.end - 1, `;${this.fallThrough(frame)}${more}`);
    const lastIs = leaves ? 'leaves' : last && unlabeled(last).type === 'BlockStatement' ? 'block' : undefined;
    this.edits.insert(body.end - 1, end, last && isEndOfBlocks(last) ? { lastEnd: last.end, lastIs } : {});
  }

  /** A parameter given as null is secret. */
  private enterCall(frame: Frame, params: (string | null)[], lexical: string): string {
    const values = params.map((name) => name ?? this.use('q'));
    if (frame.suspends) {
      return `${this.use(frame.generator ? 'fg' : 'fa')}(${frame.id},${lexical},[${values.join(',')}])`;
    }
    if (values.length > 3) return `${this.use('en')}(${frame.id},${lexical},[${values.join(',')}])`;
    return `${this.use(`e${values.length}`)}(${[frame.id, lexical, ...values].join(',')})`;
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
    const value = `${this.prefix}v`;
    const { argument } = node;
    if (!argument) {
      if (frame.facts.deferred) {
        if (frame.baseConstructor) this.edits.insert(node.start + 6, ` void(${value}=this)`);
        else if (!frame.derivedConstructor) this.edits.insert(node.start + 6, ` ${value}=void 0`);
      } else this.edits.insert(node.start + 6, ` void ${this.fallThrough(frame)}`);
      return this.terminate(node);
    }
    // A comma, or a call, keeps an anonymous function from being named after the variable. An async generator awaits
    // what it returns, so the call is suspended there.
    const before = !frame.facts.deferred
      ? `${this.exit(frame)}(${frame.call},`
      : frame.async && frame.generator
        ? `${value}=${this.use('s')}(${frame.call},`
        : `${value}=(0,`;
    this.wrap(argument, touches(node.start + 6, argument) ? ` ${before}` : before, ')', context);
    this.terminate(node);
  }

  private visitThrow(node: Node, context: Context, frame: Frame): void {
    const gap = touches(node.start + 5, node.argument) ? ' ' : '';
    this.wrap(node.argument, `${gap}${this.use('w')}(${frame.id},${node.start},`, ')', context);
    this.terminate(node);
  }

  private visitAwait(node: Node, context: Context, frame: Frame): void {
    this.edits.insert(node.start, `${this.use('r')}(${frame.call},`);
    const gap = touches(node.start + 5, node.argument) ? ' ' : '';
    this.wrap(node.argument, `${gap}${this.use('sa')}(${frame.call},`, '))', context);
  }

  private visitYield(node: Node, context: Context, frame: Frame): void {
    this.edits.insert(node.start, `${this.use('r')}(${frame.call},`);
    if (!node.argument) {
      this.edits.insert(node.start + 5, ` ${this.use('s')}(${frame.call}))`);
      this.yieldEnd = node.end;
      return;
    }
    const suspend = this.use(node.delegate ? 'k' : 's');
    const gap = touches(node.start + 5, node.argument) ? ' ' : '';
    this.wrap(node.argument, `${gap}${suspend}(${frame.call},`, '))', context);
  }

  private visitForAwait(node: Node, context: Context, frame: Frame): void {
    const { call } = frame;
    this.followed(node, frame, () => {
      this.ancestors.push(node);
      this.visitForLeft(node, context, frame);
      this.wrap(node.right, ` ${this.use('k')}(${call},`, ')', context);
      const block = node.body.type === 'BlockStatement';
      this.edits.insert(node.body.start, `{${this.use('r')}(${call});try${block ? '' : '{'}`);
      this.visit(node.body, context);
      this.edits.insert(node.body.end, `${block ? '' : '}'}finally{${this.use('s')}(${call})}}`);
      this.ancestors.pop();
    });
  }

  private visitLabeled(node: Node, context: Context, frame: Frame): void {
    if (!frame.async || !containsForAwait(node.body)) return this.children(node, context);
    this.followed(node, frame, () => {
      // `continue` of an outer loop leaves an inner `for await`, which suspends the call.
      const loop = unlabeled(node.body);
      if (isLoop(loop) && !loop.await) {
        const resume = `${this.use('r')}(${frame.call})`;
        if (loop.body.type === 'BlockStatement') this.edits.insert(loop.body.start + 1, `${resume};`);
        for (const head of [loop.test, loop.update]) if (head) this.edits.insert(head.start, `${resume},`);
      }
      this.children(node, context);
    });
  }

  /** Takes the call up again behind a statement that may leave it suspended; a label's statement leaves it to the label. */
  private followed(node: Node, frame: Frame, visit: () => void): void {
    const parent = this.ancestors.at(-1)!;
    if (parent.type === 'LabeledStatement') return visit();
    const alone = !isStatementList(parent, node);
    if (alone) this.edits.insert(node.start, '{');
    visit();
    this.edits.insert(node.end, `;${this.use('r')}(${frame.call});${alone ? '}' : ''}`);
  }

  private visitTry(node: Node, context: Context, frame: Frame): void {
    if (frame.suspends) {
      const { handler, finalizer } = node;
      if (handler) {
        const error = handler.param?.type === 'Identifier' ? `,${handler.param.name}` : '';
        this.edits.insert(handler.body.start + 1, `${this.use('rc')}(${frame.call}${error});`);
      }
      if (finalizer) this.edits.insert(finalizer.start + 1, `${this.use('r')}(${frame.call});`);
    }
    this.children(node, context);
  }

  private visitForHead(node: Node, context: Context, frame: Frame): void {
    this.ancestors.push(node);
    this.visitForLeft(node, context, frame);
    this.visit(node.right, context);
    this.visit(node.body, context);
    this.ancestors.pop();
  }

  private visitForLeft(node: Node, context: Context, frame: Frame): void {
    const { left } = node;
    if (left.type === 'VariableDeclaration' && clashes(left, frame)) {
      this.dropVar(left);
      this.children(left, context);
    } else this.visit(left, context);
  }

  /** `var f` beside `function f(){}` becomes an assignment, because inside a block the two exclude each other. */
  private visitVar(node: Node, context: Context, frame: Frame): void {
    const clash = clashes(node, frame);
    if (clash) this.assignments(node, context);
    else this.children(node, context);
    if ((clash || this.yieldEnd === node.end) && !isLoop(this.ancestors.at(-1)!)) this.terminate(node);
  }

  private assignments(node: Node, context: Context): void {
    this.dropVar(node);
    for (const declarator of node.declarations) {
      if (declarator.id.type === 'ObjectPattern' || declarator.id.type === 'ArrayPattern') {
        this.edits.insert(declarator.start, 'void(');
        this.visit(declarator, context);
        this.edits.insert(declarator.end, ')');
      } else this.visit(declarator, context);
    }
  }

  private dropVar(declaration: Node): void {
    this.edits.replace(declaration.start, declaration.start + 'var'.length, '');
  }

  /**
   * Behind a changed statement the next line could be read as more of it: of `return⏎(f)` would become
   * `return x()⏎(f)`.
   */
  private terminate(statement: Node): void {
    if (this.source[statement.end - 1] !== ';') this.edits.insert(statement.end, ';');
  }

  /** The other names of declarations that `visitVar` turns into assignments. */
  private hoistedVars(frame: Frame): string {
    if (frame.facts.clashing.size === 0) return '';
    const names = new Set<string>();
    collectVars(frame.node.body, (declaration) => {
      if (!clashes(declaration, frame)) return;
      for (const { id } of declaration.declarations) for (const name of boundNames(id)) names.add(name);
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
        this.edits.insert(statement.start, 'void ');
        this.edits.insert(statement.end, ';');
      }
      seen.add(statement.id.name);
    }
  }

  private wrap(node: Node, before: string, after: string, context: Context): void {
    // `a, b` is one value, not two arguments.
    const list = node.type === 'SequenceExpression';
    this.edits.insert(node.start, list ? `${before}(` : before);
    this.visit(node, context);
    this.edits.insert(node.end, list ? `)${after}` : after);
  }

  private use(probe: string): string {
    this.used.add(probe);
    return this.prefix + probe;
  }
}

function prelude(kind: 'module' | 'commonjs', prefix: string, used: Set<string>, runtimeUrl: string | null): string {
  // There the probes are globals; this says to whoever comes behind that the text is rewritten.
  if (kind === 'module' && runtimeUrl === null) return '__handit__;';
  const names = [...used].sort();
  return kind === 'module'
    ? `import{${names.map((name) => `${name} as ${prefix}${name}`).join(',')}}from${JSON.stringify(runtimeUrl)};`
    : `const{${names.map((name) => `${name}:${prefix}${name}`).join(',')}}=__handit__;`;
}

/**
 * An import is hoisted, so that of the probe functions may stand last. Not on the line of another import: Node reads
 * that line when a name is missing there.
 */
function lastStatementEnd(program: Node): number {
  const last = (program.body as Node[]).findLast((statement) => !isImport(statement));
  return last?.end ?? program.end;
}

/** `import ... from` and `export ... from`. */
function isImport(statement: Node): boolean {
  return statement.type === 'ImportDeclaration' || statement.source != null;
}

/** Behind the directives, which count only while they stand first. */
function firstStatement(program: Node): number {
  const first = (program.body as Node[]).find((statement) => !isDirective(statement));
  return first?.start ?? program.end;
}

/** TypeScript's trees say null where JavaScript's say nothing. */
function isDirective(statement: Node): boolean {
  return statement.directive != null;
}

function language(filename: string): 'js' | 'jsx' | 'ts' | 'tsx' {
  if (/\.[cm]?ts$/.test(filename)) return 'ts';
  if (filename.endsWith('.tsx')) return 'tsx';
  return filename.endsWith('.jsx') ? 'jsx' : 'js';
}

function unusedPrefix(source: string): string {
  for (let i = 0; ; i++) {
    const prefix = `h$${i || ''}_`;
    if (!source.includes(prefix)) return prefix;
  }
}

/** Parameters of the function around a lowered body, where that does not hide them. */
function visibleParameters(outer: Node, body: Node): Node[] {
  if (outer === body) return [];
  const parameters = valueParameters(outer);
  const hidden = new Set<string>();
  eachOwnNode(body.body, (node) => {
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

function isSuperCall(node: Node): boolean {
  return node.type === 'CallExpression' && node.callee.type === 'Super';
}

function touches(end: number, node: Node): boolean {
  return node.start === end;
}

function clashes(declaration: Node, frame: Frame): boolean {
  if (frame.facts.clashing.size === 0 || declaration.kind !== 'var') return false;
  return declaration.declarations.some((each: Node) =>
    boundNames(each.id).some((name) => frame.facts.clashing.has(name)),
  );
}

function collectVars(node: Node, each: (declaration: Node) => void): void {
  eachOwnNode(node, (child) => {
    if (child.type === 'VariableDeclaration') each(child);
  });
}

function containsForAwait(node: Node): boolean {
  let found = false;
  eachOwnNode(node, (child) => {
    if (child.type === 'ForOfStatement' && child.await) found = true;
  });
  return found;
}

function hasTopLevelAwait(program: Node): boolean {
  let found = false;
  eachOwnNode(program, (child) => {
    if (child.type === 'AwaitExpression' || (child.type === 'ForOfStatement' && child.await)) found = true;
  });
  return found;
}

/** Every node below, functions left out. */
function eachOwnNode(node: Node, each: (child: Node) => void): void {
  each(node);
  eachChild(node, (child) => {
    if (!isFunction(child) && child.type !== 'StaticBlock') eachOwnNode(child, each);
  });
}

/** Whether V8 counts no block behind this statement where it is the last one of a function. */
function isEndOfBlocks(statement: Node): boolean {
  const { type, init, left } = unlabeled(statement);
  const declaration = (init ?? left) as Node | null | undefined;
  if (/^For(In|Of)?Statement$/.test(type))
    return !(declaration?.type === 'VariableDeclaration' && declaration.kind !== 'var');
  return /^(Return|Throw|If|Block|Switch|Try|While|DoWhile)Statement$/.test(type);
}

function isLoop(node: Node): boolean {
  return /^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type);
}

function isStatementList(parent: Node, node: Node): boolean {
  return (
    ((parent.type === 'BlockStatement' || parent.type === 'StaticBlock') && parent.body.includes(node)) ||
    (parent.type === 'SwitchCase' && parent.consequent.includes(node))
  );
}
