import * as paths from 'node:path';
import { hookPhase } from '../lib/failure.js';
import type { Failure, Hook, HookHost, RunningTest, TestName, TestPhase } from '../lib/hook.js';
import { createProbes } from '../lib/probes.js';
import { arrayUnshift, regExpTest, SafeWeakMap, SafeWeakSet, stringSlice } from '../../src/intrinsics.js';

/** Mocha 10 to 12: each test with its `beforeEach` and `afterEach` hooks, each attempt of a retried one by itself. */
export const mochaHook: Hook = {
  name: 'mocha',
  libraryFiles: [
    {
      package: 'mocha',
      path: 'lib/runnable.js',
      rules: [
        { function: ['callFn'], enter: '__handit__.mochaCall(self)' },
        { function: ['callFnAsync'], enter: '__handit__.mochaCall(self)' },
        { function: ['done'], enter: '__handit__.mochaDone(self,$1)' },
      ],
    },
    {
      package: 'mocha',
      path: 'lib/runner.js',
      rules: [
        {
          function: ['Runner.runTests'],
          first: 'const h$l=__handit__.mochaTests()',
          pass: [
            { call: 'self.emit', after: 'constants.EVENT_TEST_END', to: 'ended' },
            { call: 'self.emit', after: 'constants.EVENT_TEST_RETRY', to: 'retried' },
          ],
        },
        { function: ['Runner.fail'], first: '__handit__.mochaFails($1,$2,$3)' },
      ],
    },
    {
      package: 'mocha',
      path: 'lib/nodejs/esm-utils.*',
      rules: [
        {
          function: ['exports.loadFilesAsync'],
          first: 'const h$l=__handit__.mochaLoads()',
          pass: [{ call: 'preLoadFunc', to: 'loading', count: 1 }],
          failed: 'h$l.failed($0)',
        },
      ],
    },
  ],
  install(host) {
    const state: State = { running: new SafeWeakMap(), failures: new SafeWeakMap(), ended: new SafeWeakSet() };
    const probes = createProbes(host);
    probes.add('mochaCall', (runnable: Runnable) => ({ leave: enter(host, state, runnable) }), NOTHING);
    probes.add('mochaDone', (runnable: Runnable, error: unknown) => done(host, state, runnable, error), NOTHING);
    probes.add(
      'mochaFails',
      (runnable: Runnable, error: unknown, force: unknown) => fails(host, state, runnable, error, force === true),
      undefined,
    );
    probes.add('mochaLoads', () => loads(host), NO_FILES);
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
  running: SafeWeakMap<object, RunningTest>;
  /** What a test failed with; reporters make text of what was compared. */
  failures: SafeWeakMap<object, Failure>;
  /** Tests that have a line. */
  ended: SafeWeakSet<object>;
}

/** A test or a hook. */
interface Runnable {
  /** Absent: what mocha makes up for an exception between tests. */
  type?: 'test' | 'hook';
  title: string;
  state?: string;
  pending?: boolean;
  file?: string;
  parent?: Suite;
  originalTitle?: string;
  /** Of a test: how often it was tried before. */
  _currentRetry?: number;
  ctx?: { currentTest?: Runnable };
}

interface Suite {
  title: string;
  file?: string;
  root: boolean;
  pending?: boolean;
  parent?: Suite;
}

interface Files {
  loading(file: string): string;
  failed(error: unknown): unknown;
}

const { resolve } = paths;
const NO_FILES: Files = { loading: (file) => file, failed: (error) => error };

/** Whatever fails while a file is loaded ends the run: what it throws, a suite's function included. */
function loads({ tests }: HookHost): Files {
  let file = '';
  return {
    loading: (next) => (file = next),
    failed(error) {
      tests.failed({ file: resolve(file), titles: [] }, 'load', error);
      return error;
    },
  };
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
  return regExpTest(/^"(before|after) each" hook/, runnable.originalTitle ?? '')
    ? runnable.ctx?.currentTest
    : undefined;
}

function enter(host: HookHost, state: State, runnable: Runnable): () => void {
  const test = testOf(runnable);
  return test ? begun(host, state, test).enter() : outside(host);
}

function begun(host: HookHost, { running }: State, test: Runnable): RunningTest {
  let known = running.get(test);
  if (!known) {
    known = host.tests.begin({ ...nameOf(test), attempt: (test._currentRetry ?? 0) + 1 });
    running.set(test, known);
  }
  return known;
}

/** Of a test, else of the suite that a hook belongs to. */
function nameOf(runnable: Runnable): TestName {
  const titles = runnable.type === 'test' ? [runnable.title] : [];
  let { file } = runnable;
  for (let suite = runnable.parent; suite; suite = suite.parent) {
    if (!suite.root) arrayUnshift(titles, suite.title);
    file ??= suite.file;
  }
  return { file: file ?? '', titles };
}

/** What the runner does in between belongs to no test. */
function outside({ recorder }: HookHost): () => void {
  const before = recorder.enterScope(null);
  return () => void recorder.enterScope(before);
}

function done(host: HookHost, state: State, runnable: Runnable, error: unknown): { leave(): void } {
  const test = testOf(runnable);
  if (test && error && runnable.type === 'test') keep(host, state, test, error);
  return { leave: outside(host) };
}

/** The runner reports a failure: of a test, which an event ends; of a hook; of what ran between tests. */
function fails(host: HookHost, state: State, runnable: Runnable, error: unknown, force: boolean): undefined {
  const { tests } = host;
  const { type } = runnable;
  // The runner leaves it at that.
  if (!force && (runnable.pending || runnable.parent?.pending)) return;
  if (type === 'test') {
    if (state.ended.has(runnable)) tests.failed(nameOf(runnable), 'outside', error);
    else keep(host, state, runnable, error);
    return;
  }
  const phase = type === 'hook' ? hookPhase(stringSlice(runnable.originalTitle ?? '', 1)) : undefined;
  const test = testOf(runnable);
  // No event ends a test whose hook has failed before it.
  if (test && phase === 'before_each' && !state.ended.has(test)) {
    keep(host, state, test, error, phase);
    end(host, state, test, 'failed');
  } else tests.failed(nameOf(test ?? runnable), phase ?? 'outside', error);
}

/** The first counts. */
function keep({ tests }: HookHost, { failures }: State, test: Runnable, error: unknown, phase?: TestPhase): void {
  if (!failures.has(test)) failures.set(test, { error, phase, compared: tests.compared(error) });
}

function end(host: HookHost, state: State, test: Runnable, outcome: 'passed' | 'failed' | 'skipped'): void {
  state.ended.add(test);
  begun(host, state, test).end(outcome, outcome === 'failed' ? state.failures.get(test) : undefined);
}

function outcomeOf(test: Runnable): 'passed' | 'failed' | 'skipped' {
  if (test.state === 'failed') return 'failed';
  return test.pending || test.state === 'pending' ? 'skipped' : 'passed';
}
