import { quote } from '../recorder/quote.js';
import type { FunctionEntry } from '../recorder/function-table.js';
import type { Scope } from '../recorder/scope.js';
import { callSite } from './call-site.js';
import { passOn, type ApiHost } from './host.js';
import { notRecorded, sessionObject } from './session-object.js';
import type { Session, SessionOptions } from './types.js';
import { regExpExec, regExpTest, stringSlice } from '../intrinsics.js';

/** Characters of a tag. */
const MAX_TAG = 1000;

interface Begun {
  id: string;
  scope: Scope;
  /** @param error JSON text of the record's `error`; empty: it ended well */
  end(time: number, error: string): void;
}

export function createSessions(host: ApiHost) {
  const { recorder, preview, proc, now } = host;
  let count = 0;

  function begin({ tag, attrs }: SessionOptions): Begun {
    host.seen();
    const { parent, scope: outer } = recorder.current();
    const id = `${proc}-${++count}`;
    const scope = recorder.scope({ labels: { session_id: id }, root: true });
    const t0 = now();
    const shown = quote(tag.length > MAX_TAG ? stringSlice(tag, 0, MAX_TAG) : tag);
    const common = `"proc":"${proc}","session_id":"${id}","parent":${parent === 0 ? 'null' : parent},"tag":${shown}`;
    const { session_id: outerId, agent, test, test_id: testId } = outer?.labels ?? {};
    const within =
      field('outer_session_id', outerId) +
      field('agent', agent) +
      field('test', test) +
      field('test_id', testId) +
      host.otelJson();
    const about = attrs === undefined ? '' : `,"attrs":${preview.value(attrs)}`;
    recorder.raw(`{"type":"session_start",${common}${about}${within},"t0_ns":${recorder.epoch(t0)}}\n`, 0, {
      is: 'note',
      scope,
    });
    let ended = false;
    return {
      id,
      scope,
      end(time, error) {
        if (ended) return;
        ended = true;
        recorder.closeRoot(scope, { failed: error !== '', durationNs: time - t0 });
        const why = error === '' ? '' : `,"error":${error}`;
        const times = `"t1_ns":${recorder.epoch(time)},"dt_ns":${time - t0}`;
        recorder.raw(`{"type":"session_end",${common},${times}${why}}\n`, 0, { is: 'ending', scope });
      },
    };
  }

  function tryBegin(options: SessionOptions): Begun | undefined {
    try {
      return begin(options);
    } catch (error) {
      host.broken(error);
      return undefined;
    }
  }

  function failed(begun: Begun, error: unknown): void {
    try {
      begun.end(now(), recorder.thrown(error).toJson(false));
    } catch (own) {
      host.broken(own);
    }
  }

  /** What `fn` gave: when that is a promise, the session ends with it. */
  function returned(begun: Begun, result: unknown): void {
    try {
      const watched = host.ends.watch(result, (end, time) => {
        if (end.state === 'fulfilled') begun.end(time, '');
        else begun.end(time, 'value' in end ? preview.error(end.value).toJson() : NOT_HANDLED);
      });
      if (!watched) begun.end(now(), '');
    } catch (own) {
      host.broken(own);
    }
  }

  return {
    session<T>(options: SessionOptions, fn: () => T): T {
      const begun = tryBegin(options);
      if (begun === undefined) return fn();
      const before = recorder.pushScope(begun.scope);
      let result: T;
      try {
        result = fn();
      } catch (error) {
        recorder.popScope(before);
        failed(begun, error);
        throw passOn(error, 'node-do-not-add-exception-line');
      }
      recorder.popScope(before);
      returned(begun, result);
      return result;
    },

    openSession(options: SessionOptions): Session {
      const begun = tryBegin(options);
      if (begun === undefined) return notRecorded(options.tag);
      let leave: (() => void) | null = recorder.stayInScope(begun.scope, isCaller);
      function end(...reason: [error?: unknown]): void {
        if (leave === null) return;
        leave();
        leave = null;
        if (reason.length > 0 && reason[0] !== undefined) failed(begun!, reason[0]);
        else begun!.end(now(), '');
      }
      return sessionObject(begun.id, options.tag, end);
    },
  };
}

/** Where names say that another function runs than the one recorded last: that one was not rewritten. */
function isCaller({ name }: FunctionEntry): boolean {
  const recorded = regExpExec(/[^.\s#]*$/, name)![0];
  const site = callSite();
  const running = regExpExec(/[^.\s#]*$/, site?.name ?? '')![0];
  const known = /^[\w$]+$/;
  return !regExpTest(known, recorded) || !regExpTest(known, running) || recorded === running;
}

function field(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : `,"${name}":${typeof value === 'number' ? value : quote(value)}`;
}

const NOT_HANDLED = '{"name":"Unknown","message":"the promise was rejected, and nothing waited for it"}';
