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
 * program's is taken away, a file that was moved or deleted is created again, and `fork` inherits nothing. Only pipes stay
 * open, for their reader would take a close for the end.
 */
export function createJsonlSink(options: SinkOptions): Sink & { keepOpen(): void } {
  return new JsonlSink(options);
}

class JsonlSink implements Sink {
  bytes = 0;
  lost = 0;
  openings = 0;
  private broken = false;
  private told = false;
  private retryAt = 0;
  /** Which file has the opening. */
  private opened = '';
  private pipe: OpenTrace | null = null;
  /** Stays open: see `keepOpen`. */
  private kept: OpenTrace | null = null;
  /** The last line of ours is not whole: the disk was full. */
  private cut = false;
  /** Size of the file after our last batch, if nobody else was writing. */
  private left = 0;

  constructor(private readonly options: SinkOptions) {}

  get failed(): boolean {
    return this.broken && now() < this.retryAt;
  }

  /** The process is about to become another user's: opens the file for as long as it runs. */
  keepOpen(): void {
    if (this.kept !== null || this.pipe !== null) return;
    try {
      this.kept = this.openFile();
    } catch {
      // The next batch says why.
    }
  }

  write(lines: Uint8Array): void {
    const { path, opening } = this.options;
    let head = '';
    let done = 0;
    let file: OpenTrace | null = null;
    let problem: unknown = null;
    try {
      file = this.pipe ?? this.openAgain();
      const isEmpty = !file.isPipe && file.size === 0;
      // A new file may have the number of the one that was deleted.
      if (isEmpty) this.opened = '';
      const isNew = file.identity !== this.opened;
      if (!isEmpty && (this.cut || (isNew && !file.isPipe && endsTorn(path, file.fd)))) head = '\n';
      if (isNew) head += opening();
      const data = head === '' ? lines : joinBytes([utf8Bytes(head), lines]);
      if (file.isPipe) while (done < data.length) done += this.intoPipe(file.fd, data, done);
      // One write per batch: other processes append to the same file.
      else while (done < data.length) done += this.append(file, data, done);
    } catch (error) {
      problem = error;
    }
    this.settle(lines, byteLength(head), done, file);
    if (problem === null) this.broken = false;
    else this.fail(problem as Error);
    if (file !== null) this.release(file, problem);
  }

  private openFile(): OpenTrace {
    return openTrace(this.options.path, this.options.followLinks);
  }

  /** What has become of a batch of which `done` bytes were written, `head` bytes of it in front of the lines. */
  private settle(lines: Uint8Array, head: number, done: number, file: OpenTrace | null): void {
    this.bytes += done;
    if (done > 0) {
      if (head > 0 && done >= head && file !== null && file.identity !== this.opened) {
        this.opened = file.identity;
        this.openings++;
      }
      const last = done < head ? 0 : done === head ? NEWLINE : lines[done - head - 1];
      this.cut = last !== NEWLINE;
    }
    const written = done > head ? done - head : 0;
    if (written < lines.length) for (let i = written; i < lines.length; i++) if (lines[i] === NEWLINE) this.lost++;
  }

  private fail(error: Error): void {
    this.broken = true;
    this.retryAt = now() + RETRY_NS;
    if (this.told) return;
    this.told = true;
    this.options.failed(error.message);
  }

  /** After the process has given up its rights, the file may still be written by what was opened before. */
  private openAgain(): OpenTrace {
    try {
      return this.openFile();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (this.kept !== null && (code === 'EACCES' || code === 'EPERM'))
        return { ...this.kept, size: fstatSync(this.kept.fd).size };
      throw error;
    }
  }

  private release(file: OpenTrace, problem: unknown): void {
    if (file.fd === this.kept?.fd) return;
    this.pipe = null;
    // A pipe that is only full has a reader still.
    if (file.isPipe && (problem === null || (problem as NodeJS.ErrnoException).code === 'EAGAIN')) this.pipe = file;
    else close(file.fd);
  }

  /** If another process has left half a line in front of it, the first line is lost in that, and is written again. */
  private append({ fd, size }: OpenTrace, data: Uint8Array, from: number): number {
    const done = writeSync(fd, data, from, data.length - from);
    const after = fstatSync(fd).size;
    const others = size !== this.left || after !== size + done;
    this.left = after === size + done ? after : -1;
    if (!others || from > 0 || data[0] === NEWLINE || !wasGlued(this.options.path, fd, size, after, done)) return done;
    this.left = -1;
    const end = indexOfByte(data, NEWLINE) + 1;
    try {
      this.bytes += writeSync(fd, data, 0, end);
    } catch {
      this.lost++;
    }
    return done;
  }

  /** Never waits longer than a moment: a reader that has stopped must not stop the program. */
  private intoPipe(fd: number, data: Uint8Array, from: number): number {
    let to = from;
    for (let i = from; i < data.length && (i - from < PIPE_BYTES || to === from); i++) {
      if (data[i] === NEWLINE) to = i + 1;
    }
    const until = this.broken ? 0 : now() + PATIENCE_NS;
    for (;;) {
      try {
        return writeSync(fd, data, from, to - from);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || now() > until) throw error;
        atomicsWait(PAUSE, 0, 0, 1);
      }
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // What a full or remote disk says only now has no line to tell.
  }
}
