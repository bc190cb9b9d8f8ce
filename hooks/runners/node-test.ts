import * as asyncHooks from 'node:async_hooks';
import type { AsyncResource as AsyncResourceClass } from 'node:async_hooks';
import { hookPhase } from '../lib/failure.js';
import type { Hook, HookHost, RunningTest, TestName, TestPhase } from '../lib/hook.js';
import {
  apply,
  arrayEvery,
  arrayForEach,
  arrayPush,
  arrayUnshift,
  defineProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  objectAssign,
  queueMicrotask,
  reflectGet,
  reflectSet,
  regExpExec,
  SafeSet,
  SafeWeakMap,
  SafeWeakSet,
  String,
  uncurry,
} from '../../src/intrinsics.js';
import { contextSymbol } from '../../src/recorder/contexts.js';

/**
 * Node's own test runner. Its tests are asynchronous resources: a test is seen when the runner reads a method of it, and
 * its scope is made that of the resource. So nothing stands between the runner and the program's functions.
 */
export const nodeTestHook: Hook = {
  name: 'node:test',
  install(host) {
    const undo: (() => void)[] = [];
    const state: Seen = { ended: false, running: new SafeSet() };
    let watching = false;
    const watch = (): void => {
      if (watching) return;
      watching = true;
      const stop = whenFirstTest((prototype) => {
        stop();
        const tests = new WatchedTests(host, prototype, state);
        arrayPush(undo, () => tests.stop());
      });
      arrayPush(undo, stop);
      arrayPush(undo, watchUncaught(host, state));
    };
    // A child of `node --test`; the loader does not see each module on each Node.
    if (IS_CHILD) watch();
    else host.whenImported('node:test', watch);
    return () => arrayForEach(undo, (step) => step());
  },
};

const { AsyncResource, createHook } = asyncHooks;
const resourcePrototype = AsyncResource.prototype;
const { runInAsyncScope } = resourcePrototype;
const enable = uncurry(createHook({}).enable);
const disable = uncurry(createHook({}).disable);
const nodes = process;
const { argv } = nodes;
const on = uncurry(process.on);
const removeListener = uncurry(process.removeListener);
const IS_CHILD = process.env.NODE_TEST_CONTEXT !== undefined || process.execArgv.includes('--test');

/** What is used of the instances of Node's class `Test`. */
interface NodeTest extends AsyncResourceClass {
  name: string;
  parent: NodeTest | null;
  loc?: { file: string; line: number; column: number };
  passed: boolean;
  skipped: boolean;
  isTodo: boolean;
  error: unknown;
  start(): unknown;
  run(): unknown;
  getRunArgs(): { ctx: object };
  addReadySubtest(test: NodeTest): void;
}

/** The class is not public; its instances are asynchronous resources. */
function whenFirstTest(found: (prototype: NodeTest) => void): () => void {
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type !== 'Test') return;
      let prototype = getPrototypeOf(resource) as object | null;
      while (prototype && getPrototypeOf(prototype) !== resourcePrototype)
        prototype = getPrototypeOf(prototype) as object | null;
      if (prototype && arrayEvery(METHODS, (name) => typeof (prototype as NodeTest)[name] === 'function'))
        found(prototype as NodeTest);
    },
  });
  enable(hook);
  return () => void disable(hook);
}

const METHODS = ['start', 'run', 'getRunArgs', 'addReadySubtest', 'runInAsyncScope'] as const;

interface Seen {
  /** A test has ended. */
  ended: boolean;
  /** The tests that run, by `test_id`. */
  running: SafeSet<number | undefined>;
}

/** An exception in no running test is for the file: while it is loaded that ends it, later it makes its exit code 1. */
function watchUncaught(host: HookHost, state: Seen): () => void {
  const seen = (error: unknown): void => {
    const test = host.recorder.current().scope?.labels.test_id;
    if (test !== undefined && state.running.has(test)) return;
    const phase = test === undefined && !state.ended ? 'load' : 'outside';
    host.tests.failed({ file: argv[1] ?? '', titles: [] }, phase, error);
    // Node's own listener may throw it again, which ends the process at once.
    host.save();
  };
  on(nodes, 'uncaughtExceptionMonitor', seen);
  return () => void removeListener(nodes, 'uncaughtExceptionMonitor', seen);
}

/** The runner's tests: seen begin, run and end by methods of their class. */
class WatchedTests {
  private readonly running = new SafeWeakMap<object, RunningTest>();
  /** By the context objects that tests and their hooks get. */
  private readonly byContext = new SafeWeakMap<object, RunningTest>();
  private readonly adopted = new SafeWeakSet<object>();
  private readonly undos: (() => void)[] = [];

  constructor(
    private readonly host: HookHost,
    private readonly prototype: NodeTest,
    private readonly seen: Seen,
  ) {
    this.onRead('start', (test) => correct(host, test));
    this.onRead('run', (test) => this.begin(test));
    this.onRead('runInAsyncScope', (test) => this.runs(test));
    this.replaceMethods();
  }

  stop(): void {
    arrayForEach(this.undos, (undo) => undo());
  }

