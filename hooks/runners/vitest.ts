import type { Failure, Hook, HookHost, RunningTest } from '../lib/hook.js';
import { hookPhase } from '../lib/failure.js';
import { createProbes } from '../lib/probes.js';
import { arrayUnshift, each, regExpTest, SafeWeakMap, String, stringEndsWith } from '../../src/intrinsics.js';

/** The functions of vitest's runner that all of its versions have. */
const RUNNER = {
  contains: 'function updateTask(',
  rules: [
    { function: ['updateTask'], first: '__handit__.vitestEvent($1,$2)' },
    { function: ['failTask'], first: '__handit__.vitestFailed($1,$2)' },
    // The first thing of an attempt: `callAroundEachHooks` since 4.1, before that the hooks of the test's own suite.
    { function: ['callAroundEachHooks', 'callSuiteHook'], first: '__handit__.vitestAttempt($1,$2,$3)' },
    { function: ['callSuiteHook'], failed: '__handit__.vitestHook($3,$0)' },
  ],
} as const;

/**
 * vitest, 3 to 5: each attempt of a test is a root context. (What vitest runs is rewritten by the hook of Vite; what it
 * reads by itself for its vm pools, here.)
 */
export const vitestHook: Hook = {
  name: 'vitest',
  libraryFiles: [
    { package: '@vitest/runner', path: 'dist/*.js', ...RUNNER },
    { package: 'vitest', path: 'dist/chunks/*.js', ...RUNNER },
    {
      package: 'vitest',
      path: 'dist/chunks/*.js',
      contains: 'function listenForErrors(',
      rules: [{ function: ['catchError'], first: '__handit__.vitestUncaught($1,state())' }],
    },
    {
      package: 'vitest',
      path: 'dist/chunks/*.js',
      contains: 'class FileMap ',
      rules: ['FileMap.readFile', 'FileMap.readFileAsync'].map((name) => ({
        function: [name],
        returns: '__handit__.vitestFile($1,$0)',
      })),
    },
  ],
  install(host) {
    const probes = createProbes(host);
    const attempts = new SafeWeakMap<Task, Attempt>();
    const failures = new SafeWeakMap<object, Failure>();
    const state: State = { host, attempts, failures, tries: new SafeWeakMap(), hookFailure: {} };
    probes.add('vitestEvent', (event: string, task: Task) => happened(state, event, task), undefined);
    probes.add('vitestFailed', (result: object, error: unknown) => fails(state, result, error), undefined);
    // Passed on: it is about to be caught.
    host.probe('vitestHook', (name: unknown, error: unknown) => {
      const phase = hookPhase(String(name));
      if (phase) state.hookFailure = { error, phase };
      return error;
    });
    probes.add(
      'vitestUncaught',
      (error: unknown, { filepath = '' }: { filepath?: string }) =>
        host.tests.failed({ file: filepath, titles: [] }, 'outside', error),
      undefined,
    );
    probes.add('vitestAttempt', (suite: Task, test: Task, what: unknown) => tries(state, suite, test, what), undefined);
    host.probe('vitestFile', (path: string, text: string) => reads(host, path, text));
    return probes.stop;
  },
};

/** What is read of vitest's tasks. */
interface Task {
  type: string;
  name: string;
  mode: string;
  filepath?: string;
  suite?: Task;
  file: Task;
  tasks?: Task[];
  result?: { state?: string; errors?: readonly unknown[] };
}

interface Attempt {
  test: RunningTest;
  /** Its functions are being called. */
  begun: boolean;
  over: boolean;
}

interface State {
  host: HookHost;
  attempts: SafeWeakMap<Task, Attempt>;
  /** What was thrown first, by the result that it made fail. */
  failures: SafeWeakMap<object, Failure>;
  /** How often a test was tried. */
  tries: SafeWeakMap<Task, number>;
  /** What a hook has thrown last. */
  hookFailure: Failure;
}

function fails({ host, failures, hookFailure }: State, result: object, error: unknown): undefined {
  if (failures.has(result)) return;
  const phase = hookFailure.error === error ? hookFailure.phase : undefined;
  // vitest is about to make text of what was compared.
  failures.set(result, { error, phase, compared: host.tests.compared(error) });
}

