import { closeSync, fstatSync, openSync } from 'node:fs';
import { readAt } from '../reader/node/file-source.js';
import type { Given } from './command.js';
import { FILTER_OPTIONS } from './filters.js';
import { DEFAULT_FILE } from './inputs.js';

const MB = 1 << 20;
/** A file that is shorter is read at once. */
const LONG = 8 * MB;
/**
 * Bytes of the steps: each as long as all before it, for the lists of children are made again after each. The first is
 * read by code that the engine has not compiled yet, eight times slower than the last.
 */
export const STEPS = [MB / 4, 4 * MB, 8 * MB, 32 * MB, 128 * MB, 512 * MB, Infinity];
const TAIL = 256 * 1024;

/** Options that need the whole trace before the first line. */
const WHOLE = [...Object.keys(FILTER_OPTIONS), 'failed', 'value', 'json', 'run', 'proc', 'last'];

/**
 * Whether the tree can begin before the file is read: it is long, nothing is looked for, and the process of its first line
 * is that of one of its last, so it holds a single run.
 */
export function readsInSteps({ files, values, out }: Given): boolean {
  if (files.length > 1 || out.isTerminal || WHOLE.some((name) => values[name] !== undefined)) return false;
  let descriptor;
  try {
    descriptor = openSync(files[0] ?? DEFAULT_FILE, 'r');
  } catch {
    return false;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size < LONG) return false;
    const head = readAt(descriptor, Buffer.alloc(4096), 0).toString('latin1');
    const proc = /^\{"type":"process_start","proc":"\w{1,16}"/.exec(head)?.[0].slice('{"type":"process_start",'.length);
    return proc !== undefined && readAt(descriptor, Buffer.alloc(TAIL), stats.size - TAIL).includes(proc);
  } finally {
    closeSync(descriptor);
  }
}
