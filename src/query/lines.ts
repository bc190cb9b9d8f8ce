import { closeSync, openSync, readSync, writeSync } from 'node:fs';

export interface LineCounts {
  /** Those that are not empty. */
  readonly lines: number;
  /** Bytes. */
  readonly longest: number;
}

const BLOCK = 1 << 20;
const LINE_FEED = 10;
const CALLS = ['call', 'return', 'exception', 'settle'].map((type) => Buffer.from(`{"type":"${type}"`));

/**
 * Copies the lines that do not begin as those of calls do. DuckDB takes a line for each column that it looks for, found or
 * not, and most lines are of calls and have few: so these are read for their own columns, and the others for all.
 */
export function copyOtherLines(file: string, target: string): LineCounts {
  const [from, to] = [openSync(file, 'r'), openSync(target, 'wx', 0o600)];
  let block = Buffer.allocUnsafe(BLOCK);
  let [held, lines, longest] = [0, 0, 0];
  const take = (start: number, end: number): void => {
    if (block[start] !== CALLS[0][0] && block.toString('latin1', start, end).trim() === '') return;
    lines++;
    longest = Math.max(longest, end - start);
    if (!CALLS.some((head) => head.compare(block, start, Math.min(start + head.length, end)) === 0)) {
      writeSync(to, block, start, end - start);
    }
  };
  try {
    for (;;) {
      const count = readSync(from, block, held, block.length - held, null);
      const end = held + count;
      let start = 0;
      for (let stop; (stop = block.indexOf(LINE_FEED, start)) !== -1 && stop < end; start = stop + 1)
        take(start, stop + 1);
      if (count === 0) {
        if (start < end) take(start, end);
        return { lines, longest };
      }
      block.copyWithin(0, start, end);
      held = end - start;
      // One line is longer than that.
      if (held === block.length) block = Buffer.concat([block], 2 * block.length);
    }
  } finally {
    closeSync(from);
    closeSync(to);
  }
}
