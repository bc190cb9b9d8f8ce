import { useEffect, useMemo, useState } from 'preact/hooks';
import { finished, type Steps } from '../reader/steps.js';
import { untilFree } from './until-free.js';

/** Below this number of calls, it is done before a user notices that a key waits. */
const SOON = 60_000;
/** Half of what a frame has. */
const SLICE_MS = 8;

/**
 * What takes long is worked out after the view has been drawn, in slices: the key that asked for it is seen to work at
 * once, and so is the next one.
 */
export function useLater<Value>(size: number, steps: () => Steps<Value>, of: readonly unknown[]): Value | undefined {
  const isSoon = size < SOON;
  const [late, setLate] = useState<{ readonly of: readonly unknown[]; readonly value: Value }>();
  const soon = useMemo(() => (isSoon ? finished(steps()) : undefined), [...of, isSoon]);
  useEffect(() => {
    if (isSoon) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => {
        void inSlices(
          steps(),
          () => stopped,
          (value) => setLate({ of, value }),
        );
      }, 0);
    });
    return () => {
      stopped = true;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [...of, isSoon]);
  return isSoon ? soon : late?.of.every((one, index) => one === of[index]) ? late.value : undefined;
}

async function inSlices<Value>(
  steps: Steps<Value>,
  stopped: () => boolean,
  end: (value: Value) => void,
): Promise<void> {
  let until = performance.now() + SLICE_MS;
  while (!stopped()) {
    const { done, value } = steps.next();
    if (done) {
      end(value);
      return;
    }
    if (performance.now() < until) continue;
    await untilFree();
    until = performance.now() + SLICE_MS;
  }
}
