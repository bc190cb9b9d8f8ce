import { random, SafeMap, SafeSet } from '../intrinsics.js';
import { epoch, now } from './clock.js';
import type { KnownFunctions } from './known-functions.js';
import type { LimitReason } from './limits.js';
import { quote } from './quote.js';
import type { RunningCalls } from './running-calls.js';
import { nameOf, NO_LABELS, type Budget, type Scope, type Scopes } from './scope.js';
import type { Totals } from './totals.js';
import type { RecorderOptions } from './types.js';

export interface AdmissionParts {
  options: RecorderOptions;
  /** Of the process. */
  budget: Budget;
  scopes: Scopes;
  functions: KnownFunctions;
  running: RunningCalls;
  totals: Totals;
  /** A line for the trace. */
  tell: (line: string) => void;
}

/** Decides which calls are recorded. */
export class Admission {
  /** Calls of a function up to this count are recorded without another look. */
  limit = -1;
  /**
   * Calls that nobody needs to look at: the count of the process decides alone, for no other context was entered, and the
   * first call beyond the cap was told; or the file is full.
   */
  beyond = -1;
  /** Work of handit's own is being done. */
  inside = false;
  /** The file has its size. */
  full = false;
  /** Root contexts that have their share and have not ended. */
  spentContexts = 0;
  /** Functions of which the cap was told. */
  private readonly capsTold = new SafeSet<number>();
  private readonly maxCalls: number;
  private readonly sampleRate: number;

  constructor(private readonly parts: AdmissionParts) {
    const { maxCalls, sampleRate, segments } = parts.options;
    // Where the oldest lines go, nothing else has to.
    this.maxCalls = segments === null ? maxCalls : Infinity;
    this.sampleRate = sampleRate;
    this.setLimit();
  }

  /** To be called when one of the things has changed that it depends on. */
  setLimit(): void {
    const { inside, full, maxCalls, sampleRate, parts } = this;
    // Where not every context is recorded, each call asks.
    this.limit = inside || full || sampleRate < 1 || this.spentContexts > 0 ? -1 : maxCalls;
    if (inside) this.beyond = Infinity;
    else if (full) this.beyond = -1;
    else this.beyond = sampleRate >= 1 && !parts.scopes.used ? maxCalls + 1 : Infinity;
  }

  /** Whether a call that did not pass the count is to be recorded after all. */
  admit(fn: number): boolean {
    const { functions, scopes, running, budget: processBudget } = this.parts;
    const { maxCalls } = this;
    if (this.inside) {
      functions.calls[fn]--;
      return false;
    }
    if (!(functions.calls[fn] >= 0)) {
      // The function is not known yet.
      functions.registerPending();
      if (functions.calls[fn] === undefined) functions.reserve(fn);
      if (++functions.calls[fn] <= this.limit) return true;
    }
    if (this.full) return false;
    const scope = scopes.used ? (running.depth > 0 ? running.scopes[running.depth] : scopes.current()) : null;
    const budget = scope ? scope.budget : processBudget;
    if (!budget.sampled) return false;
    if (budget.spent) {
      this.parts.totals.byShare++;
      return false;
    }
    if (functions.calls[fn] <= maxCalls && (this.sampleRate >= 1 || budget === processBudget)) return true;
    if (budget !== processBudget) {
      budget.calls ??= new SafeMap();
      const count = (budget.calls.get(fn) ?? 0) + 1;
      budget.calls.set(fn, count);
      if (count <= maxCalls) return true;
    }
    this.tellCap(fn, scope ?? null, budget);
    return false;
  }

  /** Calls of that function are counted only: told at the first of them, for the process may be killed. */
  private tellCap(fn: number, scope: Scope | null, budget: Budget): void {
    const known = this.parts.functions.table[fn];
    if (known === undefined || this.capsTold.has(fn)) return;
    this.capsTold.add(fn);
    const { entry, path } = known;
    const place = `,"func":${quote(entry.name)},"file":${quote(path)},"line":${entry.line}`;
    this.parts.tell(this.limitLine('max_calls', place + nameOf(budget, scope?.json ?? NO_LABELS)));
  }

  limitLine(reason: LimitReason, about: string): string {
    const { proc } = this.parts.options;
    return `{"type":"limit","proc":"${proc}","ts_ns":${epoch.text(now())},"reason":"${reason}"${about}}\n`;
  }

  /**
   * Runs work of handit's own. What it should reach of the program all the same, by a function that it has put in place of
   * a built-in one, records nothing. The count lets no call through meanwhile, so that others need not ask.
   */
  ownWork(work: () => void): void {
    if (this.inside) return work();
    this.inside = true;
    this.setLimit();
    try {
      work();
    } finally {
      this.inside = false;
      this.setLimit();
    }
  }
}

/** Whether a root context is among those that are recorded. */
export function isSampled(sampleRate: number): boolean {
  return sampleRate >= 1 || random() < sampleRate;
}
