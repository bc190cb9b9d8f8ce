import { arrayPop, arrayPush, each, objectKeys, utf8Bytes } from '../intrinsics.js';
import { isSampled, type Admission } from './admission.js';
import { CallScopes } from './call-scopes.js';
import type { EventBuffer } from './event-buffer.js';
import type { FunctionEntry } from './function-table.js';
import type { KnownFunctions } from './known-functions.js';
import { quote } from './quote.js';
import type { RunningCalls } from './running-calls.js';
import { newBudget, NO_LABELS, type Budget, type Labels, type Scope, type Scopes } from './scope.js';
import type { CallHandle, Current, PushedScope, ScopeChange } from './types.js';

const UNLABELED: Labels = {};

export interface RunningScopeParts {
  sampleRate: number;
  /** Of the process. */
  budget: Budget;
  scopes: Scopes;
  buffer: EventBuffer;
  running: RunningCalls;
  functions: KnownFunctions;
  admission: Admission;
}

/** Which scope what begins now is in. */
export class RunningScope {
  readonly scopes: Scopes;
  /** Of the call that begins next. */
  next: Scope | null = null;
  /** Running calls that are in another scope than their callers, and the level of the last one; 0: none. */
  private readonly strays: { level: number; before: Scope | null }[] = [];
  strayLevel = 0;
  private readonly owners = new CallScopes();

  constructor(private readonly parts: RunningScopeParts) {
    this.scopes = parts.scopes;
  }

  /**
   * The parent of a call that begins now, where scopes are in use; notes whose labels it carries. What was written in a
   * request, session or test that is still open belongs there, whoever calls it: a queue of jobs runs in the context of the
   * first of them. Else the context wins over a lexical parent that belongs to another request, session or test, or to none.
   */
  parentOf(id: number, lexical: CallHandle): number {
    const { running, buffer } = this.parts;
    const { depth } = running;
    while (this.strayLevel > depth) this.endStray();
    let parent: number;
    let scope: Scope | null;
    if (this.next !== null) {
      parent = this.next.parent;
      scope = this.next;
      this.next = null;
    } else {
      scope = depth > 0 ? (running.scopes[depth] ?? null) : this.scopes.current();
      parent = depth > 0 ? running.ids[depth] : scope === null ? 0 : scope.parent;
      const written = lexicalParent(lexical);
      if (written > 0) {
        const owner = this.ownerOf(written, lexical);
        if (belongsTo(owner, scope)) {
          parent = written;
          scope = this.stray(owner!);
        } else if (depth === 0 && (scope === null || this.rootOf(written, lexical) === scope.budget.number)) {
          parent = written;
          scope ??= owner;
        }
      }
    }
    running.scopes[depth + 1] = scope;
    this.owners.note(id, scope);
    buffer.noteScope(scope ?? buffer.noScope);
    return parent;
  }

  /** The scope that a call is in; null: none, or it began long ago. */
  scopeOf(id: number): Scope | null {
    return this.owners.scopeOf(id, this.parts.running.lastId);
  }

  private ownerOf(id: number, lexical: CallHandle): Scope | null {
    return typeof lexical === 'object' ? lexical.scope : this.scopeOf(id);
  }

  private rootOf(id: number, lexical: CallHandle): number {
    if (typeof lexical === 'object') return lexical.scope === null ? 0 : lexical.scope.budget.number;
    return this.owners.rootOf(id, this.parts.running.lastId);
  }

  /** The call that begins now, and what it starts, is in another scope than its caller: up to its end. */
  private stray(scope: Scope): Scope {
    this.strayLevel = this.parts.running.depth + 1;
    arrayPush(this.strays, { level: this.strayLevel, before: this.scopes.enter(scope) });
    return scope;
  }

  endStray(): void {
    this.scopes.enter(this.takeStray());
  }

  /** The scope to go back to. */
  takeStray(): Scope | null {
    const { strays } = this;
    const { before } = arrayPop(strays)!;
    this.strayLevel = strays.length === 0 ? 0 : strays[strays.length - 1].level;
    return before;
  }

