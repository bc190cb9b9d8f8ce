import type { Hook, RunningTest } from '../lib/hook.js';
import { createProbes } from '../lib/probes.js';

/** AVA 6 and later: each test with its `beforeEach` and `afterEach` hooks. */
export const avaHook: Hook = {
  name: 'ava',
  libraryFiles: [
    {
      package: 'ava',
      path: '^lib/test\\.js$',
      rules: [{ function: ['Test.callFn'], enter: '__handit__.avaCall(this)' }],
    },
    {
      package: 'ava',
      path: '^lib/runner\\.js$',
      rules: [
        { function: ['Runner.runTest'], first: '__handit__.avaTest(this,$1,$2)' },
        {
          function: ['Runner.runSingle'],
          first: 'const h$l=__handit__.avaRun()',
          pass: [{ call: 'this.onRunComplete', to: 'completed', count: 1 }],
        },
      ],
    },
  ],
  install(host) {
    /** By what a test has in common with its hooks. */
    const running = new WeakMap<object, RunningTest>();
    const nothing = { leave: (): void => undefined };
    const probes = createProbes(host);
    probes.add(
      'avaTest',
      (runner: { file: string }, task: { title: string }, context: object) => {
        running.set(context, host.tests.begin({ file: runner.file, titles: [task.title] }));
      },
      undefined,
    );
    probes.add(
      'avaCall',
      ({ contextRef }: Runnable) => {
        const test = running.get(contextRef);
        return test ? { leave: test.enter() } : nothing;
      },
      nothing,
    );
    const completed = (runnable: Runnable): Runnable => {
      const { assertError, isHook, metadata } = runnable;
      // A hook that fails before the test is the end of it.
      if (isHook && !assertError) return runnable;
      const failed = Boolean(assertError) !== Boolean(metadata?.failing && !isHook);
      running.get(runnable.contextRef)?.end(failed ? 'failed' : 'passed', failed ? causeOf(assertError) : undefined);
      return runnable;
    };
    const guarded = (runnable: Runnable): Runnable => {
      try {
        return completed(runnable);
      } catch (error) {
        host.broken(error);
        return runnable;
      }
    };
    const same = (runnable: Runnable): Runnable => runnable;
    probes.add('avaRun', () => ({ completed: guarded }), { completed: same });
    return probes.stop;
  },
};

/** A test or a hook. */
interface Runnable {
  contextRef: object;
  isHook?: boolean;
  metadata?: { failing?: boolean };
  assertError?: unknown;
}

/** AVA wraps what a test has thrown. */
function causeOf(error: unknown): unknown {
  const { cause } = (error ?? {}) as { cause?: unknown };
  return cause ?? error;
}
