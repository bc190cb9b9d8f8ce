import { isFunction, unlabeled, type Analysis } from './analyse.js';
import type { AssertCalls } from './assertions.js';
import { eachChild } from './children.js';
import { describe, type Description } from './describe.js';
import { clashes, demoteDoubles, hoistedVars, type Context, type Frame } from './frame.js';
import { functionInfo } from './function-info.js';
import { isHelper } from './helpers.js';
import type { LineTable } from './lines.js';
import type { Origin } from './origins.js';
import { OwnTexts } from './own-texts.js';
import { ProbeEdits } from './probe-edits.js';
import { canBeQuoted, isNamed } from './quoting.js';
import { isDirective, isEndOfBlocks, isInList, isLoop, isSuperCall } from './statements.js';
import type { FunctionInfo, Instrumented, InstrumentOptions, Node } from './types.js';

/** By the number of arguments. */
const ENTER = ['enter0', 'enter1', 'enter2', 'enter3'] as const;

/** Walks the tree, and inserts the calls of probes into the functions that are recorded. */
export class Rewriter extends ProbeEdits {
  readonly functions: FunctionInfo[] = [];
  readonly texts = new OwnTexts();
  readonly leftAlone: Instrumented['leftAlone'] = [];
  /** Each `import.meta`. */
  readonly metas: Node[] = [];
  /** Levels of the tree. */
  deepest = 0;

