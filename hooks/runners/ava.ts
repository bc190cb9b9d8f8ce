import type { Failure, Hook, HookHost, RunningTest } from '../lib/hook.js';
import { hookPhase } from '../lib/failure.js';
import { createProbes } from '../lib/probes.js';
import {
  arrayConcat,
  arrayFilter,
  arrayFlat,
  arrayJoin,
  arrayMap,
  isArray,
  SafeWeakMap,
  SafeWeakSet,
  stringReplace,
} from '../../src/intrinsics.js';

/** AVA 6 and later: each test with its `beforeEach` and `afterEach` hooks. */
export const avaHook: Hook = {
  name: 'ava',
  libraryFiles: [
    {
      package: 'ava',
      path: 'lib/test.js',
      rules: [{ function: ['Test.callFn'], enter: '__handit__.avaCall(this)' }],
    },
    {
      package: 'ava',
      path: 'lib/runner.js',
      rules: [
        { function: ['Runner.runTest'], first: '__handit__.avaTest(this,$1,$2)' },
        {
          function: ['Runner.runSingle'],
          first: 'const h$l=__handit__.avaRun(this)',
          pass: [{ call: 'this.onRunComplete', to: 'completed', count: 1 }],
        },
      ],
    },
    {
      package: 'ava',
      path: 'lib/worker/base.js',
      rules: [
        {
          function: ['run'],
          first: 'const h$l=__handit__.avaFile($1)',
          pass: [{ call: 'serializeError', to: 'fails' }],
        },
      ],
    },
  ],
  install(host) {
    const state: State = { host, running: new SafeWeakMap(), ended: new SafeWeakSet(), loaded: false };
    const nothing = { leave: (): void => undefined };
    const probes = createProbes(host);
    probes.add(
      'avaTest',
      (runner: TestRunner, task: { title: string }, context: object) => {
        state.loaded = true;
        const name = { file: runner.file, titles: [task.title] };
        state.running.set(context, { ...name, test: host.tests.begin(name) });
      },
      undefined,
    );
    probes.add(
      'avaCall',
      ({ contextRef }: Runnable) => {
        const known = state.running.get(contextRef);
        return known ? { leave: known.test.enter() } : nothing;
      },
      nothing,
    );
    const guarded =
      <T>(step: (value: T) => void) =>
      (value: T): T => {
        try {
          step(value);
        } catch (error) {
          host.broken(error);
        }
        return value;
      };
    const same = <T>(value: T): T => value;
    probes.add(
      'avaRun',
      (runner: TestRunner) => ({ completed: guarded((runnable: Runnable) => completed(state, runner, runnable)) }),
      { completed: same },
    );
    // AVA ends the file with all that it says so of: what it throws as it is loaded, exceptions, rejections.
    probes.add(
      'avaFile',
      ({ file }: TestRunner) => ({
        fails: guarded((error: unknown) =>
          host.tests.failed({ file, titles: [] }, state.loaded ? 'outside' : 'load', error),
        ),
      }),
      { fails: same },
    );
    return probes.stop;
  },
};

interface State {
  host: HookHost;
  /** By what a test has in common with its hooks. */
  running: SafeWeakMap<object, Known>;
  ended: SafeWeakSet<Known>;
  /** A test of the file has begun. */
  loaded: boolean;
}

interface Known {
  file: string;
  titles: string[];
  test: RunningTest;
}

interface TestRunner {
  file: string;
}

/** A test or a hook. */
interface Runnable {
  contextRef: object;
  isHook?: boolean;
  metadata?: { failing?: boolean; type?: string };
  assertError?: unknown;
}

function completed(state: State, { file }: TestRunner, runnable: Runnable): void {
  const { host, running, ended } = state;
  const { assertError, isHook, metadata } = runnable;
  // A hook that fails before the test is the end of it.
  if (isHook && !assertError) return;
  const failed = !assertError !== !(metadata?.failing && !isHook);
  const failure: Failure = failed && assertError ? { error: causeOf(assertError) } : {};
  const known = running.get(runnable.contextRef);
  const phase = isHook ? hookPhase(metadata?.type ?? '') : undefined;
  if (known && !ended.has(known)) {
    ended.add(known);
    known.test.end(failed ? 'failed' : 'passed', { ...failure, phase });
  } else if (phase) host.tests.failed(known ?? { file, titles: [] }, phase, failure.error);
}

interface Assertion {
  message?: string;
  cause?: unknown;
  assertion?: unknown;
  assertionStack?: unknown;
  formattedDetails?: { label?: string; formatted?: string }[];
}

/** AVA wraps what a test has thrown, and keeps what its own assertions have to say beside their message. */
function causeOf(error: unknown): unknown {
  const { message, cause, assertion, assertionStack, formattedDetails } = (error ?? {}) as Assertion;
  if (cause !== undefined) return cause;
  if (typeof assertion !== 'string' || !isArray(formattedDetails)) return error;
  const details = arrayFlat(arrayMap(formattedDetails, ({ label, formatted }) => [label, formatted]));
  const lines = arrayFilter(
    arrayConcat<unknown>([assertion, message], details),
    (line) => typeof line === 'string' && line !== '',
  );
  const text = stringReplace(arrayJoin(lines, '\n'), COLOR, '');
  const stack = typeof assertionStack === 'string' ? assertionStack : undefined;
  return { name: 'AssertionError', message: text, stack: stack ?? '' };
}

// eslint-disable-next-line no-control-regex -- what terminals take for colors
const COLOR = /\u001B\[[\d;]*m/g;
