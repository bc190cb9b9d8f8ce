import * as fs from 'node:fs';
import { ById } from './by-id.js';
import { createJsonlSink, type SinkOptions } from './jsonl-sink.js';
import type { Encoder } from './encoder.js';
import type { Line, Sink } from './sink.js';
import { arrayPush, arrayShift, min, SafeMap, SafeSet, stringReplace, stringSlice } from '../intrinsics.js';

// Taken when the agent starts: programs put file system mocks in their place.
const { unlinkSync } = fs;

/** Files that a process has at a time. */
const SEGMENTS = 8;
/** A segment that has this part of its size gets no other batch. */
const FULL = 5 / 8;

export interface SegmentSink extends Sink {
  keepOpen(): void;
  /** Whether the next lines are to begin a segment. */
  readonly segmentIsFull: boolean;
  /** Begins a segment; whether the oldest one was deleted, for there are too many. */
  beginSegment(): boolean;
  /** The files there are, the oldest first. */
  files(): readonly string[];
  /** Bytes of a segment. */
  readonly size: number;
}

/** The path of a segment: beside the trace, named by process and number, in their order. */
export function segmentPath(path: string, proc: string, number: number): string {
  return `${stringReplace(path, /\.jsonl$/, '')}.${proc}-${stringSlice(`00000${number}`, -6)}.jsonl`;
}

/**
 * Writes the lines of this process to files of its own, each an eighth of what it may have, and deletes the oldest: a
 * process that runs for weeks keeps its newest lines.
 *
 * @param maxBytes of all segments
 */
export function createSegmentSink(options: SinkOptions, proc: string, maxBytes: number): SegmentSink {
  const paths: string[] = [];
  const before = { bytes: 0, lost: 0, openings: 0 };
  let number = 0;
  let current = next();

  function next(): ReturnType<typeof createJsonlSink> {
    const own = ++number;
    const path = segmentPath(options.path, proc, own);
    arrayPush(paths, path);
    return createJsonlSink({
      ...options,
      path,
      opening: () => stringReplace(options.opening(), /\}\n$/, `,"segment":${own}}\n`),
    });
  }

  return {
    get bytes() {
      return before.bytes + current.bytes;
    },
    get lost() {
      return before.lost + current.lost;
    },
    get openings() {
      return before.openings + current.openings;
    },
    get failed() {
      return current.failed;
    },
    get segmentIsFull() {
      return current.bytes > (maxBytes / SEGMENTS) * FULL;
    },
    keepOpen: () => current.keepOpen(),
    write: (lines) => current.write(lines),
    beginSegment() {
      before.bytes += current.bytes;
      before.lost += current.lost;
      before.openings += current.openings;
      current = next();
      if (paths.length <= SEGMENTS) return false;
      try {
        unlinkSync(arrayShift(paths)!);
      } catch {
        // Someone else has moved it.
      }
      return true;
    },
    files: () => paths,
    size: maxBytes / SEGMENTS,
  };
}

/** A call that has begun and not ended. */
interface OpenCall {
  fn: number;
  parent: number;
  t0: number;
  json: Uint8Array;
  /** The counts of the segment that has its beginning. */
  counted?: Counts;
}

/** Calls in a segment, by function. */
type Counts = SafeMap<number, number>;

export interface Seams {
  /** A call or exchange has begun; it ends by the same id. */
  called(id: number, call: OpenCall): void;
  began(id: number, line: Line): void;
  ended(id: number): void;
  /** A line that every segment is to have, for it says what the other lines are about: a file that was rewritten. */
  keep(line: string): void;
  /** What was made since the last one is in the file. */
  commit(): void;
  forget(): void;
  /** Begins a segment if the last one is full, with what is open, so that its ends and children have their beginning. */
  cross(out: Encoder): void;
}

export interface SeamsHost {
  sink: SegmentSink;
  /** Writes the beginning of a call again. */
  writeCall(id: number, call: OpenCall): void;
  /** Writes a line that is marked as written before. */
  writeAgain(line: Line): void;
  /** Writes a line as it is. */
  writeKept(line: string): void;
  /** The number of that function's calls that are in no file any more. */
  gone(fn: number, calls: number): void;
}

/** Bytes of a segment for what is open at its beginning: one part of this number. */
const OPEN_PART = 4;
/** The same for lines that every segment has. */
const KEPT_PART = 16;

/** What goes on across the seams of segments. */
export function createSeams({ sink, writeCall, writeAgain, writeKept, gone }: SeamsHost): Seams {
  const open = new ById<OpenCall | Line>();
  const counts: Counts[] = [new SafeMap()];
  const kept = new SafeSet<string>();
  let keptBytes = 0;
  let fresh: OpenCall[] = [];

  function count(call: OpenCall): void {
    if (call.counted) add(call.counted, call.fn, -1);
    call.counted = counts[counts.length - 1];
    add(call.counted, call.fn, 1);
  }

  function cross(out: Encoder): void {
    if (!sink.segmentIsFull) return;
    const deleted = sink.beginSegment();
    arrayPush(counts, new SafeMap());
    if (deleted) arrayShift(counts)!.forEach((calls, fn) => gone(fn, calls));
    kept.forEach((line) => writeKept(line));
    const most = sink.size / OPEN_PART;
    open.forEach((each, id) => {
      if (out.at > most) return;
      if ('fn' in each) {
        writeCall(id, each);
        count(each);
      } else writeAgain(each);
    });
  }

  return {
    called(id, call) {
      open.set(id, call);
      arrayPush(fresh, call);
    },
    began: (id, line) => open.set(id, line),
    ended: (id) => open.delete(id),
    keep(line) {
      // A drain that was cut off brings it again.
      if (kept.has(line) || keptBytes + line.length > sink.size / KEPT_PART) return;
      keptBytes += line.length;
      kept.add(line);
    },
    commit() {
      for (let i = 0; i < fresh.length; i++) count(fresh[i]);
      if (fresh.length > 0) fresh = [];
    },
    forget() {
      if (fresh.length > 0) fresh = [];
    },
    cross,
  };
}

function add(counts: Counts, fn: number, calls: number): void {
  counts.set(fn, (counts.get(fn) ?? 0) + calls);
}

/** Bytes after which lines are written, and of the longest line, so that no segment is larger than it may be. */
export function batchOf(sink: SegmentSink): number {
  return min(1024 * 1024, sink.size / SEGMENTS);
}
