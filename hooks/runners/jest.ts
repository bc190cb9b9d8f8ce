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
      path: '^build/index\\.js$',
      rules: [
        { function: ['Runtime.constructor'], first: '__handit__.jestRuntime($2,$7)' },
        // The classes since 30.5 stand in the place of methods.
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
      path: '^build/(index|testWorker|runTest)\\.js$',
      contains: 'function runTestInternal(',
      rules: [{ function: ['runTestInternal'], failed: '__handit__.jestFailed($1,$0)' }],
    },
    {
      package: 'jest-circus',
      path: '^build/(index|jestAdapterInit)\\.js$',
      version: '^30',
      rules: Object.values(CIRCUS),
    },
    { package: 'jest-circus', path: '^build/state\\.js$', rules: [CIRCUS.dispatch] },
    { package: 'jest-circus', path: '^build/utils\\.js$', rules: [CIRCUS.call, CIRCUS.result] },
    {
      package: 'jest-circus',
      path: '^build/run\\.js$',
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

/** What jest-circus tells of the tests of one file. */
function circusProbes(host: HookHost, file: string, guarded: Guard): Record<string, (...args: never[]) => unknown> {
  if (file === '')
    return {
      ...{ circusEvent: nothing, circusHook: nothing, circusCall: () => NO_CALL },
      ...{ circusConcurrent: nothing, circusResult: nothing },
    };
  const running = new SafeWeakMap<CircusTest, RunningTest>();
  /** How often a test was tried. */
  const tries = new SafeWeakMap<CircusTest, number>();
  /** The test that the hooks with that context belong to. */
  const testOf = new SafeWeakMap<object, CircusTest>();
  /** By the error, which circus passes on to tests and to the result of the file. */
  const hookFailures = new SafeMap<unknown, HookFailure>();
  const passed = new SafeSet<CircusTest>();

  function runningTest(test: CircusTest): RunningTest {
    let known = running.get(test);
    if (!known) {
      const attempt = (tries.get(test) ?? 0) + 1;
      tries.set(test, attempt);
      running.set(test, (known = host.tests.begin({ file, titles: titlesOf(test), attempt })));
    }
    return known;
  }

  function end(test: CircusTest, outcome: 'passed' | 'failed' | 'skipped' | 'todo'): void {
    const error = errorIn(test.errors?.[0]);
    const failure = outcome === 'failed' ? { error, phase: hookFailures.get(error)?.phase } : {};
    runningTest(test).end(outcome, failure);
    if (outcome === 'passed') passed.add(test);
    // Tried once more it is another one.
    running.delete(test);
  }

  return {
    circusEvent: guarded(({ name, test, hook, error }: CircusEvent) => {
      const phase = name === 'hook_failure' && hook ? hookPhase(hook.type) : undefined;
      if (phase) hookFailures.set(error, { phase, titles: hook?.parent ? titlesOf(hook.parent) : [] });
      if (!test) return;
      if (name === 'test_start') runningTest(test);
      else if (name === 'test_skip') end(test, 'skipped');
      else if (name === 'test_todo') end(test, 'todo');
      else if (name === 'test_done') end(test, test.errors?.length ? 'failed' : 'passed');
    }, undefined),
    circusHook: guarded((test: CircusTest | undefined, context: object) => {
      if (test) testOf.set(context, test);
    }, undefined),
    circusCall: guarded((callee: CircusTest, context: object): CallHandle => {
      const test = callee.type === 'test' ? callee : testOf.get(context);
      const leave = test && running.get(test)?.enter();
      return leave ? { leave } : NO_CALL;
    }, NO_CALL),
    circusResult: guarded((errors: readonly unknown[]) => {
      // What was left running may fail a test that is over.
      passed.forEach((test) => {
        const late = test.errors?.[0];
        if (late !== undefined) host.tests.failed({ file, titles: titlesOf(test) }, 'outside', errorIn(late));
      });
      passed.clear();
      // What it blames no test for: hooks after all tests, exceptions between tests.
      for (const entry of each(errors)) {
        const error = errorIn(entry);
        const { phase, titles } = hookFailures.get(error) ?? { phase: 'outside', titles: [] };
        host.tests.failed({ file, titles }, phase, error);
      }
    }, undefined),
    // Before 30 the functions of concurrent tests are called ahead of all else.
    circusConcurrent: guarded((tests: readonly CircusTest[]) => {
      for (const test of each(tests)) {
        const { fn } = test;
        if (typeof fn !== 'function') continue;
        test.fn = function (this: unknown, ...args) {
          const leave = runningTest(test).enter();
          try {
            return apply(fn, this, args);
          } finally {
            leave();
          }
        };
      }
    }, undefined),
  };
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
