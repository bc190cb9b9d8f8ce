import { quote } from '../../src/recorder/quote.js';
import type { HookHost, RunningTest, TestName, Tests } from './hook.js';

/** Characters of a test's name. */
const MAX_NAME = 2000;

type Host = Pick<HookHost, 'proc' | 'recorder' | 'now' | 'errorJson' | 'broken' | 'seen'>;

/** @param pathOf names a file as the trace does */
export function createTests(host: Host, pathOf: (file: string) => string): Tests {
  const { proc, recorder, now } = host;

  function begin({ file, titles }: TestName): RunningTest {
    const path = pathOf(file);
    const test = [path, ...titles].join(' > ').slice(0, MAX_NAME);
    const scope = recorder.scope({ parent: 0, labels: { test }, root: true });
    const t0 = now();
    const guarded = <T>(step: () => T, otherwise: T): T => {
      try {
        return step();
      } catch (error) {
        host.broken(error);
        return otherwise;
      }
    };
    let ended = false;
    return {
      scope,
      enter: () =>
        guarded(() => {
          const leave = recorder.switchScope(scope);
          return () => guarded(leave, undefined);
        }, nothing),
      stay: () => guarded(() => void recorder.enterScope(scope), undefined),
      end: (outcome, error) =>
        guarded(() => {
          if (ended) return;
          ended = true;
          recorder.closeRoot(scope);
          host.seen();
          const t1 = now();
          const why = error === undefined || error === null ? '' : `,"error":${host.errorJson(error, false)}`;
          const name = `"test":${quote(test)},"file":${quote(path)},"titles":[${titles.map((title) => quote(title)).join(',')}]`;
          recorder.raw(
            `{"type":"test_end","proc":"${proc}",${name},"outcome":"${outcome}","t1_ns":${recorder.epoch(t1)},"dt_ns":${t1 - t0}${why}}\n`,
          );
        }, undefined),
    };
  }

  return {
    begin(name) {
      try {
        return begin(name);
      } catch (error) {
        host.broken(error);
        return NOT_RECORDED;
      }
    },
  };
}

const nothing = (): void => undefined;
const NOT_RECORDED: RunningTest = { enter: () => nothing, stay: nothing, scope: null, end: nothing };
