import * as fs from 'node:fs';
import type { Hook, HookHost, LibraryFile, RunnerCode, RunningTest, TestPhase } from '../lib/hook.js';
import { hookPhase } from '../lib/failure.js';
import { createProbes } from '../lib/probes.js';
import {
  apply,
  arrayConcat,
  arrayFind,
  arrayForEach,
  arrayUnshift,
  each,
  isArray,
  isMap,
  mapGet,
  mapSet,
  objectKeys,
  SafeMap,
  SafeSet,
  SafeWeakMap,
  String,
  stringEndsWith,
} from '../../src/intrinsics.js';

const CIRCUS: Record<'dispatch' | 'hook' | 'call' | 'result', LibraryFile['rules'][number]> = {
  dispatch: { function: ['dispatch'], first: '__handit__.circusEvent($1)' },
  hook: { function: ['_callCircusHook'], first: '__handit__.circusHook($1{test},$1{testContext})' },
  call: { function: ['callAsyncCircusFn'], enter: '__handit__.circusCall($1,$2)' },
  result: { function: ['makeRunResult'], first: '__handit__.circusResult($2)' },
};
const ALL_OF_CIRCUS = Object.values(CIRCUS);

/**
 * jest 29 and 30. It loads, compiles and maps the modules of tests by itself, in a realm for each test file: what its
 * transformers and their coverage have made is rewritten as the last step, so that neither its cache nor its coverage
 * knows. Tests are told by the events of jest-circus, which runs in that realm.
 */
export const jestHook: Hook = {
  name: 'jest',
  libraryFiles: [
    {
      package: 'jest-runtime',
      path: 'build/index.js',
      rules: [
        { function: ['Runtime.constructor'], first: '__handit__.jestRuntime($2,$7)' },
        // The classes since 30.5 replace methods.
        {
          function: ['TransformCache.transform', 'Runtime.transformFile'],
          returns: '__handit__.jestCode(this,$1,$2,$0)',
        },
        {
          function: ['TransformCache.transformAsync', 'Runtime.transformFileAsync'],
          returns: '__handit__.jestCode(this,$1,$2,$0)',
        },
      ],
    },
    {
      package: 'jest-runner',
      path: 'build/*.js',
      contains: 'function runTestInternal(',
      rules: [{ function: ['runTestInternal'], failed: '__handit__.jestFailed($1,$0)' }],
    },
    ...['build/index.js', 'build/jestAdapterInit.js'].map((path) => ({
      ...{ package: 'jest-circus', path, version: '^30' },
      rules: ALL_OF_CIRCUS,
    })),
    { package: 'jest-circus', path: 'build/state.js', rules: [CIRCUS.dispatch] },
    { package: 'jest-circus', path: 'build/utils.js', rules: [CIRCUS.call, CIRCUS.result] },
    {
      package: 'jest-circus',
      path: 'build/run.js',
      rules: [
        CIRCUS.hook,
        { function: ['startTestsConcurrently'], first: '__handit__.circusConcurrent($1)', optional: true },
      ],
    },
  ],
  install(host) {
    const probes = createProbes(host);
    const modules = createModules(host);
    probes.add(
      'jestRuntime',
      (environment: { global?: typeof globalThis }, file: unknown) => {
        if (!environment.global || typeof file !== 'string') return;
        const guarded = guard(host);
        host.runners.enterRealm(environment.global, circusProbes(host, file, guarded));
      },
      undefined,
    );
    host.probe('jestCode', (registry: Registry, filename: unknown, options: unknown, code: unknown) => {
      try {
        return modules(registry, filename, options, code);
      } catch (error) {
        host.broken(error);
        return code;
      }
    });
    host.probe('jestFailed', (file: unknown, error: unknown) => {
      host.tests.failed({ file: String(file), titles: [] }, 'load', error);
      return error;
    });
    // Of a jest-circus that is loaded outside of a test file's realm.
    const outside = circusProbes(host, '', guard(host));
    arrayForEach(objectKeys(outside), (name) => host.probe(name, outside[name]));
    return probes.stop;
  },
};

const { readFileSync } = fs;

type Guard = <A extends unknown[], R>(step: (...args: A) => R, otherwise: R) => (...args: A) => R;