  current(): Current {
    const { running } = this.parts;
    const { depth } = running;
    if (depth > 0) {
      return { parent: running.ids[depth], scope: this.scopes.used ? (running.scopes[depth] ?? null) : null };
    }
    const scope = this.scopes.current();
    return { parent: scope === null ? 0 : scope.parent, scope };
  }

  make({ parent, labels, libraryCall, root, trace, request }: ScopeChange): Scope {
    const { sampleRate, budget } = this.parts;
    const { parent: here, scope } = this.current();
    const all = labels ? { ...scope?.labels, ...labels } : (scope?.labels ?? UNLABELED);
    const json = labels ? utf8Bytes(labelsJson(all)) : (scope?.json ?? NO_LABELS);
    return {
      parent: parent ?? here,
      labels: all,
      json,
      libraryCall: libraryCall ?? null,
      trace: trace ?? scope?.trace ?? null,
      budget: root
        ? newBudget(this.owners.newRoot(), isSampled(sampleRate), openRoot(scope), request, json)
        : (scope?.budget ?? budget),
      number: 0,
      before: null,
    };
  }

  /** What code that is not recorded does after an `await` of its own, it does for the call that called it. */
  ownOf(id: number, outer: Scope | null): Scope {
    return {
      parent: id,
      labels: outer === null ? UNLABELED : outer.labels,
      json: outer === null ? NO_LABELS : outer.json,
      libraryCall: outer === null ? null : outer.libraryCall,
      trace: outer === null ? null : outer.trace,
      budget: outer === null ? this.parts.budget : outer.budget,
      number: 0,
      before: null,
    };
  }

  /** That root context is over. */
  ended(budget: Budget): void {
    this.owners.ended(budget);
  }

  enter(scope: Scope | null): Scope | null {
    const first = !this.scopes.used && scope !== null;
    const before = this.scopes.enter(scope);
    if (first) this.parts.admission.setLimit();
    return before;
  }

  push(scope: Scope): PushedScope {
    const { running } = this.parts;
    const before = { context: this.enter(scope), level: running.depth, call: running.scopes[running.depth] };
    running.scopes[running.depth] = scope;
    return before;
  }

  pop({ context, level, call }: PushedScope): void {
    this.parts.running.scopes[level] = call;
    this.scopes.enter(context);
  }

  stay(scope: Scope, isCaller: (running: FunctionEntry) => boolean): () => void {
    const { running, functions } = this.parts;
    const context = this.enter(scope);
    const { depth } = running;
    const outer = depth > 0 ? (running.scopes[depth] ?? null) : null;
    // A function that is not recorded may be running on top of one that is.
    if (depth > 0 && functions.table[running.functions[depth]] === undefined) functions.registerPending();
    const caller = depth > 0 ? functions.table[running.functions[depth]]?.entry : undefined;
    if (caller && isCaller(caller)) running.scopes[depth] = scope;
    return () => {
      if (this.scopes.current() === scope) this.scopes.enter(context);
      for (let level = running.depth; level > 0 && running.scopes[level] === scope; level--) {
        running.scopes[level] = outer;
      }
    };
  }
}

/** The parent of a call that nothing recorded is running for: the call in whose body the function was written. */
export function lexicalParent(lexical: CallHandle): number {
  if (typeof lexical === 'number') return lexical > 0 ? lexical : 0;
  return lexical.id;
}

/** Whether that owner's root context is open, and the scope is not in it. */
function belongsTo(owner: Scope | null, scope: Scope | null): boolean {
  if (owner === null || owner.budget === scope?.budget || !owner.budget.open) return false;
  for (let budget = scope?.budget ?? null; budget !== null; budget = budget.outer) {
    if (budget === owner.budget) return false;
  }
  return true;
}

/** A connection goes on in the scope of the request before, which is over. */
function openRoot(scope: Scope | null): Budget | null {
  let root = scope === null ? null : scope.budget;
  while (root !== null && !root.open) root = root.outer;
  return root;
}

function labelsJson(labels: Labels): string {
  let text = '';
  for (const name of each(objectKeys(labels))) {
    const value = labels[name as keyof Labels];
    if (value !== undefined) text += `,"${name}":${typeof value === 'number' ? value : quote(value)}`;
  }
  return text;
}
