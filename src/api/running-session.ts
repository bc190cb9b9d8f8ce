import { quote } from '../recorder/quote.js';
import type { Scope } from '../recorder/scope.js';
import type { ApiHost } from './host.js';
import type { SessionOptions } from './types.js';
import { stringSlice } from '../intrinsics.js';

/** Characters of a tag. */
const MAX_TAG = 1000;

/** A session from its first line to its last. After the first line, nothing here throws into the program. */
export class RunningSession {
  readonly scope: Scope;
  /** Fields of both lines. */
  private readonly common: string;
  private readonly t0: number;
  private ended = false;

  constructor(
    private readonly host: ApiHost,
    readonly id: string,
    { tag, attrs }: SessionOptions,
  ) {
    const { recorder, proc } = host;
    const { parent, scope: outer } = recorder.current();
    this.scope = recorder.scope({ labels: { session_id: id }, root: true });
    this.t0 = host.now();
    const shown = quote(tag.length > MAX_TAG ? stringSlice(tag, 0, MAX_TAG) : tag);
    this.common = `"proc":"${proc}","session_id":"${id}","parent":${parent === 0 ? 'null' : parent},"tag":${shown}`;
    const about = attrs === undefined ? '' : `,"attrs":${host.preview.value(attrs)}`;
    const within = labelsJson(outer) + host.otelJson();
    const start = `{"type":"session_start",${this.common}${about}${within},"t0_ns":${recorder.epoch(this.t0)}}\n`;
    recorder.raw(start, 0, { is: 'note', scope: this.scope });
  }

  end(): void {
    try {
      this.close(this.host.now(), '');
    } catch (own) {
      this.host.broken(own);
    }
  }

  fail(error: unknown): void {
    const { host } = this;
    try {
      this.close(host.now(), host.recorder.thrown(error).toJson(false));
    } catch (own) {
      host.broken(own);
    }
  }

  /** Ends with what the function returned: when that is a promise, the session lasts until it is settled. */
  endWith(result: unknown): void {
    const { host } = this;
    try {
      const watched = host.ends.watch(result, (end, time) => {
        if (end.state === 'fulfilled') this.close(time, '');
        else this.close(time, 'value' in end ? host.preview.error(end.value).toJson() : NOT_HANDLED);
      });
      if (!watched) this.close(host.now(), '');
    } catch (own) {
      host.broken(own);
    }
  }

  /** @param error JSON text of the record's `error`; empty: it ended well */
  private close(time: number, error: string): void {
    if (this.ended) return;
    this.ended = true;
    const { scope, common, t0 } = this;
    const { recorder } = this.host;
    recorder.closeRoot(scope, { failed: error !== '', durationNs: time - t0 });
    const why = error === '' ? '' : `,"error":${error}`;
    const times = `"t1_ns":${recorder.epoch(time)},"dt_ns":${time - t0}`;
    recorder.raw(`{"type":"session_end",${common},${times}${why}}\n`, 0, { is: 'ending', scope });
  }
}

/** What the session is in: another session, an agent, a test. */
function labelsJson(outer: Scope | null): string {
  const { session_id: outerId, agent, test, test_id: testId } = outer?.labels ?? {};
  return field('outer_session_id', outerId) + field('agent', agent) + field('test', test) + field('test_id', testId);
}

function field(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : `,"${name}":${typeof value === 'number' ? value : quote(value)}`;
}

const NOT_HANDLED = '{"name":"Unknown","message":"the promise was rejected, and nothing waited for it"}';
