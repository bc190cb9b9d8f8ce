import { quote } from '../../src/recorder/quote.js';
import type { TestEnd } from '../../src/trace-format.js';
import { comparedBy, errorOf, stackOf } from './failure.js';
import type { Failure, HookHost, RunningTest, TestName, Tests } from './hook.js';
import { arrayJoin, arrayMap, each, stringSlice } from '../../src/intrinsics.js';

/** Characters of a test's name. */
const MAX_NAME = 2000;

type Host = Pick<HookHost, 'proc' | 'recorder' | 'now' | 'failureJson' | 'previewJson' | 'broken' | 'seen'>;

/** @param pathOf names a file as the trace does */
export function createTests(host: Host, pathOf: (file: string) => string): Tests {
  const { proc, recorder, now } = host;
  let lastId = 0;

  function guarded<T>(step: () => T, otherwise: T): T {
    try {
      return step();
    } catch (error) {
      host.broken(error);
      return otherwise;
    }
  }

  function begin({ file, titles, attempt = 1 }: TestName): RunningTest {
    const id = ++lastId;
    const path = pathOf(file);
    const test = stringSlice(arrayJoin([path, ...each(titles)], ' > '), 0, MAX_NAME);
    const scope = recorder.scope({ parent: 0, labels: { test, test_id: id }, root: true });
    const t0 = now();
    let ended = false;
    function write(outcome: TestEnd['outcome'], failure: Failure): void {
      host.seen();
      const t1 = now();
      const name = `"test_id":${id},"test":${quote(test)},"try":${attempt},"file":${quote(path)},"titles":[${arrayJoin(
        arrayMap(titles, (title) => quote(title)),
        ',',
      )}]`;
      const times = `"t1_ns":${recorder.epoch(t1)},"dt_ns":${t1 - t0}`;
      const phase = failure.phase === undefined ? '' : `,"phase":"${failure.phase}"`;
      recorder.raw(
        `{"type":"test_end","proc":"${proc}",${name},"outcome":"${outcome}",${times}${errorText(failure)}${phase}}\n`,
        0,
        { is: 'outcome', scope },
      );
    }
    return {
      scope,
      enter: () =>
        guarded(() => {
          const leave = recorder.switchScope(scope);
          return () => guarded(leave, undefined);
        }, nothing),
      stay: () => guarded(() => void recorder.enterScope(scope), undefined),
      end: (outcome, failure = {}) =>
        guarded(() => {
          if (ended) return;
          ended = true;
          recorder.closeRoot(scope, { failed: outcome === 'failed', durationNs: now() - t0 });
          write(outcome, failure);
        }, undefined),
    };
  }

  function compared(error: unknown): string {
    const sides = comparedBy(error);
    let text = '';
    for (const side of each(['expected', 'actual'] as const)) {
      const found = sides[side];
      if (found !== undefined) text += `,"${side}":${host.previewJson(found.value)}`;
    }
    return text;
  }

  function errorText(failure: Failure): string {
    if (failure.error === undefined || failure.error === null) return '';
    const error = errorOf(failure.error);
    const json = host.failureJson(error, stackOf(error));
    return `,"error":${stringSlice(json, 0, -1)}${failure.compared ?? compared(failure.error)}}`;
  }

  return {
    begin: (name) => guarded(() => begin(name), NOT_RECORDED),
    failed: (suite, phase, error) => guarded(() => begin(suite).end('failed', { phase, error }), undefined),
    compared: (error) => guarded(() => compared(error), ''),
  };
}

const nothing = (): void => undefined;
const NOT_RECORDED: RunningTest = { enter: () => nothing, stay: nothing, scope: null, end: nothing };