function guard(host: Pick<HookHost, 'broken'>): Guard {
  return (step, otherwise) =>
    (...args) => {
      try {
        return apply(step, undefined, args);
      } catch (error) {
        host.broken(error);
        return otherwise;
      }
    };
}

// ------------------------------------------------------------------ modules

/** What keeps the names of source map files: a Runtime, or a part of one. */
interface Registry {
  sourceMaps?: unknown;
  _sourceMapRegistry?: unknown;
  _fileTransforms?: ReadonlyMap<string, { wrapperLength?: number }>;
}

interface TransformOptions {
  isInternalModule?: boolean;
  supportsStaticESM?: boolean;
}

interface Known {
  source: string;
  kind: 'module' | 'commonjs';
  code: RunnerCode | null;
}

function createModules(
  host: HookHost,
): (registry: Registry, filename: unknown, options: unknown, code: unknown) => unknown {
  /** jest keeps what it has transformed for all test files of a process; so does this. */
  const known = new SafeMap<string, Known[]>();
  /** Ours, and jest's own in whose place they are. */
  const mapOf = new SafeMap<string, string | undefined>();

  return (registry, filename, given, source) => {
    if (typeof filename !== 'string' || typeof source !== 'string' || stringEndsWith(filename, '.json')) return source;
    const options = (given ?? {}) as TransformOptions;
    const kind = options.supportsStaticESM === true ? 'module' : 'commonjs';
    const maps = registry.sourceMaps ?? registry._sourceMapRegistry;
    const entries = known.get(filename) ?? [];
    let entry = arrayFind(entries, (one) => one.kind === kind && one.source === source);
    let own: string | undefined;
    if (isMap(maps)) {
      own = mapGet(maps, filename) as string | undefined;
      if (own !== undefined && mapOf.has(own)) own = mapOf.get(own);
    }
    if (!entry) {
      const { _fileTransforms: transforms } = registry;
      const transform = isMap(transforms)
        ? (mapGet(transforms, filename) as { wrapperLength?: number } | undefined)
        : undefined;
      const wrapper = transform?.wrapperLength;
      const code = host.runners.rewrite({ filename, code: source, kind, map: textOf(own), wrapper });
      entry = { source, kind, code };
      known.set(filename, arrayConcat(entries, [entry]));
    }
    if (entry.code === null) return source;
    const mapFile = entry.code.mapFile();
    if (mapFile !== null && isMap(maps)) {
      mapOf.set(mapFile, own);
      mapSet(maps, filename, mapFile);
    }
    return entry.code.code;
  };
}

/** jest names a file for each source that it has in its cache, also where there is none. */
function textOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

// -------------------------------------------------------------------- tests

interface CircusTest {
  type?: string;
  name: unknown;
  parent?: CircusTest;
  errors?: readonly unknown[];
  fn?: ((...args: unknown[]) => unknown) | null;
}

interface CircusEvent {
  name: string;
  test?: CircusTest;
  error?: unknown;
  hook?: { type: string; parent?: CircusTest };
}

/** Where a hook has failed. */
interface HookFailure {
  phase: TestPhase;
  /** The suite of the hook. */
  titles: string[];
}

interface CallHandle {
  leave(): void;
}

const NO_CALL: CallHandle = { leave: () => undefined };

/** What the edited files of jest-circus call. */
function circusProbes(host: HookHost, file: string, guarded: Guard): Record<string, (...args: never[]) => unknown> {
  if (file === '')
    return {
      ...{ circusEvent: nothing, circusHook: nothing, circusCall: () => NO_CALL },
      ...{ circusConcurrent: nothing, circusResult: nothing },
    };
  const tests = new CircusTests(host, file);
  return {
    circusEvent: guarded((event: CircusEvent) => tests.event(event), undefined),
    circusHook: guarded((test: CircusTest | undefined, context: object) => tests.hook(test, context), undefined),
    circusCall: guarded((callee: CircusTest, context: object) => tests.call(callee, context), NO_CALL),
    circusResult: guarded((errors: readonly unknown[]) => tests.result(errors), undefined),
    circusConcurrent: guarded((all: readonly CircusTest[]) => tests.concurrent(all), undefined),
  };
}

