import { quote } from '../../src/recorder/quote.js';
import type { Scope } from '../../src/recorder/scope.js';
import type { TestEnd } from '../../src/trace-format.js';
import { comparedBy, errorOf, stackOf } from './failure.js';
import type { Failure, HookHost, RunningTest, TestName, Tests } from './hook.js';
import { arrayJoin, arrayMap, each, stringSlice } from '../../src/intrinsics.js';

/** Characters of a test's name. */
const MAX_NAME = 2000;

type Host = Pick<HookHost, 'proc' | 'recorder' | 'now' | 'failureJson' | 'previewJson' | 'broken' | 'seen'>;

/** @param pathOf names a file as the trace does */
export function createTests(host: Host, pathOf: (file: string) => string): Tests {
  let lastId = 0;
  const begin = (name: TestName): RunningTest => new RecordedTest(host, ++lastId, name, pathOf(name.file));
  return {
    begin: (name) => guarded(host, () => begin(name), NOT_RECORDED),
    failed: (suite, phase, error) => guarded(host, () => begin(suite).end('failed', { phase, error }), undefined),
    compared: (error) => guarded(host, () => comparedJson(host, error), ''),
  };
}

class RecordedTest implements RunningTest {
  readonly scope: Scope;
  private readonly test: string;
  private readonly t0: number;
  private ended = false;

  constructor(
    private readonly host: Host,
    private readonly id: number,
    private readonly name: TestName,
    private readonly path: string,
  ) {
    this.test = stringSlice(arrayJoin([path, ...each(name.titles)], ' > '), 0, MAX_NAME);
    this.scope = host.recorder.scope({ parent: 0, labels: { test: this.test, test_id: id }, root: true });
    this.t0 = host.now();
  }

  enter(): () => void {
    const { host, scope } = this;
    const enter = (): (() => void) => {
      const leave = host.recorder.switchScope(scope);
      return () => guarded(host, leave, undefined);
    };
    return guarded(host, enter, nothing);
  }

  stay(): void {
    const { host, scope } = this;
    guarded(host, () => void host.recorder.enterScope(scope), undefined);
  }

  end(outcome: TestEnd['outcome'], failure: Failure = {}): void {
    const { host, scope } = this;
    const end = (): void => {
      if (this.ended) return;
      this.ended = true;
      host.recorder.closeRoot(scope, { failed: outcome === 'failed', durationNs: host.now() - this.t0 });
      this.write(outcome, failure);
    };
    guarded(host, end, undefined);
  }

  private write(outcome: TestEnd['outcome'], failure: Failure): void {
    const { host, id, test, scope, path, t0 } = this;
    const { titles, attempt = 1 } = this.name;
    const { proc, recorder } = host;
    host.seen();
    const t1 = host.now();
    const shown = arrayJoin(
      arrayMap(titles, (title) => quote(title)),
      ',',
    );
    const name = `"test_id":${id},"test":${quote(test)},"try":${attempt},"file":${quote(path)},"titles":[${shown}]`;
    const times = `"t1_ns":${recorder.epoch(t1)},"dt_ns":${t1 - t0}`;
    const phase = failure.phase === undefined ? '' : `,"phase":"${failure.phase}"`;
    const why = errorJson(host, failure) + phase;
    recorder.raw(`{"type":"test_end","proc":"${proc}",${name},"outcome":"${outcome}",${times}${why}}\n`, 0, {
      is: 'outcome',
      scope,
    });
  }
}

/** The `error` field, with a comma before it; empty where there is none. */
function errorJson(host: Host, failure: Failure): string {
  if (failure.error === undefined || failure.error === null) return '';
  const error = errorOf(failure.error);
  const json = host.failureJson(error, stackOf(error));
  return `,"error":${stringSlice(json, 0, -1)}${failure.compared ?? comparedJson(host, failure.error)}}`;
}

function comparedJson(host: Host, error: unknown): string {
  const sides = comparedBy(error);
  let text = '';
  for (const side of each(['expected', 'actual'] as const)) {
    const found = sides[side];
    if (found !== undefined) text += `,"${side}":${host.previewJson(found.value)}`;
  }
  return text;
}

function guarded<T>({ broken }: Host, step: () => T, otherwise: T): T {
  try {
    return step();
  } catch (error) {
    broken(error);
    return otherwise;
  }
}

const nothing = (): void => undefined;
const NOT_RECORDED: RunningTest = { enter: () => nothing, stay: nothing, scope: null, end: nothing };
