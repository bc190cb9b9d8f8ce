import type { Budget } from './scope.js';
import { ById } from './by-id.js';
import { StackCounts } from './stack-counts.js';
import { SafeSet } from '../intrinsics.js';

/** What a line is, which says up to what size of the file it is written: as parts of HANDIT_MAX_FILE_MB. */
export const DETAIL = 0;
/** Exchanges without bodies, exceptions of calls without detail, files. */
export const NOTES = 1;
/** The ends of what has a beginning in the file, and outcomes of tests. */
export const ENDS = 2;
export const TOTALS = 3;
export type Part = typeof DETAIL | typeof NOTES | typeof ENDS | typeof TOTALS;
const PARTS = [0.9, 1, 1.04, 1.1];
/** The part of the file for the lines that say no more of a request or session than that it went well. */
const ORDINARY = 1 / 32;

/** A root context takes at most this part of the file while less than half of it is used: 8 MB of 256. */
const SHARE = 1 / 32;
/** What is short goes on up to this many times the share. */
const SHORT_LINES = 1.25;
/** Exceptions that are told apart in one root context. */
const MAX_ERRORS = 4096;

export type LimitReason = 'max_calls' | 'max_file' | 'context_share' | 'waiting_lines';

export interface Limits {
  /** Bytes of that root context in a file of that size about which nothing needs to be asked; null: of all. */
  ample(root: Budget | null, size: number): number;
  /** Whether a line is written if the file has that size with it. */
  fits(part: Part, size: number): boolean;
  /** The same for lines of what is not kept, with that many bytes of them. */
  fitsOrdinary(bytes: number): boolean;
  /** Whether that root context would have more than its share, with that many bytes in a file of that size. */
  isOver(root: Budget, bytes: number, size: number, part: Part): boolean;
  /** One root context more has its share. */
  spent(size: number): void;
  /** Exceptions of calls that are counted only: equal ones of one root context are told by the first. */
  isKnownError(root: Budget, key: string): boolean;
  /** Whether enough exceptions of a function have their stacks in a root context; else this one has, too. */
  isStackKnown(root: Budget, fn: number, key: string): boolean;
  knowError(root: Budget, key: string): void;
  forgetError(root: Budget, key: string): void;
  /** Calls and exchanges of which the beginning was left out, with their parents. */
  readonly cut: ById<number>;
}

/** The ceiling of what a process writes, and the shares of its root contexts. */
export function createLimits(maxBytes: number, process: Budget, hasContexts: () => boolean): Limits {
  let hungry = 0;

  /** Later ones still find room: each that is hungry gets a part of what is left. */
  function shareOf(root: Budget, size: number): number {
    // A program without requests, sessions and tests has the file for itself.
    if (root === process) return hasContexts() ? maxBytes / 2 : Infinity;
    return size < maxBytes / 2 ? maxBytes * SHARE : (maxBytes - size) / (hungry + 0.5 / SHARE);
  }

  return {
    ample: (root, size) => (root === null ? maxBytes / 2 : shareOf(root, size)),
    fits: (part, size) => size <= maxBytes * PARTS[part],
    fitsOrdinary: (bytes) => bytes <= maxBytes * ORDINARY,
    isOver: (root, bytes, size, part) => bytes > shareOf(root, size) * (part === DETAIL ? 1 : SHORT_LINES),
    spent(size) {
      if (size >= maxBytes / 2) hungry++;
    },
    isKnownError: ({ errors }, key) => errors !== null && (errors.size >= MAX_ERRORS || errors.has(key)),
    isStackKnown: (root, fn, key) => (root.stacks ??= new StackCounts()).isKnown(fn, key),
    knowError: (root, key) => void (root.errors ??= new SafeSet()).add(key),
    forgetError: ({ errors }, key) => void errors?.delete(key),
    cut: new ById(),
  };
}