function happened(state: State, event: string, task: Task): undefined {
  if (task.type === 'suite') {
    // Tests of a suite that is left out are not heard of.
    if (event === 'suite-finished' && task.mode !== 'run') leaveOut(state, task);
    if (event === 'suite-finished' || event === 'suite-failed-early') {
      suiteEnds(state, event, task);
      // After the last file vitest ends its workers, by a signal or from outside.
      if (task.filepath !== undefined) state.host.flush();
    }
    return;
  }
  const attempt = state.attempts.get(task);
  if (event === 'test-prepare' && !attempt) begin(state, task);
  else if (event === 'test-retried') {
    // Also told when there is no attempt left, and the outcome may still be turned round.
    if (task.result?.state === 'run') end(state, task, attempt);
  } else if (event === 'test-finished' || event === 'test-failed-early' || event === 'test-cancel') {
    end(state, task, attempt ?? begin(state, task));
  }
}

function tries(state: State, suite: Task, test: Task, what: unknown): undefined {
  if (typeof what === 'string' && (what !== 'beforeEach' || suite !== (test.suite ?? test.file))) return;
  const before = state.attempts.get(test);
  const attempt = before && !before.begun ? before : begin(state, test);
  if (before !== attempt) end(state, test, before);
  attempt.begun = true;
}

/** The runner's function is asynchronous, and stays in the test's scope up to its end. */
function begin({ host, attempts, tries }: State, task: Task): Attempt {
  const count = (tries.get(task) ?? 0) + 1;
  tries.set(task, count);
  const test = host.tests.begin({ file: task.file.filepath ?? '', titles: titlesOf(task), attempt: count });
  const attempt = { test, begun: false, over: false };
  attempts.set(task, attempt);
  if (task.mode === 'run' || task.mode === 'queued') test.stay();
  return attempt;
}

function end(state: State, task: Task, attempt: Attempt | undefined): void {
  if (!attempt || attempt.over) return;
  attempt.over = true;
  const { result, mode } = task;
  const failure = failureOf(state, task);
  if (mode === 'todo') return attempt.test.end('todo');
  if (mode === 'skip' || result?.state === 'skip') return attempt.test.end('skipped');
  // A test that is repeated runs on.
  const passed = result?.state === 'pass' || (result?.state === 'run' && failure.error === undefined);
  if (passed) return attempt.test.end('passed');
  attempt.test.end('failed', failure);
}

/** Some of vitest's own errors come as fields alone. */
function failureOf({ failures }: State, { result }: Task): Failure {
  const failure = result && failures.get(result);
  if (result) failures.delete(result);
  return failure ?? { error: result?.errors?.[0] };
}

/** A hook around all of its tests has failed, or its function, or the file could not be loaded. */
function suiteEnds(state: State, event: string, task: Task): void {
  if (!task.result?.errors?.length) return;
  const { error, phase } = failureOf(state, task);
  const titles = task.filepath === undefined ? titlesOf(task) : [];
  const file = task.filepath ?? task.file.filepath ?? '';
  state.host.tests.failed({ file, titles }, phase ?? (event === 'suite-failed-early' ? 'load' : 'outside'), error);
}

function leaveOut(state: State, suite: Task): void {
  for (const task of each(suite.tasks ?? [])) {
    if (task.type === 'suite') leaveOut(state, task);
    else if (!state.attempts.has(task)) end(state, task, begin(state, task));
  }
}

function titlesOf(task: Task): string[] {
  const titles = [task.name];
  for (let { suite } = task; suite && suite.filepath === undefined; { suite } = suite) arrayUnshift(titles, suite.name);
  return titles;
}

// -------------------------------------------------------------------- vm pools

/** vitest reads and compiles what is loaded into its contexts. */
function reads(host: HookHost, path: string, text: string): string {
  if (typeof text !== 'string' || !regExpTest(/\.[cm]?js$/, path)) return text;
  const kind = stringEndsWith(path, '.mjs') ? 'module' : stringEndsWith(path, '.cjs') ? 'commonjs' : 'unambiguous';
  return host.runners.rewrite({ filename: path, code: text, kind })?.code ?? text;
}