/** The tests of one file, by the events of jest-circus. */
class CircusTests {
  private readonly running = new SafeWeakMap<CircusTest, RunningTest>();
  /** How often a test was tried. */
  private readonly tries = new SafeWeakMap<CircusTest, number>();
  /** The test that the hooks with that context belong to. */
  private readonly testOf = new SafeWeakMap<object, CircusTest>();
  /** By the error, which circus passes on to tests and to the result of the file. */
  private readonly hookFailures = new SafeMap<unknown, HookFailure>();
  private readonly passed = new SafeSet<CircusTest>();

  constructor(
    private readonly host: HookHost,
    private readonly file: string,
  ) {}

  event({ name, test, hook, error }: CircusEvent): void {
    const phase = name === 'hook_failure' && hook ? hookPhase(hook.type) : undefined;
    if (phase) this.hookFailures.set(error, { phase, titles: hook?.parent ? titlesOf(hook.parent) : [] });
    if (!test) return;
    if (name === 'test_start') this.runningTest(test);
    else if (name === 'test_skip') this.end(test, 'skipped');
    else if (name === 'test_todo') this.end(test, 'todo');
    else if (name === 'test_done') this.end(test, test.errors?.length ? 'failed' : 'passed');
  }

  hook(test: CircusTest | undefined, context: object): void {
    if (test) this.testOf.set(context, test);
  }

  call(callee: CircusTest, context: object): CallHandle {
    const test = callee.type === 'test' ? callee : this.testOf.get(context);
    const leave = test && this.running.get(test)?.enter();
    return leave ? { leave } : NO_CALL;
  }

  result(errors: readonly unknown[]): void {
    const { host, file } = this;
    // What was left running may fail a test that is over.
    this.passed.forEach((test) => {
      const late = test.errors?.[0];
      if (late !== undefined) host.tests.failed({ file, titles: titlesOf(test) }, 'outside', errorIn(late));
    });
    this.passed.clear();
    // What it blames no test for: hooks after all tests, exceptions between tests.
    for (const entry of each(errors)) {
      const error = errorIn(entry);
      const { phase, titles } = this.hookFailures.get(error) ?? { phase: 'outside', titles: [] };
      host.tests.failed({ file, titles }, phase, error);
    }
  }

  /** Before 30 the functions of concurrent tests are called before everything else. */
  concurrent(tests: readonly CircusTest[]): void {
    const enter = (test: CircusTest): (() => void) => this.runningTest(test).enter();
    for (const test of each(tests)) {
      const { fn } = test;
      if (typeof fn !== 'function') continue;
      test.fn = function (this: unknown, ...args) {
        const leave = enter(test);
        try {
          return apply(fn, this, args);
        } finally {
          leave();
        }
      };
    }
  }

  private runningTest(test: CircusTest): RunningTest {
    let known = this.running.get(test);
    if (!known) {
      const attempt = (this.tries.get(test) ?? 0) + 1;
      this.tries.set(test, attempt);
      known = this.host.tests.begin({ file: this.file, titles: titlesOf(test), attempt });
      this.running.set(test, known);
    }
    return known;
  }

  private end(test: CircusTest, outcome: 'passed' | 'failed' | 'skipped' | 'todo'): void {
    const error = errorIn(test.errors?.[0]);
    const failure = outcome === 'failed' ? { error, phase: this.hookFailures.get(error)?.phase } : {};
    this.runningTest(test).end(outcome, failure);
    if (outcome === 'passed') this.passed.add(test);
    // When it is tried once more, that is another one.
    this.running.delete(test);
  }
}

const nothing = (): void => undefined;

/**
 * Of an error, or one with another that was made where the test was declared. Of a text, as of a time-out, only that has
 * a stack, and jest changes its message before it reads it.
 */
function errorIn(entry: unknown): unknown {
  return isArray(entry) ? ((entry as unknown[])[0] ?? (entry as unknown[])[1]) : entry;
}

function titlesOf(test: CircusTest): string[] {
  const titles: string[] = [];
  for (let block: CircusTest | undefined = test; block?.parent; block = block.parent)
    arrayUnshift(titles, String(block.name));
  return titles;
}