  /** Has a step run when the runner reads a method, which it does only to call it. */
  private onRead(name: 'start' | 'run' | 'runInAsyncScope', step: (test: NodeTest) => void): void {
    const { host, prototype } = this;
    const own = getOwnPropertyDescriptor(prototype, name);
    const method = prototype[name];
    defineProperty(prototype, name, {
      configurable: true,
      enumerable: false,
      get(this: NodeTest) {
        try {
          step(this);
        } catch (error) {
          host.broken(error);
        }
        return method;
      },
      set(this: NodeTest, value: unknown) {
        defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true });
      },
    });
    arrayPush(this.undos, () => {
      if (own) defineProperty(prototype, name, own);
      else delete (prototype as Partial<NodeTest>)[name];
    });
  }

  /** Those whose result or argument is needed. */
  private replaceMethods(): void {
    const { host, prototype, running, byContext } = this;
    const { getRunArgs, addReadySubtest } = prototype;
    const ends = (test: NodeTest): void => this.ends(test);
    prototype.getRunArgs = function (this: NodeTest) {
      const args = apply<NodeTest, [], { ctx: object }>(getRunArgs, this, []);
      const now = running.get(this);
      if (now) byContext.set(args.ctx, now);
      return args;
    };
    prototype.addReadySubtest = function (this: NodeTest, test: NodeTest) {
      try {
        ends(test);
      } catch (error) {
        host.broken(error);
      }
      apply(addReadySubtest, this, [test]);
    };
    arrayPush(this.undos, () => objectAssign(prototype, { getRunArgs, addReadySubtest }));
  }

  private begin(test: NodeTest): void {
    // Suites and hooks have prototypes of their own, and the root test is the process.
    if (!this.isTest(test) || !test.parent || this.running.has(test)) return;
    const begun = this.host.tests.begin(nameOf(test));
    this.running.set(test, begun);
    this.seen.running.add(begun.scope?.labels.test_id);
    this.adopt(test, begun);
  }

  private ends(test: NodeTest): void {
    const { host, seen } = this;
    const known = this.running.get(test);
    const { cause: error, phase } = failureOf(test.error);
    if (known) {
      seen.running.delete(known.scope?.labels.test_id);
      seen.ended = true;
      const outcome = outcomeOf(test);
      // Its own function is no phase.
      known.end(outcome, outcome === 'failed' ? { error, phase: phase === 'load' ? undefined : phase } : {});
    } else if (classOf(test) === 'Suite' && !test.passed && phase) {
      host.tests.failed(nameOf(test), phase, error);
    }
  }

  private runs(test: NodeTest): void {
    let now = this.running.get(test);
    if (!this.isTest(test) && hasOwn(test, 'hookType')) {
      now = this.byContext.get(test.getRunArgs()?.ctx);
      if (now || this.adopted.has(test)) this.adopt(test, now);
    }
    if (!now?.scope) return;
    const { recorder } = this.host;
    // It may be called below another test's function.
    recorder.scopeNext(now.scope);
    queueMicrotask(() => recorder.scopeNext(null));
  }

  /** What the resource runs is done in the test's scope, or in none. */
  private adopt(resource: NodeTest, test: RunningTest | undefined): void {
    this.adopted.add(resource);
    enterFor(this.host, resource, test?.scope ?? null);
  }

  private isTest(test: NodeTest): boolean {
    return getPrototypeOf(test) === this.prototype;
  }
}

/** Node reports where a test was written from the place in the text that runs. */
function correct(host: HookHost, { loc }: NodeTest): void {
  if (loc) objectAssign(loc, pick(host.originalPlace(loc.file, loc.line, loc.column)));
}

const pick = ({ line, column }: { line: number; column: number }): object => ({ line, column });

function outcomeOf(test: NodeTest): 'passed' | 'failed' | 'skipped' | 'todo' {
  if (test.skipped) return 'skipped';
  if (test.isTodo) return 'todo';
  return test.passed ? 'passed' : 'failed';
}

/** Node wraps what a test, a suite or a hook has thrown. `load`: the function itself has thrown it. */
function failureOf(error: unknown): { cause: unknown; phase?: TestPhase } {
  const { code, cause, failureType, message } = (error ?? {}) as NodeFailure;
  if (code !== 'ERR_TEST_FAILURE') return { cause: error };
  const thrown = failureType === 'testCodeFailure' || failureType === 'hookFailed';
  // Of a time-out, the cause is a text alone.
  return {
    cause: thrown || typeof cause !== 'string' ? (cause ?? error) : error,
    phase: phaseOf(failureType, String(message)),
  };
}

/** Suites have a class of their own; so have the files that `node --test` runs, which say what failed themselves. */
function classOf(test: NodeTest): string {
  return (getPrototypeOf(test) as object).constructor.name;
}

interface NodeFailure {
  code?: unknown;
  cause?: unknown;
  failureType?: unknown;
  message?: unknown;
}

/** A failed suite may have only failed tests. */
function phaseOf(failureType: unknown, message: string): TestPhase | undefined {
  // The error of a hook has the hook's for its cause: `failed running beforeEach hook`.
  if (failureType === 'hookFailed') return hookPhase(regExpExec(/running (\w+) hook/, message)?.[1] ?? '') ?? 'outside';
  return failureType === 'testCodeFailure' ? 'load' : undefined;
}

function nameOf(test: NodeTest): TestName {
  const titles: string[] = [];
  for (let at: NodeTest | null = test; at?.parent; at = at.parent) arrayUnshift(titles, at.name);
  return { file: test.loc?.file ?? argv[1] ?? '', titles };
}

function enterFor(host: HookHost, resource: NodeTest, scope: RunningTest['scope']): void {
  const { recorder } = host;
  inside(resource, () => {
    const before = recorder.enterScope(scope);
    const symbol = contextSymbol(resource);
    const sample = new AsyncResource('Test', { requireManualDestroy: true });
    const frame: unknown = symbol && reflectGet(sample, symbol);
    // Node asks the resource itself, which has it now.
    if (symbol === undefined || frame === undefined) return;
    reflectSet(resource, symbol, frame);
    recorder.enterScope(before);
  });
}

function inside(resource: AsyncResourceClass, step: () => void): void {
  apply(runInAsyncScope, resource, [step]);
}
