import type { Hook, HookHost, RunningTest } from '../lib/hook.js';
import { createProbes } from '../lib/probes.js';

/** Mocha 10 to 12: each test with its `beforeEach` and `afterEach` hooks, each attempt of a retried one by itself. */
export const mochaHook: Hook = {
  name: 'mocha',
  libraryFiles: [
    {
      package: 'mocha',
      path: '^lib/runnable\\.js$',
      rules: [
        { function: ['callFn'], enter: '__handit__.mochaCall(self)' },
        { function: ['callFnAsync'], enter: '__handit__.mochaCall(self)' },
        { function: ['done'], enter: '__handit__.mochaDone(self,$1)' },
      ],
    },
    {
      package: 'mocha',
      path: '^lib/runner\\.js$',
      rules: [
        {
          function: ['Runner.runTests'],
          first: 'const h$l=__handit__.mochaTests()',
          pass: [
            { call: 'self.emit', after: 'constants.EVENT_TEST_END', to: 'ended' },
            { call: 'self.emit', after: 'constants.EVENT_TEST_RETRY', to: 'retried' },
          ],
        },
      ],
    },
  ],
  install(host) {
    const state: State = { running: new WeakMap(), errors: new WeakMap() };
    const probes = createProbes(host);
    probes.add('mochaCall', (runnable: Runnable) => ({ leave: enter(host, state, runnable) }), NOTHING);
    probes.add('mochaDone', (runnable: Runnable, error: unknown) => done(host, state, runnable, error), NOTHING);
    const events = { ended: same, retried: same };
    probes.add(
      'mochaTests',
      () => ({
        ended: guarded(host, (test) => end(host, state, test, outcomeOf(test))),
        retried: guarded(host, (test) => end(host, state, test, 'failed')),
      }),
      events,
    );
    return probes.stop;
  },
};

interface State {
  running: WeakMap<object, RunningTest>;
  /** What a test failed with. */
  errors: WeakMap<object, unknown>;
}

/** A test or a hook. */
interface Runnable {
  type: 'test' | 'hook';
  title: string;
  state?: string;
  pending?: boolean;
  file?: string;
  parent?: Suite;
  originalTitle?: string;
  ctx?: { currentTest?: Runnable };
}

interface Suite {
  title: string;
  file?: string;
  root: boolean;
  parent?: Suite;
}

const NOTHING = { leave: (): void => undefined };
const same = (test: Runnable): Runnable => test;

function guarded(host: HookHost, step: (test: Runnable) => void): (test: Runnable) => Runnable {
  return (test) => {
    try {
      step(test);
    } catch (error) {
      host.broken(error);
    }
    return test;
  };
}

/** The test for which this runs; hooks around a whole suite have none. */
function testOf(runnable: Runnable): Runnable | undefined {
  if (runnable.type === 'test') return runnable;
  return /^"(before|after) each" hook/.test(runnable.originalTitle ?? '') ? runnable.ctx?.currentTest : undefined;
}

function enter(host: HookHost, state: State, runnable: Runnable): () => void {
  const test = testOf(runnable);
  return test ? begun(host, state, test).enter() : outside(host);
}

function begun(host: HookHost, { running }: State, test: Runnable): RunningTest {
  let known = running.get(test);
  if (!known) {
    const titles = [test.title];
    let file = test.file;
    for (let suite = test.parent; suite; suite = suite.parent) {
      if (!suite.root) titles.unshift(suite.title);
      file ??= suite.file;
    }
    known = host.tests.begin({ file: file ?? '', titles });
    running.set(test, known);
  }
  return known;
}

/** What the runner does in between belongs to no test. */
function outside({ recorder }: HookHost): () => void {
  const before = recorder.enterScope(null);
  return () => void recorder.enterScope(before);
}

function done(host: HookHost, state: State, runnable: Runnable, error: unknown): { leave(): void } {
  const test = testOf(runnable);
  if (test && error) {
    state.errors.set(test, error);
    // No event ends a test whose hook has failed.
    if (runnable.type === 'hook') end(host, state, test, 'failed');
  }
  return { leave: outside(host) };
}

function end(host: HookHost, state: State, test: Runnable, outcome: 'passed' | 'failed' | 'skipped'): void {
  begun(host, state, test).end(outcome, outcome === 'failed' ? state.errors.get(test) : undefined);
}

function outcomeOf(test: Runnable): 'passed' | 'failed' | 'skipped' {
  if (test.state === 'failed') return 'failed';
  return test.pending || test.state === 'pending' ? 'skipped' : 'passed';
}
