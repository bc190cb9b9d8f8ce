import { utf8Text } from '../intrinsics.js';
import type { ApiHost } from './host.js';
import type { CurrentCall } from './types.js';

export function createCurrent(host: ApiHost) {
  const { recorder, preview, proc } = host;

  return {
    annotate(data: unknown): void {
      host.seen();
      const { parent, scope } = recorder.current();
      recorder.raw(
        `{"type":"annotation","proc":"${proc}","id":${parent === 0 ? 'null' : parent},` +
          `"ts_ns":${recorder.epoch(host.now())},"data":${preview.value(data)}${scope === null ? '' : utf8Text(scope.json)}}\n`,
        0,
        { is: 'detail', scope },
      );
    },

    currentCall(): CurrentCall | null {
      const { parent, scope } = recorder.current();
      const labels = scope?.labels ?? {};
      if (parent === 0 && labels.session_id === undefined) return null;
      const call: CurrentCall = { proc, id: parent === 0 ? null : parent, ...labels };
      if (scope?.trace) call.trace_id = scope.trace.traceId;
      return call;
    },
  };
}
