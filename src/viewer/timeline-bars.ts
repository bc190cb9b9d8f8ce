import type { Lane, Lanes } from './timeline-lanes.js';

/** A rectangle of the chart; what is too small to be told apart is one. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly lane: Lane;
  /** The place in the lane of the first of them. */
  readonly item: number;
  readonly count: number;
  readonly failed: boolean;
}

/** Pixels: what is smaller is put together with what is beside it. */
const SMALL = 2;
/** Of such a bar, so that one can still be pointed at. */
const MOST_MERGED = 16;

/**
 * What is to be drawn between two moments. Each lane is searched and not walked through: a frame costs what it shows
 * and not what was recorded.
 */
export function barsOf({ all }: Lanes, from: number, to: number, width: number): Bar[] {
  const scale = width / (to - from);
  const bars: Bar[] = [];
  for (const lane of all) addBars(bars, lane, from, to, scale, width);
  return bars;
}

function addBars(bars: Bar[], lane: Lane, from: number, to: number, scale: number, width: number): void {
  const { starts, ends, failed } = lane;
  const count = starts.length;
  // The one before may reach into the view.
  let item = Math.max(0, firstFrom(starts, from, 0) - 1);
  let open: { x: number; end: number; item: number; next: number } | undefined;
  const flush = (): void => {
    if (!open) return;
    const { x, end, item: first, next } = open;
    bars.push({
      ...{ x, lane, item: first, count: next - first },
      width: Math.max(1.5, end - x),
      failed: failed[next] > failed[first],
    });
    open = undefined;
  };
  while (item < count && starts[item] <= to) {
    const x = (starts[item] - from) * scale;
    const end = Math.min(width, (ends[item] - from) * scale);
    if (end < 0) {
      item++;
      continue;
    }
    if (end - x >= SMALL) {
      flush();
      open = { x: Math.max(0, x), end, item, next: item + 1 };
      flush();
      item++;
      continue;
    }
    // All that begin in these two pixels; the last of them may be a long one.
    let next = Math.max(item + 1, firstFrom(starts, starts[item] + SMALL / scale, item));
    if (next > item + 1 && (ends[next - 1] - starts[next - 1]) * scale >= SMALL) next--;
    const last = Math.min(width, Math.max(x + 1, (ends[next - 1] - from) * scale));
    const goesOn = open && x - open.end < 1 && last - open.x < MOST_MERGED;
    if (open && goesOn && failed[open.next] > failed[open.item] === failed[next] > failed[item]) {
      open.end = last;
      open.next = next;
    } else {
      flush();
      open = { x: Math.max(0, x), end: last, item, next };
    }
    item = next;
  }
  flush();
}

/** The first place from `low` on with a value of at least that. */
function firstFrom(sorted: Float64Array, value: number, low: number): number {
  let step = 1;
  let high = low;
  // What is looked for is mostly near.
  while (high < sorted.length && sorted[high] < value) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = Math.min(high, sorted.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
