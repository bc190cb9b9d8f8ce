import type { FunctionEntry } from '../recorder/function-table.js';
import { callSite } from './call-site.js';
import { passOn, type ApiHost } from './host.js';
import { RunningSession } from './running-session.js';
import { notRecorded, sessionObject } from './session-object.js';
import type { Session, SessionOptions } from './types.js';
import { regExpExec, regExpTest } from '../intrinsics.js';

export function createSessions(host: ApiHost) {
  const { recorder, proc } = host;
  let count = 0;

  function begin(options: SessionOptions): RunningSession | undefined {
    try {
      host.seen();
      return new RunningSession(host, `${proc}-${++count}`, options);
    } catch (error) {
      host.broken(error);
      return undefined;
    }
  }

  return {
    session<T>(options: SessionOptions, fn: () => T): T {
      const running = begin(options);
      if (running === undefined) return fn();
      const before = recorder.pushScope(running.scope);
      let result: T;
      try {
        result = fn();
      } catch (error) {
        recorder.popScope(before);
        running.fail(error);
        throw passOn(error, 'node-do-not-add-exception-line');
      }
      recorder.popScope(before);
      running.endWith(result);
      return result;
    },

    openSession(options: SessionOptions): Session {
      const running = begin(options);
      if (running === undefined) return notRecorded(options.tag);
      let leave: (() => void) | null = recorder.stayInScope(running.scope, isCaller);
      const end = (error?: unknown): void => {
        if (leave === null) return;
        leave();
        leave = null;
        if (error === undefined) running.end();
        else running.fail(error);
      };
      return sessionObject(running.id, options.tag, end);
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
