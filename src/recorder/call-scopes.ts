import { arrayOf, Uint32Array } from '../intrinsics.js';
import type { Budget, Scope } from './scope.js';

/** Calls of which the scope is remembered, for the closures written in them: this many of the latest. */
const CALLS = 1 << 16;
/** Scopes that are remembered: this many of the latest. */
const SCOPES = 1 << 14;
/** Scopes of one root context that are forgotten at its end; earlier ones go when later ones need their places. */
const MOST_OF_ONE = 1024;

/**
 * The scopes in which the latest calls began. Calls have numbers of scopes, and those of a request are forgotten when it has
 * ended: what an old list refers to survives V8's collections of young objects, and the more survives, the more memory V8
 * takes for young objects.
 */
export class CallScopes {
  // Made for the first scope: most programs have none.
  /** The number of a call's scope, at `id % CALLS`; 0: it has none. */
  private ofCalls = new Uint32Array(0);
  /** Scopes, their numbers and those of their root contexts, at `number % SCOPES`. */
  private scopes: (Scope | null)[] = [];
  private numbers = new Uint32Array(0);
  private roots = new Uint32Array(0);
  private lastNumber = 0;
  private lastRoot = 0;

  /** The number of a root context; that of the process is 0. */
  newRoot(): number {
    return (this.lastRoot = next(this.lastRoot));
  }

  /** @param id of a call that begins */
  note(id: number, scope: Scope | null): void {
    if (scope !== null) {
      const number = scope.number === 0 ? this.add(scope) : scope.number;
      this.ofCalls[id % CALLS] = number;
    } else if (this.lastNumber > 0) this.ofCalls[id % CALLS] = 0;
  }

  private add(scope: Scope): number {
    if (this.ofCalls.length === 0) this.make();
    const { budget } = scope;
    const number = (this.lastNumber = next(this.lastNumber));
    const place = number % SCOPES;
    this.scopes[place] = isWanted(scope) ? scope : null;
    this.numbers[place] = number;
    this.roots[place] = budget.number;
    scope.number = number;
    if (budget.open) {
      scope.before = budget.numbered++ % MOST_OF_ONE === 0 ? null : budget.scope;
      budget.scope = scope;
    }
    return number;
  }

  private make(): void {
    this.ofCalls = new Uint32Array(CALLS);
    this.scopes = arrayOf<Scope | null>(SCOPES, null);
    this.numbers = new Uint32Array(SCOPES);
    this.roots = new Uint32Array(SCOPES);
  }

  /** The scope of that call; null: it has none, or it is forgotten. */
  scopeOf(id: number, lastId: number): Scope | null {
    const number = this.numberOf(id, lastId);
    const place = number % SCOPES;
    return number > 0 && this.numbers[place] === number ? this.scopes[place] : null;
  }

  /** The number of the root context of that call; 0 where its scope is not remembered. */
  rootOf(id: number, lastId: number): number {
    const number = this.numberOf(id, lastId);
    const place = number % SCOPES;
    return number > 0 && this.numbers[place] === number ? this.roots[place] : 0;
  }

  private numberOf(id: number, lastId: number): number {
    return this.lastNumber > 0 && id > lastId - CALLS ? this.ofCalls[id % CALLS] : 0;
  }

  /** That root context has ended. */
  ended(budget: Budget): void {
    for (let { scope } = budget; scope !== null; scope = scope.before) {
      const place = scope.number % SCOPES;
      if (this.scopes[place] === scope && !isWanted(scope)) this.scopes[place] = null;
    }
    budget.scope = null;
  }
}

/** Whether a call that was written in it may have to be in it, though it has lost its context. */
function isWanted({ budget, json }: Scope): boolean {
  return budget.open || budget.number === 0 || json.length > 0;
}

/** It may go round: there are never as many at once. */
function next(number: number): number {
  return (number + 1) >>> 0 || 1;
}
