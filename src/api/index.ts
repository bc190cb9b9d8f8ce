import { createCurrent } from './current.js';
import { createFlush } from './flush.js';
import type { ApiHost } from './host.js';
import { createSessions } from './session.js';
import { createTracing } from './tracing.js';
import type { Api } from './types.js';
import { apply } from '../intrinsics.js';

/** What a program may call, on the side of the agent. src/index.ts is what it imports. */
export function createApi(host: ApiHost): Api {
  const { trace } = createTracing(host);
  const { annotate, currentCall } = createCurrent(host);
  const guarded = <A extends unknown[], R>(step: (...args: A) => R, otherwise: (...args: A) => R) => {
    return (...args: A): R => {
      try {
        return apply(step, undefined, args);
      } catch (error) {
        host.broken(error);
        return apply(otherwise, undefined, args);
      }
    };
  };
  return {
    ...createSessions(host),
    ...createFlush(host),
    trace: guarded(trace, (_, target): unknown => target),
    annotate: guarded(annotate, () => undefined),
    currentCall: guarded(currentCall, () => null),
  };
}
