import { useEffect, useMemo, useState } from 'preact/hooks';

/** Below so many calls it is there before a key is felt to wait. */
const SOON = 60_000;

/** What takes long is worked out after the view has been drawn: a key is seen to work at once. */
export function useLater<Value>(size: number, compute: () => Value, of: readonly unknown[]): Value | undefined {
  const isSoon = size < SOON;
  const [late, setLate] = useState<{ readonly of: readonly unknown[]; readonly value: Value }>();
  const soon = useMemo(() => (isSoon ? compute() : undefined), [...of, isSoon]);
  useEffect(() => {
    if (isSoon) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setLate({ of, value: compute() }), 0);
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [...of, isSoon]);
  return isSoon ? soon : late?.of.every((one, index) => one === of[index]) ? late.value : undefined;
}
