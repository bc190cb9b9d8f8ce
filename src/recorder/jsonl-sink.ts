import * as fs from 'node:fs';
import { now } from './clock.js';
import { openTrace, type OpenTrace } from './open-trace.js';
import type { Sink } from './sink.js';
import { endsTorn, wasGlued } from './torn-line.js';
import { atomicsWait, byteLength, indexOfByte, joinBytes, utf8Bytes } from '../intrinsics.js';

// Taken when the agent starts: programs put file system mocks in their place.
const { writeSync, closeSync, fstatSync } = fs;

/** A file that refused is asked again only after this long: a program must not pay for each attempt. */
const RETRY_NS = 250e6;
/** How long a reader of a pipe may keep the program waiting, until it is given up for a while. */
const PATIENCE_NS = 20e6;
/** A pipe takes this much at once or nothing (PIPE_BUF), so that writers do not mix and no line is cut. */
const PIPE_BYTES = 4096;
const NEWLINE = 10;

export interface SinkOptions {
  /** Absolute. */
  path: string;
  /** Whether a symbolic link at that place is followed. */
  followLinks: boolean;
  /** The line that opens this process's part of a file; also of a new one, where the file was moved away or deleted. */
  opening: () => string;
  /** Told once, when the file cannot be written. */
  failed: (message: string) => void;
}

/**
 * Appends whole lines to a file, mode 0600. The file is opened for each batch and closed again: no descriptor of the
 * program's is taken away, a file that was moved or deleted comes anew, and `fork` inherits nothing. Only pipes stay
 * open, for their reader would take a close for the end.
 */
export function createJsonlSink({ path, followLinks, opening, failed }: SinkOptions): Sink & { keepOpen(): void } {
  let broken = false;
  let told = false;
  let retryAt = 0;
  /** Which file has the opening. */
  let opened = '';
  let pipe: OpenTrace | null = null;
  /** Stays open: see `keepOpen`. */
  let kept: OpenTrace | null = null;
  /** The last line of ours is not whole: the disk was full. */
  let cut = false;
  /** Size of the file after our last batch, if nobody else was writing. */
  let left = 0;

  const sink = {
    bytes: 0,
    lost: 0,
    openings: 0,
    get failed(): boolean {
      return broken && now() < retryAt;
    },
    /** The process is about to become another user's: opens the file for as long as it runs. */
    keepOpen(): void {
      if (kept !== null || pipe !== null) return;
      try {
        kept = openTrace(path, followLinks);
      } catch {
        // The next batch says why.
      }
    },
    write(lines: Uint8Array): void {
      let head = '';
      let done = 0;
      let file: OpenTrace | null = null;
      let problem: unknown = null;
      try {
        file = pipe ?? openAgain();
        const isEmpty = !file.isPipe && file.size === 0;
        // A new file may have the number of the one that was deleted.
        if (isEmpty) opened = '';
        const isNew = file.identity !== opened;
        if (!isEmpty && (cut || (isNew && !file.isPipe && endsTorn(path, file.fd)))) head = '\n';
        if (isNew) head += opening();
        const data = head === '' ? lines : joinBytes([utf8Bytes(head), lines]);
        if (file.isPipe) while (done < data.length) done += intoPipe(file.fd, data, done);
        // One write per batch: other processes append to the same file.
        else while (done < data.length) done += append(file, data, done);
      } catch (error) {
        problem = error;
      }
      settle(lines, byteLength(head), done, file);
      if (problem === null) broken = false;
      else fail(problem as Error);
      if (file !== null) release(file, problem);
    },
  };

  /** What has become of a batch of which `done` bytes were written, `head` bytes of it in front of the lines. */
  function settle(lines: Uint8Array, head: number, done: number, file: OpenTrace | null): void {
    sink.bytes += done;
    if (done > 0) {
      if (head > 0 && done >= head && file !== null && file.identity !== opened) {
        opened = file.identity;
        sink.openings++;
      }
      const last = done < head ? 0 : done === head ? NEWLINE : lines[done - head - 1];
      cut = last !== NEWLINE;
    }
    const written = done > head ? done - head : 0;
    if (written < lines.length) for (let i = written; i < lines.length; i++) if (lines[i] === NEWLINE) sink.lost++;
  }

  function fail(error: Error): void {
    broken = true;
    retryAt = now() + RETRY_NS;
    if (told) return;
    told = true;
    failed(error.message);
  }

  /** After the process has given up its rights, the file may still be written by what was opened before. */
  function openAgain(): OpenTrace {
    try {
      return openTrace(path, followLinks);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (kept !== null && (code === 'EACCES' || code === 'EPERM')) return { ...kept, size: fstatSync(kept.fd).size };
      throw error;
    }
  }

  function release(file: OpenTrace, problem: unknown): void {
    if (file.fd === kept?.fd) return;
    pipe = null;
    // A pipe that is only full has a reader still.
    if (file.isPipe && (problem === null || (problem as NodeJS.ErrnoException).code === 'EAGAIN')) pipe = file;
    else close(file.fd);
  }

  /** If another process has left half a line in front of it, the first line is lost in that, and is written again. */
  function append({ fd, size }: OpenTrace, data: Uint8Array, from: number): number {
    const done = writeSync(fd, data, from, data.length - from);
    const after = fstatSync(fd).size;
    const others = size !== left || after !== size + done;
    left = after === size + done ? after : -1;
    if (!others || from > 0 || data[0] === NEWLINE || !wasGlued(path, fd, size, after, done)) return done;
    left = -1;
    const end = indexOfByte(data, NEWLINE) + 1;
    try {
      sink.bytes += writeSync(fd, data, 0, end);
    } catch {
      sink.lost++;
    }
    return done;
  }

  /** Never waits longer than a moment: a reader that has stopped must not stop the program. */
  function intoPipe(fd: number, data: Uint8Array, from: number): number {
    let to = from;
    for (let i = from; i < data.length && (i - from < PIPE_BYTES || to === from); i++) {
      if (data[i] === NEWLINE) to = i + 1;
    }
    const until = broken ? 0 : now() + PATIENCE_NS;
    for (;;) {
      try {
        return writeSync(fd, data, from, to - from);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || now() > until) throw error;
        atomicsWait(PAUSE, 0, 0, 1);
      }
    }
  }
  return sink;
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // What a full or remote disk says only now has no line to tell.
  }
}
