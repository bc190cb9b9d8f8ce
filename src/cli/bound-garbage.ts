import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes: the engine collects less often with more, which saves a few percent of the time. */
const ENOUGH = 4e6;
let bounded = false;

/**
 * Whoever makes millions of short strings would hold 130 MB of new ones before the engine collects them (Node 24), and as
 * much of those that were in use at that moment. To be called now and then: once the young generation is large enough, it
 * grows no more, and the old one is collected when it has grown by 10 % (at least 8 MB).
 */
export function boundGarbage(): void {
  if (bounded) return;
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  if (young !== undefined && young.physical_space_size < ENOUGH) return;
  bounded = true;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=10');
}