  constructor(
    source: string,
    private readonly analysis: Analysis,
    private readonly options: InstrumentOptions,
    private readonly lines: LineTable,
    private readonly origins: Map<Node, Origin | null> | undefined,
    private readonly asserts: AssertCalls | undefined,
  ) {
    super(source);
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
    this.asserts?.finish(this.edits, this.lines, first, {
      message: () => this.use('assertMessage'),
      messageUnless: () => this.use('assertMessageUnless'),
    });
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
    const { name, line } = origin?.original.description ?? own;
    const path = origin && { path: origin.path };
    if (facts.leave) this.leftAlone.push({ name, line, reason: facts.leave, ...path });
    if (facts.leave || this.options.includeFunction?.(name, origin?.path) === false) {
      return this.children(node, around);
    }

    const frame = this.frameOf(node, outer, own, origin);
    const { info, values } = functionInfo({ node, facts, own, origin }, this.lines, this.options.redactParameter);
    this.functions.push(info);
    // Of an original the text is known already.
    if (!origin) this.texts.add((own.member ?? node).start, node.end, info);
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

  private frameOf(node: Node, outer: Context, own: Description, origin: Origin | undefined): Frame {
    const isClass = own.member?.type === 'MethodDefinition' && own.member.kind === 'constructor';
    const derived = isClass && this.walk.ancestors.at(-3)?.superClass != null;
    const lowered = origin?.lowered === true;
    return {
      node,
      id: this.functions.length,
      call: `${this.prefix}c${outer.depth}`,
      async: node.async || lowered,
      generator: node.generator && !lowered,
      facts: this.analysis.facts.get(node)!,
      derivedConstructor: derived,
      // A constructor whose class was made a function returns what it makes as well.
      baseConstructor: isClass
        ? !derived
        : (origin?.original.description ?? own).kind === 'constructor' && node.type !== 'ArrowFunctionExpression',
      suspends: node.async || node.generator,
      lowered,
    };
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
    const fail = this.use(frame.suspends ? 'leaveAsyncByError' : 'leaveByError');
    const caught = `${this.prefix}z`;
    const end = facts.deferred
      ? `}catch(${caught}){${value}=${this.use('done')};throw ${fail}(${frame.call},${caught})}finally{${this.use(frame.suspends ? 'leaveAsyncUnlessDone' : 'leaveUnlessDone')}(${frame.call},${value})}`
      : `}catch(${caught}){throw ${fail}(${frame.call},${caught})}`;

    if (body.type !== 'BlockStatement') {
      this.edits.open(body.start, `{${open}return ${this.exit(frame)}(${frame.call},`);
      this.edits.close(body.end, `)${end}}`);
      return this.later(body, inner);
    }
    const directives = body.body.filter(isDirective);
    const start = directives.at(-1)?.end ?? body.start + 1;
    this.edits.close(start, (directives.length ? ';' : '') + hoistedVars(frame) + open);
    demoteDoubles(frame, this.edits);
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
    const values = params.map((name) => name ?? this.use('redacted'));
    if (frame.suspends) {
      return `${this.use(frame.generator ? 'enterGenerator' : 'enterAsync')}(${frame.id},${lexical},[${values.join(',')}])`;
    }
    if (values.length >= ENTER.length) return `${this.use('enterMany')}(${frame.id},${lexical},[${values.join(',')}])`;
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
    return this.use(frame.suspends ? 'leaveAsync' : 'leave');
  }

  private visitReturn(node: Node, context: Context, frame: Frame): void {
    if (!node.argument) return this.visitBareReturn(node, frame);
    const value = `${this.prefix}v`;
    // A comma, or a call, keeps an anonymous function from being named after the variable. An async generator awaits
    // what it returns, so the call is suspended there.
    const before = !frame.facts.deferred
      ? `${this.exit(frame)}(${frame.call},`
      : frame.async && frame.generator
        ? `${value}=${this.use('suspend')}(${frame.call},`
        : frame.async
          ? `${value}=${this.use('returnAsync')}(${frame.call},`
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
    this.wrap(node, 'throw', node.argument, `${this.use('thrown')}(${frame.id},${node.start},`, ')', context);
    this.terminate(node);
  }

  /**
   * An optional call is to V8's messages what an `await` is: `(intermediate value)`. It has no ranges for coverage, so it
   * is used only where a message can quote it, and not where coverage is known to be wanted.
   */
  private resumed(frame: Frame): string {
    const quoted = !this.options.coverage && canBeQuoted(this.walk.ancestors);
    return `${this.use('resume')}${quoted ? '?.' : ''}(${frame.call},`;
  }

  private visitAwait(node: Node, context: Context, frame: Frame): void {
    this.edits.open(node.start, this.resumed(frame));
    // A lowered one is a `yield`, which is as long.
    this.wrap(node, 'await', node.argument, `${this.use('suspendForAwait')}(${frame.call},`, '))', context);
  }

  private visitYield(node: Node, context: Context, frame: Frame): void {
    if (node.delegate && isNamed(node.argument as Node)) {
      const { call } = frame;
      this.edits.open(node.start, `${this.use('resume')}?.((${this.use('delegate')}(${call}),${call}),`);
      return this.edits.close(node.end, ')');
    }
    this.edits.open(node.start, this.resumed(frame));
    if (!node.argument) {
      this.edits.close(node.start + 'yield'.length, ` ${this.use('suspend')}(${frame.call}))`);
      return this.terminateAround(node, frame);
    }
    const suspend = this.use(node.delegate ? 'delegate' : 'suspend');
    this.wrap(node, 'yield', node.argument, `${suspend}(${frame.call},`, '))', context);
  }

  private visitForAwait(node: Node, context: Context, frame: Frame): void {
    const { call } = frame;
    const end = this.followed(node, frame);
    this.visitForLeft(node, context, frame);
    if (isNamed(node.right as Node)) {
      this.edits.open(this.labelsOf(node).start, `${this.use('delegate')}(${call});`);
    } else this.wrap(node, '', node.right, ` ${this.use('delegate')}(${call},`, ')', context);
    const block = node.body.type === 'BlockStatement';
    this.edits.open(node.body.start, `{${this.use('resume')}(${call});try${block ? '' : '{'}`);
    this.edits.close(node.body.end, `${block ? '' : '}'}finally{${this.use('suspend')}(${call})}}`);
    this.edits.close(node.end, end);
    this.later(node.body, context);
  }

  private visitLabeled(node: Node, context: Context, frame: Frame): void {
    if (frame.async && this.analysis.suspendingLabels.has(node)) {
      this.edits.close(node.end, this.followed(node, frame));
      // `continue` of an outer loop leaves an inner `for await`, which suspends the call.
      const loop = unlabeled(node.body);
      const parent = this.walk.ancestors.at(-1)!;
      if (isLoop(loop) && !loop.await && parent.type !== 'LabeledStatement') {
        const resume = `${this.use('resume')}(${frame.call})`;
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
    return `;${this.use('resume')}(${frame.call});${alone ? '}' : ''}`;
  }

  private visitTry(node: Node, context: Context, frame: Frame): void {
    if (frame.suspends) {
      const { handler, finalizer } = node;
      if (handler) {
        const error = handler.param?.type === 'Identifier' ? `,${handler.param.name}` : '';
        this.edits.close(handler.body.start + 1, `${this.use('resumeInCatch')}(${frame.call}${error});`);
      }
      if (finalizer) this.edits.close(finalizer.start + 1, `${this.use('resume')}(${frame.call});`);
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
}
